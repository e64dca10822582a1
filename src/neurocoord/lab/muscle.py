"""The lab's one muscle at a dynamometer, live, with a frozen twin on the same noise.

    muscle = LiveMuscle(seed=1)
    muscle.keep_twin()
    muscle.turn("strategy", "short_term")
    muscle.advance(2000)
    muscle.compare()

Everything is bounded: records hold the last seconds, and bursts the last so many.
"""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocoord.analysis.adaptation import BALLISTIC_RISE_S, BALLISTIC_S
from neurocoord.analysis.force import rate_of_force_development
from neurocoord.lab.dials import MuscleDials, turned
from neurocoord.lab.side import KEPT_S, Figures, Side, figures
from neurocoord.motorunits.kernel import TICK_S
from neurocoord.settings import unknown

F64 = NDArray[np.float64]

BLOCK_TICKS = 50  # the dials are looked at anew after so many
SETTLE_S = 1.5  # after a change, before figures are taken (choice)
QUIET_S = 0.6  # of rest before and after a ballistic contraction
RFD_WINDOWS_S = ((0.0, 0.05), (0.0, 0.1), (0.0, 0.2))
MOST_BURSTS = 100  # ballistic contractions that are kept
EFFORTS = ("hold", "rest", "ballistic")


class Bursts(NamedTuple):
    """Rates of force development over ballistic contractions (% of the untrained maximum per s)."""

    n: int
    mean: F64  # [window]
    standard_error: F64  # [window]; NaN for one


class Comparison(NamedTuple):
    """The muscle now beside its twin; None where there is none, or nothing yet."""

    now: Figures | None
    twin: Figures | None
    now_bursts: Bursts | None
    twin_bursts: Bursts | None


class LiveMuscle:
    """A muscle whose dials may be turned while it runs."""

    def __init__(self, seed: int = 1, dials: MuscleDials | None = None) -> None:
        self.now = Side(dials or MuscleDials(), seed)
        self.twin: Side | None = None
        self._bursts: dict[str, deque[F64]] = {}
        self._begin()

    def _begin(self) -> None:
        self.effort = "hold"
        self._since_tick = 0  # of the effort
        self._changed_tick = 0  # of the last thing that was changed
        self.forget_bursts()

    @property
    def dials(self) -> MuscleDials:
        """The dials as they are now."""
        return self.now.dials

    @property
    def time_s(self) -> float:
        """Simulated time since the start."""
        return self.now.time_s

    def turn(self, name: str, value: Any) -> None:
        """Turn a dial; a ValueError says what is allowed, and nothing is changed then."""
        self.set_dials(turned(self.dials, name, value))

    def set_dials(self, dials: MuscleDials) -> None:
        """Turn all dials at once; a change of the units themselves begins anew."""
        before = self.now.dials
        is_new = self.now.set_dials(dials)
        if is_new:
            self.restart()
        elif (before.drive_percent, before.goal, before.force_percent) != (
            dials.drive_percent,
            dials.goal,
            dials.force_percent,
        ) or (before.strategy, before.strength) != (dials.strategy, dials.strength):
            self._changed_tick = self._tick
            self._bursts["now"].clear()

    def restart(self) -> None:
        """Begin anew, the twin too: from rest, on the same noise."""
        self.now.restart()
        if self.twin is not None:
            self.twin.restart()
        self._begin()

    def set_up(self, dials: MuscleDials, twin: MuscleDials | None = None) -> None:
        """Begin anew with these settings, and with a twin of others if one is given."""
        self.now.dials = dials
        self.twin = None if twin is None else Side(twin, self.now.seed)
        self.restart()

    def keep_twin(self) -> None:
        """Keep the settings of now as a twin that runs along."""
        self.twin = self.now.copy()
        self._bursts["twin"] = self._bursts["now"].copy()

    def drop_twin(self) -> None:
        """Let the twin go."""
        self.twin = None
        self._bursts["twin"].clear()

    def begin(self, effort: str) -> None:
        """Begin an effort, the twin too: hold what the dials say, rest, or pull once, fast."""
        if effort not in EFFORTS:
            raise ValueError(unknown("effort", effort, EFFORTS))
        if effort == "ballistic" and self.effort == "ballistic":
            return  # one at a time
        self.effort = effort
        self._since_tick = self._changed_tick = self._tick

    def forget_bursts(self) -> None:
        """Take ballistic contractions anew."""
        self._bursts = {name: deque(maxlen=MOST_BURSTS) for name in ("now", "twin")}

    @property
    def _tick(self) -> int:
        return int(self.now.state.tick[0])

    def advance(self, n_ticks: int = BLOCK_TICKS) -> None:
        """Run on by a number of ticks (ms), in blocks."""
        for _ in range(max(n_ticks // BLOCK_TICKS, 0)):
            self._block(BLOCK_TICKS)
        if n_ticks % BLOCK_TICKS:
            self._block(n_ticks % BLOCK_TICKS)

    def _block(self, n: int) -> None:
        for side in self._sides().values():
            side.advance(self._drive(side, n), samples=side is self.now)
        if self.effort == "ballistic" and self._tick - self._since_tick >= _BALLISTIC_TICKS:
            for name, side in self._sides().items():
                self._bursts[name].append(_rise(side, self._tick - self._since_tick))
            self.effort = "rest"
            self._since_tick = self._tick

    def _sides(self) -> dict[str, Side]:
        return {"now": self.now} | ({"twin": self.twin} if self.twin is not None else {})

    def _drive(self, side: Side, n: int) -> F64:
        if self.effort == "hold":
            return side.ramp(side.wanted_drive(n), n)
        if self.effort == "rest":
            return side.ramp(0.0, n)
        since_s = (np.arange(n) + 1 + self._since_of(side)) * TICK_S - QUIET_S
        drive = np.clip(since_s / BALLISTIC_RISE_S, 0.0, 1.0)
        return np.where(since_s < BALLISTIC_S, drive, 0.0)

    def _since_of(self, side: Side) -> int:
        return int(side.state.tick[0]) - self._since_tick

    @property
    def figures_over_s(self) -> float:
        """Length of the steady record that figures are taken over: 0 while it settles."""
        if self.effort != "hold":
            return 0.0
        settled = (self._tick - self._changed_tick) * TICK_S - SETTLE_S
        return float(np.clip(settled, 0.0, KEPT_S))

    def compare(self) -> Comparison:
        """Figures of now and of the twin over the same time."""
        over = self.figures_over_s
        now = figures(self.now, over) if over else None
        twin = figures(self.twin, over) if over and self.twin is not None else None
        return Comparison(now, twin, self._mean_burst("now"), self._mean_burst("twin"))

    def _mean_burst(self, name: str) -> Bursts | None:
        found = np.array(self._bursts[name])
        found = found[np.isfinite(found).all(axis=1)] if found.size else found
        if not found.size:
            return None
        n = len(found)
        error = found.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.full(found.shape[1], np.nan)
        return Bursts(n, found.mean(axis=0), error)


_BALLISTIC_TICKS = round((2 * QUIET_S + BALLISTIC_S) / TICK_S)


def _rise(side: Side, n_ticks: int) -> F64:
    """Rates of force development (% of the untrained maximum per s) in each window."""
    quiet = round(0.9 * QUIET_S / TICK_S)
    force = side.force_percent.last(n_ticks)[quiet:]
    rise = rate_of_force_development(
        force, TICK_S, maximum_n=1.0, windows_s=RFD_WINDOWS_S, baseline_s=0.05 * QUIET_S
    )
    return rise.rate_per_s
