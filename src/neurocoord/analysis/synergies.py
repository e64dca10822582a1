"""Muscle synergies: a few groups of muscles whose time courses add up to the EMG of all.

EMG is filtered as studies of people do, cut into cycles, and factored into non-negative weights and
time courses. Quality is the variance accounted for (VAF), uncentred, as Torres-Oviedo, Macpherson &
Ting 2006 (J Neurophysiol 96:1530-1546) take it: 1 - sum of squared errors / sum of squares. It is
high for any smooth record, so it is to be read beside `out_of_step` and `shuffled`.

A record is [muscle, sample], 0 or more.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord.analysis import emg as surface
from neurocoord.analysis.footfalls import strides

Floats = NDArray[np.float64]

HIGH_PASS_HZ = 20.0  # removes movement artefacts from people's EMG (choice, as SENIAM advises)
LOW_PASS_HZ = 6.0  # of the rectified EMG (choice; studies of gait use 4 to 10)
N_PHASES = 100  # samples a cycle (choice)
LEAST_VAF = 0.90  # least VAF of the whole record (as Torres-Oviedo et al. 2006)
STRICT_VAF = 0.95  # a stricter bar that others set (choice)
N_STARTS = 5  # random starts of a factorisation, of which the best is kept (choice)
MOST_SWEEPS, TOLERANCE = 300, 1e-5  # of one start: stops when VAF gains less in ten sweeps (choice)


class Factors(NamedTuple):
    """A record as weight @ activation, synergies in order of their share, largest first."""

    weight: Floats  # [muscle, synergy], every column of length 1
    activation: Floats  # [synergy, sample]
    vaf: float


class Extraction(NamedTuple):
    """A record factored with 1, 2, ... synergies, and the same of its controls."""

    factors: tuple[Factors, ...]  # [count - 1]
    vaf: Floats  # [count - 1]
    cross_validated: Floats  # [count - 1], weights of the odd cycles on the even ones
    out_of_step: Floats  # [count - 1], of the record with each muscle moved in time by itself
    shuffled: Floats  # [count - 1], of the record with each muscle's samples in random order

    def count(self, least_vaf: float = LEAST_VAF) -> int:
        """Fewest synergies that reach a VAF; ValueError where none do."""
        reach = np.flatnonzero(self.vaf >= least_vaf)
        if not reach.size:
            raise ValueError(
                f"{self.vaf.size} synergies reach a VAF of {self.vaf[-1]:.3f}, not {least_vaf}"
            )
        return int(reach[0]) + 1


def envelopes(emg: ArrayLike, tick_s: float, low_pass_hz: float = LOW_PASS_HZ) -> Floats:
    """Amplitude of EMG [tick, muscle]: high-passed, rectified, low-passed, all without lag."""
    from scipy.signal import butter, sosfiltfilt

    sections = butter(2, 2.0 * tick_s * HIGH_PASS_HZ, "highpass", output="sos")
    passed = sosfiltfilt(sections, np.asarray(emg, float), axis=0)
    return np.maximum(surface.envelope(passed, tick_s, cutoff_hz=low_pass_hz), 0.0)


def in_cycles(envelope: ArrayLike, at: ArrayLike, n_phases: int = N_PHASES) -> Floats:
    """Envelopes [tick, muscle] between the ticks ``at``, stretched: [cycle, phase, muscle]."""
    return strides(envelope, at, n_phases + 1)[:, :-1]


def record_of(cycles: Floats, peak: Floats | None = None) -> Floats:
    """Cycles [cycle, phase, muscle] one after another [muscle, sample], every muscle over its peak.

    ``peak`` [muscle]: by default the highest of each muscle's mean cycle, so that a muscle counts
    for its shape. Silent muscles stay 0.
    """
    highest = cycles.mean(axis=0).max(axis=0) if peak is None else np.asarray(peak, float)
    scaled = np.divide(cycles, highest, out=np.zeros_like(cycles), where=highest > 0.0)
    return scaled.reshape(-1, cycles.shape[-1]).T.copy()


def variance_accounted_for(record: ArrayLike, model: ArrayLike) -> float:
    """1 - |record - model|^2 / |record|^2 over all muscles and samples; NaN for a silent record."""
    given = np.asarray(record, float)
    whole = float((given**2).sum())
    return 1.0 - float(((given - model) ** 2).sum()) / whole if whole > 0.0 else float("nan")


def factorise(record: ArrayLike, n_synergies: int, seed: int = 0) -> Factors:
    """The best of some random starts of hierarchical alternating least squares.

    Cichocki & Phan 2009, IEICE Trans Fundam E92-A:708-721: each synergy's weights, then each time
    course, is the non-negative least-squares one while all others are held.
    """
    given = _checked(record)
    if not 1 <= n_synergies <= min(given.shape):
        raise ValueError(f"n_synergies is {n_synergies}; it must lie in 1..{min(given.shape)}")
    rng = np.random.default_rng(seed)
    starts = [_one_start(given, n_synergies, rng) for _ in range(N_STARTS)]
    weight, activation = max(starts, key=lambda f: variance_accounted_for(given, f[0] @ f[1]))
    length = np.linalg.norm(weight, axis=0)
    share = length * np.linalg.norm(activation, axis=1)
    weight = np.divide(weight, length, out=np.zeros_like(weight), where=length > 0.0)
    order = np.argsort(-share, kind="stable")
    weight, activation = weight[:, order], (activation * length[:, None])[order]
    return Factors(weight, activation, variance_accounted_for(given, weight @ activation))


def _one_start(record: Floats, n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    scale = np.sqrt(record.mean() / n)
    weight = scale * rng.uniform(0.2, 1.8, (record.shape[0], n))
    activation = scale * rng.uniform(0.2, 1.8, (n, record.shape[1]))
    before = -np.inf
    for sweep in range(MOST_SWEEPS):
        _least_squares_sweep(weight.T, record @ activation.T, activation @ activation.T)
        _least_squares_sweep(activation, record.T @ weight, weight.T @ weight)
        if sweep % 10 == 9:
            vaf = variance_accounted_for(record, weight @ activation)
            if vaf - before < TOLERANCE:
                break
            before = vaf
    return weight, activation


def _least_squares_sweep(rows: Floats, against: Floats, gram: Floats) -> None:
    """Each of ``rows`` [synergy, i] in place, with ``against`` [i, synergy], ``gram`` of others."""
    for k in range(len(rows)):
        step = (against[:, k] - gram[k] @ rows) / max(gram[k, k], 1e-12)
        np.maximum(rows[k] + step, 0.0, out=rows[k])


def activations(record: ArrayLike, weight: ArrayLike) -> Floats:
    """Non-negative time courses [synergy, sample] of known weights that come nearest a record."""
    from scipy.optimize import nnls

    given, known = _checked(record), np.asarray(weight, float)
    return np.column_stack([nnls(known, sample)[0] for sample in given.T])


def out_of_step(record: ArrayLike, seed: int = 0) -> Floats:
    """The record with each muscle moved along time by itself, at random, its end put in front.

    Keeps each muscle's own shape and rhythm; what is lost is what muscles do together.
    """
    given, rng = _checked(record), np.random.default_rng(seed)
    return np.array([np.roll(row, rng.integers(row.size)) for row in given])


def shuffled(record: ArrayLike, seed: int = 0) -> Floats:
    """The record with the samples of each muscle in a random order of its own."""
    return np.random.default_rng(seed).permuted(_checked(record), axis=1)


def extract(cycles: ArrayLike, most: int, seed: int = 0) -> Extraction:
    """Factor cycles [cycle, phase, muscle] with 1 to ``most`` synergies, and its controls."""
    given = np.asarray(cycles, float)
    if given.ndim != 3 or given.shape[0] < 2:
        raise ValueError(f"cycles has shape {given.shape}; it must be [cycle, phase, muscle], >= 2")
    peak = given.mean(axis=0).max(axis=0)
    whole, odd, even = (record_of(given[part], peak) for part in (slice(None), slice(1, None, 2),
                                                                  slice(0, None, 2)))  # fmt: skip
    moved, mixed = out_of_step(whole, seed), shuffled(whole, seed)
    counts = range(1, most + 1)
    factors = tuple(factorise(whole, n, seed) for n in counts)
    crossed = []
    for n in counts:
        weight = factorise(odd, n, seed).weight
        crossed.append(variance_accounted_for(even, weight @ activations(even, weight)))
    return Extraction(
        factors=factors,
        vaf=np.array([f.vaf for f in factors]),
        cross_validated=np.array(crossed),
        out_of_step=np.array([factorise(moved, n, seed).vaf for n in counts]),
        shuffled=np.array([factorise(mixed, n, seed).vaf for n in counts]),
    )


def similarity(first: ArrayLike, second: ArrayLike) -> tuple[Floats, NDArray[np.int64]]:
    """Cosines of the weights [muscle, synergy] of two extractions, each matched to one other.

    Returns the cosine [synergy] of each of the first, and which of the second it was matched to,
    so that their sum is greatest.
    """
    from scipy.optimize import linear_sum_assignment

    a, b = (np.asarray(w, float) for w in (first, second))
    if a.shape[0] != b.shape[0]:
        raise ValueError(f"first has {a.shape[0]} muscles, second has {b.shape[0]}")
    lengths = np.linalg.norm(a, axis=0)[:, None] * np.linalg.norm(b, axis=0)
    cosine = (a.T @ b) / np.maximum(lengths, 1e-12)
    row, column = linear_sum_assignment(-cosine)
    return cosine[row, column], column.astype(np.int64)


def _checked(record: ArrayLike) -> Floats:
    given = np.asarray(record, float)
    if given.ndim != 2 or 0 in given.shape:
        raise ValueError(f"record has shape {given.shape}; it must be [muscle, sample]")
    if not np.isfinite(given).all() or (given < 0.0).any():
        raise ValueError("record holds values below 0, NaN or infinity; it must be 0 or more")
    return given
