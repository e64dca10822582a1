"""A muscle whose units all fire at one rate, as under electrical stimulation: what it costs.

Units are those of Potvin & Fuglevand (2017): a hundredfold range of size, threefold of contraction
time. Their contraction times are scaled so that the muscle gives half of its force at
`half_force_hz`, as measured in human dorsiflexors; there is no other freedom.

Energy is initial, before recovery, as chemistry and phosphorus spectroscopy see it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from neurocoord.motorunits import potvin_fuglevand
from neurocoord.motorunits.twitch import KNEE_RATIO
from neurocoord.muscle import unit_energy
from neurocoord.muscle.energetics import FAST, SLOW, CostSet

HALF_FORCE_HZ = 14.8  # young men's dorsiflexors, by definition of their f50 (PMC2838655, abstract)
ATP_J_PER_MMOL = 34.0  # heat of phosphocreatine splitting (recalled)
WATER_L_PER_KG = 0.67  # of muscle water that holds the ATP, by mass of muscle (recalled)
WET_KG_PER_DRY_KG = 4.35  # of muscle (recalled)

F64 = NDArray[np.float64]


class Stimulated(NamedTuple):
    """Initial energy of a stimulated muscle, W/kg; of a twitch, J/kg."""

    activation: float
    cross_bridge: float

    @property
    def total(self) -> float:
        """Both."""
        return self.activation + self.cross_bridge


def tetanus(
    constants: CostSet, rate_hz: float, type1_share: float, *, saturating: bool = False
) -> Stimulated:
    """Isometric, optimal length, all units at `rate_hz` for longer than the slow rate's memory."""
    mass, contraction_s = _units(HALF_FORCE_HZ)
    active = potvin_fuglevand.fused_fraction(contraction_s * rate_hz)
    per_spike = float(unit_energy.saturating_factor(rate_hz)) if saturating else 1.0
    return _cost(constants, mass, active, rate_hz * per_spike, type1_share)


def twitch(constants: CostSet, type1_share: float, *, saturating: bool = False) -> Stimulated:
    """One spike in every unit, from rest."""
    mass, contraction_s = _units(HALF_FORCE_HZ)
    area_s = KNEE_RATIO * contraction_s  # of the active state
    first_hz = unit_energy.slow_rate_hz([0.0])[0]
    per_spike = float(unit_energy.saturating_factor(first_hz)) if saturating else 1.0
    return _cost(constants, mass, area_s, per_spike, type1_share)


def _cost(
    constants: CostSet, mass: F64, active: F64, n_spikes: float, type1_share: float
) -> Stimulated:
    is_fast = np.cumsum(mass) - 0.5 * mass > type1_share
    activation = cross_bridge = 0.0
    for kind, chosen in ((SLOW, ~is_fast), (FAST, is_fast)):
        share = mass * chosen
        activation += constants.spike_energy_j_per_kg[kind] * n_spikes * share.sum()
        cross_bridge += constants.cross_bridge_w_per_kg[kind] * float(share @ active)
    return Stimulated(float(activation), cross_bridge)


def _units(half_force_hz: float) -> tuple[F64, F64]:
    """Share of mass and contraction time (s) of each unit."""
    units = potvin_fuglevand.units()
    mass = units.twitch_force / units.twitch_force.sum()

    def above_half(scale: float) -> float:
        x = scale * units.contraction_time_s * half_force_hz
        return float(mass @ potvin_fuglevand.fused_fraction(x)) - 0.5

    return mass, units.contraction_time_s * brentq(above_half, 0.1, 10.0)
