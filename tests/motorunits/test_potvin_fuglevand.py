"""Potvin & Fuglevand 2017 as published, and the additions to it."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocoord.motorunits import potvin_fuglevand as pf

# Small and unlike the published one in every constant, for speed and so that nothing is hard-wired.
SMALL = pf.FatigueModel(
    n_units=6,
    recruitment_range=20.0,
    minimum_rate_hz=7.0,
    peak_rate_first_hz=40.0,
    peak_rate_last_hz=28.0,
    rate_gain_hz=1.5,
    twitch_range=30.0,
    contraction_range=2.5,
    longest_contraction_s=0.080,
    fatigability_range=60.0,
    largest_fatigue_rate_per_s=0.04,
    slowing=0.3,
    adaptation_scale=0.5,
    adaptation_offset_hz=1.5,
    adaptation_tau_s=9.0,
    samples_per_s=5.0,
    excitation_step=0.02,
)


def loop(target: np.ndarray, model: pf.FatigueModel) -> dict[str, np.ndarray]:
    """The model written out unit by unit, with a plain search over the grid."""
    n, dt = model.n_units, 1.0 / model.samples_per_s
    pool = pf.units(model)
    top = (
        model.recruitment_range
        + (model.peak_rate_last_hz - model.minimum_rate_hz) / model.rate_gain_hz
    )
    levels = np.arange(round(top / model.excitation_step) + 1) * model.excitation_step
    capacity, onset = [1.0] * n, [None] * n

    def unit(i, e, cap, q):
        if e < pool.recruitment_threshold[i]:
            return 0.0, 0.0
        rate = model.minimum_rate_hz + model.rate_gain_hz * (e - pool.recruitment_threshold[i])
        rate = min(rate, pool.peak_rate_hz[i])
        rate -= q * (rate - model.minimum_rate_hz + model.adaptation_offset_hz)
        x = pool.contraction_time_s[i] * (1 + model.slowing * (1 - cap)) * rate
        s = 1 - np.exp(-2 * x**3) if x > 0.4 else x / 0.4 * (1 - np.exp(-2 * 0.4**3))
        return rate, s

    rested = sum(pool.twitch_force[i] * unit(i, levels[-1], 1.0, 0.0)[1] for i in range(n))
    out = {"excitation": [], "force": [], "capacity": [], "rate_hz": []}
    for k, wanted in enumerate(target):
        q = []
        for i in range(n):
            on_s = 0.0 if onset[i] is None else (k - onset[i] + 1) * dt
            share = (pool.recruitment_threshold[i] - 1) / (model.recruitment_range - 1)
            q.append(model.adaptation_scale * share * (1 - np.exp(-on_s / model.adaptation_tau_s)))
        for e in levels:
            made = [unit(i, e, capacity[i], q[i]) for i in range(n)]
            force = sum(pool.twitch_force[i] * capacity[i] * made[i][1] for i in range(n)) / rested
            if force >= wanted:
                break
        out["excitation"].append(e)
        out["force"].append(force)
        out["capacity"].append(list(capacity))
        out["rate_hz"].append([rate for rate, _ in made])
        for i in range(n):
            if onset[i] is None and made[i][0] > 0:
                onset[i] = k
            if k > 0:
                capacity[i] = max(capacity[i] - dt * pool.fatigue_rate_per_s[i] * made[i][1], 0.0)
    return {name: np.array(values) for name, values in out.items()}


def test_rested_forces_of_the_published_model() -> None:
    force = pf.force_at_excitation([10, 20, 40, 60, 67])
    np.testing.assert_allclose(force, [182.82, 491.48, 1311.87, 2119.15, 2215.98], rtol=1e-4)
    assert pf.units().twitch_force.sum() == pytest.approx(2609.03, abs=0.01)
    np.testing.assert_allclose(
        pf.units().contraction_time_s[[0, 59, 119]], [0.09, 0.0522, 0.03], 1e-3
    )
    assert pf.max_excitation() == 67.0


def test_endurance_of_the_published_model() -> None:
    np.testing.assert_allclose(pf.endurance_time_s([0.5, 0.8]), [95.4, 14.8], rtol=0.01)


def test_simulation_is_the_plain_loop() -> None:
    """Up, down, out of reach and to rest, at constants that are not the published ones."""
    target = np.concatenate(
        [
            np.full(15, 0.3),
            np.linspace(0.3, 1.0, 40),
            np.full(20, 0.1),
            np.zeros(3),
            np.full(9, 0.8),
        ]
    )
    ours, theirs = pf.simulate(target, SMALL), loop(target, SMALL)
    for name, expected in theirs.items():
        np.testing.assert_allclose(getattr(ours, name), expected, rtol=1e-9, atol=1e-12)
    assert np.any(ours.force < target - 1e-3)  # some of it was out of reach
    np.testing.assert_array_equal(ours.target_force, target)
    np.testing.assert_allclose(ours.time_s[:2], [0.2, 0.4])


def test_tasks_side_by_side_are_tasks_alone() -> None:
    target = np.stack([np.full(60, 0.2), np.linspace(0, 1, 60), np.full(60, 0.9)]).reshape(3, 1, 60)
    together = pf.simulate(target, SMALL)
    for i in range(3):
        alone = pf.simulate(target[i, 0], SMALL)
        for name in ("excitation", "force", "strength", "capacity", "rate_hz"):
            np.testing.assert_allclose(
                getattr(together, name)[i, 0], getattr(alone, name), rtol=1e-12
            )


def test_endurance_is_where_the_simulation_fails() -> None:
    endurance = pf.endurance_time_s([[0.6, 0.9]], SMALL)
    assert endurance.shape == (1, 2)
    for target, seconds in zip((0.6, 0.9), endurance[0], strict=True):
        traces = pf.simulate(np.full(2000, target), SMALL)
        failed = int(np.argmax(traces.strength < target))
        assert traces.time_s[failed] == pytest.approx(seconds)
        assert traces.force[failed] < target
        assert np.all(traces.force[:failed] >= target)
    assert pf.endurance_time_s(0.6, SMALL, longest_s=1.0) == np.inf


def test_without_recovery_nothing_comes_back_and_with_it_rest_helps() -> None:
    target = np.concatenate([np.full(60, 0.7), np.zeros(300)])  # 12 s of work, 60 s of rest
    lost = pf.simulate(target, SMALL)
    np.testing.assert_array_equal(lost.capacity[-1], lost.capacity[61])
    rate = 0.03
    regained = pf.simulate(target, dataclasses.replace(SMALL, recovery_rate_per_s=rate))
    short = 1.0 - regained.capacity[[61, -1]]
    expected = short[0] * np.exp(-rate * (len(target) - 62) / SMALL.samples_per_s)
    np.testing.assert_allclose(short[1], expected, rtol=0.01)
    assert regained.strength[-1] > lost.strength[-1] + 0.02


def test_recovery_hardly_changes_a_sustained_contraction() -> None:
    """Only silent units recover, and those have nothing to recover from."""
    target = np.full(200, 0.6)
    plain = pf.simulate(target, SMALL)
    resting = pf.simulate(target, dataclasses.replace(SMALL, recovery_rate_per_s=0.05))
    np.testing.assert_array_equal(plain.capacity, resting.capacity)


def test_central_adaptation_costs_strength_and_wears_off_only_if_asked() -> None:
    target = np.concatenate([np.full(50, 0.6), np.zeros(400)])
    published = pf.simulate(target, SMALL)
    unadapted = pf.simulate(target, dataclasses.replace(SMALL, adaptation_scale=0.0))
    wearing = pf.simulate(target, dataclasses.replace(SMALL, adaptation_wears_off=True))
    assert published.strength[49] < unadapted.strength[49] - 0.02
    assert published.strength[-1] < published.strength[51]  # it runs on in silence
    assert wearing.strength[-1] > published.strength[-1] + 0.05


def test_large_units_tire_first() -> None:
    traces = pf.simulate(np.full(60, 0.9))
    lost = 1.0 - traces.capacity[-1]
    assert np.all(np.diff(lost[:90]) > 0)  # the last are the most fatigable but the least fused
    assert lost.max() > 50 * lost[0]


# ---- bad input ----

BAD = st.one_of(st.floats(max_value=-1e-9), st.just(np.nan), st.just(np.inf), st.just(-np.inf))


@given(st.sampled_from([f.name for f in dataclasses.fields(pf.FatigueModel)[1:-1]]), BAD)
def test_bad_constants_are_named(name, value) -> None:
    with pytest.raises(ValueError, match=name):
        pf.FatigueModel(**{name: value})


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"n_units": 1}, "n_units"),
        ({"n_units": 12.0}, "n_units"),
        ({"n_units": True}, "n_units"),
        ({"recruitment_range": 1.0}, "recruitment_range"),
        ({"samples_per_s": 0.0}, "samples_per_s"),
        ({"adaptation_scale": 1.1}, "adaptation_scale"),
        ({"peak_rate_last_hz": 5.0}, "peak_rate_last_hz"),
    ],
)
def test_what_else_is_refused(change, name) -> None:
    with pytest.raises(ValueError, match=name):
        pf.FatigueModel(**change)


@settings(max_examples=25)
@given(st.one_of(BAD, st.floats(min_value=1.0 + 1e-6)))
def test_bad_targets_are_named(value) -> None:
    target = np.array([0.2, value])
    kept = target.copy()
    for call in (pf.simulate, pf.endurance_time_s):
        with pytest.raises(ValueError, match="target_force"):
            call(target, SMALL)
    with pytest.raises(ValueError, match="target_force"):
        pf.step(pf.init((2,), SMALL), target, SMALL)
    with pytest.raises(ValueError, match="excitation"):
        pf.force_at_excitation(100.0 * value, SMALL)
    np.testing.assert_array_equal(target, kept)


@pytest.mark.parametrize("target", [0.5, np.zeros((2, 0))])
def test_a_target_needs_time(target) -> None:
    with pytest.raises(ValueError, match="target_force"):
        pf.simulate(target, SMALL)


@pytest.mark.parametrize("longest", [0.0, -1.0, np.nan])
def test_a_bad_limit_is_named(longest) -> None:
    with pytest.raises(ValueError, match="longest_s"):
        pf.endurance_time_s(0.5, SMALL, longest_s=longest)
