"""Staying up on hands and knees when pushed at a moment, in a direction and by a force unforeseen.

The push is drawn from the seed and is the experiment: no other force from outside acts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurocoord.body.model import Body
from neurocoord.tasks import balance
from neurocoord.tasks.protocol import Push


@dataclass(frozen=True, kw_only=True)
class Settings(balance.Settings):
    """A posture to hold, and the range of the push; the range is a choice."""

    pushed_body: str = "thorax"
    least_force_n: float = 50.0
    most_force_n: float = 250.0
    push_s: float = 0.15
    earliest_s: float = 0.5
    latest_s: float = 2.0


def plan(body: Body, settings: Settings) -> balance.Plan:
    """As for any posture; the push's ranges must be in order."""
    for low, high in (("least_force_n", "most_force_n"), ("earliest_s", "latest_s")):
        least, most = getattr(settings, low), getattr(settings, high)
        if not 0.0 <= least <= most:
            raise ValueError(f"{low}={least} is not allowed; it lies from 0 to {high}={most}")
    return balance.plan(body, settings)


def pushes(plan: balance.Plan, rng: np.random.Generator) -> tuple[Push, ...]:
    """One level push: time, direction and size each drawn evenly from its range."""
    settings = plan.settings
    assert isinstance(settings, Settings)
    start = rng.uniform(settings.earliest_s, settings.latest_s)
    size = rng.uniform(settings.least_force_n, settings.most_force_n)
    way = rng.uniform(-np.pi, np.pi)
    return (
        Push(
            body=settings.pushed_body,
            start_s=float(start),
            duration_s=settings.push_s,
            force_n=(float(size * np.cos(way)), float(size * np.sin(way)), 0.0),
        ),
    )


TASK = balance.TASK._replace(
    name="react",
    question="stay on hands and knees under a push of unknown time, direction and size",
    settings=Settings,
    seconds=5.0,
    plan=plan,
    pushes=pushes,
)
