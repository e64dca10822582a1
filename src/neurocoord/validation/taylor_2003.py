"""Steadiness over the whole range of force, with synchrony that grows with drive.

Taylor, Christou & Enoka 2003 (J Neurophysiol 90:1350-1361) measured the CV of force of a hand
muscle from 2 to 98 % of maximum: lowest, 1.7 %, near 30 % of maximum, and a plateau above. Of their
120-unit models the one whose synchrony grew with excitation came nearest. No published model
reproduces the whole curve, and neither does this one: what gates is the direction. Without
synchrony, or with as much of it at every force, the CV falls up to maximal force; with synchrony
that grows with drive its minimum lies far below. Synchrony acts without changing how much the
intervals of a unit vary.

The minimum itself is shown beside ours with the drive noise of the body's pools. How synchrony
grows (with the square of drive), how far, and the bounds of the checks are choices; the abstract
gives the direction.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocoord.motorunits import kernel, published
from neurocoord.motorunits.parameters import PoolParameters
from neurocoord.synchrony import short_term
from neurocoord.validation.protocol import Check

PAPER = "Taylor, Christou & Enoka 2003"

DRIVES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
SHARE_AT_FULL_DRIVE = 0.5  # of the firing hazard, when it grows (choice)
CONSTANT_SHARE = 0.2  # when it does not (choice)
SETTLE_S = 1.0
N_SEEDS, SECONDS = 8, 30.0
QUICK_DRIVES = (0.05, 0.2, 0.4, 0.6, 0.8, 1.0)
QUICK_N_SEEDS, QUICK_SECONDS = 4, 10.0
INTERVALS_AT = 0.6  # drive at which interval CVs are compared (choice)

CHECKS = (
    Check(
        "minimum_growing", "force of the least CV, synchrony growing", None, "% max", 75.0,
        "at_most", "read",
    ),
    Check(
        "rise_growing", "CV at maximal force over least CV, synchrony growing", None, "1", 1.1,
        "at_least", "read",
    ),
    Check(
        "minimum_none", "force of the least CV, no synchrony", None, "% max", 90.0, "at_least",
        "read",
    ),
    Check(
        "minimum_constant", "force of the least CV, constant synchrony", None, "% max", 90.0,
        "at_least", "read",
    ),
    Check(
        "isi_cv_ratio", "interval CV with synchrony over without", 1.0, "1", 0.02, "absolute",
        "read",
    ),
    Check(
        "minimum_noisy", "force of the least CV, growing, body's noise", 30.0, "% max", 0.0,
        "shown", "read",
    ),
    Check("cv_noisy", "least CV, growing, body's noise", 1.7, "%", 0.0, "shown", "read"),
)  # fmt: skip

BROKEN: dict[str, dict[str, Any]] = {
    "synchrony does not grow": {"share_at_full_drive": 0.0},
    "synchrony grows where it should not": {"leak": 0.5},
    "intervals vary more under synchrony": {"isi_cv_added": 0.03},
}


def measure(
    *,
    quick: bool = False,
    share_at_full_drive: float = SHARE_AT_FULL_DRIVE,
    leak: float = 0.0,
    isi_cv_added: float = 0.0,
) -> dict[str, float]:
    """Our values, and the curves `force_<condition>_<k>`, `cv_<condition>_<k>` for the plot.

    Faults: `leak` lets synchrony grow with drive in the two conditions where it should not,
    `isi_cv_added` makes intervals vary more where there is synchrony.
    """
    size = (QUICK_N_SEEDS, QUICK_SECONDS) if quick else (N_SEEDS, SECONDS)
    drive = np.array(QUICK_DRIVES if quick else DRIVES)
    body = published.body_pools([120], [0.5])
    pool = published.fuglevand_1993()
    synchronous = published.fuglevand_1993(isi_cv=0.2 + isi_cv_added)
    noisy = published.fuglevand_1993(
        drive_noise_floor=float(body.drive_noise_floor[0]),
        drive_noise_slope=float(body.drive_noise_slope[0]),
    )
    growing = share_at_full_drive * drive**2
    conditions = {
        "none": (pool, leak * drive**2),
        "constant": (synchronous, leak * drive**2 if leak else np.full(drive.size, CONSTANT_SHARE)),
        "growing": (synchronous, growing),
        "noisy": (noisy, growing),
    }
    measured: dict[str, float] = {}
    interval_cv = {}
    for name, (params, shares) in conditions.items():
        force, cv = np.array([_hold(params, d, c, *size) for d, c in zip(drive, shares)]).T
        lowest = int(np.argmin(cv))
        measured[f"minimum_{name}"] = float(100 * force[lowest] / force[-1])
        measured[f"cv_{name}"] = float(100 * cv[lowest])
        measured[f"rise_{name}"] = float(cv[-1] / cv[lowest])
        for k in range(drive.size):
            measured[f"force_{name}_{k}"] = float(100 * force[k] / force[-1])
            measured[f"cv_{name}_{k}"] = float(100 * cv[k])
        interval_cv[name] = _interval_cv(params, INTERVALS_AT, shares[drive == INTERVALS_AT][0])
    measured["isi_cv_ratio"] = interval_cv["growing"] / interval_cv["none"]
    return measured


def plot(axes: Any, measured: dict[str, float]) -> None:
    """CV of force against force for each kind of synchrony, with the published minimum."""
    looks = {
        "none": ("no synchrony", "#000000", "-"),
        "constant": ("constant synchrony", "#0072B2", "--"),
        "growing": ("growing with drive", "#D55E00", "-"),
        "noisy": ("growing, with the body's drive noise", "#009E73", "-."),
    }
    for name, (label, colour, line) in looks.items():
        ks = [k for k in range(len(DRIVES)) if f"force_{name}_{k}" in measured]
        axes.plot(
            [measured[f"force_{name}_{k}"] for k in ks],
            [measured[f"cv_{name}_{k}"] for k in ks],
            line, marker="o", ms=3, lw=1.2, color=colour, label=label,
        )  # fmt: skip
    axes.plot(30, 1.7, "*", ms=12, color="#CC79A7", label="measured minimum (people)")
    axes.set_xlabel("force (% of maximum)")
    axes.set_ylabel("CV of force (%)")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)


def _hold(
    params: PoolParameters, drive: float, share: float, n_seeds: int, seconds: float
) -> tuple[float, float]:
    """Mean force and CV of force at a held drive, averaged over seeds."""
    settle = round(1000 * SETTLE_S)
    held = np.full((n_seeds, settle + round(1000 * seconds), 1), drive)
    coupling = short_term.coupling(params, hazard_share=float(share))
    state = kernel.init(params, n_seeds, seed=2003)
    _, out = kernel.advance(params, coupling, state, held)
    active = out.active_state[:, settle:, 0]
    cv = active.std(axis=1, ddof=1) / active.mean(axis=1)
    return float(active.mean()), float(cv.mean())


def _interval_cv(params: PoolParameters, drive: float, share: float) -> float:
    """CV of the intervals of a unit, averaged over the units that fire."""
    held = np.full((1, 30_000, 1), drive)
    coupling = short_term.coupling(params, hazard_share=float(share))
    state = kernel.init(params, 1, seed=2003)
    _, out = kernel.advance(params, coupling, state, held, record_spikes=True)
    intervals = [np.diff(np.flatnonzero(train)) for train in out.spikes[0].T]
    return float(np.mean([_cv(isi) for isi in intervals if isi.size > 20]))


def _cv(values: NDArray[np.int64]) -> float:
    return float(values.std(ddof=1) / values.mean())
