"""One clock: ticks of the motor units, steps of the physics, blocks of both."""

from __future__ import annotations

import math

import numpy as np

from neurocoord.motorunits.parameters import TICK_S

TICKS_PER_BLOCK = 4
BLOCK_S = TICK_S * TICKS_PER_BLOCK


def fitting_steps(timestep_s: float) -> int:
    """Fewest physics steps in a block, none longer than ``timestep_s``, that fit the ticks.

    They fit where whole ticks make a step, or whole steps a tick.
    """
    n_steps = max(1, math.ceil(BLOCK_S / timestep_s - 1e-9))
    while n_steps % TICKS_PER_BLOCK and TICKS_PER_BLOCK % n_steps:
        n_steps += 1
    return n_steps


def steps_per_block(timestep_s: float) -> int:
    """Physics steps in a block; ValueError where they do not fit."""
    n_steps = fitting_steps(timestep_s)
    if not math.isclose(n_steps * timestep_s, BLOCK_S, rel_tol=1e-9):
        raise ValueError(
            f"the model's time step of {timestep_s:g} s does not fit a block of {BLOCK_S:g} s in"
            f" {TICKS_PER_BLOCK} ticks; allowed are 0.004, 0.002 and 0.001 s and whole parts of"
            " 0.001 s (`neurocoord.body.adopt` shortens a model's)"
        )
    return n_steps


def step_control(active_state: np.ndarray, n_steps: int) -> np.ndarray:
    """Control [env, step, muscle] from [env, tick, muscle]: means of ticks, or ticks held."""
    n_env, n_ticks, n_muscles = active_state.shape
    if n_steps > n_ticks:
        return np.repeat(active_state, n_steps // n_ticks, axis=1)
    held = n_ticks // n_steps
    return np.add.reduce(active_state.reshape(n_env, n_steps, held, n_muscles), axis=2) / held
