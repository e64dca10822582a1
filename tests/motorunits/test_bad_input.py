"""Bad input to the layer: an error that names the argument and what is allowed; nothing changed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocoord import synchrony
from neurocoord.motorunits import (
    kernel,
    orders,
    parameters,
    published,
    rate_model,
    reach,
    recorded,
    trains,
)
from neurocoord.motorunits.parameters import ALLOWED, PER_MUSCLE, PRIMARY
from neurocoord.motorunits.state import arrays
from neurocoord.synchrony import independent, short_term
from neurocoord.synchrony.recorded import synchronize

FIELDS = PRIMARY[1:]
SWITCHES = ("is_fast", "rate_saturates")
POOLS = published.body_pools([4, 3], 0.5, fatigue_rate_per_s=0.1, twitch_tetanus_ratio=[0.0, 0.3])
FEW = settings(max_examples=30)  # of each field: there are thirty
NEVER_A_NUMBER = st.sampled_from([np.nan, np.inf, -np.inf])
NOT_A_DRIVE = st.one_of(NEVER_A_NUMBER, st.floats(max_value=-1e-9), st.floats(min_value=1.0 + 1e-9))
NOT_POSITIVE = st.one_of(NEVER_A_NUMBER, st.floats(max_value=0.0))
NO_COUNT = st.one_of(
    st.integers(max_value=0), st.sampled_from([2.5, np.nan, np.inf, True, "3", None])
)


def primary(params=POOLS):
    return {name: np.array(getattr(params, name)) for name in PRIMARY}


def held_arrays(*given):
    """All arrays in records, dictionaries and sequences."""
    found = []
    for a in given:
        if isinstance(a, np.ndarray):
            found.append(a)
        elif isinstance(a, dict):
            found += held_arrays(*a.values())
        elif isinstance(a, list | tuple):
            found += held_arrays(*a)
    return found


def refuses(match, call, *given, **named):
    """`call(*given, **named)` is a ValueError that matches and leaves all arrays as they were."""
    before = [a.copy() for a in held_arrays(given, named)]
    with pytest.raises(ValueError, match=match) as error:
        call(*given, **named)
    for a, b in zip(before, held_arrays(given, named), strict=True):
        np.testing.assert_array_equal(a, b)
    return str(error.value)


def leaves(call, *given, **named):
    """The result of a call that is fine, its arrays as they were before."""
    before = [a.copy() for a in held_arrays(given, named)]
    result = call(*given, **named)
    for a, b in zip(before, held_arrays(given, named), strict=True):
        np.testing.assert_array_equal(a, b)
    return result


def outside(name):
    """Values that a field may not hold."""
    low, high, above_low, _ = ALLOWED[name]
    bad = [NEVER_A_NUMBER, st.floats(max_value=low, exclude_max=not above_low)]
    if np.isfinite(high):
        bad.append(st.floats(min_value=high, exclude_min=True))
    return st.one_of(bad)


# ---- build and the published sets


@pytest.mark.parametrize("name", FIELDS)
@FEW
@given(data=st.data())
def test_values_out_of_range_are_named(name, data) -> None:
    fields = primary()
    value = data.draw(outside(name))
    where = data.draw(st.integers(0, fields[name].size - 1))
    changed = fields[name].astype(float)
    changed[where] = value
    for bad in (changed, value):
        message = refuses(f"^{name} must be finite", parameters.build, **{**fields, name: bad})
        low, high, _, _ = ALLOWED[name]
        assert f"{low:g}" in message and "got" in message
        assert not np.isfinite(high) or f"{high:g}" in message


@pytest.mark.parametrize("name", FIELDS)
@FEW
@given(shape=st.lists(st.integers(0, 9), min_size=1, max_size=3).map(tuple))
def test_shapes_that_do_not_match_are_named(name, shape) -> None:
    fields = primary()
    size = 2 if name in PER_MUSCLE else 7
    if shape == (size,):
        return
    message = refuses(f"^{name} must", parameters.build, **{**fields, name: np.ones(shape)})
    assert f"({size},)" in message


@pytest.mark.parametrize("name", ["isi_cv", "rotation_group", "is_fast", "slowing"])
@pytest.mark.parametrize("value", ["much", [[1.0], [1.0, 2.0]], 1j])
def test_what_is_no_number_is_named(name, value) -> None:
    refuses(name, parameters.build, **{**primary(), name: value})


@given(name=st.text(min_size=1, max_size=20).filter(lambda s: s not in PRIMARY))
def test_unknown_fields_are_told_the_nearest(name) -> None:
    message = refuses("pool field", parameters.build, **{**primary(), name: 1.0})
    assert f"{name!r} is unknown; allowed: {', '.join(ALLOWED)}" in message


def test_a_slip_is_told_what_was_meant() -> None:
    for call in (published.fuglevand_1993, lambda **f: published.body_pools([3], 0.5, **f)):
        said = refuses("pool field 'doublet_shar' is unknown", call, doublet_shar=0.1)
        assert said.endswith("did you mean 'doublet_share'?")


@pytest.mark.parametrize(
    "first_unit",
    [[], [0], [1, 4], [0, 0], [0, 4, 4, 7], [0, 5, 3], [[0, 7]], 7],
)
def test_units_that_do_not_add_up_are_named(first_unit) -> None:
    refuses("first_unit", parameters.build, **{**primary(), "first_unit": first_unit})


@pytest.mark.parametrize("first_unit", [[0, np.nan], [0, 4.5, 7], "ab"])
def test_first_units_are_whole_numbers(first_unit) -> None:
    refuses("first_unit", parameters.build, **{**primary(), "first_unit": first_unit})


@pytest.mark.parametrize("name", [n for n in FIELDS if ALLOWED[n].default is None])
def test_what_has_no_default_must_be_given(name) -> None:
    fields = primary()
    del fields[name]
    refuses(f"^{name} must be given", parameters.build, **fields)


@pytest.mark.parametrize("name", [*SWITCHES, "rotation_group"])
def test_switches_and_groups_are_whole_numbers(name) -> None:
    value = 2.5 if name == "rotation_group" else 0.5
    refuses(name, parameters.build, **{**primary(), name: value})


@given(
    name=st.sampled_from(["recruitment_range", "twitch_range", "contraction_range"]),
    value=st.one_of(NEVER_A_NUMBER, st.floats(max_value=1.0)),
)
def test_ranges_of_1_and_below_are_named(name, value) -> None:
    assert "above 1" in refuses(name, published.fuglevand_1993, 5, **{name: value})


@given(count=NO_COUNT)
def test_counts_of_units_are_whole_and_above_zero(count) -> None:
    refuses("n_units", published.fuglevand_1993, count)
    refuses("n_units", published.potvin_fuglevand_2017, count)
    if count is not True:  # in an array of numbers it is one
        refuses("n_units", published.body_pools, [5, count], 0.5)


@given(share=NOT_A_DRIVE)
def test_shares_of_slow_units_lie_in_0_to_1(share) -> None:
    refuses("type1_share", published.fuglevand_1993, 5, type1_share=share)
    refuses("type1_share", published.body_pools, [5, 5], [0.5, share])


@given(
    name=st.sampled_from(
        ["rate_gain_hz", "minimum_rate_hz", "peak_rate_first_hz", "longest_contraction_s"]
    ),
    value=NOT_POSITIVE,
)
def test_constants_of_the_published_set_are_positive(name, value) -> None:
    refuses("rate|contraction", published.fuglevand_1993, 5, **{name: value})


# ---- kernel


@given(value=NOT_A_DRIVE, env=st.integers(0, 1), tick=st.integers(0, 2), muscle=st.integers(0, 1))
def test_drives_out_of_range_are_refused(value, env, tick, muscle) -> None:
    coupling = synchrony.short_term.coupling(POOLS)
    state = kernel.init(POOLS, 2, 4)
    drive = np.full((2, 3, 2), 0.4)
    drive[env, tick, muscle] = value
    refuses(r"drive must lie in 0\.\.1", kernel.advance, POOLS, coupling, state, drive)
    refuses(r"drive must", kernel.advance, POOLS, coupling, state, drive, out=state)
    expected = rate_model.init(POOLS, 2)
    refuses(r"drive must lie in 0\.\.1", rate_model.advance, POOLS, expected, drive[:, tick])
    refuses(r"drive must lie in 0\.\.1", rate_model.forward, POOLS, drive[:, tick])


@given(shape=st.lists(st.integers(0, 3), max_size=4).map(tuple))
def test_drives_of_other_shapes_are_refused(shape) -> None:
    coupling = independent.coupling(POOLS)
    if not (len(shape) == 3 and shape[0] == 2 and shape[1] > 0 and shape[2] == 2):
        refuses(
            "drive", kernel.advance, POOLS, coupling, kernel.init(POOLS, 2), np.full(shape, 0.4)
        )
    if shape != (2, 2) and not (len(shape) == 3 and shape[0] and shape[1:] == (2, 2)):
        expected = rate_model.init(POOLS, 2)
        refuses("drive", rate_model.advance, POOLS, expected, np.full(shape, 0.4))


@given(value=NOT_POSITIVE)
def test_fibre_lengths_are_positive(value) -> None:
    coupling, state = independent.coupling(POOLS), kernel.init(POOLS, 1)
    drive = np.full((1, 3, 2), 0.4)
    length = np.array([[1.0, value]])
    refuses("fibre_length", kernel.advance, POOLS, coupling, state, drive, fibre_length=length)
    refuses("fibre_length", kernel.advance, POOLS, coupling, state, drive, fibre_length=length[0])


@given(count=st.one_of(st.integers(max_value=0), st.sampled_from([2.5, True])))
def test_counts_of_threads_and_environments(count) -> None:
    coupling, state = independent.coupling(POOLS), kernel.init(POOLS, 1)
    drive = np.full((1, 3, 2), 0.4)
    refuses("n_threads", kernel.advance, POOLS, coupling, state, drive, n_threads=count)
    refuses("n_env", kernel.init, POOLS, count)


@given(count=NO_COUNT)
def test_counts_of_environments_of_the_expected_state(count) -> None:
    refuses("n_env", rate_model.init, POOLS, count)


@pytest.mark.parametrize("count", [np.nan, np.inf, "three", None])
def test_counts_that_are_no_numbers(count) -> None:
    coupling, state = independent.coupling(POOLS), kernel.init(POOLS, 1)
    drive = np.full((1, 3, 2), 0.4)
    refuses("n_env", kernel.init, POOLS, count)
    refuses("n_threads", kernel.advance, POOLS, coupling, state, drive, n_threads=count)


@pytest.mark.parametrize("seed", [-1, 0.5, "a", None, [1, 2], [[1]], np.nan, [-3]])
def test_seeds_are_whole_and_not_negative(seed) -> None:
    refuses("seed", kernel.init, POOLS, 1, seed)


# ---- expected state and reach


@given(value=NOT_POSITIVE)
def test_durations_are_positive(value) -> None:
    state = rate_model.init(POOLS, track_spike_sd=True)
    held = np.full((1, 2), 0.3)
    refuses("block_s", rate_model.init, POOLS, block_s=value)
    refuses("horizon_s", rate_model.init, POOLS, horizon_s=value)
    refuses("duration_s", rate_model.advance, POOLS, state, held, value)
    refuses("horizon_s", rate_model.bounds, POOLS, state, value)
    refuses("horizon_s", rate_model.reach, POOLS, value)
    refuses("horizon_s", reach.reach_curves, POOLS, value)


@given(value=st.one_of(NEVER_A_NUMBER, st.floats(max_value=-1e-9)))
def test_tolerances_are_not_negative(value) -> None:
    state = rate_model.init(POOLS, track_spike_sd=True)
    refuses("spike_tolerance", rate_model.bounds, POOLS, state, spike_tolerance=value)


@given(value=NEVER_A_NUMBER, muscle=st.integers(0, 1))
def test_targets_are_numbers(value, muscle) -> None:
    target = np.full((1, 2), 0.3)
    target[0, muscle] = value
    curves = reach.reach_curves(POOLS, 0.03)
    if np.isnan(value):
        refuses("active_state", rate_model.inverse, POOLS, target)
        refuses("active_state", rate_model.is_reachable, POOLS, target)
        state, good = rate_model.init(POOLS), np.zeros((1, 2))
        refuses("NaN", reach.drive_to_reach, POOLS, state, curves, target)
        refuses("NaN", reach.is_within_reach, POOLS, state, target)
        refuses("NaN", reach.drive_to_reach, POOLS, state, curves, good, (target, good))
        refuses("NaN", reach.drive_to_reach, POOLS, state, curves, good, (good, target))
    else:  # no drive holds it: the nearest, and flagged
        drive = leaves(rate_model.inverse, POOLS, target)
        assert drive[0, muscle] == (1.0 if value > 0 else 0.0)
        assert not rate_model.is_reachable(POOLS, target)[0, muscle]


@given(shape=st.lists(st.integers(0, 3), max_size=3).map(tuple))
def test_targets_of_other_shapes_are_refused(shape) -> None:
    if len(shape) == 2 and shape[1] == 2:
        return
    target = np.full(shape, 0.3)
    refuses("active_state", rate_model.inverse, POOLS, target)
    refuses("active_state", rate_model.is_reachable, POOLS, target)
    refuses("drive", rate_model.forward, POOLS, target)
    state, curves = rate_model.init(POOLS), reach.reach_curves(POOLS, 0.03)
    refuses("wanted", reach.drive_to_reach, POOLS, state, curves, target)
    refuses("wanted", reach.is_within_reach, POOLS, state, target)


def test_a_state_of_other_environments_is_refused() -> None:
    state = rate_model.init(POOLS, 3)
    for call in (rate_model.inverse, rate_model.is_reachable, rate_model.forward):
        refuses("3 envs", call, POOLS, np.full((2, 2), 0.3), state)


def test_spike_tolerance_needs_the_spike_sd() -> None:
    state = rate_model.init(POOLS)
    refuses("track_spike_sd", rate_model.bounds, POOLS, state, spike_tolerance=1.0)
    refuses("track_spike_sd", rate_model.spike_sd, POOLS, state)


# ---- couplings


@pytest.mark.parametrize("name", sorted(synchrony.STRATEGIES))
@given(value=NOT_A_DRIVE)
def test_dials_lie_in_0_to_1(name, value) -> None:
    refuses("strength", synchrony.strategy(name), POOLS, strength=value)


def test_dials_are_numbers() -> None:
    refuses("strength", short_term.coupling, POOLS, strength=None)


@pytest.mark.parametrize("name", sorted(synchrony.STRATEGIES))
@given(groups=st.sampled_from([None, [0], [0, 1, 2], [0.0, 1.0], [[0, 1]], "ab", [np.nan, 1.0]]))
def test_groups_are_one_integer_a_muscle(name, groups) -> None:
    message = refuses(
        "groups|scope", synchrony.strategy(name), POOLS, scope="synergists", groups=groups
    )
    assert name != "staggered" or "pool" in message


@given(
    name=st.sampled_from(["drive_share", "rhythm_share", "hazard_share"]),
    value=NOT_A_DRIVE,
)
def test_shares_lie_in_0_to_1(name, value) -> None:
    refuses(name, independent.couple, POOLS, **{name: value})


@given(value=st.one_of(st.integers(max_value=-1), st.integers(min_value=16), NEVER_A_NUMBER))
def test_delays_are_few_ticks(value) -> None:
    refuses("max_delay_ticks", short_term.coupling, POOLS, max_delay_ticks=value)


def test_unknown_strategies_and_scopes_are_told_the_nearest() -> None:
    assert "'staggered'" in refuses("strategy", synchrony.strategy, "stagered")
    assert "'body'" in refuses("scope", short_term.coupling, POOLS, scope="bodies")


# ---- trains, recorded spikes


@given(
    ticks=st.lists(st.integers(0, 90), min_size=2, max_size=8, unique=True).map(sorted),
    fault=st.sampled_from(["unsorted", "twice", "negative", "beyond", "nan"]),
)
def test_spike_times_that_cannot_be_are_refused(ticks, fault) -> None:
    times = np.array(ticks) / 1000.0
    if fault == "unsorted":
        times = times[::-1].copy()
    elif fault == "twice":
        times = np.append(times, times[-1])
    elif fault == "negative":
        times[0] = -0.001
    elif fault == "beyond":
        times[-1] = 0.2
    else:
        times[1] = np.nan
    good = np.array([0.01, 0.05])
    refuses("times_s of unit 1", trains.from_times_s, [good, times], 0.1)
    if fault != "nan":
        whole = np.rint(times * 1000).astype(np.int64)
        refuses("ticks of unit 1", trains.from_ticks, [np.array([10, 50]), whole], 100)


@given(value=NOT_POSITIVE)
def test_durations_of_trains_are_positive(value) -> None:
    refuses("duration_s", trains.from_times_s, [np.array([0.01])], value)
    refuses("tick_s", trains.from_ticks, [np.array([1])], 5, value)


@given(n=st.integers(0, 12).filter(lambda n: n != 7))
def test_trains_of_another_number_of_units_are_refused(n) -> None:
    message = refuses("spikes", recorded.force, np.zeros((30, n), np.uint8), POOLS)
    assert "params holds 7" in message


@given(value=st.one_of(NEVER_A_NUMBER, st.floats(max_value=-1e-9), st.floats(min_value=1.0)))
def test_ratios_lie_below_1(value) -> None:
    spikes = np.zeros((30, 7), np.uint8)
    refuses("twitch_tetanus_ratio", recorded.force, spikes, POOLS, twitch_tetanus_ratio=value)


@given(
    name=st.sampled_from(["share", "event_rate_hz", "window_s", "jitter_s", "n_choices"]),
    value=st.one_of(NEVER_A_NUMBER, st.floats(max_value=-1e-6)),
)
def test_synchrony_of_recorded_trains_checks_its_arguments(name, value) -> None:
    given_trains = trains.from_ticks([np.arange(0, 900, 80), np.arange(5, 900, 90)], 1000)
    refuses(name, synchronize, given_trains, **{"share": 0.5, name: value})


# ---- nothing of the caller's is changed when all is well


def test_arguments_are_left_as_they_are() -> None:
    fields = primary()
    params = leaves(parameters.build, **fields)
    for a, b in zip(held_arrays(params), held_arrays(fields)):
        assert not np.shares_memory(a, b)
    leaves(orders.reversed_order, params)
    leaves(parameters.concat, [params, POOLS])
    leaves(parameters.replaced, params, isi_cv=np.full(7, 0.1))
    counts, shares = np.array([3, 4]), np.array([0.2, 0.9])
    leaves(published.body_pools, counts, shares, doublet_share=np.full(7, 0.2))
    for name in synchrony.STRATEGIES:
        coupling = leaves(synchrony.strategy(name), params)
        state = leaves(kernel.init, params, 2, np.array([3, 4]))
        drive = np.linspace(0.0, 1.0, 2 * 300 * 2).reshape(2, 300, 2)
        new, out = leaves(
            kernel.advance,
            params,
            coupling,
            state,
            drive,
            fibre_length=np.full((2, 2), 0.9),
            record_spikes=True,
        )
        assert new.tick[0] == 300 and out.spikes.any()
        assert not any(np.shares_memory(a, b) for a, b in zip(arrays(new), arrays(state)))
    expected = leaves(rate_model.init, params, 2, track_spike_sd=True)
    for _ in range(60):
        expected = leaves(rate_model.advance, params, expected, drive[:, 200])
    target = np.full((2, 2), 0.3)
    limits = leaves(rate_model.bounds, params, expected, 0.05, spike_tolerance=1.0)
    for call in (rate_model.inverse, rate_model.is_reachable, rate_model.forward):
        leaves(call, params, target, expected)
    curves = leaves(reach.reach_curves, params, 0.03, expected)
    leaves(reach.drive_to_reach, params, expected, curves, target, limits)
    leaves(reach.is_within_reach, params, expected, target, limits=limits)
    given_trains = leaves(trains.from_raster, out.spikes[0])
    leaves(recorded.force, given_trains, params)
    leaves(recorded.force, out.spikes[0], params, twitch_tetanus_ratio=0.2)
    leaves(synchronize, given_trains, share=0.7)
