"""What muscles do about one joint: torque each way, co-contraction, stiffness, use of strength.

Arrays are [..., muscle] for what muscles have and [...] for what the joint has; moment arms are
pulling arms (m), positive where the muscle turns the joint its positive way.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
# Short-range stiffness of muscle, in forces per optimal length (Cui, Perreault, Maas & Sandercock
# 2008, J Biomech 41:1945; its value recalled).
SHORT_RANGE_STIFFNESS = 23.4


def torques_each_way_nm(arm_m: ArrayLike, force_n: ArrayLike) -> tuple[Floats, Floats]:
    """Torque [...] of the muscles that turn the joint its positive, its negative way, both >= 0."""
    torque = np.asarray(arm_m, float) * np.asarray(force_n, float)
    return np.maximum(torque, 0.0).sum(axis=-1), np.maximum(-torque, 0.0).sum(axis=-1)


def cocontraction_percent(first: ArrayLike, second: ArrayLike) -> float:
    """Co-contraction index (%) of two opposed muscle groups over time, both [time] and >= 0.

    Falconer & Winter (1985): twice the area of the lower of the two over the area of both; 100
    where they are equal throughout, 0 where one is always silent. NaN where both are.
    """
    one, other = np.asarray(first, float), np.asarray(second, float)
    total = float((one + other).sum())
    return 200.0 * float(np.minimum(one, other).sum()) / total if total > 0.0 else float("nan")


def cocontraction_rudolph(first: ArrayLike, second: ArrayLike) -> float:
    """Mean of (lower / higher) (lower + higher) of two excitations [time], each 0 to 1.

    Rudolph, Axe & Snyder-Mackler (2000): weighs how equal the two are by how strong; 0 to 2.
    """
    one, other = np.asarray(first, float), np.asarray(second, float)
    low, high = np.minimum(one, other), np.maximum(one, other)
    if high.size == 0:
        return float("nan")
    ratio = np.divide(low, high, out=np.zeros_like(high), where=high > 0.0)
    return float((ratio * (low + high)).mean())


def mean_excitation(excitation: ArrayLike, capacity: ArrayLike) -> Floats:
    """Mean excitation [...] of a group, muscles weighed by ``capacity`` [..., muscle]; 0: none."""
    weight = np.asarray(capacity, float)
    total = weight.sum(axis=-1)
    summed = (weight * np.asarray(excitation, float)).sum(axis=-1)
    return np.divide(summed, total, out=np.zeros_like(summed), where=total > 0.0)


def short_range_stiffness_nm_per_rad(
    arm_m: ArrayLike, force_n: ArrayLike, optimal_length_m: ArrayLike
) -> Floats:
    """Joint stiffness [...] from active force: sum of ``r^2 23.4 F / L0`` (Hu, Murray & Perreault
    2011, with rigid tendons and constant arms): an upper estimate, before any reflex."""
    per_muscle = (
        SHORT_RANGE_STIFFNESS * np.asarray(force_n, float) / np.asarray(optimal_length_m, float)
    )
    return (np.square(np.asarray(arm_m, float)) * per_muscle).sum(axis=-1)


def torque_use(torque_nm: ArrayLike, most_up_nm: ArrayLike, most_down_nm: ArrayLike) -> Floats:
    """Net torque over the greatest one that way [...], 0 where there is no torque."""
    torque = np.asarray(torque_nm, float)
    most = np.where(torque >= 0.0, most_up_nm, most_down_nm)
    use = np.divide(np.abs(torque), most, out=np.full_like(torque, np.nan), where=most > 0.0)
    return np.where(torque == 0.0, 0.0, use)


def share_by_group(amounts: ArrayLike, groups: tuple[str, ...]) -> dict[str, float]:
    """Share of the sum of ``amounts`` [..., muscle] that each group has; NaN where the sum is 0."""
    by_muscle = np.asarray(amounts, float).reshape(-1, len(groups)).sum(axis=0)
    total = float(by_muscle.sum())
    names = np.array(groups)
    return {
        name: float(by_muscle[names == name].sum()) / total if total > 0.0 else float("nan")
        for name in sorted(set(groups))
    }
