"""Draw the figures of docs/motor_units.md into docs/figures/; about half a minute.

    python docs/make_motor_unit_figures.py                      # all of them
    python docs/make_motor_unit_figures.py --only onion training

Everything is seeded: the same code draws the same figures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import drawing
import numpy as np
from numpy.typing import NDArray

from neurocoord import synchrony
from neurocoord.analysis import adaptation
from neurocoord.analysis.emg import average_rectified_value
from neurocoord.analysis.force import rate_of_force_development
from neurocoord.analysis.plots import COLOURS, GREY
from neurocoord.motorunits import (
    discharge,
    emg,
    kernel,
    potvin_fuglevand,
    published,
    three_compartment,
    training,
    trains,
)
from neurocoord.motorunits.parameters import TICK_S, Coupling, PoolParameters

STRATEGIES = ("independent", "common_drive", "short_term", "beta", "staggered")
SETTLE = 1000  # ticks

Floats = NDArray[np.float64]


def _noisy(**options: Any) -> PoolParameters:
    """The pool of 1993 with the variability of the body's pools: something to share."""
    return published.fuglevand_1993(
        isi_cv=published.BODY_ISI_CV,
        drive_noise_floor=published.DRIVE_NOISE_FLOOR,
        drive_noise_slope=published.DRIVE_NOISE_SLOPE,
        rhythm_noise=published.RHYTHM_NOISE,
        **options,
    )


def _hold(
    params: PoolParameters, coupling: Coupling, drive: float, seconds: float, n_seeds: int
) -> kernel.BlockOutput:
    """A held drive after a second to settle, with spikes."""
    held = np.full((n_seeds, SETTLE + round(seconds / TICK_S), 1), drive)
    state = kernel.init(params, n_seeds, 1)
    _, out = kernel.advance(params, coupling, state, held, record_spikes=True)
    return out._replace(active_state=out.active_state[:, SETTLE:], spikes=out.spikes[:, SETTLE:])


def draw_onion(figure: Any) -> None:
    """Rate against drive: onion skin, saturating rates, and the opposite of an onion skin."""
    pools = {
        "onion skin (1993)": published.fuglevand_1993(),
        "saturating rates": published.fuglevand_1993(rate_saturates=True),
        "opposite: late units peak highest": published.fuglevand_1993(
            peak_rate_first_hz=25.0, peak_rate_difference_hz=-12.0
        ),
    }
    drive = np.linspace(0.0, 1.0, 401)
    for axes, (title, pool) in zip(figure.subplots(1, 3, sharey=True), pools.items()):
        for j, unit in enumerate(range(0, 120, 17)):
            excitation = drive * pool.max_excitation[0]
            constants = (
                pool.recruitment_threshold[unit],
                pool.minimum_rate_hz[unit],
                pool.peak_rate_hz[unit],
                pool.rate_gain_hz[unit],
            )
            if pool.rate_saturates[0]:
                rate = discharge.saturating_rate_hz(excitation, *constants, pool.decay_table)
            else:
                rate = discharge.discharge_rate_hz(excitation, *constants)
            shade = 0.1 + 0.75 * j / 7
            axes.plot(100 * drive, np.where(rate > 0, rate, np.nan), color=(0.0, shade, 0.75))
        axes.set_title(title, loc="left", weight="bold")
        axes.set_xlabel("drive (% of maximum)")
    figure.axes[0].set_ylabel("discharge rate (imp/s)")
    figure.axes[0].set_ylim(0, 40)
    figure.axes[0].text(30, 3, "every 17th of 120 units;\nsmall ones dark", color=GREY, size=8)


def draw_strategies(figure: Any) -> None:
    """Raster and force of each strategy at the same drive and seed."""
    params = _noisy()
    panels = figure.subplots(
        2, len(STRATEGIES), sharex=True, sharey="row", height_ratios=(1.5, 1.0)
    )
    for column, name in enumerate(STRATEGIES):
        out = _hold(params, synchrony.strategy(name)(params, strength=1.0), 0.3, 20.0, 1)
        force = 100 * out.active_state[0, :, 0]
        top, bottom = panels[:, column]
        tick, unit = np.nonzero(out.spikes[0, :1000])
        top.plot(tick * TICK_S, unit + 1, ".", ms=1.1, color=COLOURS[column], rasterized=True)
        bottom.plot(np.arange(1000) * TICK_S, force[:1000], lw=0.9, color=COLOURS[column])
        top.set_title(name, loc="left", weight="bold")
        cv = 100 * force.std() / force.mean()
        bottom.set_title(f"20 s: mean {force.mean():.1f} %, CV {cv:.1f} %", loc="left", size=8)
        bottom.set_xticks([0.0, 0.5, 1.0])
        bottom.set_xlabel("time (s)")
    panels[0, 0].set_ylabel("unit, by size")
    panels[1, 0].set_ylabel("force (% of maximum)")


def draw_force_emg(figure: Any) -> None:
    """EMG amplitude against force, three levels of short-term synchrony."""
    params = published.fuglevand_1993()
    shapes = emg.potentials(params)
    drives = np.array([0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    left, right = figure.subplots(1, 2)
    shares = {"none": 0.0, "moderate, c = 0.31": 0.31, "high, c = 0.60": 0.60}
    unit_emg = None
    base: Floats = np.ones(drives.size)
    for j, (label, share) in enumerate(shares.items()):
        coupling = synchrony.strategy("short_term")(params, hazard_share=share, max_delay_ticks=0)
        force, amplitude = np.empty(drives.size), np.empty(drives.size)
        for k, drive in enumerate(drives):
            out = _hold(params, coupling, float(drive), 8.0, 3)
            force[k] = 100 * out.active_state.mean()
            amplitude[k] = np.mean(
                [
                    average_rectified_value(emg.emg(trains.from_raster(spikes, TICK_S), shapes))[0]
                    for spikes in out.spikes
                ]
            )
        if unit_emg is None:
            unit_emg, base = amplitude[-1], amplitude
        style = {"color": COLOURS[j], "marker": "os^"[j], "ms": 4, "lw": 1.2, "label": label}
        left.plot(force, 100 * amplitude / unit_emg, **style)
        right.plot(force, 100 * (amplitude / base - 1.0), clip_on=False, **style)
        if share:
            mean = 100 * np.mean(amplitude / base - 1.0)
            print(f"EMG, short-term synchrony {label}: {mean:+.0f} % on average")
    left.set_ylabel("EMG amplitude (% of full drive, no synchrony)")
    right.set_ylabel("growth of EMG amplitude by synchrony (%)")
    for axes in (left, right):
        axes.set_xlabel("force (% of maximum)")
        axes.set_ylim(bottom=0)
    left.legend(
        frameon=False,
        title="short-term synchrony\n(c: shared part of firing hazard)",
        alignment="left",
    )
    left.set_title("EMG amplitude against force", loc="left", weight="bold")
    right.set_title("What synchrony adds", loc="left", weight="bold")


def draw_force_cv(figure: Any) -> None:
    """CV of force against force, with the human minimum."""
    params = _noisy()
    drives = np.array([0.03, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0])
    axes = figure.subplots()
    settings = {
        "independent": {},
        "common_drive, 0.6": {"strength": 0.6},
        "short_term, 0.5": {"strength": 0.5},
        "staggered, 1": {"strength": 1.0},
    }
    for j, (label, dial) in enumerate(settings.items()):
        coupling = synchrony.strategy(label.split(",")[0])(params, **dial)
        force, cv = [], []
        for drive in drives:
            active = _hold(params, coupling, float(drive), 10.0, 4).active_state[:, :, 0]
            force.append(100 * active.mean())
            cv.append(100 * float(np.mean(active.std(axis=1) / active.mean(axis=1))))
        axes.plot(force, cv, color=COLOURS[j], marker="os^D"[j], ms=4, lw=1.2, ls="-", label=label)
    axes.plot(30, 1.7, "*", ms=13, color="#E69F00", label="people: minimum (Taylor et al. 2003)")
    axes.set_xlabel("force (% of maximum)")
    axes.set_ylabel("CV of force (%)")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, title="strategy, strength", alignment="left")
    axes.set_title("Steadiness of a held drive", loc="left", weight="bold")


def draw_endurance(figure: Any) -> None:
    """Endurance against target: motor units that tire, and the three-compartment model."""
    target = np.array([0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95])
    axes = figure.subplots()
    units = potvin_fuglevand.endurance_time_s(target)
    axes.plot(
        100 * target, units, "-o", color=COLOURS[0], ms=4,
        label="motor units (Potvin & Fuglevand 2017)",
    )  # fmt: skip
    for j, joint in enumerate(("ankle", "elbow", "shoulder")):
        rates = three_compartment.joint(joint)
        times = three_compartment.endurance_time_s(target, rates)
        axes.plot(
            100 * target, times, "--", color=COLOURS[j + 1], label=f"three compartments, {joint}"
        )
    axes.set_yscale("log")
    axes.set_yticks([3, 10, 30, 60, 120, 300, 600, 1800])
    axes.set_yticklabels(["3 s", "10 s", "30 s", "1 min", "2 min", "5 min", "10 min", "30 min"])
    axes.minorticks_off()
    axes.set_xlabel("force held (% of rested maximum)")
    axes.set_ylabel("endurance time")
    axes.legend(frameon=False)
    axes.set_title("How long a force can be held, by two models", loc="left", weight="bold")


def draw_training(figure: Any) -> None:
    """First spikes, force and its rate of development before and after ballistic training."""
    before = training.untrained()
    pools = {"before": before, "after 12 weeks": training.train(before, "plyometric", 12.0)}
    rows = figure.subplots(2, 2)
    rise = {}
    rest = round(adaptation.REST_S / TICK_S)
    for j, (label, pool) in enumerate(pools.items()):
        force, fired = adaptation.ballistic(pool, 4, 40)
        tick, unit = np.nonzero(fired[0, rest : rest + 120])
        rows[0, j].plot(tick, unit + 1, ".", ms=2.5, color=GREY)
        pairs = _doublets(fired[0, rest : rest + 120])
        rows[0, j].plot(pairs[0], pairs[1] + 1, ".", ms=5, color=COLOURS[2])
        title = f"One contraction {label}; doublets orange"
        rows[0, j].set_title(title, loc="left", weight="bold")
        rows[0, j].set_xlabel("time from onset of drive (ms)")
        rows[0, j].set_ylabel("unit, by size")
        rows[0, j].set_ylim(0, 126)
        mean = 100 * force.mean(axis=0) / before.max_force[0]
        time_ms = (np.arange(mean.size) - rest) * TICK_S * 1000
        rows[1, 0].plot(time_ms, mean, color=COLOURS[2 * j], label=label)
        rise[label] = rate_of_force_development(
            force, TICK_S, maximum_n=float(before.max_force[0]), baseline_s=adaptation.REST_S
        ).rate_per_s.mean(axis=0)
    rows[1, 0].set_xlim(-10, 160)
    rows[1, 0].set_xlabel("time from onset of drive (ms)")
    rows[1, 0].set_ylabel("force (% of maximum before)")
    rows[1, 0].set_title("Force, mean of 40 contractions", loc="left", weight="bold")
    rows[1, 0].legend(frameon=False, loc="lower right")
    for j, (label, rate) in enumerate(rise.items()):
        place = np.arange(rate.size) + 0.38 * (j - 0.5)
        bars = rows[1, 1].bar(place, 100 * rate, 0.36, color=COLOURS[2 * j], label=label)
        rows[1, 1].bar_label(bars, fmt="%.0f", size=8, padding=2)
    rows[1, 1].set_ylim(-260, 1950)
    rows[1, 1].axhline(0, color=GREY, lw=0.7)
    rows[1, 1].set_xticks(range(3), ["0-50 ms", "50-100 ms", "100-200 ms"])
    rows[1, 1].set_xlabel("window from onset of force")
    rows[1, 1].set_ylabel("rate (% of maximum before, per s)")
    rows[1, 1].set_title("Rate of force development, mean of 40", loc="left", weight="bold")
    rows[1, 1].legend(frameon=False)


def _doublets(raster: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ticks and units of the first two spikes of units that start with a doublet."""
    record = trains.from_raster(raster, TICK_S)
    found: list[tuple[int, int]] = []
    for unit in range(trains.n_units(record)):
        times = trains.of_unit(record, unit)
        if times.size > 1 and times[1] - times[0] <= 5:
            found += [(int(times[0]), unit), (int(times[1]), unit)]
    both = np.array(found, dtype=np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


DRAWINGS: dict[str, tuple[Callable[[Any], None], tuple[float, float]]] = {
    "onion": (draw_onion, (9.5, 3.2)),
    "strategies": (draw_strategies, (11.0, 4.6)),
    "force_emg": (draw_force_emg, (9.5, 3.8)),
    "force_cv": (draw_force_cv, (6.4, 4.2)),
    "endurance": (draw_endurance, (6.4, 4.2)),
    "training": (draw_training, (9.5, 6.6)),
}


def main() -> None:
    """The command line."""
    drawing.draw_chosen(DRAWINGS, "motor_units", __doc__ or "")


if __name__ == "__main__":
    main()
