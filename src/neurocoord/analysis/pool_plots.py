"""Drawing of one pool's run (raster, force and EMG over time) and of a sweep of runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from neurocoord.analysis.emg import envelope
from neurocoord.analysis.plots import COLOURS, MARKERS
from neurocoord.analysis.pool import PoolRun
from neurocoord.motorunits import trains

INK, ACCENT, PALE, GREY = "#000000", "#0072B2", "#a8a8a8", "#6b6b6b"
SWEPT = {
    "mean_force_percent": "Mean force\n(% of maximum)",
    "force_cv_percent": "Force CV\n(%)",
    "emg_arv": "EMG, average\nrectified",
    "mean_rate_hz": "Discharge rate\n(1/s)",
}  # measure: what its axis says


class SweptLine(NamedTuple):
    """One line of a sweep: the runs that differ in the value along x only."""

    label: str  # the other settings that are swept; empty where there are none
    values: Sequence[str]  # [run] of the setting along x, as given
    runs: Sequence[PoolRun]


def draw(axes: Sequence[Any], done: PoolRun) -> None:
    """Fill three axes that share their x: spikes by unit, force, EMG with its envelope."""
    raster, force, signal = axes
    tick_s = done.spikes.tick_s
    time_s = done.start_s + tick_s * np.arange(done.spikes.n_ticks)
    n = trains.n_units(done.spikes)
    raster.plot(
        done.start_s + done.spikes.tick * tick_s,
        trains.unit_of_spike(done.spikes) + 1,
        "|",
        color=INK,
        markersize=max(0.8, min(6.0, 200.0 / n)),
        markeredgewidth=0.35,
        rasterized=True,
    )
    raster.set_ylim(0, n + 1)
    raster.set_ylabel("Unit, in order\nof recruitment")
    force.plot(time_s, done.force_percent, color=ACCENT, linewidth=1.0)
    mean, cv = done.measures["mean_force_percent"], done.measures["force_cv_percent"]
    force.axhline(mean, color=PALE, linewidth=0.8, zorder=1)
    low, high = force.get_ylim()
    half = max(high - mean, mean - low, 0.05 * mean)
    force.set_ylim(max(0.0, mean - 1.6 * half), mean + 1.6 * half)
    force.set_ylabel("Force\n(% of maximum)")
    force.set_title(f"mean {mean:.3g} %, CV {cv:.2g} %", loc="right", color=GREY, size=8)
    signal.plot(time_s, done.emg, color=PALE, linewidth=0.3, rasterized=True)
    signal.plot(time_s, envelope(done.emg, tick_s), color=ACCENT, linewidth=1.2)
    lost = done.measures["emg_cancellation_percent"]
    signal.set_title(
        f"line: smoothed amplitude; {lost:.0f} % cancelled", loc="right", color=GREY, size=8
    )
    signal.set_ylabel("EMG\n(potential of unit 1 = 1)")
    signal.set_xlabel("Time (s)")
    signal.set_xlim(time_s[0], time_s[-1] + tick_s)


def draw_sweep(axes: Sequence[Any], path: str, lines: Sequence[SweptLine]) -> None:
    """Fill an axes for each of `SWEPT` against the values of the setting `path`.

    Values that are not all numbers stand side by side in the order given, unjoined. A measure that
    a run does not have (the CV of no force) leaves a gap.
    """
    places, names = _places([value for line in lines for value in line.values])
    for panel, (measure, said) in zip(axes, SWEPT.items(), strict=True):
        for line, colour, marker in zip(lines, COLOURS, MARKERS, strict=False):
            x = np.array([places[value] for value in line.values])
            y = np.array([run.measures[measure] for run in line.runs])
            order = np.argsort(x, kind="stable")
            joined = "none" if names else "-"
            panel.plot(
                x[order], y[order], linestyle=joined, marker=marker, color=colour, markersize=4,
                linewidth=1.2, label=line.label,
            )  # fmt: skip
        panel.set_ylabel(said)
        panel.set_ylim(0.0, 1.12 * panel.dataLim.y1 if panel.dataLim.y1 > 0 else 1.0)
        panel.margins(x=0.04)
        panel.grid(axis="y", color="#e6e6e6", linewidth=0.6)
    if names:
        axes[-1].set_xticks(range(len(names)), names)
    axes[-1].set_xlabel(path)
    if len(lines) > 1:
        axes[0].legend(
            frameon=False, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, fontsize=8,
            borderaxespad=0.0,
        )  # fmt: skip


def _places(values: Sequence[str]) -> tuple[dict[str, float], list[str]]:
    """Where each value stands along x, and the names to write there if they are not numbers."""
    try:
        numbers = {value: float(value) for value in values}
    except ValueError:
        names = list(dict.fromkeys(values))
        return {name: float(i) for i, name in enumerate(names)}, names
    return numbers, []
