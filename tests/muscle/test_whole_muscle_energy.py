"""The published whole-muscle formulas: values worked out by hand, and what fluctuation does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from neurocoord.muscle import energetics as en
from neurocoord.muscle import whole_muscle_energy as whole
from neurocoord.muscle.whole_muscle_energy import WholeMuscle

K = 250e3 / 1059.7  # J/kg


# --- by hand -------------------------------------------------------------------------------------

# A = (0.36 + 0.64) / 2, 70 % fast, above optimal length, vmax 10: no default is left.
MIXED = WholeMuscle(
    excitation=0.36, activation=0.64, slow_share=0.3, normalised_length=1.2, velocity=1.0,
    force_length=0.8, active_force=0.4, vmax=10.0, strength_j_per_kg=600.0,
)  # fmt: skip
HELD = 1.5 * 114.6 * 0.88 * 0.5**0.6  # S (25 + 128 x 0.7) (0.4 + 0.6 x 0.8) A^0.6


@pytest.mark.parametrize("model", [whole.umberger_2003, whole.umberger_2010])
def test_umberger_at_full_activation_and_in_shortening(model):
    full = model(WholeMuscle(1.0, 1.0, slow_share=[0.0, 0.5, 1.0]))
    np.testing.assert_allclose(full.total, [229.5, 133.5, 37.5], rtol=1e-12)
    found = model(MIXED)
    assert found.activation_maintenance == pytest.approx(99.8028, abs=5e-4)
    assert found.activation_maintenance == pytest.approx(HELD, rel=1e-12)
    # alpha 25 and 15.3: (25 x 0.3 + 15.3 x 0.7) A^2 FL S = 18.21 x 0.25 x 0.8 x 1.5
    assert found.shortening_lengthening == pytest.approx(5.463, rel=1e-12)
    assert found.work == pytest.approx(240.0, rel=1e-12)
    assert found.total == pytest.approx(99.8028 + 5.463 + 240.0, abs=5e-4)


def test_slow_shortening_heat_stops_at_its_limit_and_the_fast_does_not():
    fast_shortening = WholeMuscle(1.0, 1.0, slow_share=[1.0, 0.0], velocity=8.0)
    # alpha_slow 250/12 x 8 = 167, held to 100; alpha_fast 12.75 x 8 = 102
    found = whole.umberger_2010(fast_shortening, aerobic_factor=whole.ANAEROBIC)
    np.testing.assert_allclose(found.shortening_lengthening, [100.0, 102.0], rtol=1e-12)


def test_the_aerobic_factor_multiplies_heat_and_not_work():
    aerobic, anaerobic = (
        whole.umberger_2003(MIXED, aerobic_factor=s) for s in (whole.AEROBIC, whole.ANAEROBIC)
    )
    assert aerobic.heat == pytest.approx(1.5 * anaerobic.heat, rel=1e-12)
    assert aerobic.work == anaerobic.work


def test_lengthening_is_where_2003_and_2010_differ():
    stretched = MIXED._replace(velocity=-1.0, active_force=0.9)
    early, late = whole.umberger_2003(stretched), whole.umberger_2010(stretched)
    # 4 or 0.3 times alpha_slow 25, times A FL S = 0.5 x 0.8 x 1.5
    assert early.shortening_lengthening == pytest.approx(60.0, rel=1e-12)
    assert late.shortening_lengthening == pytest.approx(4.5, rel=1e-12)
    assert (early.work, late.work) == (pytest.approx(-540.0), 0.0)
    assert early.total == pytest.approx(HELD + 60.0 - 540.0, rel=1e-12)
    forbidden = whole.umberger_2003(stretched, forbid_negative_power=True)
    assert forbidden.total == pytest.approx(0.0, abs=1e-9)
    assert forbidden.heat == pytest.approx(540.0, rel=1e-12)


def test_a_is_excitation_while_it_leads_and_the_mean_when_it_lags():
    held = [
        whole.umberger_2010(WholeMuscle(u, a, 1.0)).activation_maintenance
        for u, a in ((0.5, 0.2), (0.2, 0.5))
    ]
    np.testing.assert_allclose(held, [37.5 * 0.5**0.6, 37.5 * 0.35**0.6], rtol=1e-12)


def test_a_resting_muscle_costs_the_minimum_heat_in_umberger():
    rest = WholeMuscle(0.0, 0.0)
    assert whole.umberger_2003(rest).total == whole.umberger_2010(rest).total == 1.0
    assert whole.bhargava_2004(rest).total == 0.0
    assert whole.bhargava_2004(rest, minimum_heat_w_per_kg=1.0).total == 1.0


def test_bhargava_at_full_activation_and_in_shortening():
    full = whole.bhargava_2004(WholeMuscle(1.0, 1.0, slow_share=[0.0, 0.5, 1.0]))
    np.testing.assert_allclose(full.total, [244.0, 179.0, 114.0], rtol=1e-12)
    # u = 0.5, 40 % slow: recruited 0.4 sin 45 = 0.282843 and 0.6 (1 - cos 45) = 0.175736
    muscle = WholeMuscle(
        0.5, 0.6, slow_share=0.4, normalised_length=0.75, velocity=2.0, force_length=0.9,
        active_force=0.3,
    )  # fmt: skip
    found = whole.bhargava_2004(muscle)
    # 40 x 0.282843 + 133 x 0.175736 = 34.6866; 0.75 (74 x 0.282843 + 111 x 0.175736) = 30.3278
    assert found.activation_maintenance == pytest.approx(65.0144, abs=5e-4)
    # (0.16 x 0.6 x 0.9 + 0.18 x 0.3) x 2 K = 0.2808 K
    assert found.shortening_lengthening == pytest.approx(0.2808 * K, rel=1e-12)
    assert found.work == pytest.approx(0.6 * K, rel=1e-12)
    simple = whole.bhargava_2004(muscle, force_dependent_shortening=False)
    assert simple.shortening_lengthening == pytest.approx(0.25 * 0.3 * 2.0 * K, rel=1e-12)


def test_bhargava_credits_negative_work_and_cools_in_lengthening():
    muscle = WholeMuscle(0.5, 0.6, slow_share=0.4, velocity=-1.0, active_force=0.8)
    found = whole.bhargava_2004(muscle)
    assert found.shortening_lengthening == pytest.approx(-0.157 * 0.8 * K, rel=1e-12)
    assert found.work == pytest.approx(-0.8 * K, rel=1e-12)
    assert found.total < 0.0
    assert whole.bhargava_2004(muscle, forbid_negative_power=True).total == pytest.approx(
        0.0, abs=1e-9
    )


def test_bhargavas_length_table_moves_maintenance_alone():
    length = np.array([0.3, 0.5, 0.75, 1.0, 1.25, 1.5, 1.8])
    found = whole.bhargava_2004(WholeMuscle(1.0, 1.0, 1.0, normalised_length=length))
    table = np.array([0.5, 0.5, 0.75, 1.0, 0.5, 0.0, 0.0])
    np.testing.assert_allclose(found.activation_maintenance, 40.0 + 74.0 * table, rtol=1e-12)


def test_orderly_recruitment_makes_low_excitation_slow():
    """OpenSim's option: at u = 0.5 and half slow, sin 45 / (sin 45 + 1 - cos 45) = 0.7071 slow."""
    muscle = WholeMuscle([0.0, 0.5, 1.0], [0.0, 0.5, 1.0])
    found = whole.umberger_2010(muscle, orderly_recruitment=True).activation_maintenance
    slow = np.array([1.0, np.sqrt(0.5), 0.5])
    a = np.array([0.0, 0.5, 1.0])
    np.testing.assert_allclose(found, 1.5 * (25.0 + 128.0 * (1.0 - slow)) * a**0.6, rtol=1e-12)


# --- beside the units ----------------------------------------------------------------------------


def test_at_full_activation_they_are_the_sets_that_took_their_constants():
    for name, model in (("U", whole.umberger_2010), ("B", whole.bhargava_2004)):
        tetanus = [
            float(sum(en.specific_power(en.cost_set(name), kind, 1.0, en.REFERENCE_RATE_HZ)))
            for kind in (en.SLOW, en.FAST)
        ]
        np.testing.assert_allclose(model(WholeMuscle(1.0, 1.0, [1.0, 0.0])).total, tetanus)


def clipped_normal(sd, n=200_001):
    """Active states about 1 with normal fluctuation, not below zero: its exact quantiles."""
    return np.maximum(1.0 + sd * norm.ppf((np.arange(n) + 0.5) / n), 0.0)


@pytest.mark.parametrize(
    ("sd", "cv", "loses", "gains"),
    [(0.3, 0.30, 0.01, 0.09), (0.6, 0.57, 0.06, 0.32), (1.0, 0.80, 0.12, 0.64)],
)
def test_a_fluctuating_active_state_moves_the_formulas(sd, cv, loses, gains):
    a = clipped_normal(sd)
    assert a.std() / a.mean() == pytest.approx(cv, abs=0.005)
    assert whole.fluctuation_bias(a, 0.6) == pytest.approx(-loses, abs=0.005)
    assert whole.fluctuation_bias(a, 2.0) == pytest.approx(gains, abs=0.005)
    assert whole.fluctuation_bias(a, 1.0) == pytest.approx(0.0, abs=1e-12)
    # the formulas themselves: heat held loses what A^0.6 does, shortening heat gains what A^2 does
    scale = 0.2
    still, moving = (
        whole.umberger_2010(WholeMuscle(x, x, velocity=1.0)) for x in (scale * a.mean(), scale * a)
    )
    for field, p in (("activation_maintenance", 0.6), ("shortening_lengthening", 2.0)):
        found = getattr(moving, field).mean() / getattr(still, field) - 1.0
        assert found == pytest.approx(float(whole.fluctuation_bias(a, p)), abs=1e-9)


def test_the_units_own_cost_does_not_move():
    a = 0.2 * clipped_normal(1.0)
    constants = en.cost_set("H")
    still = sum(en.specific_power(constants, en.SLOW, a.mean(), 10.0, velocity=1.0))
    moving = sum(en.specific_power(constants, en.SLOW, a, 10.0, velocity=1.0))
    assert moving.mean() == pytest.approx(float(still), rel=1e-9)


# --- always --------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(
    u=st.floats(0, 1), a=st.floats(0, 1.4), slow=st.floats(0, 1), length=st.floats(0.3, 1.8),
    velocity=st.floats(-12, 12), curve=st.floats(0, 1), force=st.floats(0, 1.7),
    vmax=st.floats(2, 20), strength=st.floats(100, 2000),
)  # fmt: skip
def test_heat_and_work_add_up_and_2010_is_never_negative(
    u, a, slow, length, velocity, curve, force, vmax, strength
):
    muscle = WholeMuscle(u, a, slow, length, velocity, curve, force, vmax, strength)
    for name, model in whole.MODELS.items():
        found = model(muscle)
        np.testing.assert_allclose(found.total, found.heat + found.work)
        assert found.activation_maintenance >= 0.0, name
    assert whole.umberger_2010(muscle).total >= 1.0
    for model in (whole.umberger_2003, whole.bhargava_2004):
        assert model(muscle, forbid_negative_power=True).total >= -1e-6 * strength


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"excitation": -0.1}, "excitation must be 0 or more"),
        ({"slow_share": 1.2}, "slow_share must lie in 0..1"),
        ({"active_force": -1.0}, "active_force must be 0 or more"),
        ({"vmax": 0.0}, "vmax must be above 0"),
        ({"activation": np.nan}, "activation must be 0 or more"),
    ],
)
def test_errors_name_the_field(change, words):
    for model in whole.MODELS.values():
        with pytest.raises(ValueError, match=words):
            model(MIXED._replace(**change))
    with pytest.raises(ValueError, match="active_state must not be negative"):
        whole.fluctuation_bias([0.0, 0.0], 0.6)
