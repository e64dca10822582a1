"""Slow changes of a motor unit: fatigue, recovery, slowing, adaptation, PIC, rotation.

All are taken in steps of about 0.1 s from state to state and use only + - * min max, with decays
``exp(-duration / tau)`` handed in, so that NumPy and compiled code agree to the last bit. Arrays
have any shape `[.., unit]` and broadcast; nothing given is changed. Sources:

- capacity, slowing, adaptation: Potvin & Fuglevand 2017, PLoS Comput Biol 13:e1005581, constants
  from the authors' released program; slowing after Shields et al. 1997, adaptation after Revill &
  Fuglevand 2011, as cited there.
- recovery: first order towards full capacity, the flow from fatigued to resting of Liu, Brown & Yue
  2002 (Biophys J 82:2344-2359) and of the three-compartment model (see `three_compartment`).
- persistent inward current (PIC): hysteresis of recruitment as the paired-unit method measures it
  (Gorassini et al. 2002, J Neurophysiol 87:1850-1858; it mainly reflects dendritic PICs: Powers &
  Heckman 2015, J Neurophysiol 114:184-198).
- rotation: Westgaard & De Luca 1999, J Neurophysiol 82:501-504; Bawa et al. 2006, J Neurophysiol
  96:1135-1140. Not seen by all (Olsen et al. 2001 found none in a tired wrist extensor).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord.motorunits import checks

F64 = NDArray[np.float64]

# The paper's largest unit loses this share of its rested force a second at full fusion.
LARGEST_FATIGUE_RATE_PER_S = 0.0225
FATIGABILITY_RANGE = 180.0  # ... and so many times the share of the smallest unit
SLOWING = 0.379  # relative growth of the contraction time at no capacity
ADAPTATION_SCALE = 0.67  # phi
ADAPTATION_OFFSET_HZ = 2.0  # d
ADAPTATION_TAU_S = 22.0
# R r = 0.00091 x 15 /s: R of all joints together in Frey-Law, Looft & Heitsman 2012 (J Biomech
# 45:1803-1808, as others transcribe its table), r the rest multiplier that fits ankle, knee, elbow
# and shoulder (Looft et al. 2018, J Biomech 77:16-25; Looft & Frey-Law 2020, J Biomech 106:109762,
# abstracts). One rate for all units is a choice. Liu et al. 2002 fitted 0.0084 +- 0.0036 /s to a
# handgrip.
RECOVERY_RATE_PER_S = 0.01365
# Soleus, seated: delta-F 3.15 +- 1.45 imp/s (J Neurophysiol 122:2095-2110, 2019). delta-F is the
# rate gain times this, so it is a value for the gain of 1 imp/s per unit of excitation.
PIC_EXCITATION = 3.15
PIC_TAU_S = 0.5  # choice: the rate of a newly recruited unit climbs for about a second
PIC_MOST_OF_THRESHOLD = 0.5  # choice: so that every unit falls silent when the drive does
# Choices: a unit active from rest gives way to a rested one after 166 s, and takes turns of some
# minutes from then on; substitution was "not observed during the first few minutes" (Westgaard &
# De Luca 1999). Without a margin two units would change places at every step.
TIREDNESS_TAU_S = 240.0
TIREDNESS_MARGIN = 0.5


def fatigue_rate_per_s(
    n_units: int,
    largest_per_s: float = LARGEST_FATIGUE_RATE_PER_S,
    fatigability_range: float = FATIGABILITY_RANGE,
) -> F64:
    """Share of rested force that each unit loses a second at full fusion, `[unit]`.

    Potvin & Fuglevand 2017: ``(largest / range) exp((i - 1) ln(range) / (n - 1))``.
    """
    checks.count("n_units", n_units)
    checks.within("largest_per_s", largest_per_s, 0.0, np.inf)
    checks.within("fatigability_range", fatigability_range, 1.0, np.inf)
    position = np.arange(n_units) / max(n_units - 1, 1)
    return largest_per_s / fatigability_range * np.exp(position * np.log(fatigability_range))


def adaptation_share(recruitment_threshold: ArrayLike, scale: float = ADAPTATION_SCALE) -> F64:
    """Largest share q of a unit's rate modulation lost to adaptation, `[unit]`.

    Potvin & Fuglevand 2017: ``phi (RTE - 1) / (RR - 1)``, here with the lowest threshold for 1, so
    that it runs from 0 in the first unit to `scale` in the last. All zero if thresholds are equal.
    """
    threshold = checks.within("recruitment_threshold", recruitment_threshold, 0.0, np.inf)
    checks.within("scale", scale, 0.0, 1.0)
    above = threshold - threshold.min()
    return np.asarray(scale * above / max(float(above.max()), np.finfo(np.float64).tiny))


def capacity_step(
    capacity: ArrayLike,
    relative_force: ArrayLike,
    is_active: ArrayLike,
    fatigue_rate_per_s: ArrayLike,
    recovery_rate_per_s: ArrayLike,
    duration_s: float,
) -> F64:
    """Force capacity P_cap / P (0..1) after `duration_s`, one explicit Euler step.

    Active units lose: ``d cap / dt = -rate * relative_force``, `relative_force` being the fused
    fraction 0..1 (Potvin & Fuglevand 2017). Silent units regain: ``d cap / dt = recovery (1 -
    cap)`` (Liu et al. 2002). Active units do not recover: their published loss was fitted to
    sustained contractions, so it is net of recovery, and in the compartment models too only what
    is not active recovers. Kept within 0..1.
    """
    cap = checks.within("capacity", capacity, 0.0, 1.0)
    force = checks.within("relative_force", relative_force, 0.0, 1.0)
    loss = checks.within("fatigue_rate_per_s", fatigue_rate_per_s, 0.0, np.inf)
    recovery = checks.within("recovery_rate_per_s", recovery_rate_per_s, 0.0, np.inf)
    checks.within("duration_s", duration_s, 0.0, np.inf)
    checks.match(
        capacity=cap,
        relative_force=force,
        is_active=is_active,
        fatigue_rate_per_s=loss,
        recovery_rate_per_s=recovery,
    )
    tired = np.maximum(cap - duration_s * (loss * force), 0.0)
    rested = np.minimum(cap + duration_s * (recovery * (1.0 - cap)), 1.0)
    return np.where(_mask(is_active), tired, rested)


def contraction_time_s(
    contraction_time_s: ArrayLike, capacity: ArrayLike, slowing: ArrayLike
) -> F64:
    """Contraction time of a tired unit, ``CT (1 + slowing (1 - cap))`` (Shields et al. 1997)."""
    rested = checks.within("contraction_time_s", contraction_time_s, 0.0, np.inf)
    cap = checks.within("capacity", capacity, 0.0, 1.0)
    slowed = checks.within("slowing", slowing, 0.0, np.inf)
    checks.match(contraction_time_s=rested, capacity=cap, slowing=slowed)
    return np.asarray(rested * (1.0 + slowed * (1.0 - cap)))


def adaptation_step(adaptation: ArrayLike, is_active: ArrayLike, decay: ArrayLike) -> F64:
    """Rate adaptation 0..1: ``1 - exp(-t / tau)`` while the unit is active.

    It falls with the same time constant while the unit is silent (choice; in Potvin & Fuglevand
    2017 it runs on from the first recruitment and never falls).
    """
    return _approach("adaptation", adaptation, is_active, decay)


def pic_step(pic: ArrayLike, is_active: ArrayLike, decay: ArrayLike) -> F64:
    """Activation 0..1 of the persistent inward current: first order, on while the unit fires."""
    return _approach("pic", pic, is_active, decay)


def tiredness_step(tiredness: ArrayLike, is_active: ArrayLike, decay: ArrayLike) -> F64:
    """History of activity 0..1 that `rotate` goes by: first order, rising while active (choice)."""
    return _approach("tiredness", tiredness, is_active, decay)


def adapted_constants(
    minimum_rate_hz: ArrayLike,
    rate_gain_hz: ArrayLike,
    peak_rate_hz: ArrayLike,
    recruitment_threshold: ArrayLike,
    adaptation: ArrayLike,
    adaptation_offset_hz: ArrayLike,
    pic_excitation: ArrayLike,
) -> tuple[F64, F64, F64, F64]:
    """Constants (threshold, minimum, gain, peak) of the linear law with adaptation and PIC in it.

    The law stays ``min(minimum + gain (E - threshold), peak)``. `adaptation` is q = share times the
    state of `adaptation_step`; Potvin & Fuglevand 2017 take ``q (FR - MFR + d)`` off the rate FR,
    which lowers minimum and peak and multiplies the gain by 1 - q. `pic_excitation` is what the PIC
    adds to the unit's excitation (strength times the state of `pic_step`), at most
    PIC_MOST_OF_THRESHOLD of the threshold; it is folded in as a lower threshold.
    """
    minimum = checks.within("minimum_rate_hz", minimum_rate_hz, 0.0, np.inf)
    gain = checks.within("rate_gain_hz", rate_gain_hz, 0.0, np.inf)
    peak = checks.within("peak_rate_hz", peak_rate_hz, 0.0, np.inf)
    threshold = checks.within("recruitment_threshold", recruitment_threshold, 0.0, np.inf)
    q = checks.within("adaptation", adaptation, 0.0, 1.0)
    offset = checks.within("adaptation_offset_hz", adaptation_offset_hz, 0.0, np.inf)
    pic = checks.within("pic_excitation", pic_excitation, 0.0, np.inf)
    checks.match(
        minimum_rate_hz=minimum,
        rate_gain_hz=gain,
        peak_rate_hz=peak,
        recruitment_threshold=threshold,
        adaptation=q,
        adaptation_offset_hz=offset,
        pic_excitation=pic,
    )
    return (
        np.asarray(threshold - np.minimum(pic, PIC_MOST_OF_THRESHOLD * threshold)),
        np.maximum(minimum - q * offset, 0.0),
        np.asarray(gain * (1.0 - q)),
        np.maximum(peak - q * ((peak - minimum) + offset), 0.0),
    )


def rotate(
    recruitment_threshold: ArrayLike,
    tiredness: ArrayLike,
    group: int,
    margin: float = TIREDNESS_MARGIN,
) -> F64:
    """Thresholds handed out anew inside groups of `group` neighbouring units, `[.., unit]`.

    Units are those of one muscle, and the thresholds given their *present* ones. From the lowest
    threshold upwards, a unit gives way to the next one that is less tired by over `margin`: the two
    change places. It need not be the very next: while a force is held units come in one by one, and
    no two neighbours differ by much. With margin 0 the most tired ends up with the highest
    threshold. The muscle keeps exactly the thresholds it had. A group of 1 changes nothing; the
    last may be smaller.
    """
    threshold = checks.within("recruitment_threshold", recruitment_threshold, 0.0, np.inf)
    tired = checks.within("tiredness", tiredness, 0.0, 1.0)
    checks.within("margin", margin, 0.0, 1.0)
    checks.count("group", group)
    if threshold.ndim == 0:
        raise ValueError("recruitment_threshold must have shape [.., unit], got a number")
    checks.match(recruitment_threshold=threshold, tiredness=tired)
    threshold, tired = np.broadcast_arrays(threshold, tired)
    rotated = threshold.copy()
    for first in range(0, threshold.shape[-1], group):
        part = (..., slice(first, first + group))
        order = np.argsort(threshold[part], axis=-1, kind="stable")
        for row in np.ndindex(order.shape[:-1]):
            _give_way(order[row], tired[part][row], margin)
        np.put_along_axis(rotated[part], order, np.sort(threshold[part], axis=-1), axis=-1)
    return rotated


def _give_way(order: NDArray[np.intp], tired: F64, margin: float) -> None:
    """Swap units in `order` [place] where one is more tired than a later one by over `margin`."""
    for k in range(len(order) - 1):
        while (rested := np.flatnonzero(tired[order[k]] - tired[order[k + 1 :]] > margin)).size:
            j = k + 1 + rested[0]
            order[[k, j]] = order[[j, k]]


def _approach(name: str, state: ArrayLike, is_active: ArrayLike, decay: ArrayLike) -> F64:
    """First order towards 1 in active units and towards 0 in silent ones."""
    x = checks.within(name, state, 0.0, 1.0)
    kept = checks.within("decay", decay, 0.0, 1.0)
    checks.match(**{name: x, "is_active": is_active, "decay": kept})
    return np.where(_mask(is_active), 1.0 - (1.0 - x) * kept, x * kept)


def _mask(is_active: ArrayLike) -> NDArray[np.bool_]:
    mask = np.asarray(is_active)
    if mask.dtype != np.bool_:
        raise ValueError(f"is_active must be true or false for each unit, got {mask.dtype}")
    return mask
