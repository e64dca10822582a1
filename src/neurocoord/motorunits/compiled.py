"""What compiled steps are made of: how they are compiled, draws, tables, cache lines.

The draws repeat the few lines of `noise`, for compiled code. Numba's cache does not see edits of
other files: after changing this file, `chunk.py` or `slow_step.py`, touch `tick.py`,
`expected_step.py` and `reach_step.py` too (the tests name the cache by a hash of all sources).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from neurocoord import noise
from neurocoord.motorunits import discharge, twitch

U0, U1, U2 = np.uint64(0), np.uint64(1), np.uint64(2)
MASK11 = np.uint64(0x7FF)
_MASK16 = np.uint64(0xFFFF)
_GOLDEN = np.uint64(noise.GOLDEN)
_MIX_1 = np.uint64(noise.MIX_1)
_MIX_2 = np.uint64(noise.MIX_2)
_STREAM_STEP = np.uint64(noise.STREAM_STEP)
_BELL_SCALE = noise._IRWIN_HALL_SCALE
_U30, _U27, _U31, _U32 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(32)
_U11, _U16, _U48 = np.uint64(11), np.uint64(16), np.uint64(48)
_KNEE, _KNEE_RATIO = twitch.KNEE, twitch.KNEE_RATIO
_Z_LIMIT = discharge.Z_LIMIT
HAZARD_LIMIT = discharge.HAZARD_LIMIT
_PER_Z = float(discharge.N_HAZARD) / (2.0 * discharge.Z_LIMIT)
_PER_DECAY = discharge.N_DECAY / discharge.DECAY_LIMIT
_LAST_DECAY = discharge.N_DECAY - 1e-9


def compiled(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """`numba.njit` with nogil and the cache, or without the cache where none can be written."""
    if function is None:
        return lambda f: compiled(f, **options)
    options.setdefault("error_model", "numpy")  # x / 0 is inf; the check costs vectorisation
    try:
        return numba.njit(nogil=True, cache=True, **options)(function)
    except RuntimeError:  # "no locator available": no writable folder for the cache
        return numba.njit(nogil=True, **options)(function)


_entry_points: dict[Callable[..., Any], Callable[..., Any]] = {}


def straight(function: Callable[..., Any], *arguments: Any) -> Callable[..., Any]:
    """A `compiled` function past numba's look at the types of its arguments, as of `arguments`.

    To look takes 15 us a call where records are handed over. Every later call must have the same
    types, and nobody looks: only for arrays made by this package (`are_own`).
    """
    if function not in _entry_points:
        kinds = tuple(numba.typeof(argument) for argument in arguments)
        function.compile(kinds)  # type: ignore[attr-defined]
        _entry_points[function] = function.overloads[kinds].entry_point  # type: ignore[attr-defined]
    return _entry_points[function]


def are_own(arrays: Iterable[np.ndarray]) -> bool:
    """Whether a state's arrays are as its `init` makes them: contiguous, aligned, writeable."""
    return all(array.flags.carray for array in arrays)


def inner(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """The same for what only compiled code calls: no way in from Python, no cache, no references.

    Numba would compile each such way in, with the unpacking of all arguments: half of the time. And
    it counts a reference whenever an array is handed on or taken out of a record, an atomic step
    each: a quarter of the time in short loops. Arrays belong to the callers, which keep them alive.
    A function that makes arrays needs `_nrt=True`, which counts again.
    """
    if function is None:
        return lambda f: inner(f, **options)
    shut = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": False}
    kept: dict[str, Any] = {"nogil": True, "error_model": "numpy", **shut, **options}
    return numba.njit(**kept)(function)


@intrinsic
def prefetch(typingctx, table, *index):  # type: ignore[no-untyped-def]
    """Ask for the cache line of `table[index]`, which will be needed soon."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        kind = signature.args[0]
        data = context.make_array(kind)(context, builder, arguments[0])
        index = (
            cgutils.unpack_tuple(builder, arguments[1]) if len(arguments) == 2 else arguments[1:]
        )
        at = cgutils.get_item_pointer(context, builder, kind, data, index, wraparound=False)
        at = builder.bitcast(at, ir.IntType(8).as_pointer())
        word = ir.IntType(32)
        call = ir.FunctionType(ir.VoidType(), [at.type, word, word, word])
        builder.call(
            builder.module.declare_intrinsic("llvm.prefetch", (at.type,), call),
            [at, word(0), word(3), word(1)],  # to read, into the first cache, data
        )
        return context.get_dummy_value()

    return types.void(table, types.StarArgTuple(index)), generate


@inner
def mix(x):
    x = (x ^ (x >> _U30)) * _MIX_1
    x = (x ^ (x >> _U27)) * _MIX_2
    return x ^ (x >> _U31)


@compiled
def stream_key(seed, stream):
    return mix(mix(seed) + stream * _STREAM_STEP)


@compiled
def draw(key, unit, count):
    return mix(key + ((np.uint64(unit) << _U32) | np.uint64(count)) * _GOLDEN)


@compiled
def bell(bits):
    s = (bits & _MASK16) + ((bits >> _U16) & _MASK16)
    s = s + ((bits >> _U32) & _MASK16) + (bits >> _U48)
    # s is below 2^18; to float, int32 vectorises and int64 does not
    return (np.float64(np.int32(s)) - 131070.0) * _BELL_SCALE


@inner
def uniform(bits):
    return np.float64(np.int64(bits >> _U11)) * 2.0**-53


@compiled
def lookup(table, bits):
    position = uniform(bits) * (table.size - 1)
    j = np.int64(position)
    return table[j] + (position - j) * (table[j + 1] - table[j])


@inner
def decay(u, table):
    position = min(u * _PER_DECAY, _LAST_DECAY)
    j = np.int64(position)
    return table[j] + (position - j) * (table[j + 1] - table[j])


@inner
def hazard_at(table, z):
    position = (z + _Z_LIMIT) * _PER_Z
    position = min(max(position, 0.0), table.size - 1.000001)
    j = np.int64(position)
    return table[j] + (position - j) * (table[j + 1] - table[j])


@inner
def least_candidate_z(z_at_hazard, need, max_step):
    """z below which a step of at most `max_step` cannot add `need` of cumulative hazard."""
    position = need / max_step * ((z_at_hazard.size - 1) / HAZARD_LIMIT)
    if not position < z_at_hazard.size - 1:
        return np.inf
    return z_at_hazard[np.int64(position)]


@inner
def count_up_to(table, row, start, stop, limit):
    """Where the rising values `table[row, start:stop]` begin to exceed `limit`."""
    low, high = start, stop
    while low < high:
        middle = (low + high) >> U1
        if table[row, middle] > limit:
            high = middle
        else:
            low = middle + U1
    return low


@inner
def twitch_gain(x):
    if x < _KNEE:
        return 1.0
    return (1.0 - np.exp(-2.0 * (x * x * x))) / x / _KNEE_RATIO
