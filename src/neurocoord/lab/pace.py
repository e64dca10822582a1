"""Simulated time against the clock on the wall: how much is due, and how much was managed."""

from __future__ import annotations

from collections import deque

WINDOW_S = 2.0  # over which the pace is measured


class Pace:
    """What is due at a wanted pace; what cannot be caught up with is dropped and shows."""

    def __init__(self, now_s: float) -> None:
        self._last_s = now_s
        self._owed_s = 0.0
        self._done: deque[tuple[float, float]] = deque([(now_s, 0.0)])  # wall, simulated so far

    def due_s(self, now_s: float, wanted: float, most_s: float = 0.1) -> float:
        """Simulated time (s) that is due now; at most that of `most_s` on the wall is owed."""
        self._owed_s += (now_s - self._last_s) * wanted
        self._owed_s = min(self._owed_s, most_s * wanted)
        self._last_s = now_s
        return self._owed_s

    def did(self, simulated_s: float, now_s: float) -> None:
        """So much was simulated."""
        self._owed_s -= simulated_s
        self._done.append((now_s, self._done[-1][1] + simulated_s))
        while len(self._done) > 2 and now_s - self._done[1][0] > WINDOW_S:
            self._done.popleft()

    def hold(self, now_s: float) -> None:
        """The clock stood still until now: nothing is owed, and the measure begins anew."""
        self._last_s = now_s
        self._owed_s = 0.0
        self._done.clear()
        self._done.append((now_s, 0.0))

    @property
    def measured(self) -> float:
        """Simulated over real time in the last seconds; NaN before there is any."""
        (first, before), (last, after) = self._done[0], self._done[-1]
        return (after - before) / (last - first) if last > first else float("nan")
