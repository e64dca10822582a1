"""What a quadriceps stimulated at 20 Hz spends, and how much of it is activation.

Spriet, Soderlund, Bergstrom & Hultman 1987 (J Appl Physiol 62:611-615; the abstract was read): ATP
turnover of 6.12 mmol per kg dry muscle and second of contraction in the first 16 of 64 contractions
of 1.6 s, without blood flow. Bergstrom & Hultman 1988 (J Appl Physiol 65:1500-1505; the abstract
was read) estimate that activation and relaxation take 37 % of the ATP of a 1 s contraction, from
contractions of different number and equal work.

The force-frequency relation is that of the dorsiflexors, and half of the fibres are slow (choices).
The tolerances are choices: the spread was not at hand.
"""

from __future__ import annotations

from typing import Any

from neurocoord.muscle.energetics import cost_set
from neurocoord.validation import _stimulated as stimulated
from neurocoord.validation.protocol import Check

PAPER = "Spriet et al. 1987; Bergstrom & Hultman 1988"

RATE_HZ = 20.0
TYPE1_SHARE = 0.5

CHECKS = (
    Check(
        "turnover", "ATP turnover at 20 Hz", 6.12, "mmol/kg dry/s", 0.20, "relative", "read"
    ),
    Check("activation", "activation, of all ATP", 37.0, "%", 5.0, "absolute", "read"),
    Check(
        "turnover_saturating", "turnover by the saturating law", 6.12, "mmol/kg dry/s", 0.20,
        "shown", "read",
    ),
    Check(
        "activation_saturating", "activation by the saturating law", 37.0, "%", 5.0, "shown", "read"
    ),
)  # fmt: skip

BROKEN: dict[str, dict[str, Any]] = {
    "all fibres are slow": {"type1_share": 1.0},
    "every spike costs as at 5 Hz": {"rate_hz": 5.0},
}


def measure(
    *, quick: bool = False, type1_share: float = TYPE1_SHARE, rate_hz: float = RATE_HZ
) -> dict[str, float]:
    """Set H under both laws."""
    measured = {}
    for name, law in (("", False), ("_saturating", True)):
        held = stimulated.tetanus(cost_set("H"), rate_hz, type1_share, saturating=law)
        per_dry = held.total * stimulated.WET_KG_PER_DRY_KG / stimulated.ATP_J_PER_MMOL
        measured[f"turnover{name}"] = per_dry
        measured[f"activation{name}"] = 100.0 * held.activation / held.total
    return measured
