"""The page of one body: its controls, the body in three dimensions, and how it moves."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from neurocoord.lab import colours
from neurocoord.lab.body import MOST_PUSH_N, SPIKES_S, WAYS, Figures, Picture, Watched
from neurocoord.lab.body_process import BodyProcess
from neurocoord.lab.controls import Controls, press
from neurocoord.lab.dials import BODY, BodyDials, turned
from neurocoord.lab.plots import AGO, Line, Plot
from neurocoord.lab.rings import Ring
from neurocoord.lab.scene_body import CAMERA_M, LOOK_AT_M, BodyScene

COURSE_S = 10.0  # of speed, chains and power that are shown
COURSE_PICTURES = 400  # kept of them
TEXT_EVERY_S = 0.25
TIME = {"Freeze / go on": "freeze", "Step 20 ms": "step", "Begin anew": "restart"}
LEGEND = (
    "Muscles: dark blue at rest, yellow at full activation. Orange discs: the floor pushes here,"
    " as wide as the push is strong. Click a muscle to see its motor units."
)
_CHAIN_NAMES = ("anterior", "posterior", "lateral")
NO_BODY = (
    "**Every body of this machine is taken ({n}).** A muscle of your own still works; press *Begin"
    " anew* to ask again."
)
ENDED = {
    "fell": "**It fell.** Press *Begin anew*.",
    "done": "**It has rolled over.** Press *Begin anew* to see it again.",
}


class BodyPlaces(NamedTuple):
    """Bodies that this machine can simulate at a time, shared by all pages."""

    take: Callable[[], bool]  # a place, if there is one
    give_back: Callable[[], None]
    n: int


class BodyPage:
    """Controls, scene and plots of one body on one client's page."""

    def __init__(self, client: Any, seed: int, places: BodyPlaces) -> None:
        self._gui, self._scene_api, self._client = client.gui, client.scene, client
        self._seed, self._places = seed, places
        self.dials = BodyDials()
        self._turned: dict[str, Any] = {}
        self._asked: deque[tuple[str, Any]] = deque(maxlen=16)
        self._process: BodyProcess | None = None
        self._scene: BodyScene | None = None
        self._frozen = False
        self._names: tuple[str, ...] = ()
        self._text = ""
        self._n_pictures = 0
        self._text_at_s = 0.0
        self.latest: Picture | None = None
        self._latest: tuple[Picture, float] | None = None
        self._course = Ring(COURSE_PICTURES, (3 + len(_CHAIN_NAMES),))

    # ---- what is drawn once ----

    def add_controls(self) -> None:
        """In the current container."""
        gui = self._gui
        self._pace_text = gui.add_markdown("")
        self.controls = Controls(gui, BODY, self.dials, self.turn)
        self._push_n = gui.add_slider(
            "Push on the chest, 0.1 s (N)",
            min=0,
            max=MOST_PUSH_N,
            step=10,
            initial_value=300,
            hint="A crawl at 0.4 m/s bears 300 N at most moments.",
        )
        press(gui, "Push it to", {w: w for w in WAYS}, lambda way: self.ask("push", way))
        press(gui, "Time", TIME, self.ask)

    def add_plots(self) -> None:
        """In the current container."""
        gui = self._gui
        gui.add_markdown(LEGEND)
        self._figures = gui.add_markdown("")
        self._speed = Plot(
            gui,
            "Speed over the last 2 s",
            AGO,
            "speed (m/s)",
            [Line("speed", colours.NOW)],
            x_range=(-COURSE_S, 0.0),
        )
        lines = [Line(f"{n} chain", c) for n, c in zip(_CHAIN_NAMES, colours.UNITS)]
        self._chains = Plot(
            gui,
            "Chains: share of active force over the last quarter of a second",
            AGO,
            "share of force (%)",
            lines,
            x_range=(-COURSE_S, 0.0),
            y_range=(0, 70),
        )
        self._cost = Plot(
            gui,
            "Metabolic power over the last 2 s",
            AGO,
            "power (W/kg)",
            [Line("power", colours.TWIN)],
            x_range=(-COURSE_S, 0.0),
        )
        self._watch = gui.add_dropdown(
            "Muscle to look into", ("starting",), hint="Or click one in the picture."
        )
        self._watch_told = ""  # what was last shown or heard
        self._watch.on_update(lambda _: self._hear_watch(self._watch.value))
        self._unit_text = gui.add_markdown("")
        self._raster = Plot(
            gui,
            "Spikes of its motor units",
            AGO,
            "unit, small to large",
            [Line("spikes", colours.NOW, points=2.5)],
            x_range=(-SPIKES_S, 0.0),
            y_range=(0, 121),
            height=220,
        )

    # ---- what the page says, from any thread ----

    def turn(self, name: str, value: Any) -> None:
        """A dial was turned on the page, or by a lesson."""
        self._turned[name] = value

    def ask(self, action: str, value: Any = None) -> None:
        """A button was pressed."""
        self._asked.append((action, value))

    # ---- what goes on, in the client's own thread ----

    def show(self, is_shown: bool) -> None:
        """Come into view, with a body, or leave it, and give the body's place back."""
        if is_shown:
            self._client.camera.up_direction = (0.0, 0.0, 1.0)
            self._client.camera.position = np.array(LOOK_AT_M) + CAMERA_M
            self._client.camera.look_at = LOOK_AT_M
            self._begin()
        else:
            self.close()

    def _begin(self) -> None:
        if self._process is None and self._places.take():
            try:
                self._process = BodyProcess(self.dials, self._seed)
                self._text = "starting a body: a few seconds"
            except Exception as failure:  # whatever it is, the place is not lost
                self._places.give_back()
                self._text = f"**No body could be started**: {failure}"
        elif self._process is None:
            self._text = NO_BODY.format(n=self._places.n)
        self._pace_text.content = self._text

    def _hear_watch(self, name: str) -> None:
        """A choice of the visitor's: what a picture set is told too, and no choice."""
        if name != self._watch_told:
            self._watch_told = name
            self.ask("watch", name)

    def close(self) -> None:
        """End the body's process."""
        if self._process is not None:
            self._process.close()
            self._process = None
            self._places.give_back()
        if self._scene is not None:
            self._scene.remove()
            self._scene = None
        self._latest, self._frozen = None, False
        self._course.clear()

    def set_up(self, dials: BodyDials) -> None:
        """Begin a lesson; in the client's own thread."""
        self._turned.clear()
        self._asked.clear()
        self.dials = dials
        self._course.clear()
        self._frozen = False
        if self._process is not None:
            self._process.tell("freeze", False)
            self._process.tell("dials", dials)
            self._process.tell("restart")

    def run(self) -> None:
        """Do what was asked, and see whether there is a new picture."""
        turned_now, self._turned = self._turned, {}
        before = self.dials
        for name, value in turned_now.items():
            try:
                self.dials = turned(self.dials, name, value)
            except ValueError:
                continue  # the control goes back to what holds
        if self._process is not None and self.dials != before:
            self._process.tell("dials", self.dials)
        while self._asked:
            self._do(*self._asked.popleft())
        if self._process is not None:
            self._latest = self._process.picture() or self._latest

    def _do(self, action: str, value: Any) -> None:
        process = self._process
        if action == "restart" and (process is None or process.failed):
            self.close()
            self._begin()
        elif process is None:
            return
        elif action == "push":
            force = float(self._push_n.value)
            if math.isfinite(force):
                process.tell("push", value, min(max(force, 0.0), MOST_PUSH_N))
        elif action == "watch":
            process.tell("watch", str(value).partition(" ")[0])
        elif action == "freeze":
            self._frozen = not self._frozen
            process.tell("freeze", self._frozen)
        else:
            if action == "restart":
                self._course.clear()
            process.tell(action)

    def picture(self) -> None:
        """Show how things are."""
        self.controls.show(self.dials)
        self.controls.visible("speed_m_per_s", self.dials.task == "crawl")
        self.controls.visible("strength", self.dials.strategy != "independent")
        self.controls.visible("scope", self.dials.strategy != "independent")
        self.controls.visible("allocation_dial", self.dials.allocation != "effort")
        if self._process is not None and self._process.failed:
            self._pace_text.content = f"**The body stopped**: {self._process.failed}"
        if self._latest is None or self._process is None:
            return
        (picture, pace), self._latest = self._latest, None
        if self._scene is None:
            self._set_scene()
        assert self._scene is not None
        self.latest = picture
        self._scene.show(picture)
        self._show_plots(picture)
        if time.perf_counter() - self._text_at_s > TEXT_EVERY_S:
            self._text_at_s = time.perf_counter()
            self._pace_text.content = self._told(picture, pace)
            self._figures.content = figures_text(picture.figures)
            self._show_watched(picture.watched)
        self._n_pictures += 1

    def _set_scene(self) -> None:
        assert self._process is not None
        names = self._names = self._process.muscles
        self._watch.options = names
        self._scene = BodyScene(
            self._scene_api,
            self._process.shapes,
            self._process.most_pieces,
            lambda muscle: self.ask("watch", names[muscle]),
        )

    def _show_plots(self, picture: Picture) -> None:
        at = picture.figures
        chains = [100.0 * at.chain_share_now.get(name, math.nan) for name in _CHAIN_NAMES]
        self._course.add([[picture.time_s, at.speed_m_per_s, at.power_w_per_kg, *chains]])
        course = self._course.last(COURSE_PICTURES)
        course = course[np.isfinite(course).all(axis=1)]
        course[:, 0] -= picture.time_s
        course = course[course[:, 0] >= -COURSE_S]
        turn = self._n_pictures % 4
        if turn == 1:
            self._speed.show(course[:, 0], course[:, 1])
        elif turn == 2:
            self._chains.show(course[:, 0], *course[:, 3:].T)
        elif turn == 3:
            self._cost.show(course[:, 0], course[:, 2])
        else:
            seen = picture.watched
            self._raster.show(seen.spike_time_s - picture.time_s, 1.0 + seen.spike_unit)

    def _show_watched(self, seen: Watched) -> None:
        name = next((n for n in self._names if n.startswith(f"{seen.muscle} ")), seen.muscle)
        if name != self._watch_told:
            self._watch_told = name
            self._watch.value = name
        rate = f", {seen.rate_hz:.0f} spikes per s" if math.isfinite(seen.rate_hz) else ""
        self._unit_text.content = (
            f"**{name}**: drive {100 * seen.drive:.0f} %, active state"
            f" {100 * seen.active_state:.0f} %{rate}"
        )

    def _told(self, picture: Picture, pace: float) -> str:
        ended = ENDED.get(picture.outcome, picture.outcome and f"**Stopped**: {picture.outcome}")
        if self._frozen:
            how = "frozen"
        elif not math.isfinite(pace):
            how = "at rest" if picture.outcome else "starting"
        else:
            behind = pace < 0.9 * self.dials.pace
            how = f"{pace:.2g} x real time" + (", **behind: this machine is busy**" * behind)
        lines = [f"**{picture.time_s:.1f} s**, {how}", ended, "**pushed**" * picture.pushed]
        return "  \n".join(line for line in lines if line)


def figures_text(found: Figures) -> str:
    """How the body moves, as a table."""
    share = found.chain_share
    joint = found.cocontraction_percent
    rows = [
        "| | |",
        "|---|---|",
        f"| speed | {_number(found.speed_m_per_s, '.2f')} m/s |",
        f"| metabolic power | {_number(found.power_w_per_kg, '.1f')} W/kg |",
        f"| cost of transport | {_number(found.cost_j_per_kg_m, '.0f')} J/kg/m |",
        f"| chains, share of force (%) | {_listed(share, 100.0)} |",
        f"| co-contraction (%) | {_listed(joint, 1.0)} |",
    ]
    return "\n".join([*rows, "", f"Over the last {found.seconds:.1f} s."])


def _listed(values: dict[str, float], scale: float) -> str:
    return ", ".join(f"{name} {_number(scale * value, '.0f')}" for name, value in values.items())


def _number(value: float, form: str) -> str:
    return f"{value:{form}}" if math.isfinite(value) else "none"
