"""What isolated muscle says of activation, shortening and stretch.

Barclay 2015 (Compr Physiol 5:961-995; the abstract was read): between 30 and 40 % of the ATP of an
isometric contraction pumps ions; ATP is used faster than isometric in shortening, more slowly in
lengthening, although force is higher; of the 100 zJ of an ATP a cross-bridge turns at most 50 into
work. The efficiencies of mouse muscle (Barclay 1994: soleus 0.52, EDL 0.34, before recovery) are
recalled; so is the 0.18 to 0.30 of whole human muscle, recovery included.

How much faster and slower was not read: the bounds are choices.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from neurocoord.muscle import energetics
from neurocoord.muscle.energetics import FAST, SLOW
from neurocoord.validation.protocol import Check

PAPER = "Barclay 2015"

CHECKS = (
    Check("activation", "activation, of an isometric tetanus", 35.0, "%", 5.0, "absolute", "read"),
    Check("shortening", "energy in shortening, over isometric", None, "1", 1.1, "at_least", "read"),
    Check("stretch", "energy in stretch, over isometric", None, "1", 0.9, "at_most", "read"),
    Check("net_slow", "peak net efficiency, slow", 0.24, "1", 0.06, "absolute", "recalled"),
    Check("net_fast", "peak net efficiency, fast", 0.24, "1", 0.06, "absolute", "recalled"),
    Check("initial_slow", "peak initial efficiency, slow", 0.52, "1", 0, "absolute", "recalled"),
    Check("initial_fast", "peak initial efficiency, fast", 0.34, "1", 0, "absolute", "recalled"),
)


def _free(state: energetics.FibreState) -> energetics.Array:
    """A heat law of nothing."""
    return np.zeros_like(state.active)


BROKEN: dict[str, dict[str, Any]] = {
    "activation takes more than half": {"activation_share": 0.55},
    "stretch costs as holding does": {"lengthening_floor": 1.0},
    "shortening is free": {"shortening_heat": _free, "work_factor": 0.0},
}


def measure(*, quick: bool = False, **fault: Any) -> dict[str, float]:
    """Set H; `fault` are fields of the cost set that are not its own."""
    constants = replace(energetics.cost_set("H"), **fault)
    measured = {}
    ratios = []
    for kind, name in ((SLOW, "slow"), (FAST, "fast")):
        vmax, curvature = constants.vmax[kind], constants.hill_curvature[kind]
        v = np.concatenate([[-0.5 * vmax, 0.0], np.linspace(0.001, 1.0, 1000) * vmax])
        force = energetics.hill_force_velocity(np.maximum(v, 0.0), vmax, curvature)
        work = force * np.maximum(v, 0.0) * energetics.STANDARD_STRENGTH_J_PER_KG
        parts = energetics.specific_power(
            constants, kind, 1.0, energetics.REFERENCE_RATE_HZ, velocity=v, work_w_per_kg=work
        )
        heat = sum(parts[:4])
        total = heat + parts.work
        initial = heat / constants.heat_factor + work
        measured[f"net_{name}"] = float((work / total).max())
        measured[f"initial_{name}"] = float((work / initial).max())
        at_a_fifth = int(np.argmin(np.abs(v - 0.2 * vmax)))
        ratios.append(
            [parts.activation / total[1], total[at_a_fifth] / total[1], total[0] / total[1]]
        )
    activation, shortening, stretch = np.array(ratios).T
    return {
        "activation": 100.0 * float(activation.mean()),
        "shortening": float(shortening.min()),
        "stretch": float(stretch.max()),
        **measured,
    }
