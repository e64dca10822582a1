"""Looking at what callers give: a ValueError names the argument, the value and what is allowed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord.motorunits.records import Coupling, PoolParameters, n_muscles, n_units

F64 = NDArray[np.float64]


def numbers(name: str, value: ArrayLike) -> F64:
    """The value as float64, contiguous, any shape; not a copy where it is that already."""
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "biuf":  # complex numbers, texts, objects (None)
            raise TypeError
        return np.asarray(array, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a number or an array of numbers, got {value!r}") from None


def within(
    name: str, value: ArrayLike, low: float, high: float = np.inf, *, above_low: bool = False
) -> F64:
    """The value as an array, all finite and inside low..high (above `low` if so asked)."""
    array = numbers(name, value)
    if array.size == 0:
        raise ValueError(f"{name} must hold at least one value, got none")
    least, most = array.min(), array.max()
    if least >= low and most <= high and np.isfinite(most) and (least > low or not above_low):
        return array
    wrong = ~((array >= low) & (array <= high) & np.isfinite(array)) | (above_low & (array == low))
    limit = f"above {low:g}" if above_low else f"{low:g} or more"
    if high != np.inf:
        limit = f"above {low:g}, at most {high:g}" if above_low else f"in {low:g}..{high:g}"
    raise ValueError(f"{name} must be finite and {limit}, got {array[wrong].flat[0]}")


def each_within(
    name: str, value: ArrayLike, low: float, high: float = np.inf, *, above_low: bool = False
) -> F64:
    """The same where there may be no values at all, as of an equation for the units that fired."""
    array = numbers(name, value)
    return within(name, array, low, high, above_low=above_low) if array.size else array


def one_within(
    name: str, value: ArrayLike, low: float, high: float = np.inf, *, above_low: bool = False
) -> float:
    """The same for a single number."""
    array = within(name, value, low, high, above_low=above_low)
    if array.ndim != 0:
        raise ValueError(f"{name} must be one number, got shape {array.shape}")
    return float(array)


def count(name: str, value: object, low: int = 1) -> int:
    """A whole number of `low` or more."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
        raise ValueError(f"{name} must be a whole number of {low} or more, got {value!r}")
    return int(value)


def match(**given: ArrayLike) -> None:
    """Shapes that broadcast; a ValueError names the first argument that does not fit the others."""
    shape: tuple[int, ...] = ()
    for name, value in given.items():
        own = np.shape(value)
        try:
            shape = np.broadcast_shapes(shape, own)
        except ValueError:
            raise ValueError(
                f"{name} has shape {own}; it must match {shape}, the shape of what is before it"
            ) from None


def fits(params: PoolParameters, state: Any, coupling: Coupling | None = None) -> None:
    """State (of spikes) and coupling are those of these pools: compiled code does not look."""
    units, muscles = n_units(params), n_muscles(params)
    rows = 10 if params.has_rhythm else 7
    slow = units if params.is_dynamic else 0
    held = (state.spiking.shape[1], state.n_live.shape[1], state.unit.shape[1])
    if held != (units, muscles, rows) or state.now_units.shape[2] != slow:
        raise ValueError(
            f"state holds {held[1]} muscles, {held[0]} units, {held[2]} rows a unit and"
            f" {state.now_units.shape[2]} units that tire; params needs {muscles}, {units}, {rows}"
            f" and {slow}: it must come from init(params, ...)"
        )
    if coupling is not None and coupling.drive_key.size != muscles:
        raise ValueError(
            f"coupling is of {coupling.drive_key.size} muscles; params holds {muscles}: it must"
            " come from a strategy of these pools"
        )


def fits_expected(params: PoolParameters, state: Any) -> None:
    """The expected state is that of these pools."""
    units, muscles = n_units(params), n_muscles(params)
    slow = units if params.is_dynamic else 0
    held = (state.impulse.shape[1], state.sensitivity.shape[1], state.now.peak_rate_hz.shape[1])
    if held != (units, muscles, slow):
        raise ValueError(
            f"state holds {held[1]} muscles, {held[0]} units and {held[2]} units that tire; params"
            f" needs {muscles}, {units} and {slow}: it must come from rate_model.init(params, ...)"
        )
