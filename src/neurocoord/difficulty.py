"""How hard an episode is: one number from 0 to 1, and what it draws from the episode's seed.

At 0 nothing is drawn and a trial stays as it is. ``docs/environments.md`` has the table. All ranges
are choices, made by what the built-in controller bears (docs/every_seed.md).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from neurocoord import seeds
from neurocoord.tasks import isokinetic
from neurocoord.tasks.protocol import Push
from neurocoord.trial import TrialConfig

STRENGTH = 0.2  # of every muscle: 1 plus or minus this
FRICTION = (0.4, 1.2)  # factor, from lowest to highest
PUSH_S = 0.1
PUSH_BETWEEN_S = (0.5, 3.0)  # when the push begins
CRAWL_SPEEDS_M_PER_S = (0.1, 0.7)  # drawn speeds stay within, forward or backward as asked
REACT_MORE = 0.6  # the strongest push of React grows by this share


class Ranges(NamedTuple):
    """What difficulty 1 does to a task, beside the muscles' strength."""

    noise_rad: float = 0.0  # added to the noise of the start
    on_floor: bool = False  # whether friction differs
    slope_deg: float = 0.0  # up or down along +x
    bump_m: float = 0.0  # highest bumps
    push_n_s: float = 0.0  # largest impulse, level, on the thorax, from any side
    speed_m_per_s: float = 0.0  # commanded speed of a crawl, more or less
    speed_factor: float = 1.0  # of a lever, at most


RANGES = {
    "isometric": Ranges(),
    "isokinetic": Ranges(speed_factor=4.0),
    "roll": Ranges(noise_rad=0.07, on_floor=True, slope_deg=5.0),
    "crawl": Ranges(0.04, True, slope_deg=10.0, bump_m=0.02, push_n_s=20.0, speed_m_per_s=0.3),
    "balance": Ranges(0.02, True, slope_deg=5.0, push_n_s=10.0),
    "react": Ranges(0.02, True, slope_deg=5.0),
}


def check_difficulty(difficulty: float) -> float:
    """The same number; ValueError where it is none from 0 to 1."""
    if not 0.0 <= difficulty <= 1.0:
        raise ValueError(f"difficulty={difficulty!r} is not allowed; it is 0 to 1")
    return float(difficulty)


def harder(
    config: TrialConfig, difficulty: float, seed: int
) -> tuple[TrialConfig, dict[str, float]]:
    """A complete config made harder, and by how much, as drawn from the stream ``difficulty``.

    The draws of a seed are the same at every difficulty, which scales them.
    """
    if check_difficulty(difficulty) == 0.0:
        return config, {"difficulty": 0.0}
    of, ground = RANGES[config.task], config.ground
    rng = seeds.generator(seed, "difficulty")
    strength, slope, speed = difficulty * rng.uniform(-1.0, 1.0, 3)
    bump, impulse, faster = difficulty * rng.uniform(0.0, 1.0, 3)
    friction = 1.0 + difficulty * (rng.uniform(*FRICTION) - 1.0)
    bump_seed = int(rng.integers(2**31))
    push = _push(of.push_n_s * impulse, rng)
    noise_rad = difficulty * of.noise_rad
    settings, drawn = config.settings, {"strength": config.strength * (1.0 + STRENGTH * strength)}
    config = replace(config, strength=drawn["strength"])
    if of.on_floor:
        ground = replace(
            ground,
            friction=ground.friction * friction,
            uphill_deg=ground.uphill_deg + of.slope_deg * slope,
        )
        drawn |= {"friction": ground.friction, "uphill_deg": ground.uphill_deg}
    if of.bump_m > 0.0:
        ground = replace(ground, bump_m=ground.bump_m + of.bump_m * bump, bump_seed=bump_seed)
        drawn["bump_m"] = ground.bump_m
    changes: dict[str, float] = {}
    if of.noise_rad > 0.0:
        changes["start_noise_rad"] = settings.start_noise_rad + noise_rad
    if of.speed_m_per_s > 0.0:
        changes["speed_m_per_s"] = _crawl_speed(settings, of.speed_m_per_s * speed)
    if of.speed_factor > 1.0:
        factor = 1.0 + (of.speed_factor - 1.0) * faster
        changes["speed_deg_per_s"] = max(
            settings.speed_deg_per_s,
            min(settings.speed_deg_per_s * factor, isokinetic.fastest_deg_per_s(settings)),
        )
    if config.task == "react":
        changes["most_force_n"] = settings.most_force_n * (1.0 + REACT_MORE * difficulty)
    if of.push_n_s > 0.0:
        drawn["push_n_s"] = of.push_n_s * impulse
        config = replace(config, pushes=(*config.pushes, push))
    settings = replace(settings, **changes) if changes else settings
    config = replace(config, ground=ground, settings=settings)
    return config, {"difficulty": float(difficulty), **drawn, **changes}


def _push(impulse_n_s: float, rng: np.random.Generator) -> Push:
    start, way = rng.uniform(*PUSH_BETWEEN_S), rng.uniform(-np.pi, np.pi)
    force = impulse_n_s / PUSH_S
    return Push(
        start_s=float(start),
        duration_s=PUSH_S,
        force_n=(float(force * np.cos(way)), float(force * np.sin(way)), 0.0),
    )


def _crawl_speed(settings: Any, more: float) -> float:
    asked = abs(settings.speed_m_per_s)
    low, high = min(CRAWL_SPEEDS_M_PER_S[0], asked), max(CRAWL_SPEEDS_M_PER_S[1], asked)
    return float(np.copysign(np.clip(asked + more, low, high), settings.speed_m_per_s))
