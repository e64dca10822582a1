"""A muscle whose tendon stretches: fibre and tendon in series, solved for equal force.

MuJoCo's tendons are rigid, so this layer works out the force itself. The fibre is MuJoCo's own
muscle (`mechanics`): force-length, force-velocity and passive curve, no pennation. The tendon is
that of Thelen 2003 (J Biomech Eng 125:70-77): an exponential toe up to 0.609 of the strain at F0,
then straight. In each step the fibre's length at the end is the root of

    tendon(path - fibre') = F0 (a FL(fibre') FV((fibre' - fibre) / dt) + FP(fibre')),

which is backward Euler: of first order, stable at any step, and defined on the plateau of the
force-velocity curve, where velocity does not follow from force. A fibre that a slack tendon leaves
free shortens at its greatest speed at most.

Tendons of the body's tables were fitted as rigid, in greatest efforts. So a tendon has here the
table's length when it bears F0, and is shorter by its strain when slack (choice).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from neurocoord.muscle import mechanics
from neurocoord.muscle.mechanics import (
    MuscleParameters,
    _force_length,
    _force_velocity,
    _passive,
)

Array = NDArray[np.float64]

# Maganaris & Paul 2002 (J Biomech 35:1639-46), abstract: 4.9 % of the gastrocnemius tendon at
# maximal voluntary force; for every muscle (choice)
STRAIN_AT_F0 = 0.049
TOE_FORCE, TOE_SHAPE, TOE_STRAIN, LINEAR_SLOPE = 0.33, 3.0, 0.609, 1.712  # Thelen 2003
SUBSTEPS = 8  # of a physics step of 2 ms: forces are then within 0.5 % of F0 (a test; choice)
ITERATIONS = 44  # of the bisection: below 1e-14 m


class Tendon(NamedTuple):
    """Elastic tendons, every column float64[muscle]."""

    slack_length_m: Array
    max_force_n: Array
    strain_at_f0: float


def tendon(muscles: MuscleParameters, strain_at_f0: float = STRAIN_AT_F0) -> Tendon:
    """Tendons that have the rigid tendon's length when they bear F0."""
    if not 0.0 < strain_at_f0 < 0.2:
        raise ValueError(f"strain_at_f0={strain_at_f0} is not allowed; it lies between 0 and 0.2")
    rigid = mechanics.tendon_length_m(muscles)
    if not np.all(rigid > 0.0):
        raise ValueError("an elastic tendon needs a length above 0 in every muscle")
    return Tendon(rigid / (1.0 + strain_at_f0), muscles.max_force_n.copy(), strain_at_f0)


def tendon_force_n(of: Tendon, length_m: ArrayLike) -> Array:
    """Force [..., muscle] (N) of tendons of a length; 0 where slack."""
    strain = np.maximum(np.asarray(length_m, float) / of.slack_length_m - 1.0, 0.0)
    x = strain / of.strain_at_f0
    toe = TOE_FORCE * np.expm1(TOE_SHAPE * np.minimum(x, TOE_STRAIN) / TOE_STRAIN)
    straight = TOE_FORCE + LINEAR_SLOPE * (x - TOE_STRAIN)
    return of.max_force_n * np.where(x < TOE_STRAIN, toe / np.expm1(TOE_SHAPE), straight)


def tendon_energy_j(of: Tendon, force_n: ArrayLike) -> Array:
    """Strain energy [..., muscle] (J) of tendons that bear a force."""
    share = np.maximum(np.asarray(force_n, float), 0.0) / of.max_force_n
    grown = np.expm1(TOE_SHAPE)
    toe_x = TOE_STRAIN / TOE_SHAPE * np.log1p(np.minimum(share, TOE_FORCE) * grown / TOE_FORCE)
    toe_area = (
        TOE_FORCE
        / grown
        * (TOE_STRAIN / TOE_SHAPE * np.expm1(TOE_SHAPE * toe_x / TOE_STRAIN) - toe_x)
    )
    above = np.maximum(share - TOE_FORCE, 0.0)
    area = toe_area + above / LINEAR_SLOPE * (TOE_FORCE + 0.5 * above)
    return of.max_force_n * of.strain_at_f0 * of.slack_length_m * area


def tendon_stiffness_n_per_m(of: Tendon) -> Array:
    """Stiffness [muscle] (N/m) of the straight part."""
    return LINEAR_SLOPE * of.max_force_n / (of.strain_at_f0 * of.slack_length_m)


def fibre_force_n(
    muscles: MuscleParameters, active_state: Array, fibre_m: Array, velocity_m_per_s: Array
) -> Array:
    """Force [..., muscle] (N) of fibres, active and passive."""
    path = fibre_m + mechanics.tendon_length_m(muscles)
    active = mechanics.gain(muscles, path, velocity_m_per_s)
    return -(active_state * active + mechanics.bias(muscles, path))


def step(
    muscles: MuscleParameters,
    of: Tendon,
    fibre_m: Array,
    active_state: ArrayLike,
    path_m: ArrayLike,
    dt_s: float,
) -> Array:
    """Fibre length [..., muscle] (m) after ``dt_s``, at the path length and active state then."""
    active, path = np.asarray(active_state, float), np.asarray(path_m, float)
    fastest = muscles.vmax * mechanics.optimal_length_m(muscles) * dt_s
    low = fibre_m - fastest
    high = np.maximum(path, low)  # no tendon is left there: more than any solution
    for _ in range(ITERATIONS):
        middle = 0.5 * (low + high)
        pulled = tendon_force_n(of, path - middle)
        held = fibre_force_n(muscles, active, middle, (middle - fibre_m) / dt_s)
        longer = pulled > held
        low, high = np.where(longer, middle, low), np.where(longer, high, middle)
    return 0.5 * (low + high)


@njit(cache=True, nogil=True)
def _held(
    fibre: float, before: float, dt: float, active: float, force: float,
    optimal: float, lmin: float, lmax: float, vmax: float, fpmax: float, fvmax: float,
) -> float:  # fmt: skip
    length = fibre / optimal
    velocity = (fibre - before) / (dt * optimal * vmax)
    shape = _force_length(length, lmin, lmax) * _force_velocity(velocity, fvmax)
    return force * (active * shape + _passive(length, lmax, fpmax))


@njit(cache=True, nogil=True)
def _pulled(length: float, slack: float, force: float, strain_at_f0: float) -> float:
    x = max(length / slack - 1.0, 0.0) / strain_at_f0
    if x < TOE_STRAIN:
        return force * TOE_FORCE * np.expm1(TOE_SHAPE * x / TOE_STRAIN) / np.expm1(TOE_SHAPE)
    return force * (TOE_FORCE + LINEAR_SLOPE * (x - TOE_STRAIN))


@njit(cache=True, nogil=True)
def _advance(
    fibre: Array, active: Array, path0: Array, path1: Array, dt: float, n: int,
    slack: Array, strain_at_f0: float, force: Array, optimal: Array,
    lmin: Array, lmax: Array, vmax: Array, fpmax: Array, fvmax: Array, out: Array,
) -> None:  # fmt: skip
    h = dt / n
    for m in range(fibre.size):
        before = fibre[m]
        for k in range(n):
            path = path0[m] + (path1[m] - path0[m]) * (k + 1) / n
            low = before - vmax[m] * optimal[m] * h
            high = max(path, low)
            for _ in range(ITERATIONS):
                middle = 0.5 * (low + high)
                held = _held(
                    middle, before, h, active[m], force[m],
                    optimal[m], lmin[m], lmax[m], vmax[m], fpmax[m], fvmax[m],
                )  # fmt: skip
                if _pulled(path - middle, slack[m], force[m], strain_at_f0) > held:
                    low = middle
                else:
                    high = middle
            before = 0.5 * (low + high)
        out[m] = before


def advance(
    muscles: MuscleParameters,
    of: Tendon,
    fibre_m: Array,
    active_state: Array,
    path_before_m: Array,
    path_m: Array,
    dt_s: float,
    n: int = SUBSTEPS,
) -> Array:
    """Fibre length [muscle] (m) after ``n`` equal steps (`step`, compiled) that make ``dt_s``, the
    path's length going straight from one value to the other, at one active state."""
    out = np.empty_like(fibre_m)
    p = muscles
    _advance(
        fibre_m, active_state, path_before_m, path_m, dt_s, n, of.slack_length_m, of.strain_at_f0,
        of.max_force_n, mechanics.optimal_length_m(p), p.lmin, p.lmax, p.vmax, p.fpmax, p.fvmax,
        out,
    )  # fmt: skip
    return out


def at_rest(muscles: MuscleParameters, of: Tendon, path_m: ArrayLike) -> Array:
    """Fibre length [..., muscle] (m) of muscles without active state at a path length."""
    path = np.asarray(path_m, float)
    return step(muscles, of, path, np.zeros_like(path), path, 1e3)
