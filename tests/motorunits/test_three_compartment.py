"""The three-compartment model: its equations, its closed form, what it refuses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocoord.motorunits import three_compartment as tc

RATES = tc.Rates(0.03, 0.004, 12.0)


def simulated_endurance_s(load: float, rates: tc.Rates, step_s: float) -> float:
    n_steps = round(400.0 / step_s)
    trace = tc.simulate(np.full(n_steps, load), step_s, rates, start=tc.holding(load))
    failed = trace.active + trace.resting < load
    return step_s * (int(np.argmax(failed)) + 1) if failed.any() else np.inf


@pytest.mark.parametrize("load", [0.3, 0.5, 0.85])
def test_simulated_endurance_is_the_closed_form(load) -> None:
    closed = tc.endurance_time_s(load, RATES)
    assert simulated_endurance_s(load, RATES, 0.1) == pytest.approx(closed, rel=0.02)


def test_known_endurance() -> None:
    """By hand: -ln(1 - 0.00094 / 0.00912) / 0.00094 at half load of the elbow."""
    assert tc.endurance_time_s(0.5, tc.joint("elbow")) == pytest.approx(115.73, abs=0.01)
    assert tc.endurance_time_s(0.25, tc.Rates(0.01, 0.0)) == pytest.approx(300.0)


def test_some_loads_are_held_for_ever_and_some_not_at_all() -> None:
    limit = 0.004 / 0.034
    times = tc.endurance_time_s([0.0, limit - 1e-6, limit + 1e-6, 1.0], RATES)
    np.testing.assert_array_equal(np.isinf(times), [True, True, False, False])
    assert times[-1] == 0.0
    assert simulated_endurance_s(0.1, RATES, 0.1) == np.inf


def test_one_step_is_the_equations() -> None:
    before = tc.Compartments(np.array(0.4), np.array(0.35), np.array(0.25))
    dt = 1e-5
    after = tc.step(before, 0.5, dt, RATES, develop_per_s=6.0, relax_per_s=9.0)
    change = [(a - b) / dt for a, b in zip(after, before, strict=True)]
    c = 6.0 * 0.1
    expected = [c - 0.03 * 0.4, -c + 0.004 * 0.25, 0.03 * 0.4 - 0.004 * 0.25]
    np.testing.assert_allclose(change, expected, rtol=1e-3)


def test_what_rests_limits_what_is_recruited_and_rest_speeds_recovery() -> None:
    before = tc.Compartments(np.array(0.3), np.array(0.1), np.array(0.6))
    dt = 1e-5
    limited = tc.step(before, 0.9, dt, RATES, develop_per_s=6.0)
    assert (limited.active - 0.3) / dt == pytest.approx(6.0 * 0.1 - 0.03 * 0.3, rel=1e-3)
    for load, factor in ((0.2, 1.0), (0.0, 12.0)):
        after = tc.step(before, load, dt, RATES, relax_per_s=9.0)
        expected = -9.0 * (0.3 - load) - 0.03 * 0.3
        assert (after.active - 0.3) / dt == pytest.approx(expected, rel=1e-3)
        tired = 0.03 * 0.3 - factor * 0.004 * 0.6
        assert (after.fatigued - 0.6) / dt == pytest.approx(tired, rel=1e-3)


@settings(max_examples=60)
@given(
    st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30),
    st.floats(1e-3, 500.0),
    st.floats(0.0, 5.0),
    st.floats(0.0, 5.0),
)
def test_shares_stay_shares_at_any_step(loads, duration, f, r) -> None:
    trace = tc.simulate(np.array(loads), duration, tc.Rates(f, r, 15.0))
    for share in trace:
        assert np.all((share >= -1e-12) & (share <= 1.0 + 1e-12))
    np.testing.assert_allclose(sum(trace), 1.0, atol=1e-12)


def test_intermittent_work_tires_less_with_the_rest_factor() -> None:
    cycle = np.tile(np.r_[np.full(50, 0.5), np.zeros(50)], 12)
    plain, rest = (
        tc.simulate(cycle, 0.1, tc.Rates(0.015, 0.0015, factor)) for factor in (1.0, 15.0)
    )
    assert rest.fatigued[-1] < 0.6 * plain.fatigued[-1]


def test_driven_activity_follows_at_the_muscle_rates() -> None:
    """At 0 the rise is 2 / tau_act, at 1 the fall is 2 / tau_deact (MuJoCo's muscles)."""
    none = tc.Rates(0.0, 0.0)
    dt = 1e-6
    up = tc.step_driven(tc.rested(), 0.7, dt, none, activation_tau_s=0.02)
    assert up.active / dt == pytest.approx(0.7 * 2.0 / 0.02, rel=1e-3)
    full = tc.Compartments(np.array(1.0), np.array(0.0), np.array(0.0))
    down = tc.step_driven(full, 0.4, dt, none, deactivation_tau_s=0.05)
    assert (down.active - 1.0) / dt == pytest.approx(-0.6 * 2.0 / 0.05, rel=1e-3)
    settled = tc.rested((3,))
    for _ in range(200):
        settled = tc.step_driven(settled, [0.2, 0.5, 0.9], 0.01, none)
    np.testing.assert_allclose(settled.active, [0.2, 0.5, 0.9], atol=1e-3)


def test_rates_may_be_arrays_and_shapes_broadcast() -> None:
    rates = tc.Rates(np.array([[0.01], [0.03]]), 0.002, 15.0)
    loads = np.broadcast_to(np.array([0.2, 0.6, 0.9])[:, None], (3, 40))
    trace = tc.simulate(loads, 0.5, rates)
    assert trace.active.shape == (2, 3, 40)
    alone = tc.simulate(loads[1], 0.5, tc.Rates(0.03, 0.002, 15.0))
    np.testing.assert_allclose(trace.fatigued[1, 1], alone.fatigued, rtol=1e-14)


def test_joints() -> None:
    assert tc.joint("hand").rest_factor == 30.0
    with pytest.raises(ValueError, match="shoulder"):
        tc.joint("shoulde")


# ---- bad input ----

BAD = st.one_of(st.floats(max_value=-1e-9), st.just(np.nan), st.just(np.inf))


@given(BAD)
def test_bad_numbers_are_named(value) -> None:
    for i, name in enumerate(tc.Rates._fields):
        rates = tc.Rates(*[value if i == j else 0.1 for j in range(3)])
        with pytest.raises(ValueError, match=name):
            tc.step(tc.rested(), 0.5, 0.1, rates)
    load = np.array([0.5, value])
    kept = load.copy()
    for call in (
        lambda: tc.step(tc.rested((2,)), load, 0.1, RATES),
        lambda: tc.simulate(load, 0.1, RATES),
        lambda: tc.endurance_time_s(load, RATES),
        lambda: tc.holding(load),
    ):
        with pytest.raises(ValueError, match="target_load"):
            call()
    np.testing.assert_array_equal(load, kept)
    with pytest.raises(ValueError, match="duration_s"):
        tc.step(tc.rested(), 0.5, value, RATES)
    with pytest.raises(ValueError, match="develop_per_s"):
        tc.step(tc.rested(), 0.5, 0.1, RATES, develop_per_s=value)
    with pytest.raises(ValueError, match="activation_tau_s"):
        tc.step_driven(tc.rested(), 0.5, 0.1, RATES, activation_tau_s=value)


@pytest.mark.parametrize(
    ("shares", "name"), [((0.5, 0.6, 0.0), "sum to 1"), ((-0.1, 1.1, 0.0), "active")]
)
def test_bad_compartments_are_named(shares, name) -> None:
    with pytest.raises(ValueError, match=name):
        tc.step(tc.Compartments(*map(np.array, shares)), 0.5, 0.1, RATES)


@pytest.mark.parametrize("load", [0.5, np.zeros((2, 0))])
def test_a_load_needs_time(load) -> None:
    with pytest.raises(ValueError, match="target_load"):
        tc.simulate(load, 0.1, RATES)
