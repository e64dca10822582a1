"""Slow against fast human fibres: what a newton costs, and how efficient they are at best.

He, Bottinelli, Pellegrino, Ferenczi & Reggiani 2000 (Biophys J 79:945-961; the abstract was read)
measured ATP use of single permeabilised human fibres at 12 C. Between slow and fast fibres
isometric ATPase, tension cost, maximal velocity and the speed of peak power differ three- to
fourfold, isometric tension hardly; ATP use rises with shortening; peak efficiency is alike in
all (0.21-0.27, about 0.4 at 20 C) and reached at a higher speed in fast fibres.

Their efficiency has no calcium pump in it and counts free energy, ours all that is spent before
recovery, as heat: the levels are shown only.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from neurocoord.muscle import energetics
from neurocoord.muscle.energetics import FAST, SLOW, CostSet
from neurocoord.validation.protocol import Check

PAPER = "He et al. 2000"

CHECKS = (
    Check("tension_cost", "tension cost, fast over slow", 3.5, "1", 0.5, "absolute", "read"),
    Check("efficiency_ratio", "peak efficiency, slow over fast", 1.0, "1", 0.25, "absolute",
          "read"),
    Check("peak_speed", "speed of peak efficiency, fast over slow", None, "1", 1.5, "at_least",
          "read"),
    Check("shortening", "energy at a fifth of vmax, over isometric", None, "1", 1.2, "at_least",
          "read"),
    Check("vmax", "maximal velocity, fast over slow", 3.5, "1", 0.5, "shown", "read"),
    Check("efficiency_slow", "peak initial efficiency, slow", 0.4, "1", 0.1, "shown", "read"),
    Check("efficiency_fast", "peak initial efficiency, fast", 0.4, "1", 0.1, "shown", "read"),
)  # fmt: skip


def _free(state: energetics.FibreState) -> energetics.Array:
    """A heat law of nothing."""
    return np.zeros_like(state.active)


BROKEN: dict[str, dict[str, Any]] = {
    "fast fibres hold as cheaply as slow ones": {"tetanus_w_per_kg": (30.0, 30.0)},
    "fast fibres shorten no faster": {"vmax": (4.0, 4.0)},
    "fast fibres are slow ones": {
        "tetanus_w_per_kg": (30.0, 30.0),
        "vmax": (4.0, 4.0),
        "hill_curvature": (0.18, 0.18),
    },
    "shortening is free": {"shortening_heat": _free, "work_factor": 0.0},
}


def measure(*, quick: bool = False, **fault: Any) -> dict[str, float]:
    """Set H; `fault` are fields of the cost set that are not its own."""
    constants = replace(energetics.cost_set("H"), **fault)
    held = constants.cross_bridge_w_per_kg
    curves = [_efficiency(constants, kind) for kind in (SLOW, FAST)]
    (slow_speed, slow), (fast_speed, fast) = curves
    return {
        "tension_cost": held[FAST] / held[SLOW],
        "efficiency_ratio": slow / fast,
        "peak_speed": fast_speed / slow_speed,
        "shortening": min(_at_a_fifth(constants, kind) for kind in (SLOW, FAST)),
        "vmax": constants.vmax[FAST] / constants.vmax[SLOW],
        "efficiency_slow": slow,
        "efficiency_fast": fast,
    }


def _initial(constants: CostSet, kind: int, v: energetics.Array) -> tuple[Any, Any]:
    """Work and all energy before recovery, W/kg, fully active at `v` optimal lengths/s."""
    force = energetics.hill_force_velocity(v, constants.vmax[kind], constants.hill_curvature[kind])
    work = force * v * energetics.STANDARD_STRENGTH_J_PER_KG
    parts = energetics.specific_power(
        constants, kind, 1.0, energetics.REFERENCE_RATE_HZ, velocity=v, work_w_per_kg=work
    )
    heat = parts.activation + parts.cross_bridge + parts.shortening_heat
    spent = heat / constants.heat_factor
    return work, spent + (work if constants.work_factor else 0.0)


def _efficiency(constants: CostSet, kind: int) -> tuple[float, float]:
    """Speed of peak efficiency (optimal lengths/s), and the peak."""
    v = np.linspace(0.0, constants.vmax[kind], 2001)
    work, spent = _initial(constants, kind, v)
    best = int(np.argmax(work / spent))
    return float(v[best]), float((work / spent)[best])


def _at_a_fifth(constants: CostSet, kind: int) -> float:
    _, spent = _initial(constants, kind, np.array([0.0, 0.2 * constants.vmax[kind]]))
    return float(spent[1] / spent[0])
