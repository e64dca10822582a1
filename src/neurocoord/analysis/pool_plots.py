"""Drawing of one pool's run: raster, force and EMG over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurocoord.analysis.emg import envelope
from neurocoord.analysis.pool import PoolRun
from neurocoord.motorunits import trains

INK, ACCENT, PALE, GREY = "#000000", "#0072B2", "#a8a8a8", "#6b6b6b"


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
