"""Whole-muscle energy as published: Umberger 2003, Umberger 2010 and Bhargava 2004.

For comparison with `energetics`, which counts what motor units do. These formulas know a muscle's
excitation u and activation a only, and stand in for its units by powers of them (A^0.6, A^2,
sin/cos), so an active state that fluctuates moves them at equal mean: `fluctuation_bias`.

Sources: Umberger, Gerritsen & Martin 2003 (Comput Methods Biomech Biomed Engin 6:99-111); Umberger
2010 (J R Soc Interface 7:1329-1340); Bhargava, Pandy & Anderson 2004 (J Biomech 37:81-88). The
papers were not at hand: equations and constants are those that OpenSim's probes
(Umberger2010MuscleMetabolicsProbe, Bhargava2004MuscleMetabolicsProbe) document as theirs, checked
against a second transcription (Falisse et al. 2019, MetabolicEnergy). What OpenSim adds is an
option here, off by default.

Quirks, kept because they are published:

- Umberger's A is u while u > a, and their mean otherwise: activation lags, so a muscle that relaxes
  goes on paying.
- Slow fibres have vmax / 2.5; their shortening heat stops at 100 W/kg, that of fast ones does not.
- S (1.5 aerobic, 1 anaerobic) multiplies heat, not work.
- Length cuts only 0.6 of activation and maintenance heat, and only above optimal length; Bhargava's
  table cuts maintenance alone, to a half below 0.5 of optimal length and to nothing above 1.5.
- 2003 credits negative work and pays it back as heat (4 alpha_slow); 2010 gives no credit and pays
  0.3 alpha_slow. The total rate of 2003, as of Bhargava, may be negative.
- Bhargava's activation heat decays after onset; like OpenSim this takes the decay to be 1.
- OpenSim's Bhargava takes passive force into shortening heat; here only active force counts.

Velocity is shortening positive, in optimal lengths per second; rates are in W per kg of muscle.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord.muscle.energetics import STANDARD_STRENGTH_J_PER_KG

Array = NDArray[np.float64]

MINIMUM_HEAT_W_PER_KG = 1.0  # Umberger 2003, p. 104: total heat of a muscle is at least this
AEROBIC, ANAEROBIC = 1.5, 1.0  # S of Umberger 2003
SLOW_HEAT_W_PER_KG = 25.0  # activation and maintenance of slow fibres; fast ones 128 more
FAST_EXTRA_HEAT_W_PER_KG = 128.0
SLOW_SHORTENING_W_PER_KG = 100.0  # at vmax of slow fibres, and their limit
FAST_SHORTENING_W_PER_KG = 153.0  # at vmax of fast fibres
SLOW_VMAX_RATIO = 2.5  # vmax of fast fibres over that of slow ones
LENGTHENING_2003, LENGTHENING_2010 = 4.0, 0.3  # of the slow shortening coefficient
BHARGAVA_ACTIVATION_W_PER_KG = (40.0, 133.0)  # slow, fast
BHARGAVA_MAINTENANCE_W_PER_KG = (74.0, 111.0)
MAINTENANCE_LENGTH = ((0.0, 0.5, 1.0, 1.5, 2.0), (0.5, 0.5, 1.0, 0.0, 0.0))
"""Bhargava's maintenance heat over normalised fibre length, straight between the points."""


class WholeMuscle(NamedTuple):
    """State of a muscle as these formulas see it; arrays that broadcast."""

    excitation: ArrayLike
    """Neural excitation u, 0 to 1."""
    activation: ArrayLike
    """Active state a, 0 to 1 (a synchronous pool's may pass 1)."""
    slow_share: ArrayLike = 0.5
    """Share of slow fibres, 0 to 1."""
    normalised_length: ArrayLike = 1.0
    velocity: ArrayLike = 0.0
    force_length: ArrayLike = 1.0
    """Active force-length factor at this length."""
    active_force: ArrayLike = 0.0
    """Force of the contractile element over F0, not negative."""
    vmax: ArrayLike = 12.0
    """Maximum shortening velocity of fast fibres."""
    strength_j_per_kg: ArrayLike = STANDARD_STRENGTH_J_PER_KG
    """F0 Lopt over mass."""


class WholePower(NamedTuple):
    """W per kg of muscle; heat and work add up to the total."""

    activation_maintenance: Array
    shortening_lengthening: Array
    work: Array
    heat: Array
    """The first two, at least the minimum."""
    total: Array


def umberger_2003(
    muscle: WholeMuscle, *, aerobic_factor: float = AEROBIC, forbid_negative_power: bool = False
) -> WholePower:
    """Umberger, Gerritsen & Martin 2003: negative work is credited.

    `forbid_negative_power` raises the heat where the total would fall below zero (OpenSim's rule,
    after Constable, Barclay & Gibbs 1997).
    """
    m = _arrays(muscle)
    work = m.active_force * m.velocity * m.strength_j_per_kg
    return _umberger(m, work, LENGTHENING_2003, aerobic_factor, forbid_negative_power)


def umberger_2010(
    muscle: WholeMuscle, *, aerobic_factor: float = AEROBIC, orderly_recruitment: bool = False
) -> WholePower:
    """Umberger 2010: no credit for negative work, and less heat in lengthening.

    So its total is never negative. `orderly_recruitment` takes the slow share of the recruited
    fibres from Bhargava's recruitment, as OpenSim's probe does by default.
    """
    m = _arrays(muscle)
    if orderly_recruitment:
        m = m._replace(slow_share=_recruited_slow_share(m))
    work = np.maximum(m.active_force * m.velocity, 0.0) * m.strength_j_per_kg
    return _umberger(m, work, LENGTHENING_2010, aerobic_factor, False)


def bhargava_2004(
    muscle: WholeMuscle,
    *,
    force_dependent_shortening: bool = True,
    minimum_heat_w_per_kg: float = 0.0,
    forbid_negative_power: bool = False,
) -> WholePower:
    """Bhargava, Pandy & Anderson 2004: excitation recruits slow fibres as a sine, fast as 1 - cos.

    Shortening heat is ``(0.16 F_iso + 0.18 F) v``, and ``0.157 F v``, negative, in lengthening;
    `force_dependent_shortening=False` is OpenSim's default, ``0.25 F v`` and 0. OpenSim also holds
    heat to Umberger's minimum and forbids negative power: options here.
    """
    m = _arrays(muscle)
    slow, fast = _recruited(m)
    (a_slow, a_fast), (m_slow, m_fast) = BHARGAVA_ACTIVATION_W_PER_KG, BHARGAVA_MAINTENANCE_W_PER_KG
    length = np.interp(m.normalised_length, *MAINTENANCE_LENGTH)
    held = a_slow * slow + a_fast * fast + length * (m_slow * slow + m_fast * fast)
    isometric = m.activation * m.force_length
    if force_dependent_shortening:
        shortening, lengthening = 0.16 * isometric + 0.18 * m.active_force, 0.157 * m.active_force
    else:
        shortening, lengthening = 0.25 * m.active_force, 0.0 * m.active_force
    alpha = np.where(m.velocity >= 0.0, shortening, lengthening)
    moved = alpha * m.velocity * m.strength_j_per_kg
    work = m.active_force * m.velocity * m.strength_j_per_kg
    return _total(held, moved, work, minimum_heat_w_per_kg, forbid_negative_power)


MODELS = {
    "umberger_2003": umberger_2003,
    "umberger_2010": umberger_2010,
    "bhargava_2004": bhargava_2004,
}


def fluctuation_bias(active_state: ArrayLike, exponent: float) -> Array:
    """Mean of A^exponent over time (last axis), over that of its mean, less 1: [...].

    What a formula with that power gains (above 1) or loses (below) when the active state
    fluctuates: a difference between synchronous and independent units that no unit paid for. For
    A^2 it is the squared coefficient of variation, whatever the distribution.
    """
    a = np.asarray(active_state, dtype=np.float64)
    if a.size == 0 or a.min() < 0.0 or not a.mean(axis=-1).min() > 0.0:
        raise ValueError("active_state must not be negative, and above 0 on average")
    return (a**exponent).mean(axis=-1) / a.mean(axis=-1) ** exponent - 1.0


class _Arrays(NamedTuple):
    """A `WholeMuscle` of arrays."""

    excitation: Array
    activation: Array
    slow_share: Array
    normalised_length: Array
    velocity: Array
    force_length: Array
    active_force: Array
    vmax: Array
    strength_j_per_kg: Array


_NOT_NEGATIVE = ("excitation", "activation", "slow_share", "force_length", "active_force")


def _arrays(muscle: WholeMuscle) -> _Arrays:
    """Checked arrays of one shape; the ValueError names the field."""
    m = _Arrays(*np.broadcast_arrays(*(np.asarray(x, dtype=np.float64) for x in muscle)))
    for name in _NOT_NEGATIVE:
        value = getattr(m, name)
        if not np.all(value >= 0.0):
            raise ValueError(f"{name} must be 0 or more, got {value.min()}")
    if not np.all(m.slow_share <= 1.0):
        raise ValueError(f"slow_share must lie in 0..1, got {m.slow_share.max()}")
    for name in ("vmax", "strength_j_per_kg"):
        value = getattr(m, name)
        if not np.all(value > 0.0):
            raise ValueError(f"{name} must be above 0, got {value.min()}")
    return m


def _umberger(
    m: _Arrays, work: Array, lengthening: float, aerobic_factor: float, forbid_negative: bool
) -> WholePower:
    u, a = m.excitation, m.activation
    state = np.where(u > a, u, 0.5 * (u + a))
    fast_share = 1.0 - m.slow_share
    above = m.normalised_length > 1.0
    held = SLOW_HEAT_W_PER_KG + FAST_EXTRA_HEAT_W_PER_KG * fast_share
    held = held * np.where(above, 0.4 + 0.6 * m.force_length, 1.0) * state**0.6
    alpha_slow = SLOW_SHORTENING_W_PER_KG * SLOW_VMAX_RATIO / m.vmax
    alpha_fast = FAST_SHORTENING_W_PER_KG / m.vmax
    v = np.maximum(m.velocity, 0.0)
    slow = np.minimum(alpha_slow * v, SLOW_SHORTENING_W_PER_KG) * m.slow_share
    shortening = (slow + alpha_fast * v * fast_share) * state**2
    stretched = lengthening * alpha_slow * np.maximum(-m.velocity, 0.0) * state
    moved = (shortening + stretched) * np.where(above, m.force_length, 1.0)
    return _total(
        aerobic_factor * held, aerobic_factor * moved, work, MINIMUM_HEAT_W_PER_KG, forbid_negative
    )


def _total(
    held: Array, moved: Array, work: Array, minimum_heat: float, forbid_negative: bool
) -> WholePower:
    if forbid_negative:
        moved = moved + np.maximum(-(held + moved + work), 0.0)
    heat = held + moved
    if minimum_heat > 0.0:
        heat = np.maximum(heat, minimum_heat)
    return WholePower(held, moved, work, heat, heat + work)


def _recruited(m: _Arrays) -> tuple[Array, Array]:
    """Bhargava's recruited shares of slow and fast fibres."""
    angle = 0.5 * np.pi * m.excitation
    return m.slow_share * np.sin(angle), (1.0 - m.slow_share) * (1.0 - np.cos(angle))


def _recruited_slow_share(m: _Arrays) -> Array:
    slow, fast = _recruited(m)
    both = slow + fast
    return np.where(both > 0.0, slow / np.where(both > 0.0, both, 1.0), 1.0)
