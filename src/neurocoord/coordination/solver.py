"""Bounded, regularised least squares: the active states and contact forces for wanted forces.

Minimise over z [n], subject to lo <= z <= hi::

    1/2 sum_r w_r^2 (A z - d)_r^2  +  1/2 sum_i D_i (z_i - c_i)^2

Method: semismooth Newton on the dual, which has one variable per row of A (Qi & Sun 1993, Math.
Program. 58, 353-367, for the Newton step; Rockafellar 1970, Convex Analysis, section 31, for the
duality), with an exact line search along each step. With C = W A D^-1/2, y = D^1/2 (z - c) and
b = W (d - A c) the dual gradient is

    G(v) = v + C y(v) - b,   y_i(v) = clip(C_i . v, bounds of y_i),   v = W^-1 u,

which is piecewise linear, strongly monotone, and scale-free in the units of rows and columns. At
its root z(v) is optimal; at every v it is feasible. Columns are stored sparsely: a muscle crosses
few joints.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

FALLBACK_SWEEPS = 400  # choice: coordinate descent sweeps after the iteration cap
HEAVY_COLUMN = 1e8  # choice: |C_i|^2 above which a leaving column is not merely subtracted
_EPS = 2.220446049250313e-16


class Solution(NamedTuple):
    """The minimiser and how it was found."""

    z: FloatArray
    """The minimiser, [n]; always within the bounds."""
    u: FloatArray
    """Dual variable W^2 (d - A z), [nv]; hand it back as `u0` to start the next solve."""
    at_bound: NDArray[np.int8]
    """-1 where z is at lo, +1 where at hi, 0 between, [n]; hand it back as `at0` likewise."""
    iterations: int
    """Newton systems solved."""
    fallback_sweeps: int
    """Coordinate descent sweeps made because Newton hit its cap; 0 when Newton converged."""
    converged: bool
    """Whether the relative residual came below the tolerance (by either method)."""
    residual_norm: float
    """|W^-1 u + W (A z(u) - d)| relative to |W (A c - d)| + |W A (z(u) - c)|; dimensionless."""


def solve(
    A: ArrayLike,
    d: ArrayLike,
    w: ArrayLike,
    D: ArrayLike,
    c: ArrayLike,
    lo: ArrayLike,
    hi: ArrayLike,
    u0: ArrayLike | None = None,
    at0: ArrayLike | None = None,
    *,
    max_iterations: int = 200,
    tolerance: float = 1e-9,
) -> Solution:
    """Minimise 1/2 |w (A z - d)|^2 + 1/2 sum D (z - c)^2 over lo <= z <= hi.

    A [nv, n], d [nv], w [nv] >= 0 (a row of weight 0 is ignored), D [n] > 0, c [n],
    lo [n] <= hi [n] (lo may be -inf, hi may be +inf, they may be equal). `u0` [nv] and `at0` [n]
    are the `u` and `at_bound` of an earlier, similar solve; a poor guess costs steps, never
    correctness. Give both: where D is tiny u alone says little about which forces are zero.
    No argument is changed.
    """
    matrix = np.ascontiguousarray(A, dtype=np.float64)
    if matrix.ndim != 2:
        raise ValueError(f"A must have 2 dimensions [nv, n], got shape {matrix.shape}")
    nv, n = matrix.shape
    target = _vector("d", d, nv)
    weight = _vector("w", w, nv)
    damping = _vector("D", D, n)
    centre = _vector("c", c, n)
    lower = _vector("lo", lo, n)
    upper = _vector("hi", hi, n)
    start = np.zeros(nv) if u0 is None else _vector("u0", u0, nv)
    guess = np.zeros(0, np.int8) if at0 is None else np.ascontiguousarray(at0, dtype=np.int8)
    if at0 is not None and guess.shape != (n,):
        raise ValueError(f"at0 must have shape ({n},) to fit A, got {guess.shape}")
    if max_iterations < 0:
        raise ValueError(f"max_iterations must be 0 or more, got {max_iterations}")
    if not 0.0 < tolerance < np.inf:
        raise ValueError(f"tolerance must be positive and finite, got {tolerance}")
    if not _is_valid(matrix, target, weight, damping, centre, lower, upper, start):
        _raise_fault(matrix, target, weight, damping, centre, lower, upper, start)
    return Solution(
        *solve_kernel(
            matrix,
            target,
            weight,
            damping,
            centre,
            lower,
            upper,
            start,
            guess,
            int(max_iterations),
            float(tolerance),
        )
    )


@njit(cache=True, nogil=True, error_model="numpy")
def solve_kernel(
    A,
    d,
    w,
    D,
    c,
    lo,
    hi,
    u0,
    at0,
    max_iterations,
    tolerance,
):
    """`solve` for callers in numba: C-contiguous float64 arrays, checked by the caller.

    Returns the fields of `Solution` in order. A `u0` of zeros and an int8 `at0` of size 0 make a
    cold start.
    """
    nv, n = A.shape
    start, rows, values, gram = _scaled_columns(A, w, D)
    root = np.sqrt(D)
    low = np.empty(n)
    high = np.empty(n)
    for i in range(n):
        low[i] = (lo[i] - c[i]) * root[i]
        high[i] = (hi[i] - c[i]) * root[i]
    b = w * d
    for i in range(n):
        centre = c[i] * root[i]
        if centre != 0.0:
            for k in range(start[i], start[i + 1]):
                b[rows[k]] -= values[k] * centre
    v = np.zeros(nv)
    for r in range(nv):
        if w[r] > 0.0:
            v[r] = u0[r] / w[r]

    free_y = np.empty(n)  # C' v before clipping
    y = np.empty(n)
    residual = np.empty(nv)
    best, norm, scale, floor = _evaluate(
        start, rows, values, gram, low, high, b, v, free_y, y, residual
    )
    cold = 0.0  # dual objective at v = 0
    for i in range(n):
        nearest = min(max(0.0, low[i]), high[i])
        cold -= 0.5 * nearest * nearest
    if not best <= cold:
        v[:] = 0.0
        best = cold

    hessian = np.empty((nv, nv))
    factor = np.empty((nv, nv))
    is_free = np.zeros(n, np.bool_)
    is_fresh = False
    step = np.empty(nv)
    slope = np.empty(n)
    times = np.empty(2 * n)
    jumps = np.empty(2 * n)
    iterations = 0
    sweeps = 0
    if at0.size == n and max_iterations > 0 and not norm <= tolerance * scale + floor:
        # the root if exactly the columns free before are free now; kept if it costs less
        _guess_step(start, rows, values, low, high, b, at0, free_y, step)
        is_fresh = _update_hessian(
            start, rows, values, gram, low, high, free_y, is_free, is_fresh, hessian
        )
        factor[:] = hessian
        _cholesky(factor)
        _cholesky_solve(factor, step)
        iterations = 1
        guessed = _evaluate(start, rows, values, gram, low, high, b, step, free_y, y, residual)[0]
        if guessed < best:
            v[:] = step
    while True:
        _, norm, scale, floor = _evaluate(
            start, rows, values, gram, low, high, b, v, free_y, y, residual
        )
        converged = norm <= tolerance * scale + floor
        if converged or iterations >= max_iterations:
            break
        is_fresh = _update_hessian(
            start, rows, values, gram, low, high, free_y, is_free, is_fresh, hessian
        )
        factor[:] = hessian
        _cholesky(factor)
        for r in range(nv):
            step[r] = -residual[r]
        _cholesky_solve(factor, step)
        length = _line_search(
            start, rows, values, low, high, step, residual, free_y, slope, times, jumps
        )
        iterations += 1
        if not length > 0.0:
            break  # rounding has eaten the descent
        for r in range(nv):
            v[r] += length * step[r]

    if not converged:
        sweeps = _coordinate_descent(start, rows, values, low, high, b, y, v, tolerance)
        polished = y.copy()
        _, norm, scale, floor = _evaluate(
            start, rows, values, gram, low, high, b, v, free_y, y, residual
        )
        converged = norm <= tolerance * scale + floor
        y[:] = polished

    z = np.empty(n)
    at_bound = np.zeros(n, np.int8)
    for i in range(n):
        if y[i] <= low[i]:
            z[i] = lo[i]
            at_bound[i] = -1
        elif y[i] >= high[i]:
            z[i] = hi[i]
            at_bound[i] = 1
        else:
            z[i] = min(max(c[i] + y[i] / root[i], lo[i]), hi[i])
    relative = norm / scale if scale > 0.0 else norm
    return z, w * v, at_bound, iterations, sweeps, converged, relative


@njit(cache=True, nogil=True, error_model="numpy")
def _scaled_columns(A, w, D):
    """Columns of C = W A D^-1/2, compressed: start [n+1], rows, values [nonzeros], |C_i|^2 [n]."""
    nv, n = A.shape
    start = np.zeros(n + 1, np.int64)
    count = start[1:]
    for r in range(nv):
        if w[r] > 0.0:
            row = A[r]
            for i in range(n):
                count[i] += row[i] != 0.0
    for i in range(n):
        start[i + 1] += start[i]
    rows = np.empty(start[n], np.uintp)  # unsigned: spares numba the check for negative indices
    values = np.empty(start[n])
    place = start[:n].copy()
    scale = 1.0 / np.sqrt(D)
    gram = np.zeros(n)
    for r in range(nv):
        if w[r] > 0.0:
            row = A[r]
            for i in range(n):
                if row[i] != 0.0:
                    k = place[i]
                    value = w[r] * row[i] * scale[i]
                    rows[k] = r
                    values[k] = value
                    place[i] = k + 1
                    gram[i] += value * value
    return start, rows, values, gram


@njit(cache=True, nogil=True, error_model="numpy")
def _evaluate(start, rows, values, gram, low, high, b, v, free_y, y, residual):
    """Fill C'v, y(v) and G(v); return the dual objective, |G|, its scale and its rounding floor."""
    nv, n = v.size, y.size
    objective = 0.0
    trace = 0.0
    residual[:] = 0.0
    for i in range(n):
        total = 0.0
        for k in range(start[i], start[i + 1]):
            total += values[k] * v[rows[k]]
        free_y[i] = total
        if total < low[i]:
            clipped = low[i]
        elif total > high[i]:
            clipped = high[i]
        else:
            clipped = total
            trace += gram[i]
        y[i] = clipped
        objective += clipped * (total - 0.5 * clipped)
        if clipped != 0.0:
            for k in range(start[i], start[i + 1]):
                residual[rows[k]] += values[k] * clipped
    norm = 0.0
    size_v = 0.0
    size_b = 0.0
    size_cy = 0.0
    for r in range(nv):
        size_cy += residual[r] * residual[r]
        size_v += v[r] * v[r]
        size_b += b[r] * b[r]
        objective += v[r] * (0.5 * v[r] - b[r])
        residual[r] += v[r] - b[r]
        norm += residual[r] * residual[r]
    scale = np.sqrt(size_b) + np.sqrt(size_cy)
    # y carries a rounding error of eps |C_i| |v|, which C multiplies once more
    floor = 4.0 * _EPS * trace * np.sqrt(size_v)
    return objective, np.sqrt(norm), scale, floor


@njit(cache=True, nogil=True, error_model="numpy")
def _guess_step(start, rows, values, low, high, b, at0, free_y, right):
    """Mark the columns free by `at0` in free_y; right becomes b - C y over the others."""
    right[:] = b
    for i in range(free_y.size):
        if low[i] == high[i] or (at0[i] < 0 and low[i] > -np.inf):
            bound = low[i]
            free_y[i] = -np.inf
        elif at0[i] > 0 and high[i] < np.inf:
            bound = high[i]
            free_y[i] = np.inf
        else:
            free_y[i] = min(max(0.0, low[i]), high[i])
            continue
        if bound != 0.0:
            for k in range(start[i], start[i + 1]):
                right[rows[k]] -= values[k] * bound


@njit(cache=True, nogil=True, error_model="numpy")
def _update_hessian(
    start,
    rows,
    values,
    gram,
    low,
    high,
    free_y,
    is_free,
    is_fresh,
    hessian,
):
    """Upper triangle of I + C_free C_free', by the columns that changed; a tie counts as free.

    Built anew when it is not fresh, or when a column left that is large enough to leave its
    rounding error behind. Returns True: it is fresh now.
    """
    n = free_y.size
    for i in range(n):
        if is_fresh and is_free[i] and gram[i] > HEAVY_COLUMN:
            is_fresh = low[i] <= free_y[i] <= high[i]
    if not is_fresh:
        is_free[:] = False
        hessian[:] = 0.0
        for r in range(hessian.shape[0]):
            hessian[r, r] = 1.0
    for i in range(n):
        free = low[i] <= free_y[i] <= high[i] and low[i] < high[i]
        if free != is_free[i]:
            is_free[i] = free
            sign = 1.0 if free else -1.0
            stop = start[i + 1]
            for k in range(start[i], stop):
                row = hessian[rows[k]]
                value = sign * values[k]
                for m in range(k, stop):
                    row[rows[m]] += value * values[m]
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _cholesky(a):
    """Overwrite the upper triangle of a (>= identity) by U with U'U = a.

    Row by row, four earlier rows at a time, over slices: the form the compiler vectorises.
    """
    n = a.shape[0]
    for i in range(n):
        size = n - i
        row = a[i, i:]
        k = 0
        while k + 4 <= i:
            f0, f1, f2, f3 = a[k, i], a[k + 1, i], a[k + 2, i], a[k + 3, i]
            p0, p1, p2, p3 = a[k, i:], a[k + 1, i:], a[k + 2, i:], a[k + 3, i:]
            for j in range(size):
                row[j] -= f0 * p0[j] + f1 * p1[j] + f2 * p2[j] + f3 * p3[j]
            k += 4
        while k < i:
            f0 = a[k, i]
            p0 = a[k, i:]
            for j in range(size):
                row[j] -= f0 * p0[j]
            k += 1
        pivot = np.sqrt(max(row[0], 1.0))  # a >= I, so a pivot below 1 is rounding
        inverse = 1.0 / pivot
        for j in range(size):
            row[j] *= inverse
        row[0] = pivot


@njit(cache=True, nogil=True, error_model="numpy")
def _cholesky_solve(u, x):
    """Overwrite x by the solution of U'U x = x."""
    n = x.size
    for k in range(n):
        row = u[k, k:]
        rest = x[k:]
        value = rest[0] / row[0]
        for j in range(n - k):
            rest[j] -= row[j] * value
        rest[0] = value
    for k in range(n - 1, -1, -1):
        row = u[k]
        value = x[k]
        for j in range(k + 1, n):
            value -= row[j] * x[j]
        x[k] = value / row[k]


@njit(cache=True, nogil=True, error_model="numpy")
def _line_search(
    start,
    rows,
    values,
    low,
    high,
    step,
    residual,
    free_y,
    slope,
    times,
    jumps,
):
    """Exact minimiser of the dual along `step`: the root of a piecewise linear, rising derivative.

    Breakpoints (a column reaching or leaving a bound) sit in a heap; the walk pops them in order.
    """
    derivative = 0.0
    square = 0.0
    for r in range(step.size):
        derivative += step[r] * residual[r]
        square += step[r] * step[r]
    curvature = square
    count = 0
    for i in range(free_y.size):
        rate = 0.0
        for k in range(start[i], start[i + 1]):
            rate += values[k] * step[rows[k]]
        slope[i] = rate
        if rate == 0.0 or not low[i] < high[i]:
            continue
        if rate > 0.0:
            enters, leaves = (low[i] - free_y[i]) / rate, (high[i] - free_y[i]) / rate
        else:
            enters, leaves = (high[i] - free_y[i]) / rate, (low[i] - free_y[i]) / rate
        if leaves <= 0.0:
            continue
        if enters > 0.0:
            times[count] = enters
            jumps[count] = rate * rate
            count += 1
        else:
            curvature += rate * rate
        if leaves < np.inf:
            times[count] = leaves
            jumps[count] = -rate * rate
            count += 1
    for k in range(count // 2 - 1, -1, -1):
        _sift_down(times, jumps, k, count)
    position = 0.0
    while True:
        reach = position - derivative / curvature
        if count == 0 or reach <= times[0]:
            return reach
        derivative += curvature * (times[0] - position)
        position = times[0]
        curvature = max(curvature + jumps[0], square)
        count -= 1
        times[0] = times[count]
        jumps[0] = jumps[count]
        _sift_down(times, jumps, 0, count)


@njit(cache=True, nogil=True, error_model="numpy")
def _sift_down(times, jumps, k, count):
    """Restore the min-heap on times[:count] below position k; jumps move along."""
    time, jump = times[k], jumps[k]
    while True:
        child = 2 * k + 1
        if child >= count:
            break
        if child + 1 < count and times[child + 1] < times[child]:
            child += 1
        if times[child] >= time:
            break
        times[k] = times[child]
        jumps[k] = jumps[child]
        k = child
    times[k] = time
    jumps[k] = jump


@njit(cache=True, nogil=True, error_model="numpy")
def _coordinate_descent(start, rows, values, low, high, b, y, v, tolerance):
    """Polish y in place by cyclic exact minimisation; v becomes b - C y. Returns the sweeps made.

    Starts from y or from the point of the box nearest to c, whichever costs less; each sweep
    lowers the cost and stays in the box.
    """
    n = y.size
    trial = v.copy()
    costs = np.zeros(2)
    for choice in range(2):
        trial[:] = b
        for i in range(n):
            value = y[i] if choice == 0 else min(max(0.0, low[i]), high[i])
            costs[choice] += value * value
            for k in range(start[i], start[i + 1]):
                trial[rows[k]] -= values[k] * value
        for r in range(trial.size):
            costs[choice] += trial[r] * trial[r]
        if choice == 0:
            v[:] = trial
    if not costs[0] <= costs[1]:
        v[:] = trial
        for i in range(n):
            y[i] = min(max(0.0, low[i]), high[i])
    size = np.sqrt(min(costs[0], costs[1]))
    for sweep in range(1, FALLBACK_SWEEPS + 1):
        largest = 0.0
        for i in range(n):
            gradient = y[i]
            gram = 1.0
            for k in range(start[i], start[i + 1]):
                gradient -= values[k] * v[rows[k]]
                gram += values[k] * values[k]
            value = min(max(y[i] - gradient / gram, low[i]), high[i])
            change = value - y[i]
            if change != 0.0:
                y[i] = value
                for k in range(start[i], start[i + 1]):
                    v[rows[k]] -= values[k] * change
                largest = max(largest, abs(change) * np.sqrt(gram))
        if largest <= 0.01 * tolerance * size:  # choice: two digits below the tolerance
            return sweep
    return FALLBACK_SWEEPS


@njit(cache=True, nogil=True, error_model="numpy")
def _is_valid(A, d, w, D, c, lo, hi, u0):
    """Whether every entry is finite and in its range (bounds may be infinite)."""
    good = True
    total = np.zeros(A.shape[1])
    for r in range(A.shape[0]):
        row = A[r]
        for i in range(A.shape[1]):
            total[i] += row[i] * 0.0  # NaN as soon as one entry is not finite
        good &= np.isfinite(d[r]) and np.isfinite(u0[r])
        good &= 0.0 <= w[r] < np.inf
    for i in range(A.shape[1]):
        good &= total[i] == 0.0 and 0.0 < D[i] < np.inf and np.isfinite(c[i])
        good &= lo[i] <= hi[i] and lo[i] < np.inf and hi[i] > -np.inf
    return good


def _raise_fault(
    A: FloatArray,
    d: FloatArray,
    w: FloatArray,
    D: FloatArray,
    c: FloatArray,
    lo: FloatArray,
    hi: FloatArray,
    u0: FloatArray,
) -> None:
    """Raise the ValueError that names the first entry out of its range."""
    for name, array in (("A", A), ("d", d), ("c", c), ("u0", u0)):
        _raise_where(name, array, ~np.isfinite(array), "finite")
    _raise_where("w", w, ~((w >= 0.0) & np.isfinite(w)), "finite and 0 or more")
    _raise_where("D", D, ~((D > 0.0) & np.isfinite(D)), "finite and above 0")
    _raise_where("lo", lo, np.isnan(lo) | (lo == np.inf), "a number or -inf")
    _raise_where("hi", hi, np.isnan(hi) | (hi == -np.inf), "a number or +inf")
    _raise_where("lo", lo, lo > hi, "at most hi")


def _raise_where(name: str, array: FloatArray, is_wrong: NDArray[np.bool_], allowed: str) -> None:
    if is_wrong.any():
        place = tuple(int(k) for k in np.argwhere(is_wrong)[0])
        at = ", ".join(map(str, place))
        raise ValueError(f"{name}[{at}] must be {allowed}, got {array[place]}")


def _vector(name: str, value: ArrayLike, size: int) -> FloatArray:
    array = np.ascontiguousarray(value, dtype=np.float64)
    if array.shape != (size,):
        raise ValueError(f"{name} must have shape ({size},) to fit A, got {array.shape}")
    return array
