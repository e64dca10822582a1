"""A small central pattern generator: one phase oscillator a limb, coupled, that load may hold back.

After Righetti & Ijspeert 2008 (IEEE Int Conf Robot Autom, 819-824): stance and swing have their own
lengths, and a limb that still bears weight does not yet swing. Oscillators are of phase only
(Kuramoto 1984), coupled towards the lags of the gait.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from neurocoord.coordination.gait import PATTERNS, Cadence, Gait, cadence

COUPLING_PER_S = 5.0  # rate at which lags are drawn back to the gait's (choice)


class Generator(NamedTuple):
    """Constants of the oscillators."""

    stance_s: float
    swing_s: float
    duty: float  # phase at which stance ends and swing begins
    offset: np.ndarray  # [limb], phase of each limb at phase 0 of the common cycle
    coupling_per_s: float
    hold_above_bw: float  # a limb that bears more, in body weights, does not begin to swing


def make_generator(
    gait: Gait,
    speed_m_per_s: float,
    coupling_per_s: float = COUPLING_PER_S,
    hold_above_bw: float = np.inf,
) -> Generator:
    """Oscillators of a gait at a speed, which sets how long stance lasts; swing stays as it is."""
    steps: Cadence = cadence(gait, speed_m_per_s)
    return Generator(
        stance_s=steps.stance_s,
        swing_s=1.0 / steps.frequency_hz - steps.stance_s,
        duty=steps.duty,
        offset=np.array(PATTERNS[gait.pattern]),
        coupling_per_s=coupling_per_s,
        hold_above_bw=hold_above_bw,
    )


def start(generator: Generator) -> np.ndarray:
    """Phases [limb] (cycles) of the limbs where the common cycle begins."""
    return generator.offset.copy()


def step(generator: Generator, phase: np.ndarray, load_bw: np.ndarray, step_s: float) -> np.ndarray:
    """Phases [limb] a moment later; ``load_bw`` [limb] is what each bears, in body weights.

    d phase_i / dt = own rate + coupling / (2 pi) * mean_j sin(2 pi (common_j - common_i)), where
    common = phase - offset. A loaded limb waits at the end of stance.
    """
    in_stance = phase % 1.0 < generator.duty
    swing_rate = (1.0 - generator.duty) / generator.swing_s
    own = np.where(in_stance, generator.duty / generator.stance_s, swing_rate)
    at = common(generator, phase)
    pull = np.sin(2.0 * np.pi * (at[None, :] - at[:, None])).mean(axis=1) / (2.0 * np.pi)
    later = phase + step_s * np.maximum(own + generator.coupling_per_s * pull, 0.0)
    end = np.floor(phase) + generator.duty
    waits = in_stance & (later >= end) & (load_bw > generator.hold_above_bw)
    return np.where(waits, np.maximum(phase, end - 1e-9), later)


def common(generator: Generator, phase: np.ndarray) -> np.ndarray:
    """Where in the common cycle each limb is [limb] (cycles): alike where lags are the gait's."""
    return phase - generator.offset
