"""The isometric pool of 1993 held at four excitations: units recruited, force, steadiness.

Fuglevand, Winter & Patla 1993 (J Neurophysiol 70:2470-2488) give the equations; the figures
compared here are not printed there. They were worked out from those equations by a separate
simulation (22 s at 1 kHz), hence "recomputed". Our pool runs compiled, draws its intervals from
tables and adds twitches by a recursion, none of which that simulation does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocoord import synchrony
from neurocoord.motorunits import kernel, published
from neurocoord.validation.protocol import Check

PAPER = "Fuglevand, Winter & Patla 1993"

# Excitation over E_max (%): units recruited, force (% of that at E_max), CV of force (%).
RECOMPUTED = {10: (54, 3.6, 3.4), 20: (79, 10.2, 3.0), 50: (111, 42.9, 2.2), 70: (120, 72.5, 1.9)}
MAXIMAL_FORCE = 1.92e4  # twitch units
SETTLE_S = 1.0  # cut off the start; the longest twitch lasts 90 ms to its peak
N_SEEDS, SECONDS = 6, 30.0
QUICK_N_SEEDS, QUICK_SECONDS = 3, 20.0

CHECKS = (
    *(
        Check(
            f"recruited_{e}", f"units recruited at {e} % E_max", n, "units", 0, "exactly",
            "recomputed",
        )
        for e, (n, _, _) in RECOMPUTED.items()
    ),
    *(
        Check(f"force_{e}", f"force at {e} % E_max", f, "% max", 0.05, "relative", "recomputed")
        for e, (_, f, _) in RECOMPUTED.items()
    ),
    *(
        Check(f"force_cv_{e}", f"CV of force at {e} % E_max", cv, "%", 0.10, "relative",
              "recomputed")
        for e, (_, _, cv) in RECOMPUTED.items()
    ),
    Check(
        "maximal_force", "force at E_max", MAXIMAL_FORCE, "twitch units", 0.01, "relative",
        "recomputed",
    ),
)  # fmt: skip

BROKEN: dict[str, dict[str, Any]] = {
    "rates rise twice as steeply": {"rate_gain_hz": 2.0},
    "thresholds span 60-fold": {"recruitment_range": 60.0},
    "twitches span 20-fold": {"twitch_range": 20.0},
    "intervals hardly vary": {"isi_cv": 0.02},
    "twitches last half as long": {"longest_contraction_s": 0.045},
}


def measure(*, quick: bool = False, **fault: float) -> dict[str, float]:
    """Our values; `fault` are keywords of `published.fuglevand_1993` that are not the paper's."""
    n_seeds, seconds = (QUICK_N_SEEDS, QUICK_SECONDS) if quick else (N_SEEDS, SECONDS)
    pool = published.fuglevand_1993(**fault)  # type: ignore[arg-type]
    full, _ = _hold(pool, 1.0, n_seeds, seconds)
    measured = {"maximal_force": float(full.mean() * pool.max_force[0])}
    for e in RECOMPUTED:
        active, n_recruited = _hold(pool, e / 100, n_seeds, seconds)
        measured[f"recruited_{e}"] = n_recruited
        measured[f"force_{e}"] = float(100 * active.mean() / full.mean())
        cv = active.std(axis=1, ddof=1) / active.mean(axis=1)
        measured[f"force_cv_{e}"] = float(100 * cv.mean())
    return measured


def plot(axes: Any, measured: dict[str, float]) -> None:
    """Force and its CV against excitation, ours over what the equations give."""
    levels = list(RECOMPUTED)
    twin = axes.twinx()
    for k, (key, side, colour, label) in enumerate(
        (("force", axes, "#0072B2", "force"), ("force_cv", twin, "#D55E00", "CV of force"))
    ):
        theirs = [RECOMPUTED[e][k + 1] for e in levels]
        ours = [measured[f"{key}_{e}"] for e in levels]
        side.plot(levels, theirs, "o", mfc="none", ms=9, color=colour, label=f"{label}, recomputed")
        side.plot(levels, ours, "x-", lw=1.2, color=colour, label=f"{label}, ours")
    for e in levels:
        axes.annotate(
            f"{measured[f'recruited_{e}']:.0f} units\n(of {RECOMPUTED[e][0]})",
            (e, 22), ha="center", size=7,
        )  # fmt: skip
    axes.set_xlabel("excitation (% E_max)")
    axes.set_ylabel("force (% of that at E_max)")
    twin.set_ylabel("CV of force (%)")
    twin.set_ylim(0, 5)
    axes.set_xlim(0, 80)
    axes.set_ylim(0, 100)
    lines, labels = axes.get_legend_handles_labels()
    more, names = twin.get_legend_handles_labels()
    axes.legend(lines + more, labels + names, loc="upper center", frameon=False, ncols=2)


def _hold(
    pool: published.PoolParameters, drive: float, n_seeds: int, seconds: float
) -> tuple[NDArray[np.float64], int]:
    """Active state `[seed, tick]` of the settled pool, and how many units fired in any run."""
    settle = round(1000 * SETTLE_S)
    held = np.full((n_seeds, settle + round(1000 * seconds), 1), drive)
    state, out = kernel.advance(
        pool, synchrony.strategy("independent")(pool), kernel.init(pool, n_seeds, seed=1993), held
    )
    return out.active_state[:, settle:, 0], int(np.any(state.spike_count > 0, axis=0).sum())
