"""The page of one muscle: its controls, its plots, and what synchrony does beside the twin."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocoord.lab import colours
from neurocoord.lab.controls import Controls, press
from neurocoord.lab.dials import MUSCLE, MuscleDials, told
from neurocoord.lab.muscle import BLOCK_TICKS, Bursts, Comparison, LiveMuscle
from neurocoord.lab.pace import Pace
from neurocoord.lab.plots import AGO, Line, Plot
from neurocoord.lab.scene_muscle import CAMERA_M, LOOK_AT_M, MuscleScene
from neurocoord.lab.side import SAMPLE_TICKS, SHOWN_UNITS, UNITS_S, Figures, Side
from neurocoord.motorunits.kernel import TICK_S

F64 = NDArray[np.float64]

FORCE_S = 5.0  # shown of force
EMG_S = 0.5
FORCE_EVERY = 10  # ticks between shown points of force
RASTER_S = 1.0
RASTER_EVERY = 3  # units between shown ones
SAMPLE_S = SAMPLE_TICKS * TICK_S
SLOW, SLOW_TICKS = 0.5, 5  # below this pace time goes on in smaller steps
MOST_OWED_S = 0.4  # on the wall, that is caught up with after a wait for others
MOST_WORK_S = 0.12  # of simulating between two pictures
FIGURES_EVERY_S = 0.5
EFFORTS = {"Hold": "hold", "Rest": "rest", "Fast contraction": "ballistic"}
TWIN = {"Keep these settings": "keep", "Let it go": "drop"}
TIME = {"Freeze / go on": "freeze", "Step 20 ms": "step", "Begin anew": "reset"}
STEP_TICKS = 20


class MusclePage:
    """Controls and plots of one muscle on one client's page."""

    def __init__(self, client: Any, seed: int) -> None:
        self.muscle = LiveMuscle(seed)
        self.pace = Pace(time.perf_counter())
        self._turned: dict[str, Any] = {}  # dials turned since the last picture
        self._asked: deque[str] = deque(maxlen=16)  # buttons pressed since
        self._frozen = False
        self._n_pictures = 0
        self._figures_at_s = 0.0
        self._gui, self._client = client.gui, client
        self._scene: MuscleScene | None = None

    # ---- what is drawn once ----

    def add_controls(self) -> None:
        """In the current container."""
        gui = self._gui
        self._pace_text = gui.add_markdown("starting")
        press(gui, "Effort", EFFORTS, self.ask)
        self.controls = Controls(gui, MUSCLE, self.muscle.dials, self.turn)
        press(gui, "Twin on the same noise", TWIN, self.ask)
        press(gui, "Time", TIME, self.ask)

    def add_plots(self) -> None:
        """In the current container."""
        gui = self._gui
        both = (Line("twin", colours.TWIN, width=1.5), Line("now", colours.NOW, width=1.5))
        self._force = Plot(
            gui, "Muscle force", AGO, "force (% of maximum)", both, x_range=(-FORCE_S, 0.0)
        )
        self._figures = gui.add_markdown("")
        dots = (Line("now", colours.NOW, points=2.5), Line("twin", colours.TWIN, points=2.5))
        n = self.muscle.now.params.recruitment_threshold.size
        self._raster = Plot(
            gui,
            "Spikes of every third unit: now above 0, twin below",
            AGO,
            "unit, small to large",
            dots,
            x_range=(-RASTER_S, 0.0),
            y_range=(-n, n),
            height=220,
        )
        self._rates = Plot(
            gui,
            "Discharge rates over the last second: now blue, twin orange",
            "unit, small to large",
            "rate (spikes per s)",
            (Line("now", colours.NOW, points=4), Line("twin", colours.TWIN, points=3)),
            x_range=(0, n + 1),
            y_range=(0, 45),
        )
        self._units = Plot(
            gui,
            "Forces of single units, as they fuse",
            AGO,
            "share of own full force (%)",
            [Line(f"unit {u}", c) for u, c in zip(SHOWN_UNITS, colours.UNITS)],
            x_range=(-UNITS_S, 0.0),
            y_range=(0, 105),
        )
        self._emg = Plot(
            gui, "EMG", AGO, "EMG (arbitrary units)", both, x_range=(-EMG_S, 0.0), height=160
        )

    # ---- what the page says, from any thread ----

    def turn(self, name: str, value: Any) -> None:
        """A dial was turned on the page, or by a lesson."""
        self._turned[name] = value

    def ask(self, action: str) -> None:
        """A button was pressed."""
        self._asked.append(action)

    # ---- what goes on, in the client's own thread ----

    def show(self, is_shown: bool) -> None:
        """Come into view or leave it; time stands still meanwhile."""
        if is_shown:
            camera = self._client.camera
            camera.up_direction = (0.0, 0.0, 1.0)
            camera.position = np.array(LOOK_AT_M) + CAMERA_M
            camera.look_at = LOOK_AT_M
            self._scene = MuscleScene(self._client.scene, self.muscle.now.params.twitch_force)
            self.pace.hold(time.perf_counter())
        elif self._scene is not None:
            self._scene.remove()
            self._scene = None

    def set_up(self, now: MuscleDials, twin: MuscleDials | None) -> None:
        """Begin a lesson; in the client's own thread."""
        self._turned.clear()
        self._asked.clear()
        self._frozen = False
        self.muscle.set_up(now, twin)

    def run(self) -> None:
        """Do what was asked, and run on as far as is due."""
        self._obey()
        now = time.perf_counter()
        if self._frozen:
            self.pace.hold(now)
        else:
            self._run(now)

    def picture(self) -> None:
        """Show how things are."""
        self._show_dials()
        if time.perf_counter() - self._figures_at_s > FIGURES_EVERY_S:
            self._figures_at_s = time.perf_counter()
            self._show_figures()
        self._show_plots()
        if self._scene is not None and self._n_pictures % 2 == 0:
            self._scene.show(self.muscle.now, self.muscle.twin)
        self._n_pictures += 1

    def _obey(self) -> None:
        turned, self._turned = self._turned, {}
        for name, value in turned.items():
            try:
                self.muscle.turn(name, value)
            except ValueError:
                continue  # the control goes back to what holds
        while self._asked:
            self._do(self._asked.popleft())

    def _show_dials(self) -> None:
        dials = self.muscle.dials
        self.controls.show(dials)
        self.controls.visible("force_percent", dials.goal == "force")
        self.controls.visible("drive_percent", dials.goal == "drive")
        self.controls.visible("strength", dials.strategy != "independent")
        self.controls.visible("weeks", dials.training != "none")

    def _do(self, action: str) -> None:
        muscle = self.muscle
        if action in ("hold", "rest", "ballistic"):
            muscle.begin(action)
        elif action == "keep":
            muscle.keep_twin()
        elif action == "drop":
            muscle.drop_twin()
        elif action == "reset":
            muscle.restart()
        elif action == "freeze":
            self._frozen = not self._frozen
        elif action == "step" and self._frozen:
            muscle.advance(STEP_TICKS)

    def _run(self, now: float) -> None:
        wanted = self.muscle.dials.pace
        part = BLOCK_TICKS if wanted >= SLOW else SLOW_TICKS  # small steps are dear
        due = int(self.pace.due_s(now, wanted, MOST_OWED_S) / TICK_S) // part
        done = 0
        while done < due and time.perf_counter() - now < MOST_WORK_S:
            self.muscle.advance(part)
            done += 1
        self.pace.did(done * part * TICK_S, time.perf_counter())

    def _show_plots(self) -> None:
        """Force in every picture, the others in turns, each 5 or 10 times a second."""
        now, twin = self.muscle.now, self.muscle.twin
        self._force.show(*_both(now, twin, "force_percent", FORCE_S, FORCE_EVERY))
        turn = self._n_pictures % 4
        if turn in (0, 2):
            self._raster.show(*_raster(now, twin))
        elif turn == 1:
            self._emg.show(*_both(now, twin, "emg", EMG_S, 1))
            self._show_units(now)
        else:
            self._show_rates(now, twin)

    def _show_rates(self, now: Side, twin: Side | None) -> None:
        rates = now.rates_hz()
        units = np.arange(1.0, rates.size + 1)
        self._rates.show(units, _fired(rates), _fired(twin.rates_hz() if twin else 0.0 * rates))

    def _show_units(self, now: Side) -> None:
        shares = now.unit_percent.last(round(UNITS_S / SAMPLE_S))
        self._units.show(SAMPLE_S * np.arange(1 - len(shares), 1), *shares.T)

    def _show_figures(self) -> None:
        found = self.muscle.compare()
        self._figures.content = figures_text(self.muscle, found)
        self._pace_text.content = pace_text(self.muscle, self.pace.measured, self._frozen)


def _fired(rates: F64) -> F64:
    return np.where(rates > 0, rates, np.nan)


def _both(now: Side, twin: Side | None, ring: str, seconds: float, every: int) -> list[F64]:
    """Times, values of the twin and of now, the mean of every so many ticks.

    Without a twin its line lies under that of now: a plot scales by all of its lines.
    """
    n = round(seconds / TICK_S) // every

    def thinned(side: Side) -> F64:
        values = getattr(side, ring).last(n * every)
        values = values[values.size % every :].reshape(-1, every).mean(axis=1)
        return np.concatenate([np.zeros(n - values.size), values])

    values = thinned(now)
    other = values if twin is None else thinned(twin)
    return [TICK_S * every * np.arange(1.0 - n, 1.0), other, values]


def _raster(now: Side, twin: Side | None) -> list[F64]:
    """Times of spikes in order, the unit where it is one of now, minus it where of the twin."""
    times, units = [], []
    for sign, side in ((1.0, now), (-1.0, twin)):
        if side is None:
            continue
        raster = side.spikes.last(round(RASTER_S / TICK_S))[:, ::RASTER_EVERY]
        tick, unit = np.nonzero(raster)
        times.append(TICK_S * (tick - len(raster) + 1.0))
        units.append(sign * (RASTER_EVERY * unit + 1.0))
    at, who = np.concatenate(times), np.concatenate(units)
    order = np.argsort(at, kind="stable")
    at, who = at[order], who[order]
    return [at, np.where(who > 0, who, np.nan), np.where(who < 0, who, np.nan)]


def pace_text(muscle: LiveMuscle, measured: float, frozen: bool) -> str:
    """Time, effort and pace, honestly."""
    doing = {"hold": "holding", "rest": "at rest", "ballistic": "fast contraction"}[muscle.effort]
    if frozen:
        pace = "frozen"
    elif not np.isfinite(measured):
        pace = "starting"
    else:
        behind = measured < 0.9 * muscle.dials.pace
        pace = f"{measured:.2g} x real time" + (", **behind: this machine is busy**" * behind)
    return f"**{muscle.time_s:.1f} s** simulated, {doing}, {pace}"


def figures_text(muscle: LiveMuscle, found: Comparison) -> str:
    """Figures of now and of the twin side by side, and how they differ."""
    rows = ["| | now | twin | difference |", "|---|---|---|---|"]
    now, twin = found.now, found.twin
    rows += [_row(name, unit, at, now, twin) for name, unit, at in _FIGURES]
    for index, label in enumerate(("0-50", "0-100", "0-200")):
        rows.append(_burst_row(f"rate of force development {label} ms", index, found))
    over = f"over the last {now.seconds:.1f} s" if now else "come after a few seconds of holding"
    lines = [f"now: {told(muscle.dials)}"]
    if muscle.twin is not None:
        lines.append(f"twin: {told(muscle.twin.dials)}")
    if muscle.dials.fatigue:
        lines.append(f"force left to give: {muscle.now.capacity_percent:.0f} %")
    if muscle.dials.goal == "force":
        lines.append(f"drive needed: {100.0 * muscle.now.held_drive:.0f} %")
    return "\n".join([*rows, "", f"Steady figures {over}.  ", *(f"{line}  " for line in lines)])


_FIGURES = (
    ("mean force", "% of max", "force_percent"),
    ("SD of force", "% of max", "force_sd_percent"),
    ("CV of force", "%", "force_cv_percent"),
    ("EMG, mean rectified", "a.u.", "emg"),
    ("units at work, last second", "", "active_units"),
    ("their mean rate, last second", "per s", "rate_hz"),
)


def _row(name: str, unit: str, at: str, now: Figures | None, twin: Figures | None) -> str:
    a = getattr(now, at) if now else None
    b = getattr(twin, at) if twin else None
    difference = f"{a - b:+.2g} ({100.0 * (a / b - 1.0):+.0f} %)" if a and b else ""
    label = f"{name} ({unit})" if unit else name
    return f"| {label} | {_text(a)} | {_text(b)} | {difference} |"


def _burst_row(name: str, index: int, found: Comparison) -> str:
    a, b = found.now_bursts, found.twin_bursts
    difference = ""
    if a and b:
        gap = a.mean[index] - b.mean[index]
        difference = f"{gap:+.0f} ({100.0 * gap / b.mean[index]:+.0f} %)"
    return f"| {name} (%/s) | {_burst(a, index)} | {_burst(b, index)} | {difference} |"


def _burst(found: Bursts | None, index: int) -> str:
    if found is None:
        return ""
    error = found.standard_error[index]
    spread = f" ± {error:.0f}" if np.isfinite(error) else ""
    return f"{found.mean[index]:.0f}{spread} (n={found.n})"


def _text(value: float | None) -> str:
    return "" if value is None or value != value else f"{value:.3g}"
