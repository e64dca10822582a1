"""What tasks report of energy: every model, heat and work apart, ratios from the same joules."""

import numpy as np
import pytest

from neurocoord import trial
from neurocoord.body import model
from neurocoord.muscle import energetics as en
from neurocoord.tasks import TASKS, movement
from neurocoord.tasks.movement import ENERGY_MODELS, model_name

DURATION = 0.3  # s


@pytest.fixture(scope="module")
def crawl():
    return trial.run(trial.TrialConfig(task="crawl", seed=2, seconds=DURATION))


@pytest.fixture(scope="module")
def body():
    return model.load("humanoid")


@pytest.fixture(scope="module")
def joules(crawl, body):
    """Metabolic energy above basal by model, and positive and net work, counted again from power.

    Over the blocks after the start.
    """
    moving = crawl.trace.time_s >= 0.0
    powers = {
        key: movement.metabolic_power(body, crawl.trace, chosen)
        for key, chosen in ENERGY_MODELS.items()
    }
    energy = {key: p.total_w[moving].sum() * movement.BLOCK_S for key, p in powers.items()}
    work = powers[""].positive_work_rate_w[moving].sum() * movement.BLOCK_S
    net = powers[""].net_work_rate_w[moving].sum() * movement.BLOCK_S
    return energy, work, net, moving.sum() * movement.BLOCK_S


def test_power_and_efficiency_by_every_model(crawl, body, joules):
    energy, work, _, duration = joules
    found, basal = crawl.measures, 1.2 * body.mass_kg
    assert len(set(energy.values())) == len(ENERGY_MODELS)
    for key, spent in energy.items():
        power = found[model_name("metabolic_power", key, "w")]
        assert power == pytest.approx(spent / duration + basal)
        assert found[model_name("efficiency", key, "")] == pytest.approx(work / spent)
    assert found["metabolic_power_w"] > basal


def test_heat_and_work_are_apart_and_add_up(crawl, joules):
    energy, work, net, duration = joules
    found = crawl.measures
    assert found["positive_work_w"] == pytest.approx(work / duration)
    assert found["negative_work_w"] == pytest.approx((work - net) / duration)
    assert found["negative_work_w"] > 0.0
    total = found["heat_w"] + found["positive_work_w"] - found["negative_work_w"]
    assert total == pytest.approx(energy[""] / duration)
    assert 0.05 < found["activation_share"] < 0.6


def test_cost_of_transport_by_every_model(crawl, body):
    found = crawl.measures
    for key in ENERGY_MODELS:
        power = found[model_name("metabolic_power", key, "w")]
        cost = found[model_name("cost_of_transport", key, "j_per_kg_m")]
        expected = power / (body.mass_kg * found["speed_m_per_s"])
        assert cost == pytest.approx(expected) or np.isnan(cost) == (found["distance_m"] <= 0.05)


def test_no_way_has_no_cost_of_transport(body):
    powers = {model_name("metabolic_power", key, "w"): 100.0 for key in ENERGY_MODELS}
    assert np.isnan(list(movement.costs_of_transport(body, powers, 2.0, 0.01).values())).all()
    far = movement.costs_of_transport(body, powers, 2.0, 4.0)
    np.testing.assert_allclose(list(far.values()), 200.0 / (body.mass_kg * 4.0))


def test_the_saturating_law_is_dearer_at_low_rates_and_only_in_activation(crawl, body):
    linear, saturating = (
        movement.metabolic_power(body, crawl.trace, ENERGY_MODELS[key])
        for key in ("", "saturating")
    )
    assert saturating.activation_w.sum() > 1.05 * linear.activation_w.sum()
    np.testing.assert_array_equal(saturating.cross_bridge_w, linear.cross_bridge_w)
    np.testing.assert_array_equal(saturating.work_w, linear.work_w)
    # the same spikes, none lost: each costs 31.4 / (f + 6.4), f below the refractory limit
    ratio = crawl.trace.saturating_spike_rate_sum / np.where(
        crawl.trace.spike_rate_sum > 0, crawl.trace.spike_rate_sum, np.nan
    )
    assert np.nanmin(ratio) > 31.4 / (100.0 + 6.4) and np.nanmax(ratio) < 31.4 / 6.4
    np.testing.assert_array_equal(
        crawl.trace.saturating_spike_rate_sum > 0, crawl.trace.spike_rate_sum > 0
    )


@pytest.mark.parametrize("name", TASKS)
def test_variants_name_their_measure_and_model(name):
    measures = TASKS[name].measures
    variants = {key: m for key, m in measures.items() if m.variant_of}
    assert variants
    for m in variants.values():
        base = measures[m.variant_of]
        assert (base.unit, base.variant_of) == (m.unit, "")
        assert base.model == "H" and m.model in {chosen.name for chosen in ENERGY_MODELS.values()}


def test_a_hold_has_economy_and_no_work_to_speak_of():
    short = TASKS["isometric"].settings(hold_s=0.8, rest_s=0.1, ballistic_s=0.1)
    few = trial.Pools(n_units=12)  # the pools are tested elsewhere
    config = trial.TrialConfig(task="isometric", seed=1, seconds=2.1, settings=short, pools=few)
    found = trial.run(config).measures
    # torque over muscle force, by way of the two ratios, is a moment arm
    for hold in ("low", "high"):
        economy = found[f"economy_{hold}_n_s_per_j"]
        arm_m = found[f"torque_{hold}_nm"] / (economy * found[f"power_{hold}_w"])
        assert 0.02 < arm_m < 0.06  # of the knee extensors
        powers = [found[model_name(f"power_{hold}", key, "w")] for key in ENERGY_MODELS]
        assert len(set(powers)) == len(ENERGY_MODELS) and min(powers) > 0.0


# --- mass and strength ---------------------------------------------------------------------------


def test_muscle_is_a_third_of_the_body_and_its_mass_does_not_follow_strength(body):
    """30-42 % of body mass is skeletal muscle; the share modelled lies in it."""
    share = body.table.mass_kg.sum() / body.mass_kg
    assert 0.30 < share < 0.42
    params = movement.energetic_parameters(body)
    stronger = body._replace(
        muscle_parameters=body.muscle_parameters._replace(
            max_force_n=2.0 * body.muscle_parameters.max_force_n
        )
    )
    twice = movement.energetic_parameters(stronger)
    np.testing.assert_array_equal(twice.mass_kg, params.mass_kg)
    np.testing.assert_allclose(
        twice.specific_tension_n_per_cm2, 2.0 * params.specific_tension_n_per_cm2
    )
    np.testing.assert_allclose(twice.strength_j_per_kg, 2.0 * params.strength_j_per_kg)


def test_effective_specific_tension_is_reported_and_scales_the_work_terms(body):
    params = movement.energetic_parameters(body)
    sigma = params.specific_tension_n_per_cm2
    assert sigma.shape == (len(body.muscles),)
    expected = (
        body.muscle_parameters.max_force_n * params.optimal_length_m
        / (params.mass_kg / en.MUSCLE_DENSITY_KG_PER_M3) * 1e-4
    )  # fmt: skip
    np.testing.assert_allclose(sigma, expected)
    np.testing.assert_allclose(
        params.strength_j_per_kg / en.STANDARD_STRENGTH_J_PER_KG, sigma / 25.0
    )
    assert sigma.min() > 10.0 and np.median(sigma) > 25.0  # the trap is there
    type1 = body.table.type1_share
    assert np.all((type1 > 0.0) & (type1 < 1.0))
