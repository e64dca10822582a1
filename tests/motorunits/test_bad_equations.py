"""Bad input to the equations and to the records of other pools: named before anything is done."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocoord.motorunits import (
    checks,
    counts,
    discharge,
    emg,
    fatigue,
    input_noise,
    kernel,
    onset,
    parameters,
    potvin_fuglevand,
    published,
    rate_model,
    reach,
    recorded,
    recruitment,
    reference,
    three_compartment,
    training,
    trains,
    twitch,
)
from neurocoord.synchrony import independent, short_term
from neurocoord.synchrony.recorded import synchronize

NEVER = st.sampled_from([np.nan, np.inf, -np.inf])
NO_NUMBER = st.sampled_from(["much", None, 1j, [1.0, [2.0]], object()])
NOT_POSITIVE = st.one_of(NEVER, st.floats(max_value=0.0), NO_NUMBER)
NEGATIVE = st.one_of(NEVER, st.floats(max_value=-1e-9), NO_NUMBER)
NOT_ABOVE_1 = st.one_of(NEVER, st.floats(max_value=1.0), NO_NUMBER)
NO_SHARE = st.one_of(NEGATIVE, st.floats(min_value=1.0 + 1e-9))
NO_COUNT = st.one_of(st.integers(max_value=0), st.sampled_from([2.5, np.nan, True, "3", None]))
FEW = settings(max_examples=25)

POOLS = published.body_pools([4, 3], 0.5, fatigue_rate_per_s=0.1)
OTHERS = {
    "muscles": published.body_pools([4, 2, 1], 0.5, fatigue_rate_per_s=0.1),
    "units": published.body_pools([4, 5], 0.5, fatigue_rate_per_s=0.1),
    "rhythm": published.body_pools([4, 3], 0.5, fatigue_rate_per_s=0.1, rhythm_noise=0.0),
    "tiring": published.body_pools([4, 3], 0.5),
}
FORCE = np.array([1.0, 10.0])
TIMES = [np.array([0.01, 0.05]), np.array([0.02, 0.06])]
TRAINS = trains.from_times_s(TIMES, 0.1)
ELBOW = three_compartment.joint("elbow")


def refuses(name, call, *given, **named):
    """A ValueError that begins with the argument's name or holds it as a word."""
    with pytest.raises(ValueError, match=rf"\b{name}\b"):
        call(*given, **named)


# Call, its keywords with good values, the argument tried and what it may not be.
SCALARS = [
    (recruitment.recruitment_threshold, {"recruitment_range": 30.0}, "n_units", NO_COUNT),
    (recruitment.recruitment_threshold, {"n_units": 3}, "recruitment_range", NOT_ABOVE_1),
    (twitch.twitch_force, {"twitch_range": 100.0}, "n_units", NO_COUNT),
    (twitch.twitch_force, {"n_units": 3}, "twitch_range", NOT_ABOVE_1),
    *(
        (
            twitch.contraction_time_s,
            {
                "twitch_force": FORCE,
                "longest_s": 0.09,
                "twitch_range": 100.0,
                "contraction_range": 3.0,
            },
            name,
            bad,
        )
        for name, bad in (
            ("twitch_force", NOT_POSITIVE),
            ("longest_s", NOT_POSITIVE),
            ("twitch_range", NOT_ABOVE_1),
            ("contraction_range", NOT_ABOVE_1),
        )
    ),
    (twitch.twitch, {"twitch_force": 1.0, "contraction_time_s": 0.09}, "time_s", NEVER),
    (twitch.twitch, {"time_s": 0.1, "twitch_force": 1.0}, "contraction_time_s", NOT_POSITIVE),
    (twitch.mean_gain, {"isi_cv": 0.2}, "normalised_rate", NEGATIVE),
    (twitch.mean_gain, {"normalised_rate": FORCE}, "isi_cv", NO_SHARE),
    (twitch.mean_gain, {"normalised_rate": FORCE, "isi_cv": 0.2}, "n_quantiles", NO_COUNT),
    (twitch.saturation_slope, {}, "twitch_tetanus_ratio", NO_SHARE),
    (
        twitch.mean_saturation,
        {"normalised_rate": FORCE, "isi_cv": 0.2},
        "twitch_tetanus_ratio",
        st.one_of(NOT_POSITIVE, st.floats(min_value=1.0)),
    ),
    (discharge.threshold_table, {}, "hazard_share", st.one_of(NO_SHARE, st.just(1.0))),
    (discharge.private_survival_table, {}, "hazard_share", st.one_of(NO_SHARE, st.just(1.0))),
    (discharge.peak_rate_hz, {"first_hz": 35.0, "difference_hz": 10.0}, "recruitment_threshold",
     NOT_POSITIVE),
    (discharge.decay, {"table": discharge.decay_table()}, "u", NEGATIVE),
    (
        discharge.discharge_rate_hz,
        {"recruitment_threshold": FORCE, "minimum_rate_hz": 8.0, "peak_rate_hz": 30.0,
         "rate_gain_hz": 1.0},
        "excitation",
        NEVER,
    ),
    (discharge.drive_ramp, {"previous": np.ones((1, 2)), "target": np.ones((1, 2))}, "n_ticks",
     NO_COUNT),
    (counts.units_of_volume, {}, "volume_cm3", NOT_POSITIVE),
    (training.untrained, {}, "n_units", NO_COUNT),
    (training.train, {"params": POOLS, "programme": "skill"}, "weeks", NEGATIVE),
    (
        training.pool_of_muscle,
        {"params": POOLS},
        "muscle",
        st.one_of(st.integers(max_value=-1), st.integers(min_value=2), NO_NUMBER, st.just(0.5)),
    ),
    (emg.potentials, {"params": POOLS}, "duration_s", NOT_POSITIVE),
    (emg.potentials, {"params": POOLS}, "amplitude_exponent", NEGATIVE),
    (emg.potentials, {"params": POOLS}, "electrode_gap", NOT_POSITIVE),
    (synchronize, {"spikes": TRAINS}, "share", NO_SHARE),
    (synchronize, {"spikes": TRAINS, "share": 0.5}, "event_cv", NO_SHARE),
    (synchronize, {"spikes": TRAINS, "share": 0.5}, "rate_hz", NO_NUMBER.filter(bool)),
    (short_term.cis_table, {"params": POOLS}, "drive", NOT_POSITIVE),
    (short_term.cis_table, {"params": POOLS}, "seconds", NOT_POSITIVE),
    (short_term.cis_table, {"params": POOLS}, "n_knots", NO_COUNT),
    (short_term.dial_to_hazard_share, {"params": POOLS}, "strength", NO_SHARE),
    (independent.couple, {"params": POOLS}, "hazard_share", NO_SHARE),
    (independent.couple, {"params": POOLS}, "drive_share", NO_SHARE),
    (onset.draw_first_phases,
     {"params": POOLS, "coupling": independent.coupling(POOLS), "state": kernel.init(POOLS)},
     "share", NO_SHARE),
    (trains.of_unit, {"trains": TRAINS}, "unit", st.sampled_from([-1, 2, 0.5, np.nan, "a"])),
    (trains.crop, {"trains": TRAINS, "stop_tick": 9}, "start_tick",
     st.sampled_from([-1, 9, 0.5, np.nan, "a"])),
    (three_compartment.step,
     {"muscle": three_compartment.rested(), "target_load": 0.5, "rates": ELBOW}, "duration_s",
     NOT_POSITIVE),
    (three_compartment.endurance_time_s, {"rates": ELBOW}, "target_load", NO_SHARE),
    (potvin_fuglevand.endurance_time_s, {}, "target_force", NO_SHARE),
    (published.body_pools, {"n_units": [3, 4]}, "type1_share", NO_SHARE),
    (published.fuglevand_1993, {}, "peak_rate_difference_hz", st.one_of(NEVER, NO_NUMBER)),
    (published.fuglevand_1993, {}, "longest_contraction_s", NOT_POSITIVE),
    (recorded.force, {"spikes": np.zeros((9, 7), np.uint8), "params": POOLS},
     "twitch_tetanus_ratio", NO_SHARE.filter(lambda v: v is not None)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "named", "name", "bad"), SCALARS, ids=lambda v: getattr(v, "__name__", "")
)
@FEW
@given(data=st.data())
def test_what_an_argument_may_not_be_is_named(call, named, name, bad, data) -> None:
    refuses(name, call, **{**named, name: data.draw(bad)})


# Call, what is given, and the argument whose shape does not match the others'.
THREE, TWO = np.full(3, 0.5), np.full(2, 0.5)
ON = np.ones(2, bool)
SHAPES = [
    (fatigue.capacity_step, (THREE, TWO, ON, 0.1, 0.1, 1.0), "relative_force"),
    (fatigue.capacity_step, (THREE, 0.5, ON, 0.1, 0.1, 1.0), "is_active"),
    (fatigue.contraction_time_s, (THREE, TWO, 0.3), "capacity"),
    (fatigue.adaptation_step, (THREE, ON, 0.5), "is_active"),
    (fatigue.adapted_constants, (THREE, 1.0, TWO, 1.0, 0.0, 0.0, 0.0), "peak_rate_hz"),
    (fatigue.rotate, (THREE, TWO, 2), "tiredness"),
    (recruitment.max_excitation, (THREE, 8.0, TWO, 1.0), "peak_rate_hz"),
    (twitch.twitch, (THREE, TWO, 0.1), "twitch_force"),
    (discharge.discharge_rate_hz, (THREE, TWO, 8.0, 30.0, 1.0), "recruitment_threshold"),
    (
        discharge.saturating_rate_hz,
        (THREE, 1.0, 8.0, TWO, 1.0, discharge.decay_table()),
        "peak_rate_hz",
    ),
    (discharge.interval_cv, (THREE, TWO, 0.1, 0.0, 0.1, discharge.decay_table()),
     "recruitment_threshold"),
    (discharge.drive_ramp, (np.ones((1, 2)), np.ones((1, 3)), 4), "target"),
    (discharge.drive_ramp, (np.ones(2), np.ones(2), 4), "previous"),
    (published.body_pools, ([3, 4], [0.1, 0.2, 0.3]), "type1_share"),
    (published.body_pools, ([3, 4], [[0.1, 0.2]]), "type1_share"),
    (three_compartment.step, (three_compartment.rested((3,)), TWO, 0.1, ELBOW), "target_load"),
    (
        three_compartment.simulate,
        (np.full((2, 5), 0.5), 0.1, ELBOW, three_compartment.rested((3,))),
        "start",
    ),
    (
        three_compartment.endurance_time_s,
        (THREE, three_compartment.Rates(TWO, 0.001)),
        "fatigue_rate_per_s",
    ),
    (potvin_fuglevand.step, (potvin_fuglevand.init((3,)), TWO), "target_force"),
    (synchronize, (TRAINS,), "rate_hz"),
    (emg.potentials, (POOLS,), "duration_s"),
]  # fmt: skip
EXTRA = {"rate_hz": {"share": 0.5, "rate_hz": np.ones(5)}, "duration_s": {"duration_s": THREE}}


@pytest.mark.parametrize(("call", "given_", "name"), SHAPES)
def test_shapes_that_do_not_match_are_named(call, given_, name) -> None:
    before = [np.array(a) for a in given_ if isinstance(a, np.ndarray)]
    refuses(name, call, *given_, **EXTRA.get(name, {}))
    for a, b in zip(before, [a for a in given_ if isinstance(a, np.ndarray)], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("kind", OTHERS)
def test_the_state_of_other_pools_is_refused(kind) -> None:
    """Compiled code does not look: it would read what is not there."""
    drive = np.full((1, 2, 2), 0.4)
    coupling, other = independent.coupling(POOLS), kernel.init(OTHERS[kind])
    for call in (kernel.advance, reference.advance):
        refuses("state", call, POOLS, coupling, other, drive)
    refuses("state", onset.draw_first_phases, POOLS, coupling, other, 0.5)
    refuses("state", input_noise.input_noise, POOLS, coupling, other)
    refuses("out", kernel.advance, POOLS, coupling, kernel.init(POOLS), drive, out=other)
    if kind == "rhythm":  # the expected state has none
        return
    expected, held = rate_model.init(OTHERS[kind]), np.full((1, 2), 0.4)
    curves = reach.reach_curves(POOLS, 0.03)
    refuses("state", rate_model.advance, POOLS, expected, held)
    for call in (rate_model.bounds, rate_model.active_state, rate_model.spike_sd):
        refuses("state", call, POOLS, expected)
    for call in (rate_model.inverse, rate_model.is_reachable, rate_model.forward):
        refuses("state", call, POOLS, held, expected)
    refuses("state", reach.reach_curves, POOLS, 0.03, expected)
    refuses("state", reach.drive_to_reach, POOLS, expected, curves, held)
    refuses("state", reach.is_within_reach, POOLS, expected, held)


def test_couplings_curves_limits_and_out_of_other_pools_are_refused() -> None:
    drive, state = np.full((1, 2, 2), 0.4), kernel.init(POOLS)
    other = independent.coupling(OTHERS["muscles"])
    for call in (kernel.advance, reference.advance):
        refuses("coupling", call, POOLS, other, state, drive)
    refuses("coupling", onset.draw_first_phases, POOLS, other, state, 0.5)
    refuses("coupling", input_noise.input_noise, POOLS, other, state)
    expected, held = rate_model.init(POOLS), np.full((1, 2), 0.4)
    curves = reach.reach_curves(OTHERS["muscles"], 0.03)
    refuses("curves", reach.drive_to_reach, POOLS, expected, curves, held)
    curves = reach.reach_curves(POOLS, 0.03)
    for limits in ((held,), (held, held, held)):
        refuses("limits", reach.drive_to_reach, POOLS, expected, curves, held, limits)
        refuses("limits", reach.is_within_reach, POOLS, expected, held, None, limits)
    refuses("out", rate_model.advance, POOLS, expected, held, out=rate_model.init(POOLS, 2))
    refuses("out", kernel.advance, POOLS, independent.coupling(POOLS), state, drive,
            out=kernel.init(POOLS, 2))  # fmt: skip


@FEW
@given(value=st.one_of(NEVER, st.floats(max_value=0.0), NO_NUMBER.filter(lambda v: v is not None)))
def test_fibre_lengths_of_the_expected_state_are_positive(value) -> None:
    state, held = rate_model.init(POOLS), np.full((1, 2), 0.4)
    before = state.sensitivity.copy()
    refuses("fibre_length", rate_model.advance, POOLS, state, held, fibre_length=[[1.0, value]])
    refuses("fibre_length", rate_model.advance, POOLS, state, held, fibre_length=[1.0, 1.0])
    for call in (kernel.advance, reference.advance):
        refuses("fibre_length", call, POOLS, independent.coupling(POOLS), kernel.init(POOLS),
                held[:, None], fibre_length=[[1.0, value]])  # fmt: skip
    np.testing.assert_array_equal(state.sensitivity, before)


@FEW
@given(value=NO_NUMBER.filter(lambda v: v is not None))
def test_drives_targets_and_horizons_that_are_no_numbers(value) -> None:
    state = rate_model.init(POOLS)
    refuses("drive", kernel.advance, POOLS, independent.coupling(POOLS), kernel.init(POOLS), value)
    refuses("drive", rate_model.advance, POOLS, state, value)
    refuses("active_state", rate_model.inverse, POOLS, value)
    refuses("horizon_s", rate_model.bounds, POOLS, state, value)
    refuses("horizon_s", reach.is_within_reach, POOLS, state, np.full((1, 2), 0.4), value)
    refuses("wanted", reach.is_within_reach, POOLS, state, value)


@FEW
@given(time_s=st.floats(0.0, 0.001, exclude_max=True))
def test_a_twitch_lasts_a_tick_or_more(time_s) -> None:
    """The slow step's series of exp(-tick / T) is not made for less."""
    with pytest.raises(ValueError, match=r"contraction_time_s must be finite, 0\.001 or more"):
        parameters.replaced(POOLS, contraction_time_s=time_s)


def test_twitches_of_one_tick_run_as_the_reference_says() -> None:
    quick = parameters.replaced(POOLS, contraction_time_s=0.001)
    state, coupling = kernel.init(quick), independent.coupling(quick)
    new, out = kernel.advance(quick, coupling, state, np.full((1, 300, 2), 0.8))
    _, same = reference.advance(quick, coupling, state, np.full((1, 300, 2), 0.8))
    np.testing.assert_allclose(out.active_state, same.active_state, atol=1e-12)
    assert new.now.contraction_time_s.min() >= 0.001


def test_numbers_are_looked_at_and_not_copied() -> None:
    given_ = np.linspace(0.0, 1.0, 4)
    assert checks.numbers("x", given_) is given_
    assert checks.within("x", given_, 0.0, 1.0) is given_
    refuses("x", checks.within, "x", given_, 0.0, 1.0, above_low=True)
    refuses("x", checks.one_within, "x", given_, 0.0)
    assert checks.count("x", np.int64(3)) == 3
