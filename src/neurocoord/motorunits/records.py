"""Records of the motor-unit layer and the constants of its clock and noise.

Pools are ragged: units of all muscles lie behind one another in flat arrays, muscle m owning units
``first_unit[m] : first_unit[m + 1]``. All records are NamedTuples of arrays, so that numba takes
them as they are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Compiled code holds these as constants, and numba's cache does not see edits of this file: after
# changing one, touch the compiled files too (`compiled.py` names them).
TICK_S = 0.001  # neural tick
KNOT_TICKS = 8  # slow noise is drawn at these absolute multiples of the tick (choice)
SLOW_NOISE_HZ = 2.5  # half-power frequency of the slow drive noise (common drive lies below 2.5 Hz)
# Two equal poles have half power at w tau = sqrt(sqrt(2) - 1).
SLOW_NOISE_TAU_S = float(np.sqrt(np.sqrt(2.0) - 1.0) / (2.0 * np.pi * SLOW_NOISE_HZ))
SLOW_NOISE_DECAY = float(np.exp(-KNOT_TICKS * TICK_S / SLOW_NOISE_TAU_S))
RHYTHM_HZ = 21.0  # centre of the beta rhythm, of the 15-30 Hz band (choice)
RHYTHM_BANDWIDTH_HZ = 8.0  # gives 3-4 bursts a second of some 65 ms (choice)
SLOW_TICKS = 100  # fatigue, adaptation, PIC and rotation step at these multiples of the tick
SLOW_STEP_S = SLOW_TICKS * TICK_S  # 10 Hz, as in Potvin & Fuglevand 2017
ACTIVE_TICKS = 200  # a unit whose last spike is no older counts as active (choice)
STAGGER_GROUP = 40  # neighbours in size whose phases `staggered` spreads (choice)
N_DRIVE = 256  # cells of the static curve over drive 0..1 (choice)
N_GAIN = 1024  # cells of the mean-gain table (choice)
GAIN_LIMIT = 4.0  # largest normalised rate of that table; beyond it the gain is held (choice)


def _slow_noise_scale() -> float:
    """Factor that gives the filtered, interpolated slow noise unit variance averaged over ticks."""
    b = SLOW_NOISE_DECAY
    variance = (1.0 + b * b) / (1.0 - b * b) ** 3
    next_knot = 2.0 * b / (1.0 + b * b)  # autocorrelation between neighbouring knots
    w = np.arange(KNOT_TICKS) / KNOT_TICKS
    kept = np.mean(1.0 - 2.0 * w * (1.0 - w) * (1.0 - next_knot))
    return float(1.0 / np.sqrt(variance * kept))


SLOW_NOISE_SCALE = _slow_noise_scale()


def _rhythm() -> tuple[float, float, float]:
    """Two-pole resonator at the knots with a zero at 0 Hz, so that nothing slow leaks through.

    ``y_n = a1 y_(n-1) + a2 y_(n-2) + scale (w_n - w_(n-1))``: a1, a2 and the scale that gives unit
    variance averaged over ticks, knots being joined by straight lines.
    """
    knot_s = KNOT_TICKS * TICK_S
    radius = np.exp(-np.pi * RHYTHM_BANDWIDTH_HZ * knot_s)
    a1, a2 = 2.0 * radius * np.cos(2.0 * np.pi * RHYTHM_HZ * knot_s), -radius * radius
    response = [1.0, a1 - 1.0]
    while len(response) < 400:
        response.append(a1 * response[-1] + a2 * response[-2])
    h = np.array(response)
    variance, next_knot = h @ h, h[1:] @ h[:-1]
    w = np.arange(KNOT_TICKS) / KNOT_TICKS
    kept = np.mean(variance - 2.0 * w * (1.0 - w) * (variance - next_knot))
    return float(a1), float(a2), float(1.0 / np.sqrt(kept))


RHYTHM_A1, RHYTHM_A2, RHYTHM_SCALE = _rhythm()


class Constants(NamedTuple):
    """Constants of units that fatigue, adaptation, inward currents and rotation change.

    Row 0 of `PoolParameters.rested` holds them at rest; dynamic pools carry a row per environment
    in their state.
    """

    recruitment_threshold: F64  # [row, unit] excitation units
    minimum_rate_hz: F64  # [row, unit]
    rate_gain_hz: F64  # [row, unit]
    peak_rate_hz: F64  # [row, unit]
    twitch_force: F64  # [row, unit] twitch units
    contraction_time_s: F64  # [row, unit]
    tick_decay: F64  # [row, unit] exp(-tick / T)
    twitch_scale: F64  # [row, unit] e * tick / T
    threshold_above: F64  # [row, unit] least recruitment threshold of this and all later units


class Tiring(NamedTuple):
    """Constants of units that only the slow step reads, `[unit]`; see PoolParameters."""

    fatigue_rate_per_s: F64
    recovery_rate_per_s: F64
    adaptation_share: F64
    tetanic_force: F64


class Packed(NamedTuple):
    """The constants again as compiled code takes them: few arrays, so that a call costs little."""

    first_unit: I64  # [muscle + 1]
    alike: I64  # [muscle] where constants are read: first unit of the first muscle with equal ones
    muscle: NDArray[np.void]  # [muscle] fields of MUSCLE_FIELDS
    spiking: NDArray[np.void]  # [unit] fields of SPIKING_FIELDS: one cache line for each spike
    tiring: Tiring
    is_fast: Bools  # [unit]
    decay_table: F64
    rested: F64  # [fields of Constants, unit]
    isi_cv_onset: F64  # [unit]
    gain_row: I64  # [unit]
    mean_gain: F64
    mean_saturation: F64
    is_dynamic: bool
    has_drive_noise: bool
    has_onsets: bool
    has_rhythm: bool


class PoolParameters(NamedTuple):
    """Constants of the pools of all muscles. Primary fields first, then what `build` derives."""

    first_unit: I64  # [muscle + 1]
    recruitment_threshold: F64  # [unit] excitation units, about 1 .. recruitment range
    minimum_rate_hz: F64  # [unit] rate at recruitment
    peak_rate_hz: F64  # [unit]
    rate_gain_hz: F64  # [unit] imp/s per unit of excitation
    twitch_force: F64  # [unit] P_i, twitch units
    contraction_time_s: F64  # [unit] T_i
    isi_cv: F64  # [unit] coefficient of variation of intervals
    is_fast: Bools  # [unit] type II
    drive_noise_floor: F64  # [muscle] SD of slow drive noise over E at E = 0
    drive_noise_slope: F64  # [muscle] growth of that ratio per unit of drive
    # options, off by default
    isi_cv_onset: F64  # [unit] added to isi_cv at recruitment
    isi_cv_decay: F64  # [muscle] drive over which that falls by 1/e
    rhythm_noise: F64  # [muscle] SD of the beta rhythm of rates, as a share of the rate
    rate_saturates: Bools  # [muscle] rates rise exponentially towards their peak, not linearly
    onset_gain_hz: F64  # [muscle] imp/s per unit of excitation ahead of its low-passed course
    onset_tau_s: F64  # [muscle] time constant of that course
    doublet_share: F64  # [unit] chance that a unit starts with a doublet
    doublet_interval_s: F64  # [muscle]
    refractory_s: F64  # [muscle] least interval
    twitch_tetanus_ratio: F64  # [muscle] of the saturating unit; 0: the 1993 gain
    fatigue_rate_per_s: F64  # [unit] loss of capacity at full fusion
    recovery_rate_per_s: F64  # [unit] return of lost capacity
    slowing: F64  # [muscle] growth of contraction time at lost capacity 1
    adaptation_share: F64  # [unit] part of the rate above its offset that adaptation takes
    adaptation_tau_s: F64  # [muscle]
    adaptation_offset_hz: F64  # [muscle]
    pic_excitation: F64  # [muscle] excitation that a fully active inward current adds
    pic_tau_s: F64  # [muscle] its time constant
    rotation_group: I64  # [muscle] neighbours in size among whom tired units rest; 0: none
    rotation_tau_s: F64  # [muscle] time constant of tiredness
    # derived
    max_excitation: F64  # [muscle] excitation at drive 1
    max_force: F64  # [muscle] twitch units: mean force at drive 1, i.e. active state 1
    tetanic_force: F64  # [unit] twitch units, rested
    force_share: F64  # [unit] P_i / sum of P of the muscle
    active_sum_scale: F64  # [muscle] turns a summed unit force into sum of share_i * a_i
    max_phase_step: F64  # [muscle] largest phase step of a tick over the unit's isi_cv
    minimum_high: F64  # [muscle] largest minimum rate of the muscle's units
    gain_high: F64  # [muscle] largest rate gain
    cv_low: F64  # [muscle] least CV of the muscle's units
    cv_high: F64  # [muscle] ... and the largest
    saturation_slope: F64  # [muscle] b of the saturating unit
    doublet_ticks: I64  # [muscle]
    refractory_ticks: I64  # [muscle]
    first_group: I64  # [muscle] first of the muscle's groups of STAGGER_GROUP units
    adaptation_decay: F64  # [muscle] exp(-slow step / tau)
    pic_decay: F64  # [muscle] the same of the inward current
    rotation_decay: F64  # [muscle] the same of tiredness
    onset_follow: F64  # [muscle] 1 - exp(-tick / tau) of the low-passed excitation
    is_dynamic: bool  # anything that the slow step changes is on, in any muscle
    has_drive_noise: bool  # there is slow drive noise in any muscle
    has_onsets: bool  # rates above the peak or doublets at an onset, in any muscle
    has_rhythm: bool  # rhythm_noise is above 0 in any muscle
    decay_table: F64  # exp(-u), see `discharge.decay_table`
    rested: Constants  # [1, unit]
    packed: Packed
    gain_row: I64  # [unit] row of mean_gain at isi_cv
    mean_gain: F64  # [row, N_GAIN + 1] gain averaged over intervals, over x = 0 .. GAIN_LIMIT
    mean_saturation: F64  # [muscle, N_GAIN + 1] mean share of tetanic force over the same x
    static_active_state: F64  # [muscle, N_DRIVE + 1] mean active state against drive 0 .. 1


class PackedCoupling(NamedTuple):
    """A coupling as compiled code takes it."""

    muscle: NDArray[np.void]  # [muscle] fields of COUPLING_FIELDS
    hazard_share: float
    staggers: bool
    max_delay_ticks: int
    threshold_z: F64
    hazard: F64
    z_at_hazard: F64
    exponential: F64


class Coupling(NamedTuple):
    """How units share noise: data only. Made by a strategy in `neurocoord.synchrony`."""

    drive_share: F64  # [muscle] share of the slow drive noise's variance that is common, 0 .. 1
    drive_key: I64  # [muscle] who shares it: muscles with the same key
    rhythm_share: F64  # [muscle] share of the rhythm's variance that is common, 0 .. 1
    rhythm_key: I64  # [muscle] who shares it
    hazard_share: float  # c, share of the firing hazard that is not private, 0 .. 0.75
    staggers: bool  # that share is dealt out in turn; otherwise driven by shared brief events
    hazard_key: I64  # [muscle] who shares the events
    n_hazard_keys: int
    max_delay_ticks: int  # delays are drawn from 0 .. this
    threshold_z: F64  # [N_QUANTILE + 1] private threshold against survival, for this c
    private_survival: F64  # [N_HAZARD + 1] its survival function over z
    hazard: F64  # [N_HAZARD + 1] cumulative hazard of z
    z_at_hazard: F64  # [N_LEAST + 1] z where the hazard reaches k * HAZARD_LIMIT / N_LEAST
    exponential: F64  # [N_QUANTILE + 1] quantiles of Exp(1)
    packed: PackedCoupling


PRIMARY = PoolParameters._fields[: PoolParameters._fields.index("max_excitation")]

MUSCLE_FIELDS = (
    "drive_noise_floor",
    "drive_noise_slope",
    "isi_cv_decay",
    "rhythm_noise",
    "rate_saturates",
    "onset_gain_hz",
    "onset_tau_s",
    "doublet_interval_s",
    "twitch_tetanus_ratio",
    "slowing",
    "adaptation_offset_hz",
    "pic_excitation",
    "rotation_group",
    "max_excitation",
    "max_force",
    "active_sum_scale",
    "max_phase_step",
    "minimum_high",
    "gain_high",
    "cv_low",
    "cv_high",
    "saturation_slope",
    "doublet_ticks",
    "refractory_ticks",
    "first_group",
    "adaptation_decay",
    "pic_decay",
    "rotation_decay",
    "onset_follow",
)
SPIKING_FIELDS = ("isi_cv", "isi_cv_onset", "doublet_share", "force_share")
COUPLING_FIELDS = ("drive_share", "drive_key", "rhythm_share", "rhythm_key", "hazard_key")
PER_MUSCLE = frozenset(
    {
        "drive_noise_floor",
        "drive_noise_slope",
        "isi_cv_decay",
        "rhythm_noise",
        "rate_saturates",
        "onset_gain_hz",
        "onset_tau_s",
        "doublet_interval_s",
        "refractory_s",
        "twitch_tetanus_ratio",
        "slowing",
        "adaptation_tau_s",
        "adaptation_offset_hz",
        "pic_excitation",
        "pic_tau_s",
        "rotation_group",
        "rotation_tau_s",
    }
)


def structured(source: object, names: tuple[str, ...]) -> NDArray[np.void]:
    """The arrays called `names` of a record as one array with those fields."""
    columns = [getattr(source, name) for name in names]
    kinds = [(name, a.dtype) for name, a in zip(names, columns, strict=True)]
    table = np.empty(columns[0].size, np.dtype(kinds, align=True))
    for name, column in zip(names, columns, strict=True):
        table[name] = column
    return table


def n_muscles(params: PoolParameters) -> int:
    """Number of muscles."""
    return params.first_unit.size - 1


def n_units(params: PoolParameters) -> int:
    """Number of units of all muscles together."""
    return int(params.first_unit[-1])


def n_groups(params: PoolParameters) -> int:
    """Number of groups of STAGGER_GROUP neighbours of all muscles together."""
    last = params.first_unit[-1] - params.first_unit[-2]
    return int(params.first_group[-1]) + int(-(-last // STAGGER_GROUP))


def muscle_of_unit(params: PoolParameters) -> I64:
    """Index of the muscle of each unit, `[unit]`."""
    return np.repeat(np.arange(n_muscles(params)), np.diff(params.first_unit))
