"""The split of force sums to the force, and moves as it must; endurance of one muscle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocoord.analysis.endurance import endurance_s
from neurocoord.analysis.force_gain import even_drive, force_gain, total
from neurocoord.analysis.force_gain_plots import draw
from neurocoord.motorunits import derive
from neurocoord.motorunits.orders import reversed_order
from neurocoord.motorunits.parameters import concat, of_muscle
from neurocoord.motorunits.published import body_pools, fuglevand_1993, potvin_fuglevand_2017

DRIVE = np.linspace(0.0, 1.0, 23)


@settings(max_examples=15, deadline=None)
@given(
    n_units=st.integers(1, 40),
    recruitment_range=st.floats(2.0, 80.0),
    minimum_rate_hz=st.floats(3.0, 12.0),
    type1_share=st.floats(0.0, 1.0),
    noise=st.sampled_from([0.0, 0.05]),
    ratio=st.sampled_from([0.0, 0.3]),
)
def test_the_four_parts_sum_to_the_force(
    n_units, recruitment_range, minimum_rate_hz, type1_share, noise, ratio
) -> None:
    pool = fuglevand_1993(
        n_units,
        recruitment_range=recruitment_range,
        minimum_rate_hz=minimum_rate_hz,
        type1_share=type1_share,
        drive_noise_slope=noise,
        twitch_tetanus_ratio=ratio,
    )
    gain = force_gain(pool, 0, DRIVE)
    force = derive.static_force(pool, 0, DRIVE) / pool.max_force[0]
    np.testing.assert_allclose(total(gain), force, rtol=1e-12, atol=1e-14)
    assert np.all(gain.recruitment >= 0) and np.all(gain.rate_coding >= -1e-12)


def test_recruitment_is_the_units_at_work_at_their_minimal_rate() -> None:
    pool = fuglevand_1993(30, minimum_rate_hz=6.0, rate_gain_hz=1.7)
    slow_rise = fuglevand_1993(30, minimum_rate_hz=6.0, rate_gain_hz=1e-9)  # no rate coding
    at = 0.4
    excitation = at * pool.max_excitation[0]
    units = np.arange(30)
    held = derive.mean_unit_force(slow_rise, np.full((1, 30), excitation), units)[0]
    assert 5 < np.count_nonzero(held) < 30
    gain = force_gain(pool, 0, at)
    for row, of_fibre in enumerate((~pool.is_fast, pool.is_fast)):
        expected = held[of_fibre].sum() / pool.max_force[0]
        assert gain.recruitment[row, 0] == pytest.approx(expected, rel=1e-6)
    # a step that recruits no one is rate coding alone, and past the last threshold all are
    after = force_gain(pool, 0, [0.95, 1.0])
    np.testing.assert_array_equal(after.recruitment[:, 0], after.recruitment[:, 1])


def test_narrow_thresholds_leave_more_of_the_range_to_rate_coding_alone() -> None:
    wide, narrow = (fuglevand_1993(60, recruitment_range=r) for r in (40.0, 5.0))
    at = np.linspace(0.0, 1.0, 101)
    ends = [np.argmax(force_gain(p, 0, at).recruitment.sum(axis=0)) for p in (wide, narrow)]
    assert ends[1] < ends[0]
    assert 0.0 < even_drive(force_gain(wide, 0, at)) < 1.0


def test_the_pool_of_one_muscle_is_the_one_it_had_among_others() -> None:
    pools = body_pools([6, 9], [0.3, 0.7])
    for muscle in (0, 1):
        alone = of_muscle(pools, muscle)
        np.testing.assert_array_equal(
            force_gain(alone, 0, DRIVE).recruitment, force_gain(pools, muscle, DRIVE).recruitment
        )
    both = concat([of_muscle(pools, 0), of_muscle(pools, 1)])
    np.testing.assert_array_equal(both.static_active_state, pools.static_active_state)
    with pytest.raises(ValueError, match="muscle is 2; it may be 0 to 1"):
        of_muscle(pools, 2)
    with pytest.raises(ValueError, match="muscle is -1"):
        force_gain(pools, -1, DRIVE)


def test_endurance_falls_with_force_and_with_large_units_first() -> None:
    pool = potvin_fuglevand_2017(30)
    times = [endurance_s(pool, level, 200.0) for level in (0.5, 0.8)]
    assert 200.0 > times[0] > times[1] > 0.0
    assert endurance_s(pool, 0.5, 3.0) == 3.0  # as long as was asked for
    assert endurance_s(reversed_order(pool), 0.5, 200.0) < times[0]
    with pytest.raises(ValueError, match="one muscle"):
        endurance_s(concat([pool, pool]), 0.5, 1.0)


def test_taking_turns_lengthens_a_low_hold_and_no_short_one() -> None:
    """Units come in one by one as others tire, and yet they take turns (tau shortened)."""
    alone = potvin_fuglevand_2017(30)
    turns = potvin_fuglevand_2017(30, rotation_group=10, rotation_tau_s=30.0)
    long, short = 0.3, 0.8
    assert endurance_s(turns, long, 900.0) > 1.03 * endurance_s(alone, long, 900.0)
    assert endurance_s(turns, short, 900.0) == endurance_s(alone, short, 900.0) < 30.0


def test_the_figure_has_a_panel_for_each_pool() -> None:
    pools = {name: fuglevand_1993(8) for name in ("one", "other")}
    figure = draw("title", {name: force_gain(p, 0, DRIVE) for name, p in pools.items()})
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["one", "other"]
    assert all("%" in axes.get_ylabel() for axes in figure.axes)
