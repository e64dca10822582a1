"""The allocator's solver: optimality, agreement with SciPy, warm starts, refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear

from neurocoord.coordination.solver import Solution, solve


def _problem(seed: int, nv: int = 9, n: int = 14, *, contacts: int = 4, degenerate: bool = False):
    """A small body: sparse muscle columns, then contact columns with tiny D and no upper bound."""
    rng = np.random.default_rng(seed)
    A = np.zeros((nv, n))
    for i in range(n - contacts):
        crossed = rng.choice(nv, size=rng.integers(1, min(6, nv) + 1), replace=False)
        A[crossed, i] = rng.normal(0.0, 1.0, crossed.size) * np.exp(rng.uniform(0.0, 8.0))
    A[:, n - contacts :] = rng.normal(0.0, 0.6, (nv, contacts))
    w = np.where(np.arange(nv) < 3, 1 / 30, 1 / 3)
    D = np.r_[rng.uniform(0.2, 3.0, n - contacts), np.full(contacts, 1e-4)]
    c = np.r_[rng.uniform(0.0, 0.3, n - contacts), np.zeros(contacts)]
    lo = np.r_[rng.uniform(0.0, 0.2, n - contacts), np.zeros(contacts)]
    hi = np.r_[lo[: n - contacts] + rng.uniform(0.0, 0.8, n - contacts), np.full(contacts, np.inf)]
    if degenerate:
        A[:, 1] = A[:, 0]
        A[:, 2] = 0.0
        A[1] = A[0]
        hi[3:5] = lo[3:5]
        c[5:7] = lo[5:7]
        w[2] = 0.0
    d = A @ np.clip(c + rng.normal(0.0, 0.4, n), lo, np.minimum(hi, 60.0))
    return A, d + rng.normal(0.0, 20.0, nv), w, D, c, lo, hi


def _cost(problem, z):
    A, d, w, D, c, _, _ = problem
    return 0.5 * np.sum((w * (A @ z - d)) ** 2) + 0.5 * np.sum(D * (z - c) ** 2)


def _kkt_error(problem, z):
    """Largest violation of stationarity, in units of D^1/2 z relative to the size of the misfit."""
    A, d, w, D, c, lo, hi = problem
    gradient = (A.T @ (w**2 * (A @ z - d)) + D * (z - c)) / np.sqrt(D)
    column = np.sqrt(((w[:, None] * A) ** 2).sum(axis=0) / D)
    size = 1.0 + column * np.linalg.norm(w * (d - A @ c))
    wrong = np.where(z <= lo, np.minimum(gradient, 0.0), gradient)
    wrong = np.where(z >= hi, np.where(z <= lo, 0.0, np.maximum(gradient, 0.0)), wrong)
    return np.max(np.abs(wrong) / size)


def _scipy(problem):
    """The same minimum by SciPy's BVLS; equal bounds are moved into the target."""
    A, d, w, D, c, lo, hi = problem
    open_ = lo < hi
    z = lo.copy()
    root = np.sqrt(D[open_])
    matrix = np.vstack([w[:, None] * A[:, open_], np.diag(root)])
    target = np.r_[w * (d - A[:, ~open_] @ lo[~open_]), root * c[open_]]
    # columns in their natural unit, or the tiny D of contact forces spoils BVLS's tolerance
    found = lsq_linear(
        matrix / root, target, (lo[open_] * root, hi[open_] * root), method="bvls", tol=1e-14
    )
    z[open_] = found.x / root
    return z


@pytest.mark.parametrize("degenerate", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_agrees_with_scipy(seed, degenerate):
    problem = _problem(seed, degenerate=degenerate)
    found = solve(*problem)
    expected = _scipy(problem)
    assert found.converged and found.fallback_sweeps == 0
    assert _kkt_error(problem, found.z) < 1e-7
    assert _cost(problem, found.z) <= _cost(problem, expected) * (1 + 1e-9) + 1e-9
    np.testing.assert_allclose(
        found.z * np.sqrt(problem[3]), expected * np.sqrt(problem[3]), rtol=1e-5, atol=1e-5
    )


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    nv=st.integers(7, 20),
    n=st.integers(8, 50),
    degenerate=st.booleans(),
)
def test_every_solution_is_optimal_and_feasible(seed, nv, n, degenerate):
    problem = _problem(seed, nv, n, contacts=min(n - 7, 16), degenerate=degenerate)
    found = solve(*problem)
    assert found.converged
    assert np.all((found.z >= problem[5]) & (found.z <= problem[6]))
    assert _kkt_error(problem, found.z) < 1e-7


@pytest.mark.parametrize("seed", range(5))
def test_body_sized_problem_with_many_contact_edges(seed):
    problem = _problem(seed, 47, 206, contacts=64)
    found = solve(*problem)
    assert found.converged and found.fallback_sweeps == 0
    assert _kkt_error(problem, found.z) < 1e-7


def test_warm_start_equals_cold_start_and_is_cheaper():
    problem = _problem(3, 20, 60, contacts=12)
    earlier = solve(*problem)
    A, d, *rest = problem
    moved = (A, d * 1.001, *rest)
    cold = solve(*moved)
    warm = solve(*moved, u0=earlier.u, at0=earlier.at_bound)
    dual_only = solve(*moved, u0=earlier.u)
    wild = solve(*moved, u0=np.full(20, 1e6), at0=np.resize([-1, 0, 1], 60))
    root = np.sqrt(problem[3])
    for other in (warm, dual_only, wild):
        np.testing.assert_allclose(other.z * root, cold.z * root, rtol=1e-7, atol=1e-7)
        assert other.converged
    assert warm.iterations <= cold.iterations
    assert solve(*moved, u0=cold.u, at0=cold.at_bound).iterations == 0
    assert solve(*moved, at0=cold.at_bound).iterations <= 2


def test_dual_is_the_weighted_misfit():
    A, d, w, *rest = _problem(1)
    found = solve(A, d, w, *rest)
    np.testing.assert_allclose(found.u, w**2 * (d - A @ found.z), rtol=1e-6, atol=1e-6)


def test_row_of_weight_zero_is_ignored():
    A, d, w, *rest = _problem(2)
    w[4] = 0.0
    found = solve(A, d, w, *rest)
    without = solve(np.delete(A, 4, 0), np.delete(d, 4), np.delete(w, 4), *rest)
    np.testing.assert_allclose(found.z, without.z, rtol=1e-9, atol=1e-9)
    assert found.u[4] == 0.0


def test_no_rows_at_all_gives_the_clipped_centre():
    found = solve(np.zeros((2, 3)), [1, 2], [1, 1], [1, 1, 1], [-1, 0.5, 2], [0, 0, 0], [1, 1, 1])
    np.testing.assert_array_equal(found.z, [0.0, 0.5, 1.0])
    assert found.converged


def test_bounds_are_met_exactly():
    problem = _problem(5, degenerate=True)
    z = solve(*problem).z
    lo, hi = problem[5:]
    np.testing.assert_array_equal(z[3:5], lo[3:5])
    assert np.any(z == lo) or np.any(z == hi)
    at_bound = solve(*problem).at_bound
    np.testing.assert_array_equal(at_bound == 0, (z > lo) & (z < hi))


@pytest.mark.parametrize("cap", [0, 1, 2])
def test_fallback_is_counted_feasible_and_no_worse_than_the_start(cap):
    problem = _problem(7, 20, 60, contacts=12)
    found = solve(*problem, max_iterations=cap)
    assert found.iterations == cap
    assert found.fallback_sweeps > 0
    assert np.all((found.z >= problem[5]) & (found.z <= problem[6]))
    assert _cost(problem, found.z) <= _cost(problem, np.clip(problem[4], *problem[5:]))


def test_fallback_reaches_the_minimum_of_an_easy_problem():
    rng = np.random.default_rng(0)
    problem = (
        rng.normal(size=(4, 6)),
        rng.normal(size=4),
        np.ones(4),
        np.ones(6),
        np.zeros(6),
        np.zeros(6),
        np.full(6, 0.3),
    )
    found = solve(*problem, max_iterations=0)
    assert found.converged and found.fallback_sweeps > 0
    np.testing.assert_allclose(found.z, solve(*problem).z, atol=1e-8)


def test_no_argument_is_changed_and_repeats_are_identical():
    problem = _problem(4)
    given_ = (*problem, np.linspace(-1.0, 1.0, 9), np.resize(np.int8([-1, 0, 1]), 14))
    before = [a.copy() for a in given_]
    first = solve(*given_)
    for array, copy in zip(given_, before, strict=True):
        np.testing.assert_array_equal(array, copy)
    second = solve(*given_)
    np.testing.assert_array_equal(first.z, second.z)
    assert isinstance(first, Solution)


def test_lists_and_fortran_order_are_taken():
    problem = _problem(6)
    A, *rest = problem
    np.testing.assert_array_equal(
        solve(np.asfortranarray(A), *[a.tolist() for a in rest]).z, solve(*problem).z
    )


@pytest.mark.parametrize(
    ("position", "value", "message"),
    [
        (0, np.nan, r"A\[0, 0\] must be finite"),
        (1, np.inf, r"d\[0\] must be finite"),
        (2, -1.0, r"w\[0\] must be finite and 0 or more"),
        (3, 0.0, r"D\[0\] must be finite and above 0"),
        (4, np.nan, r"c\[0\] must be finite"),
        (5, 9.0, r"lo\[0\] must be at most hi"),
        (5, np.inf, r"lo\[0\] must be a number or -inf"),
        (6, np.nan, r"hi\[0\] must be a number or \+inf"),
    ],
)
def test_bad_entries_are_named(position, value, message):
    problem = list(_problem(0))
    problem[position].flat[0] = value
    with pytest.raises(ValueError, match=message):
        solve(*problem)


def test_bad_shapes_and_options_are_named():
    A, d, w, D, c, lo, hi = _problem(0)
    with pytest.raises(ValueError, match=r"A must have 2 dimensions"):
        solve(d, d, w, D, c, lo, hi)
    with pytest.raises(ValueError, match=r"D must have shape \(14,\) to fit A, got \(13,\)"):
        solve(A, d, w, D[1:], c, lo, hi)
    with pytest.raises(ValueError, match=r"u0 must have shape \(9,\)"):
        solve(A, d, w, D, c, lo, hi, u0=np.zeros(3))
    with pytest.raises(ValueError, match=r"at0 must have shape \(14,\)"):
        solve(A, d, w, D, c, lo, hi, at0=np.zeros(3))
    with pytest.raises(ValueError, match=r"max_iterations must be 0 or more, got -1"):
        solve(A, d, w, D, c, lo, hi, max_iterations=-1)
    with pytest.raises(ValueError, match=r"tolerance must be positive"):
        solve(A, d, w, D, c, lo, hi, tolerance=0.0)
