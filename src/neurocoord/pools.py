"""The motor units of a body's muscles, as a trial asks for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocoord.body import model as bodies
from neurocoord.motorunits import counts, fatigue, onset, orders, published
from neurocoord.motorunits.parameters import PoolParameters, replaced
from neurocoord.settings import unknown

TWITCH_TETANUS_RATIO = 0.2  # of saturating units (choice, within the 0.11 to 0.34 of soleus units)
ROTATION_GROUP = 20  # neighbours in size that take turns (choice)
CHOICES = {
    "counts": ("equal", *counts.RULES),
    "twitch": ("auto", "gain_1993", "saturating"),
    "order": ("size", "reversed", "rotation"),
}


@dataclass(frozen=True, kw_only=True)
class Pools:
    """The motor units of the body's muscles."""

    n_units: int = 120  # of every muscle, where counts is "equal" (choice)
    counts: str = "equal"  # or each muscle's own number: "fitted", "low", "high"
    twitch: str = "auto"  # "gain_1993", "saturating"; auto: saturating at the dynamometer
    order: str = "size"  # of recruitment; or "reversed", "rotation"
    fatigue: bool = False  # capacity, slowing and rate adaptation of Potvin & Fuglevand 2017
    doublet_share: float = 0.0  # chance that a unit starts with a doublet
    onset_gain_hz: float = 0.0  # rate above its peak per unit of excitation at a fast onset
    units_scale: float = 1.0  # times each muscle's number of units: a person with more or fewer
    recruitment_range: float = (
        published.BODY_RECRUITMENT_RANGE
    )  # highest over lowest recruitment threshold
    isi_cv: float = published.BODY_ISI_CV  # of the intervals between spikes
    type1_shift: float = 0.0  # added to each muscle's share of type I mass, within 0 .. 1
    onset_share: float | None = None  # of first phases in common at an onset; none: not drawn anew


def body_pools(chosen: Pools, body: bodies.Body) -> PoolParameters:
    """Pools of every muscle of the body, with what was chosen; ValueError names what may be."""
    for name, allowed in CHOICES.items():
        value = getattr(chosen, name)
        if value not in allowed:
            raise ValueError(unknown(f"pools.{name}", value, allowed))
    if chosen.onset_share is not None:
        onset.check_share(chosen.onset_share)
    n = np.full(len(body.muscles), chosen.n_units)
    if chosen.counts != "equal":
        n = counts.unit_counts(body.muscles, chosen.counts)
    if chosen.units_scale != 1.0:
        n = _scaled(n, chosen.units_scale)
    options: dict[str, Any] = {
        "doublet_share": chosen.doublet_share,
        "onset_gain_hz": chosen.onset_gain_hz,
        "isi_cv": chosen.isi_cv,
    }
    at_dynamometer = chosen.twitch == "auto" and body.kind == "dynamometer"
    if chosen.twitch == "saturating" or at_dynamometer:
        options["twitch_tetanus_ratio"] = TWITCH_TETANUS_RATIO
    if chosen.order == "rotation":
        options["rotation_group"] = ROTATION_GROUP
    if chosen.fatigue:
        rates = [fatigue.fatigue_rate_per_s(int(count)) for count in n]
        options["fatigue_rate_per_s"] = np.concatenate(rates)
        options["recovery_rate_per_s"] = fatigue.RECOVERY_RATE_PER_S
        options["slowing"] = fatigue.SLOWING
    type1_share = body.table.type1_share
    if chosen.type1_shift:
        type1_share = np.clip(type1_share + chosen.type1_shift, 0.0, 1.0)
    pools = published.body_pools(
        n, type1_share, recruitment_range=chosen.recruitment_range, **options
    )
    if chosen.fatigue:
        pairs = zip(pools.first_unit[:-1], pools.first_unit[1:], strict=True)
        shares = [fatigue.adaptation_share(pools.recruitment_threshold[a:b]) for a, b in pairs]
        pools = replaced(pools, adaptation_share=np.concatenate(shares))
    return orders.reversed_order(pools) if chosen.order == "reversed" else pools


def full_drive_fraction(pools: PoolParameters) -> np.ndarray:
    """Share of tetanic force [muscle] that a pool gives at full drive."""
    return pools.max_force / np.add.reduceat(pools.tetanic_force, pools.first_unit[:-1])


def _scaled(n_units: NDArray[np.int64], scale: float) -> NDArray[np.int64]:
    if not (np.isfinite(scale) and scale > 0.0):
        raise ValueError(f"pools.units_scale={scale} is not allowed; it must be above 0")
    return np.maximum(np.rint(n_units * scale), 1.0).astype(np.int64)
