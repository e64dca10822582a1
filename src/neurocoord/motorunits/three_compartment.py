"""The three-compartment model of fatigue (3CC, 3CC-r): a whole muscle without units.

Muscle is active, resting or fatigued, and the shares sum to 1 (Xia & Frey-Law 2008, J Biomech
41:3046-3052):

    d active / dt = C - F active
    d resting / dt = -C + R fatigued
    d fatigued / dt = F active - R fatigued

C moves what is active towards the target load. In 3CC-r fatigued muscle recovers r times as fast
at rest (Looft et al. 2018, J Biomech 77:16-25). A load is held until active + resting < load.
It stands beside the motor-unit model so that users of MyoSuite, which has 3CC-r, can compare.

    muscle = rested()
    muscle = step(muscle, 0.5, 0.1, joint("elbow"))
    endurance_time_s(0.5, joint("elbow"))  # 116 s
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord.motorunits import checks
from neurocoord.settings import unknown

F64 = NDArray[np.float64]

# Rates at which activity follows the load, Xia & Frey-Law 2008 as recalled (both 10 there); they
# hardly matter for loads held longer than a second.
DEVELOP_PER_S = 10.0
RELAX_PER_S = 10.0
# At or below this load the muscle rests. Looft et al. 2018 speed recovery in rest intervals;
# MyoSuite counts loads up to 0.01 as rest, since its commands never reach 0.
REST_LOAD = 0.01
ACTIVATION_TAU_S = 0.010  # MuJoCo's default for muscles
DEACTIVATION_TAU_S = 0.040


class Rates(NamedTuple):
    """Constants of a joint; arrays broadcast against the compartments."""

    fatigue_rate_per_s: ArrayLike  # F
    recovery_rate_per_s: ArrayLike  # R
    rest_factor: ArrayLike = 1.0  # r; 1 is the model of 2008


class Compartments(NamedTuple):
    """Shares of the muscle, 0..1, of any shape; they sum to 1."""

    active: F64
    resting: F64
    fatigued: F64


# F and R: Table 1 of Frey-Law, Looft & Heitsman 2012 (J Biomech 45:1803-1808), as transcribed by
# others; the paper's abstract gives the least and largest of both under each other's names. r: 15
# fits ankle, knee and elbow, 30 the hand (Looft et al. 2018), 15 the shoulder (Looft & Frey-Law
# 2020, J Biomech 106:109762), read in the abstracts; 15 for trunk and general is a choice.
JOINTS: dict[str, Rates] = {
    "ankle": Rates(0.00589, 0.00058, 15.0),
    "knee": Rates(0.01500, 0.00149, 15.0),
    "trunk": Rates(0.00755, 0.00075, 15.0),
    "shoulder": Rates(0.01820, 0.00168, 15.0),
    "elbow": Rates(0.00912, 0.00094, 15.0),
    "hand": Rates(0.00980, 0.00064, 30.0),
    "general": Rates(0.00970, 0.00091, 15.0),
}


def joint(name: str) -> Rates:
    """Rates of a joint of `JOINTS`; a ValueError names the nearest for an unknown one."""
    if name not in JOINTS:
        raise ValueError(unknown("joint", name, JOINTS))
    return JOINTS[name]


def rested(shape: tuple[int, ...] = ()) -> Compartments:
    """Muscle at rest without fatigue."""
    return Compartments(np.zeros(shape), np.ones(shape), np.zeros(shape))


def step(
    muscle: Compartments,
    target_load: ArrayLike,
    duration_s: float,
    rates: Rates,
    *,
    develop_per_s: ArrayLike = DEVELOP_PER_S,
    relax_per_s: ArrayLike = RELAX_PER_S,
) -> Compartments:
    """Compartments after `duration_s` under `target_load`, a fraction 0..1 of rested maximum.

    Fatigue and recovery are an explicit Euler step; what is active approaches the load as
    ``1 - exp(-rate * duration)``, limited by what rests. All flows are taken from the state before
    the step and none can empty a compartment below 0, so the sum stays 1.
    """
    active, resting, fatigued = _shares(muscle)
    load = checks.each_within("target_load", target_load, 0.0, 1.0)
    f, r, factor = (
        checks.each_within(n, v, 0.0) for n, v in zip(Rates._fields, rates, strict=True)
    )
    checks.one_within("duration_s", duration_s, 0.0, above_low=True)
    develop = checks.each_within("develop_per_s", develop_per_s, 0.0)
    relax = checks.each_within("relax_per_s", relax_per_s, 0.0)
    checks.match(
        active=active,
        target_load=load,
        fatigue_rate_per_s=f,
        recovery_rate_per_s=r,
        rest_factor=factor,
        develop_per_s=develop,
        relax_per_s=relax,
    )
    gap = load - active
    recruited = -np.expm1(-develop * duration_s) * np.minimum(np.maximum(gap, 0.0), resting)
    released = -np.expm1(-relax * duration_s) * np.maximum(-gap, 0.0)
    tired = np.minimum(f * duration_s * active, active - released)
    recovery = np.where(load <= REST_LOAD, factor * r, r)
    recovered = np.minimum(recovery * duration_s, 1.0) * fatigued
    return Compartments(
        active + (recruited - released - tired),
        resting + (released - recruited + recovered),
        fatigued + (tired - recovered),
    )


def step_driven(
    muscle: Compartments,
    drive: ArrayLike,
    duration_s: float,
    rates: Rates,
    *,
    activation_tau_s: float = ACTIVATION_TAU_S,
    deactivation_tau_s: float = DEACTIVATION_TAU_S,
) -> Compartments:
    """The variant that MyoSuite uses: the load is the muscle's drive 0..1.

    Activity follows it at the rates of MuJoCo's muscles, ``1 / [tau_act (0.5 + 1.5 active)]`` up
    and ``(0.5 + 1.5 active) / tau_deact`` down. The active share is the activation that results.
    """
    checks.one_within("activation_tau_s", activation_tau_s, 0.0, above_low=True)
    checks.one_within("deactivation_tau_s", deactivation_tau_s, 0.0, above_low=True)
    scale = 0.5 + 1.5 * _shares(muscle).active
    return step(
        muscle,
        drive,
        duration_s,
        rates,
        develop_per_s=1.0 / (activation_tau_s * scale),
        relax_per_s=scale / deactivation_tau_s,
    )


def simulate(
    target_load: ArrayLike, duration_s: float, rates: Rates, start: Compartments | None = None
) -> Compartments:
    """Compartments `[.., time]` after each step of `duration_s` under `target_load[.., time]`.

    Begins rested unless `start` is given.
    """
    load = checks.each_within("target_load", target_load, 0.0, 1.0)
    if load.ndim == 0 or load.shape[-1] == 0:
        raise ValueError(f"target_load must have shape [.., time], got {load.shape}")
    muscle = rested(load.shape[:-1]) if start is None else _shares(start)
    checks.match(target_load=load[..., 0], start=muscle.active, **rates._asdict())
    shape = np.broadcast_shapes(load.shape[:-1], *(np.shape(v) for v in (*muscle, *rates)))
    trace = Compartments(*(np.empty((*shape, load.shape[-1])) for _ in range(3)))
    for i in range(load.shape[-1]):
        muscle = step(muscle, load[..., i], duration_s, rates)
        for kept, value in zip(trace, muscle, strict=True):
            kept[..., i] = value
    return trace


def holding(target_load: ArrayLike) -> Compartments:
    """Rested muscle that has just taken up a load: where `endurance_time_s` begins."""
    load = checks.each_within("target_load", target_load, 0.0, 1.0)
    return Compartments(load.copy(), 1.0 - load, np.zeros_like(load))


def endurance_time_s(target_load: ArrayLike, rates: Rates) -> F64:
    """Time for which a constant load 0..1 can be held, in closed form.

    With the load held from time 0, ``ET = -ln[1 - R (1 - TL) / (F TL)] / R``; without recovery
    ``(1 - TL) / (F TL)``; inf at loads up to ``R / (F + R)``.
    """
    load = checks.each_within("target_load", target_load, 0.0, 1.0)
    f, r, _ = (checks.each_within(n, v, 0.0) for n, v in zip(Rates._fields, rates, strict=True))
    checks.match(target_load=load, fatigue_rate_per_s=f, recovery_rate_per_s=r)
    load, f, r = np.broadcast_arrays(load, f, r)
    with np.errstate(divide="ignore", invalid="ignore"):
        alone = (1.0 - load) / (f * load)
        lost = r * alone
        held = np.where(r > 0, -np.log1p(-np.minimum(lost, 1.0)) / r, alone)
    never = (load == 0) | (f == 0) | ~(lost < 1.0)
    return np.where(never, np.inf, held)


def _shares(muscle: Compartments) -> Compartments:
    checked = Compartments(
        *(
            checks.each_within(n, v, 0.0, 1.0 + 1e-9)
            for n, v in zip(Compartments._fields, muscle, strict=True)
        )
    )
    checks.match(**checked._asdict())
    total = checked.active + checked.resting + checked.fatigued
    if np.any(np.abs(total - 1.0) > 1e-6):
        raise ValueError(f"active, resting and fatigued must sum to 1, got {total.flat[0]}")
    return checked
