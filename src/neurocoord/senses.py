"""Delayed senses, and the internal model by which a controller lives with them.

The controller is told the body's posture and velocity of a while ago. It puts them into its own
copy of the body and rolls that forward over the delay, with the active states that its own drive
since then is expected to have given (efference copy; Miall & Wolpert 1996, Neural Netw 9:1265),
never with realised spikes. It plans on what comes out. Pushes and the noise of the motor units are
not in the model: they are seen when their effects come in.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from neurocoord.body.clock import BLOCK_S, TICKS_PER_BLOCK, steps_per_block
from neurocoord.body.model import Body
from neurocoord.body.reading import BodyReading
from neurocoord.body.twin import Twin, misjudged
from neurocoord.simulation import SimulationFailed

LONGEST_DELAY_S = 0.3  # choice
WORST_ERROR = 2.0  # choice
_CONTACTS = ("contact_found", "contact_force_n", "contact_position_m")


class Senses:
    """What a controller knows of one body, ``delay_s`` (rounded up to whole blocks) old."""

    def __init__(self, body: Body, delay_s: float, model_error: float = 1.0) -> None:
        if not 0.0 <= delay_s <= LONGEST_DELAY_S:
            raise ValueError(
                f"senses_delay_s={delay_s} is not allowed; it is 0 to {LONGEST_DELAY_S}"
            )
        if not 1.0 / WORST_ERROR <= model_error <= WORST_ERROR:
            raise ValueError(
                f"model_error={model_error} is not allowed; it is {1 / WORST_ERROR:g} to"
                f" {WORST_ERROR:g}, a factor"
            )
        self.n_blocks = math.ceil(delay_s / BLOCK_S - 1e-9)
        self.body = misjudged(body, model_error)
        self._twin = Twin(self.body)
        n_steps = steps_per_block(body.model.opt.timestep)
        held = TICKS_PER_BLOCK / n_steps
        middle = np.arange(n_steps) * held + 0.5 * (held + min(held, 1.0))
        self._share = (middle / TICKS_PER_BLOCK)[:, None]  # of a block that lies before each step
        self._states: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=self.n_blocks + 1)
        self._active: deque[np.ndarray] = deque(maxlen=self.n_blocks + 1)

    def reset(self, reading: BodyReading, expected: np.ndarray) -> None:
        """Begin with a body that has been at rest, its muscles at ``expected`` [muscle]."""
        self._states.clear()
        self._active.clear()
        self.after_block(reading, expected)

    def after_block(self, reading: BodyReading, expected: np.ndarray) -> None:
        """A block has passed: the body's true state, and the active state [muscle] that the drive
        so far is expected to have given."""
        self._states.append((reading.qpos[0].copy(), reading.qvel[0].copy()))
        self._active.append(expected.copy())

    def predict(self, reading: BodyReading) -> BodyReading:
        """What the internal model takes the body's state now to be; only the clock and, where
        nothing is delayed, the contacts come from the true ``reading``."""
        self._twin.place(*self._states[0])
        before = self._active[0]
        for after in list(self._active)[1:]:
            self._twin.step(before + self._share * (after - before))
            before = after
        if self._twin.has_diverged():
            raise SimulationFailed("the internal model of the body diverged")
        felt = self._twin.read()._replace(time_s=reading.time_s)
        if len(self._states) == 1:
            felt = felt._replace(**{name: getattr(reading, name) for name in _CONTACTS})
        return felt


def of_settings(body: Body, settings: object) -> Senses | None:
    """Senses as a task's settings have them; None where they are undelayed and the model true."""
    delay_s = float(getattr(settings, "senses_delay_s", 0.0))
    model_error = float(getattr(settings, "model_error", 1.0))
    if delay_s == 0.0 and model_error == 1.0:
        return None
    return Senses(body, delay_s, model_error)
