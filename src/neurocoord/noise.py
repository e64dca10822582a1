"""Counter-based noise: each number is a function of (seed, stream, unit, count) and nothing else.

The generator is SplitMix64 read at random access (Steele, Lea & Flood 2014, OOPSLA, doi
10.1145/2660193.2660195): the output for counter ``n`` is ``mix(key + n * GOLDEN)``. Because no
state is carried, results cannot depend on block length, thread count or the number of
environments, and two conditions given the same seed see the same private noise.

Only integer arithmetic, exact float operations and table look-ups are used, so the compiled
kernel (which repeats these few lines, because a numba cache does not see edits of other files)
draws bit-identical numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

U64 = NDArray[np.uint64]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

GOLDEN = 0x9E3779B97F4A7C15
MIX_1 = 0xBF58476D1CE4E5B9
MIX_2 = 0x94D049BB133111EB
STREAM_STEP = 0xD1342543DE82EF95  # odd multiplier that separates streams (choice)

# Streams. A number, once given, never changes: recorded seeds would mean something else.
THRESHOLD = 1  # private firing threshold and synaptic delay, count = spikes of the unit so far
SLOW_PRIVATE = 2  # private slow drive noise, count = knot
SHARED_HAZARD = 3  # shared brief synaptic events, "unit" = scope key, count = tick
SLOW_SHARED = 4  # shared slow drive noise, "unit" = scope key, count = knot
FIRST_PHASE = 5  # phase at the start, count = 0
ENVIRONMENT = 6  # seeds of the environments of one run
RHYTHM_PRIVATE = 7  # private beta rhythm, count = knot
RHYTHM_SHARED = 8  # shared beta rhythm, "unit" = scope key, count = knot
DOUBLET = 9  # whether a unit starts with a doublet, count = spikes of the unit so far
STAGGER = 10  # where the systematic sampling of a group begins, "unit" = group, count = 0
ONSET_PRIVATE = 11  # a unit's part of its first phase after a silence, count = tick
ONSET_SHARED = 12  # what units share of it, "unit" = scope key, count = tick
ONSET_THRESHOLD = 13  # the threshold that goes with that phase, count = tick

_IRWIN_HALL_SCALE = float(1.0 / np.sqrt((65536.0**2 - 1.0) / 3.0))


def mix(x: U64) -> U64:
    """SplitMix64 finaliser of `x` (any shape)."""
    with np.errstate(over="ignore"):
        x = np.asarray(x, dtype=np.uint64)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(MIX_1)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(MIX_2)
        return np.asarray(x ^ (x >> np.uint64(31)), dtype=np.uint64)


def stream_key(seed: ArrayLike, stream: int) -> U64:
    """Key of one named stream of `seed` (any shape)."""
    with np.errstate(over="ignore"):
        base = mix(np.asarray(seed, dtype=np.uint64))
        return mix(base + np.uint64(stream) * np.uint64(STREAM_STEP))


def draw(key: ArrayLike, unit: ArrayLike, count: ArrayLike) -> U64:
    """64 random bits for (`key`, `unit`, `count`), broadcast; unit and count in 0 .. 2**32 - 1."""
    with np.errstate(over="ignore"):
        counter = (np.asarray(unit).astype(np.uint64) << np.uint64(32)) | np.asarray(count).astype(
            np.uint64
        )
        return mix(np.asarray(key, dtype=np.uint64) + counter * np.uint64(GOLDEN))


def uniform(bits: U64) -> F64:
    """Uniform numbers in [0, 1) from the upper 53 bits."""
    return np.asarray((bits >> np.uint64(11)).astype(np.float64) * 2.0**-53)


def small_integer(bits: U64, n: int) -> NDArray[np.int64]:
    """Integers in 0 .. n-1 (n <= 64) from the lower 11 bits, independent of `uniform(bits)`."""
    low = (bits & np.uint64(0x7FF)).astype(np.int64)
    return np.asarray((low * n) >> 11)


def bell(bits: U64) -> F64:
    """Zero mean, unit variance, bell-shaped: sum of the four 16-bit parts (Irwin-Hall, n = 4).

    Used as innovations of filtered noise, where the sum over many makes the result Gaussian.
    """
    m = np.uint64(0xFFFF)
    s = (
        (bits & m)
        + ((bits >> np.uint64(16)) & m)
        + ((bits >> np.uint64(32)) & m)
        + (bits >> np.uint64(48))
    )
    return np.asarray((s.astype(np.float64) - 131070.0) * _IRWIN_HALL_SCALE)


def lookup(table: F64, u: F64) -> F64:
    """Linear interpolation in a `table` with equally spaced knots over [0, 1]; `u` in [0, 1)."""
    position = u * (table.size - 1)
    j = position.astype(np.int64)
    return np.asarray(table[j] + (position - j) * (table[j + 1] - table[j]))


def env_seeds(seed: int | Sequence[int] | NDArray[np.integer], n_env: int) -> U64:
    """Seeds `uint64[n_env]`: one integer is spread over environments, a sequence taken as is.

    Environment 0 of a run has the same seed whatever `n_env` is.
    """
    if isinstance(n_env, bool) or not isinstance(n_env, int | np.integer) or n_env < 1:
        raise ValueError(f"n_env must be a whole number of 1 or more, got {n_env!r}")
    values = np.asarray(seed)
    if values.dtype.kind not in "iu" or values.ndim > 1:
        raise ValueError(f"seed must be an integer or a sequence of integers, got {seed!r}")
    if np.any(values < 0):
        raise ValueError(f"seed must not be negative, got {seed!r}")
    if values.ndim == 0:
        return draw(stream_key(values, ENVIRONMENT), np.arange(n_env), 0)
    if values.size != n_env:
        raise ValueError(f"seed has {values.size} entries, n_env is {n_env}: give one per env")
    return values.astype(np.uint64)
