"""The slow step of units, equation by equation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocoord.motorunits import discharge, fatigue, recruitment

BAD_SHARE = st.one_of(
    st.floats(max_value=-1e-9), st.floats(min_value=1.0 + 1e-9), st.just(np.nan), st.just(np.inf)
)
BAD_POSITIVE = st.one_of(st.floats(max_value=-1e-9), st.just(np.nan), st.just(np.inf))


# ---- capacity ----


def test_an_active_unit_loses_by_its_fusion_and_a_silent_one_recovers() -> None:
    after = fatigue.capacity_step(
        [0.8, 0.8, 0.8], [0.5, 0.25, 0.0], [True, True, False], [0.02, 0.02, 0.02], 0.03, 0.5
    )
    np.testing.assert_allclose(after, [0.795, 0.7975, 0.803], rtol=1e-15)


def test_an_active_unit_does_not_recover() -> None:
    assert fatigue.capacity_step(0.5, 0.0, True, 0.02, 0.03, 1.0) == 0.5


def test_capacity_stays_within_its_bounds() -> None:
    after = fatigue.capacity_step([0.01, 0.99], [1.0, 0.0], [True, False], 3.0, 400.0, 1.0)
    np.testing.assert_array_equal(after, [0.0, 1.0])


def test_recovery_is_first_order() -> None:
    """Rest from exhaustion: 1 - exp(-rate t), to the error of the Euler step."""
    capacity = np.zeros(3)
    for _ in range(700):
        capacity = fatigue.capacity_step(capacity, 0.0, False, 0.02, [0.005, 0.01, 0.02], 0.1)
    np.testing.assert_allclose(capacity, 1 - np.exp(-70 * np.array([0.005, 0.01, 0.02])), rtol=2e-3)


def test_shapes_broadcast() -> None:
    after = fatigue.capacity_step(
        np.ones((4, 1, 3)), np.ones((2, 3)), np.ones(3, dtype=bool), np.full(3, 0.1), 0.0, 1.0
    )
    assert after.shape == (4, 2, 3)
    np.testing.assert_allclose(after, 0.9)


def test_published_fatigue_rates() -> None:
    """Units 1, 60 and 120 of Potvin & Fuglevand 2017."""
    rate = fatigue.fatigue_rate_per_s(120)
    np.testing.assert_allclose(rate[[0, 59, 119]], [1.25e-4, 1.64086e-3, 2.25e-2], rtol=1e-5)
    other = fatigue.fatigue_rate_per_s(7, 0.05, 30.0)
    np.testing.assert_allclose(other[1:] / other[:-1], 30 ** (1 / 6))
    assert fatigue.fatigue_rate_per_s(1).shape == (1,)


def test_slowing() -> None:
    slow = fatigue.contraction_time_s([0.05, 0.05], [1.0, 0.2], 0.5)
    np.testing.assert_allclose(slow, [0.05, 0.07])


# ---- first-order states ----


@pytest.mark.parametrize(
    "step", [fatigue.adaptation_step, fatigue.pic_step, fatigue.tiredness_step]
)
def test_states_approach_exponentially(step) -> None:
    tau, duration = 3.0, 0.1
    decay = np.exp(-duration / tau)
    state = np.zeros(2)
    for _ in range(50):
        state = step(state, np.array([True, False]), decay)
    np.testing.assert_allclose(state, [1 - np.exp(-5 / tau), 0.0])
    for _ in range(50):
        state = step(state, np.array([False, True]), decay)
    np.testing.assert_allclose(state[0], (1 - np.exp(-5 / tau)) * np.exp(-5 / tau))


# ---- adaptation and PIC in the linear law ----


@given(
    st.floats(0.0, 80.0),
    st.floats(0.0, 0.67),
    st.floats(0.5, 2.5),
    st.floats(6.0, 12.0),
    st.floats(0.0, 3.0),
)
def test_adapted_constants_take_the_published_term_off(e, q, gain, minimum, offset) -> None:
    """The linear law with the adapted constants is FR - q (FR - MFR + d)."""
    threshold, peak = 21.0, 31.0
    args = (np.array([v]) for v in (minimum, gain, peak, threshold, q, offset, 0.0))
    new_threshold, new_minimum, new_gain, new_peak = fatigue.adapted_constants(*args)
    plain = discharge.discharge_rate_hz(e, threshold, minimum, peak, gain)
    expected = plain - q * (plain - minimum + offset) if plain > 0 else 0.0
    adapted = discharge.discharge_rate_hz(e, new_threshold, new_minimum, new_peak, new_gain)
    np.testing.assert_allclose(adapted, expected, rtol=1e-12, atol=1e-12)


def test_a_pic_is_excitation() -> None:
    """With a PIC of 4 the unit discharges as it would at 4 more, and leaves at 4 less."""
    threshold, minimum, gain, peak = fatigue.adapted_constants(8.0, 1.5, 30.0, 20.0, 0.3, 1.0, 4.0)
    with_pic = discharge.discharge_rate_hz(
        np.array([15.9, 16.0, 25.0]), threshold, minimum, peak, gain
    )
    _, *rest = fatigue.adapted_constants(8.0, 1.5, 30.0, 20.0, 0.3, 1.0, 0.0)
    without = discharge.discharge_rate_hz(
        np.array([19.9, 20.0, 29.0]), np.array(20.0), rest[0], rest[2], rest[1]
    )
    np.testing.assert_allclose(with_pic, without)
    assert with_pic[0] == 0.0 and with_pic[1] > 0.0


def test_every_unit_leaves_before_the_drive_is_gone() -> None:
    threshold, *_ = fatigue.adapted_constants(8.0, 1.0, 30.0, [1.0, 5.0, 40.0], 0.0, 0.0, 6.0)
    np.testing.assert_array_equal(threshold, [0.5, 2.5, 34.0])


@pytest.mark.parametrize(("pic_excitation", "expected"), [(0.0, 0.0), (3.0, 4.5)])
def test_delta_f_of_a_triangular_contraction(pic_excitation, expected) -> None:
    """Control unit's rate where the test unit starts, less where it stops: gain times PIC."""
    gain, decay = 1.5, np.exp(-0.1 / 0.5)
    threshold = np.array([5.0, 15.0])  # control unit, test unit
    up = np.arange(0.0, 30.0, 0.1)
    pic, was_active, control_rate = np.zeros(2), False, []
    for e in np.concatenate([up, up[::-1]]):
        level, minimum, slope, peak = fatigue.adapted_constants(
            8.0, gain, 90.0, threshold, 0.0, 0.0, pic_excitation * pic
        )
        rate = discharge.discharge_rate_hz(e, level, minimum, peak, slope)
        pic = fatigue.pic_step(pic, rate > 0, decay)
        if (rate[1] > 0) != was_active:
            control_rate.append(rate[0])
            was_active = rate[1] > 0
    assert control_rate[0] - control_rate[1] == pytest.approx(expected, abs=0.3)


def test_adaptation_share_runs_from_none_to_the_scale() -> None:
    threshold = recruitment.recruitment_threshold(9, 40.0)
    share = fatigue.adaptation_share(threshold, 0.4)
    assert share[0] == 0.0 and share[-1] == pytest.approx(0.4)
    slopes = np.diff(share) / np.diff(threshold)
    np.testing.assert_allclose(slopes, slopes[0])
    np.testing.assert_array_equal(fatigue.adaptation_share([3.0, 3.0]), 0.0)


# ---- rotation ----


def test_tired_units_give_their_thresholds_to_rested_ones() -> None:
    threshold = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
    tired = np.array([0.9, 0.8, 0.1, 0.0, 0.0, 0.9, 0.9])
    rotated = fatigue.rotate(threshold, tired, 3, margin=0.2)
    np.testing.assert_array_equal(rotated, [3.0, 2.0, 1.0, 4.0, 5.0, 6.0, 7.0])
    np.testing.assert_array_equal(fatigue.rotate(threshold, tired, 3, margin=0.8), threshold)
    present = [3.0, 1.0, 2.0]  # a tired unit with the highest threshold keeps it
    np.testing.assert_array_equal(fatigue.rotate(present, [0.9, 0.5, 0.0], 3, 0.2), [3, 2, 1])
    ladder = [0.9, 0.7, 0.5, 0.3]  # no neighbour is less tired by so much, but one farther on is
    np.testing.assert_array_equal(
        fatigue.rotate([1.0, 2.0, 3.0, 4.0], ladder, 4, 0.5), [4.0, 2.0, 3.0, 1.0]
    )


@given(
    st.integers(1, 9),
    st.integers(1, 12),
    st.sampled_from([0.0, 0.1, 0.5]),
    st.integers(0, 2**32 - 1),
)
def test_rotation_keeps_the_set_of_each_group(group, n_units, margin, seed) -> None:
    rng = np.random.default_rng(seed)
    threshold = rng.uniform(1.0, 50.0, (3, n_units))
    tired = rng.uniform(0.0, 1.0, (3, n_units))
    kept = threshold.copy()
    rotated = fatigue.rotate(threshold, tired, group, margin)
    np.testing.assert_array_equal(threshold, kept)
    for first in range(0, n_units, group):
        part = (slice(None), slice(first, first + group))
        np.testing.assert_array_equal(np.sort(rotated[part]), np.sort(threshold[part]))
        for row in range(3):  # none is left that is more tired by over the margin than a later one
            in_order = tired[part][row][np.argsort(rotated[part][row])]
            least_later = np.minimum.accumulate(in_order[::-1])[::-1]
            assert np.all(in_order - least_later <= margin)
    np.testing.assert_array_equal(fatigue.rotate(rotated, tired, group, margin), rotated)


def test_units_take_turns_for_minutes_not_steps() -> None:
    """Two units at a drive that needs one: each works in turn, and changes are rare."""
    threshold, tired = np.array([1.0, 2.0]), np.zeros(2)
    decay = np.exp(-0.1 / fatigue.TIREDNESS_TAU_S)
    active_s, changes, first = np.zeros(2), 0, None
    for i in range(18000):  # half an hour
        is_active = threshold < 1.5
        active_s += 0.1 * is_active
        tired = fatigue.tiredness_step(tired, is_active, decay)
        before, threshold = threshold, fatigue.rotate(threshold, tired, 2)
        if np.any(threshold != before):
            changes += 1
            first = 0.1 * i if first is None else first
    assert first == pytest.approx(fatigue.TIREDNESS_TAU_S * np.log(2), abs=0.2)
    assert 3 <= changes <= 10
    assert min(active_s) > 400.0


# ---- bad input ----


@given(BAD_SHARE)
def test_bad_shares_are_named(value) -> None:
    state = np.array([0.5, value])
    kept = state.copy()
    mask = np.array([True, False])
    for call, name in (
        (lambda: fatigue.capacity_step(state, 0.5, mask, 0.1, 0.1, 0.1), "capacity"),
        (lambda: fatigue.capacity_step(0.5, state, mask, 0.1, 0.1, 0.1), "relative_force"),
        (lambda: fatigue.contraction_time_s(0.05, state, 0.3), "capacity"),
        (lambda: fatigue.adaptation_step(state, mask, 0.9), "adaptation"),
        (lambda: fatigue.pic_step(state, mask, 0.9), "pic"),
        (lambda: fatigue.tiredness_step(0.5, mask, state), "decay"),
        (lambda: fatigue.rotate([1.0, 2.0], state, 2), "tiredness"),
        (lambda: fatigue.adapted_constants(8.0, 1.0, 30.0, 5.0, state, 2.0, 0.0), "adaptation"),
        (lambda: fatigue.adaptation_share([1.0, 2.0], value), "scale"),
    ):
        with pytest.raises(ValueError, match=name):
            call()
    np.testing.assert_array_equal(state, kept)


@given(BAD_POSITIVE)
def test_bad_constants_are_named(value) -> None:
    with pytest.raises(ValueError, match="fatigue_rate_per_s"):
        fatigue.capacity_step(0.5, 0.5, True, value, 0.1, 0.1)
    with pytest.raises(ValueError, match="recovery_rate_per_s"):
        fatigue.capacity_step(0.5, 0.5, True, 0.1, value, 0.1)
    with pytest.raises(ValueError, match="duration_s"):
        fatigue.capacity_step(0.5, 0.5, True, 0.1, 0.1, value)
    with pytest.raises(ValueError, match="contraction_time_s"):
        fatigue.contraction_time_s(value, 0.5, 0.3)
    with pytest.raises(ValueError, match="slowing"):
        fatigue.contraction_time_s(0.05, 0.5, value)
    names = ("minimum_rate_hz", "rate_gain_hz", "peak_rate_hz", "recruitment_threshold")
    good = [8.0, 1.0, 30.0, 5.0, 0.1, 2.0, 0.0]
    for i, name in enumerate((*names, "adaptation", "adaptation_offset_hz", "pic_excitation")):
        with pytest.raises(ValueError, match=name):
            fatigue.adapted_constants(*good[:i], value, *good[i + 1 :])
    with pytest.raises(ValueError, match="recruitment_threshold"):
        fatigue.rotate([1.0, value], 0.0, 2)
    with pytest.raises(ValueError, match="largest_per_s"):
        fatigue.fatigue_rate_per_s(5, value)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: fatigue.rotate([1.0, 2.0], 0.0, 0), "group"),
        (lambda: fatigue.rotate([1.0, 2.0], 0.0, 1.5), "group"),
        (lambda: fatigue.rotate([1.0, 2.0], 0.0, 2, margin=1.5), "margin"),
        (lambda: fatigue.rotate([1.0, 2.0], 0.0, 2, margin=np.nan), "margin"),
        (lambda: fatigue.rotate(1.0, 0.0, 2), "recruitment_threshold"),
        (lambda: fatigue.rotate([], [], 2), "recruitment_threshold"),
        (lambda: fatigue.rotate([1.0, 2.0], [0.0, 0.0, 0.0], 2), "shape"),
        (lambda: fatigue.adaptation_step(0.5, 0.7, 0.9), "is_active"),
        (lambda: fatigue.fatigue_rate_per_s(0), "n_units"),
        (lambda: fatigue.fatigue_rate_per_s(True), "n_units"),
        (lambda: fatigue.fatigue_rate_per_s(5, 0.02, 0.5), "fatigability_range"),
    ],
)
def test_what_else_is_refused(call, name) -> None:
    with pytest.raises(ValueError, match=name):
        call()
