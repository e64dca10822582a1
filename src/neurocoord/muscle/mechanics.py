"""Force of a muscle from its length and velocity, as MuJoCo computes it.

The surface is MuJoCo's own (documentation, chapter "Modeling", section "Muscles"): force is
``gain * active_state + bias`` in newtons, negative when the muscle pulls. `gain` and `bias` equal
``mju_muscleGain`` and ``mju_muscleBias`` for every parameter, degenerate ones too, so a controller
predicts force without asking the physics engine.

Lengths are of the whole actuator path (muscle and rigid tendon), in m; velocities in m/s, positive
in lengthening. "Normalised" length is muscle length over optimal length, with the tendon taken off;
"normalised" velocity is over the maximum shortening velocity, lengthening positive.
"""

from typing import NamedTuple

import numpy as np
from numba import njit, vectorize
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_TINY = 1e-15  # MuJoCo's mjMINVAL: the least divisor, which settles the degenerate shapes


class MuscleParameters(NamedTuple):
    """Shape and strength of each muscle, every column float64[muscle].

    The path lengths `length_range_low_m` and `length_range_high_m` correspond to the normalised
    lengths `range_low` and `range_high`; that fixes the optimal length and the tendon length.
    """

    length_range_low_m: Array
    length_range_high_m: Array
    range_low: Array
    """Normalised length at `length_range_low_m`, in optimal lengths."""
    range_high: Array
    """Normalised length at `length_range_high_m`, in optimal lengths."""
    max_force_n: Array
    """Active force at optimal length, zero velocity and active state 1, in N."""
    lmin: Array
    """Normalised length below which there is no active force."""
    lmax: Array
    """Normalised length above which there is no active force."""
    vmax: Array
    """Maximum shortening velocity, in optimal lengths per second."""
    fpmax: Array
    """Scale of passive force over F0: half of it is reached midway between 1 and lmax."""
    fvmax: Array
    """Active force in fast lengthening, over the isometric force."""


def muscle_parameters(
    length_range_low_m: ArrayLike,
    length_range_high_m: ArrayLike,
    max_force_n: ArrayLike,
    *,
    range_low: ArrayLike = 0.5,
    range_high: ArrayLike = 1.5,
    lmin: ArrayLike = 0.3,
    lmax: ArrayLike = 1.8,
    vmax: ArrayLike = 6.0,
    fpmax: ArrayLike = 0.5,
    fvmax: ArrayLike = 1.2,
) -> MuscleParameters:
    """Parameters from path ranges (m) and strengths (N); scalars hold for every muscle.

    The shape defaults are those of the package's body (choice).
    """
    given = (
        length_range_low_m, length_range_high_m, range_low, range_high, max_force_n,
        lmin, lmax, vmax, fpmax, fvmax,
    )  # fmt: skip
    columns = np.broadcast_arrays(*(np.atleast_1d(np.asarray(x, dtype=np.float64)) for x in given))
    if columns[0].ndim != 1:
        raise ValueError(
            f"muscle parameters must be scalars or one-dimensional, got shape {columns[0].shape}"
        )
    for name, column in zip(MuscleParameters._fields, columns, strict=True):
        if not np.all(np.isfinite(column)):
            raise ValueError(f"{name} must be finite, got {column}")
    return MuscleParameters(*(column.copy() for column in columns))


@njit(cache=True)
def _force_length(length: float, lmin: float, lmax: float) -> float:
    """Active force over its maximum: four quadratic arcs, 0 at lmin and lmax, 1 at length 1."""
    if not lmin <= length <= lmax:
        return 0.0
    rise = 0.5 * (lmin + 1.0)
    fall = 0.5 * (1.0 + lmax)
    if length <= rise:
        x = (length - lmin) / max(_TINY, rise - lmin)
        return 0.5 * x * x
    if length <= 1.0:
        x = (1.0 - length) / max(_TINY, 1.0 - rise)
        return 1.0 - 0.5 * x * x
    if length <= fall:
        x = (length - 1.0) / max(_TINY, fall - 1.0)
        return 1.0 - 0.5 * x * x
    x = (lmax - length) / max(_TINY, lmax - fall)
    return 0.5 * x * x


@njit(cache=True)
def _force_velocity(velocity: float, fvmax: float) -> float:
    """Active force over isometric: two quadratics and a plateau, 0 at -1, 1 at 0."""
    if velocity <= -1.0:
        return 0.0
    if velocity <= 0.0:
        return (velocity + 1.0) * (velocity + 1.0)
    knee = fvmax - 1.0
    if velocity <= knee:
        return fvmax - (knee - velocity) * (knee - velocity) / max(_TINY, knee)
    return fvmax


@njit(cache=True)
def _passive(length: float, lmax: float, fpmax: float) -> float:
    """Passive force over F0: a quadratic from length 1, then its tangent."""
    if length <= 1.0:
        return 0.0
    knee = 0.5 * (1.0 + lmax)
    width = max(_TINY, knee - 1.0)
    if length <= knee:
        x = (length - 1.0) / width
        return fpmax * 0.5 * x * x
    return fpmax * (0.5 + (length - knee) / width)


@njit(cache=True)
def _optimal_length(low_m: float, high_m: float, range_low: float, range_high: float) -> float:
    return (high_m - low_m) / max(_TINY, range_high - range_low)


@njit(cache=True)
def _gain(
    length: Array, velocity: Array, low: Array, high: Array, r0: Array, r1: Array, force: Array,
    lmin: Array, lmax: Array, vmax: Array, fvmax: Array, out: Array,
) -> None:  # fmt: skip
    for row in range(length.shape[0]):
        for m in range(length.shape[1]):
            optimal = _optimal_length(low[m], high[m], r0[m], r1[m])
            x = r0[m] + (length[row, m] - low[m]) / max(_TINY, optimal)
            v = velocity[row, m] / max(_TINY, optimal * vmax[m])
            shape = _force_length(x, lmin[m], lmax[m]) * _force_velocity(v, fvmax[m])
            out[row, m] = -force[m] * shape


@njit(cache=True)
def _bias(
    length: Array, low: Array, high: Array, r0: Array, r1: Array, force: Array,
    lmax: Array, fpmax: Array, out: Array,
) -> None:  # fmt: skip
    for row in range(length.shape[0]):
        for m in range(length.shape[1]):
            optimal = _optimal_length(low[m], high[m], r0[m], r1[m])
            x = r0[m] + (length[row, m] - low[m]) / max(_TINY, optimal)
            out[row, m] = -force[m] * _passive(x, lmax[m], fpmax[m])


_force_length_ufunc = vectorize(cache=True)(_force_length.py_func)
_force_velocity_ufunc = vectorize(cache=True)(_force_velocity.py_func)
_passive_ufunc = vectorize(cache=True)(_passive.py_func)


def _rows(name: str, value: ArrayLike, n_muscles: int) -> Array:
    """`value` as contiguous float64[row, muscle]."""
    array = np.ascontiguousarray(value, dtype=np.float64)
    if array.ndim == 0 or array.shape[-1] != n_muscles:
        raise ValueError(
            f"{name} has shape {array.shape}; its last axis must be the {n_muscles} muscles"
        )
    return array.reshape(-1, n_muscles)


def gain(params: MuscleParameters, length_m: ArrayLike, velocity_m_per_s: ArrayLike) -> Array:
    """Active force per unit of active state, N, negative = pull; arrays [..., muscle].

    MuJoCo: ``-F0 FL(L) FV(V)``. Lengthening velocity is positive.
    """
    n_muscles = params.max_force_n.shape[0]
    length = _rows("length_m", length_m, n_muscles)
    velocity = _rows("velocity_m_per_s", velocity_m_per_s, n_muscles)
    shape = np.shape(length_m)
    if np.shape(velocity_m_per_s) != shape:
        raise ValueError(
            f"velocity_m_per_s has shape {np.shape(velocity_m_per_s)}; "
            f"it must be that of length_m, {shape}"
        )
    out = np.empty(length.shape)
    p = params
    _gain(
        length, velocity, p.length_range_low_m, p.length_range_high_m, p.range_low, p.range_high,
        p.max_force_n, p.lmin, p.lmax, p.vmax, p.fvmax, out,
    )  # fmt: skip
    return out.reshape(shape)


def bias(params: MuscleParameters, length_m: ArrayLike) -> Array:
    """Passive force, N, negative = pull; arrays [..., muscle]. MuJoCo: ``-F0 FP(L)``."""
    p = params
    length = _rows("length_m", length_m, p.max_force_n.shape[0])
    out = np.empty(length.shape)
    _bias(
        length, p.length_range_low_m, p.length_range_high_m, p.range_low, p.range_high,
        p.max_force_n, p.lmax, p.fpmax, out,
    )  # fmt: skip
    return out.reshape(np.shape(length_m))


def optimal_length_m(params: MuscleParameters) -> Array:
    """Fibre length of greatest active force, m, [muscle]."""
    span = np.maximum(_TINY, params.range_high - params.range_low)
    return (params.length_range_high_m - params.length_range_low_m) / span


def tendon_length_m(params: MuscleParameters) -> Array:
    """Length of the rigid tendon, m, [muscle]."""
    return params.length_range_low_m - params.range_low * optimal_length_m(params)


def normalised_length(params: MuscleParameters, length_m: ArrayLike) -> Array:
    """Muscle length in optimal lengths, [..., muscle], from path lengths in m."""
    stretch = np.asarray(length_m, dtype=np.float64) - params.length_range_low_m
    return params.range_low + stretch / np.maximum(_TINY, optimal_length_m(params))


def normalised_velocity(params: MuscleParameters, velocity_m_per_s: ArrayLike) -> Array:
    """Velocity over the maximum shortening velocity, lengthening positive, [..., muscle]."""
    fastest = np.maximum(_TINY, optimal_length_m(params) * params.vmax)
    return np.asarray(velocity_m_per_s, dtype=np.float64) / fastest


def active_force_length(normalised_length: ArrayLike, lmin: ArrayLike, lmax: ArrayLike) -> Array:
    """Active force at zero velocity over its maximum (MuJoCo's FL); arguments broadcast."""
    return _force_length_ufunc(*_floats(normalised_length, lmin, lmax))


def force_velocity(normalised_velocity: ArrayLike, fvmax: ArrayLike) -> Array:
    """Active force over isometric (MuJoCo's FV), velocity over vmax, lengthening positive."""
    return _force_velocity_ufunc(*_floats(normalised_velocity, fvmax))


def passive_force_length(normalised_length: ArrayLike, lmax: ArrayLike, fpmax: ArrayLike) -> Array:
    """Passive force over F0 (MuJoCo's FP): fpmax/2 at the middle of 1..lmax, then straight."""
    return _passive_ufunc(*_floats(normalised_length, lmax, fpmax))


def _floats(*values: ArrayLike) -> list[Array]:
    return [np.asarray(value, dtype=np.float64) for value in values]
