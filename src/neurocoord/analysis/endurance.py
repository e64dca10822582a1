"""How long a muscle can be expected to hold a force while its units tire. No spikes are drawn."""

from __future__ import annotations

import numpy as np

from neurocoord.motorunits import checks, rate_model
from neurocoord.motorunits.parameters import PoolParameters, n_muscles
from neurocoord.motorunits.records import SLOW_STEP_S


def endurance_s(pool: PoolParameters, level: float, longest_s: float) -> float:
    """Seconds for which one muscle, from rest, holds `level` of its rested force at full drive.

    The drive is raised as the units tire, until none would do; at most `longest_s`. Steps are those
    of fatigue (`SLOW_STEP_S`).
    """
    checks.one_within("level", level, 0.0, 1.0, above_low=True)
    checks.one_within("longest_s", longest_s, 0.0)
    if n_muscles(pool) != 1:
        raise ValueError(f"pool must be of one muscle, got {n_muscles(pool)}")
    state = rate_model.init(pool, block_s=SLOW_STEP_S)
    target = np.array([[level]])
    for step in range(round(longest_s / SLOW_STEP_S)):
        if not rate_model.is_reachable(pool, target, state)[0, 0]:
            return step * SLOW_STEP_S
        state = rate_model.advance(pool, state, rate_model.inverse(pool, target, state), out=state)
    return longest_s
