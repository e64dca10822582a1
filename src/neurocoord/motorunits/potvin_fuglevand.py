"""Fatigue of a whole muscle as published: Potvin & Fuglevand 2017, without spikes.

PLoS Comput Biol 13(6):e1005581, doi 10.1371/journal.pcbi.1005581. Equations and constants are those
of the program the authors released with the paper. Every sample (0.1 s) the smallest excitation of
a grid whose force meets the target is taken; each unit then loses capacity by how fused it is,
slows, and its rate adapts. Force is the fused fraction of a mean rate, so there is no noise.
Recovery and adaptation that wears off are additions, off by default.

    traces = simulate(np.full(1000, 0.5))  # hold half of the maximum for 100 s
    endurance_time_s([0.2, 0.5, 0.8])  # 511.5, 95.5, 14.8 s
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord.motorunits import checks, fatigue, twitch

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

_MAY_BE_ZERO = (
    "largest_fatigue_rate_per_s",
    "slowing",
    "adaptation_scale",
    "adaptation_offset_hz",
    "recovery_rate_per_s",
)
_AT_LEAST_ONE = ("recruitment_range", "twitch_range", "contraction_range", "fatigability_range")


@dataclass(frozen=True, kw_only=True)
class FatigueModel:
    """Constants of the model; the defaults are the published ones."""

    n_units: int = 120
    recruitment_range: float = 50.0  # r
    minimum_rate_hz: float = 8.0  # minR
    peak_rate_first_hz: float = 35.0  # maxR(1)
    peak_rate_last_hz: float = 25.0  # maxR(n)
    rate_gain_hz: float = 1.0  # g, imp/s per unit of excitation
    twitch_range: float = 100.0  # RP
    contraction_range: float = 3.0  # RT
    longest_contraction_s: float = 0.090  # t_L
    fatigability_range: float = fatigue.FATIGABILITY_RANGE
    largest_fatigue_rate_per_s: float = fatigue.LARGEST_FATIGUE_RATE_PER_S  # FatFac
    slowing: float = fatigue.SLOWING  # ctSF
    adaptation_scale: float = fatigue.ADAPTATION_SCALE  # phi; 0 for no central adaptation
    adaptation_offset_hz: float = fatigue.ADAPTATION_OFFSET_HZ  # d
    adaptation_tau_s: float = fatigue.ADAPTATION_TAU_S
    samples_per_s: float = 10.0
    excitation_step: float = 0.01
    # Not in the paper, which has none (see `fatigue.capacity_step` for sources):
    recovery_rate_per_s: float = 0.0
    adaptation_wears_off: bool = False  # in silent units; as published it never does

    def __post_init__(self) -> None:
        n = self.n_units
        if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 2:
            raise ValueError(f"n_units must be a whole number of 2 or more, got {n!r}")
        for field in fields(self)[1:-1]:
            value = getattr(self, field.name)
            if field.name in _AT_LEAST_ONE:
                allowed, sound = "above 1", value > 1
            elif field.name in _MAY_BE_ZERO:
                allowed, sound = "0 or more", value >= 0
            else:
                allowed, sound = "above 0", value > 0
            if not (sound and math.isfinite(value)):
                raise ValueError(f"{field.name} must be finite and {allowed}, got {value!r}")
        if self.adaptation_scale > 1:
            raise ValueError(f"adaptation_scale must lie in 0..1, got {self.adaptation_scale}")
        if min(self.peak_rate_first_hz, self.peak_rate_last_hz) < self.minimum_rate_hz:
            raise ValueError(
                "peak_rate_first_hz and peak_rate_last_hz must be at least minimum_rate_hz, got "
                f"{self.peak_rate_first_hz}, {self.peak_rate_last_hz} and {self.minimum_rate_hz}"
            )


PUBLISHED = FatigueModel()


class Units(NamedTuple):
    """Constants of the rested units, `[unit]`; both ranges are met exactly, unlike in 1993."""

    recruitment_threshold: F64  # exp[(i-1) ln RR / (n-1)], 1 .. RR
    peak_rate_hz: F64
    twitch_force: F64  # P_i, the force at full fusion, 1 .. RP
    contraction_time_s: F64
    fatigue_rate_per_s: F64  # share of P_i lost a second at full fusion
    adaptation_share: F64


class State(NamedTuple):
    """State of the units between samples; `[..]` are tasks done side by side."""

    n_done: int  # samples
    capacity: F64  # [.., unit] P_cap / P
    adaptation: F64  # [.., unit] 0..1
    age: I64  # [.., unit] samples since the first recruitment, 0 if there was none
    level: I64  # [..] excitation of the last sample, in steps of the grid


class Sample(NamedTuple):
    """What the muscle did in one sample."""

    excitation: F64  # [..] 0 .. `max_excitation`
    force: F64  # [..] over the rested maximum
    strength: F64  # [..] force it could give at full excitation, likewise
    rate_hz: F64  # [.., unit] adapted discharge rate; 0 in silent units


class Traces(NamedTuple):
    """A simulated task; `[..]` are the leading axes of the target."""

    time_s: F64  # [time] end of each sample, as the program counts
    target_force: F64  # [.., time] over the rested maximum
    excitation: F64  # [.., time], as the others below: see `Sample`
    force: F64
    strength: F64
    capacity: F64  # [.., time, unit] P_cap / P at the start of the sample
    rate_hz: F64  # [.., time, unit]


def units(model: FatigueModel = PUBLISHED) -> Units:
    """Constants of each unit."""
    position = np.arange(model.n_units) / (model.n_units - 1)
    threshold = np.exp(position * np.log(model.recruitment_range))
    force = np.exp(position * np.log(model.twitch_range))
    difference = model.peak_rate_first_hz - model.peak_rate_last_hz
    return Units(
        recruitment_threshold=threshold,
        peak_rate_hz=model.peak_rate_first_hz
        - difference * (threshold - 1.0) / (model.recruitment_range - 1.0),
        twitch_force=force,
        contraction_time_s=twitch.contraction_time_s(
            force, model.longest_contraction_s, model.twitch_range, model.contraction_range
        ),
        fatigue_rate_per_s=fatigue.fatigue_rate_per_s(
            model.n_units, model.largest_fatigue_rate_per_s, model.fatigability_range
        ),
        adaptation_share=fatigue.adaptation_share(threshold, model.adaptation_scale),
    )


def max_excitation(model: FatigueModel = PUBLISHED) -> float:
    """Excitation at which the last unit reaches its peak rate; 67 as published."""
    climb = (model.peak_rate_last_hz - model.minimum_rate_hz) / model.rate_gain_hz
    return model.recruitment_range + climb


def fused_fraction(normalised_rate: ArrayLike) -> F64:
    """Force over full fusion at the normalised rate x = CT times rate.

    ``1 - exp(-2 x^3)`` above x = 0.4, and a straight line through 0 below it.
    """
    x = np.asarray(normalised_rate, dtype=np.float64)
    return np.where(x <= twitch.KNEE, x * twitch.KNEE_RATIO, twitch.fusion(x))


def force_at_excitation(excitation: ArrayLike, model: FatigueModel = PUBLISHED) -> F64:
    """Force of the rested muscle, in twitch units, at each excitation 0 .. `max_excitation`."""
    e = checks.each_within("excitation", excitation, 0.0, max_excitation(model))
    pool = units(model)
    rate = _rate_hz(model, pool, e[..., None], np.zeros(model.n_units))
    return np.asarray(_fused(model, pool, rate, np.ones(model.n_units)) @ pool.twitch_force)


def init(shape: tuple[int, ...] = (), model: FatigueModel = PUBLISHED) -> State:
    """Rested units of tasks of the given shape (the leading axes `[..]`)."""
    rested = np.ones((*shape, model.n_units))
    age = np.zeros(rested.shape, dtype=np.int64)
    return State(0, rested, np.zeros_like(rested), age, np.zeros(shape, dtype=np.int64))


def step(
    state: State, target_force: ArrayLike, model: FatigueModel = PUBLISHED
) -> tuple[State, Sample]:
    """One sample: meet the target `[..]` (0..1 of rested maximum) if the units can, then tire."""
    target = checks.each_within("target_force", target_force, 0.0, 1.0)
    if target.shape not in ((), state.level.shape):
        raise ValueError(
            f"target_force must be a number or have shape {state.level.shape}, the tasks of state,"
            f" got {target.shape}"
        )
    target = np.broadcast_to(target, state.level.shape)
    pool, max_force, n_grid = _fixed(model)
    level = _lowest_level(state, target, model)
    force, rate_hz, fused = _force(state, level, model)
    strength = _force(state, np.full_like(level, n_grid), model)[0]
    is_active = rate_hz > 0.0
    duration_s = 1.0 / model.samples_per_s
    capacity = state.capacity
    if state.n_done > 0:  # the program takes no loss in its first sample
        capacity = fatigue.capacity_step(
            capacity,
            fused,
            is_active,
            pool.fatigue_rate_per_s,
            model.recovery_rate_per_s,
            duration_s,
        )
    age = np.where((state.age > 0) | is_active, state.age + 1, 0)
    if model.adaptation_wears_off:
        decay = math.exp(-duration_s / model.adaptation_tau_s)
        adaptation = fatigue.adaptation_step(state.adaptation, is_active, decay)
    else:  # counted from the first recruitment on, one sample ahead as in the program
        on_s = np.where(age > 0, age + 1, 0) * duration_s
        adaptation = -np.expm1(-on_s / model.adaptation_tau_s)
    excitation = np.asarray(level * model.excitation_step)
    sample = Sample(excitation, force / max_force, strength / max_force, rate_hz)
    return State(state.n_done + 1, capacity, adaptation, age, level), sample


def simulate(target_force: ArrayLike, model: FatigueModel = PUBLISHED) -> Traces:
    """Track a target `[.., time]`, a fraction 0..1 of rested maximal force at each sample.

    Where the target is out of reach, excitation stays at its maximum and force falls short.
    """
    target = checks.each_within("target_force", target_force, 0.0, 1.0)
    if target.ndim == 0 or target.shape[-1] == 0:
        raise ValueError(f"target_force must have shape [.., time], got {target.shape}")
    n_samples = target.shape[-1]
    excitation, force, strength = (np.empty(target.shape) for _ in range(3))
    capacity, rate_hz = (np.empty((*target.shape, model.n_units)) for _ in range(2))
    state = init(target.shape[:-1], model)
    for i in range(n_samples):
        capacity[..., i, :] = state.capacity
        state, sample = step(state, target[..., i], model)
        excitation[..., i], force[..., i] = sample.excitation, sample.force
        strength[..., i], rate_hz[..., i, :] = sample.strength, sample.rate_hz
    time_s = np.arange(1, n_samples + 1) / model.samples_per_s
    return Traces(time_s, target.copy(), excitation, force, strength, capacity, rate_hz)


def endurance_time_s(
    target_force: ArrayLike, model: FatigueModel = PUBLISHED, *, longest_s: float = 3600.0
) -> F64:
    """Time at which each constant target 0..1 can no longer be met; inf beyond `longest_s`.

    It is the end of the first sample whose force at full excitation is below the target.
    """
    target = checks.each_within("target_force", target_force, 0.0, 1.0)
    if not float(checks.numbers("longest_s", longest_s)) > 0:
        raise ValueError(f"longest_s must be above 0, got {longest_s}")
    flat = target.reshape(-1)
    endurance = np.full(flat.shape, np.inf)
    held = np.arange(flat.size)  # those that are still met
    state = init(flat.shape, model)
    for i in range(1, math.ceil(min(longest_s * model.samples_per_s, 1e9)) + 1):
        if held.size == 0:
            break
        state, sample = step(state, flat[held], model)
        failed = sample.strength < flat[held]
        if np.any(failed):
            endurance[held[failed]] = i / model.samples_per_s
            held = held[~failed]
            state = _kept(state, ~failed)
    return endurance.reshape(target.shape)


def _kept(state: State, tasks: NDArray[np.bool_]) -> State:
    return state._replace(
        capacity=state.capacity[tasks],
        adaptation=state.adaptation[tasks],
        age=state.age[tasks],
        level=state.level[tasks],
    )


@lru_cache(maxsize=32)
def _fixed(model: FatigueModel) -> tuple[Units, float, int]:
    """Units, maximal rested force (twitch units) and highest level of the grid."""
    highest = max_excitation(model)
    n_grid = round(highest / model.excitation_step)
    return units(model), float(force_at_excitation(highest, model)), n_grid


def _force(state: State, level: I64, model: FatigueModel) -> tuple[F64, F64, F64]:
    """Force `[..]` (twitch units), rates and fused fractions `[.., unit]` at a level."""
    pool = _fixed(model)[0]
    excitation = np.asarray(level * model.excitation_step)[..., None]
    rate = _rate_hz(model, pool, excitation, state.adaptation)
    fused = _fused(model, pool, rate, state.capacity)
    return (fused * state.capacity) @ pool.twitch_force, rate, fused


def _lowest_level(state: State, target: F64, model: FatigueModel) -> I64:
    """Lowest level whose force meets the target; the highest if none does.

    Force rises with the level. Most samples stay near the last one, so those levels are tried
    first, and only if some task has left them is the whole grid halved.
    """
    _, max_force, n_grid = _fixed(model)
    wanted = target * max_force
    near = np.clip(state.level + np.arange(-3, 13).reshape(-1, *(1,) * target.ndim), 0, n_grid)
    met = _force(state, near, model)[0] >= wanted
    if np.all(met[-1] | (near[-1] == n_grid)) and np.all(~met[0]):
        first = np.take_along_axis(near, np.argmax(met, axis=0)[None], axis=0)[0]
        return np.where(met[-1], first, n_grid)
    low = np.full_like(state.level, -1)
    high = np.full_like(state.level, n_grid)
    while np.any(high - low > 1):
        middle = np.maximum((low + high) // 2, 0)
        is_met = _force(state, middle, model)[0] >= wanted
        low, high = np.where(is_met, low, middle), np.where(is_met, middle, high)
    return high


def _rate_hz(model: FatigueModel, pool: Units, excitation: F64, adaptation: F64) -> F64:
    """Discharge rate with adaptation taken off, ``FR - q (FR - MFR + d)``; 0 below threshold."""
    above = excitation - pool.recruitment_threshold
    rate = np.minimum(model.minimum_rate_hz + model.rate_gain_hz * above, pool.peak_rate_hz)
    q = pool.adaptation_share * adaptation
    adapted = rate - q * (rate - model.minimum_rate_hz + model.adaptation_offset_hz)
    return np.where(above >= 0.0, np.maximum(adapted, 0.0), 0.0)


def _fused(model: FatigueModel, pool: Units, rate_hz: F64, capacity: F64) -> F64:
    """Fused fraction of each unit at its rate, with the slowing of tired units."""
    slowed = pool.contraction_time_s * (1.0 + model.slowing * (1.0 - capacity))
    return fused_fraction(slowed * rate_hz)
