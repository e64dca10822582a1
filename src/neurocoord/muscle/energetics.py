"""Metabolic power counted from what the motor units do.

Each unit pays for its spikes (activation), its active state (cross-bridges), the heat and the work
of shortening. The equations are linear in spikes and in active state, so a muscle needs only two
sums per fibre type: `active_sum`, the sum over its units of ``share_i a_i``, and `spike_rate_sum`,
the sum of ``share_i`` times spikes per second, where ``share_i = P_i / sum P`` is the unit's part
of the muscle's tetanic force and so of its mass (equal specific tension of the types: He et al.
2000) and ``a_i`` its active state, 1 in a tetanus. The last axis of both is (slow, fast).

Whole-muscle formulas weight recruitment with powers of activation; here the units do that
themselves, so those powers are left out. Three sets of constants are kept in `COST_SETS`: "U"
after Umberger, Gerritsen & Martin (2003) and Umberger (2010), "B" after Bhargava, Pandy & Anderson
(2004), and "H", fitted to human muscle. `DEFAULT_COST_SET` is "H".

Velocity is shortening positive, in optimal lengths per second; power is in W, and mass-specific
power in W per kg of muscle.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocoord.muscle.mechanics import MuscleParameters, active_force_length, optimal_length_m
from neurocoord.settings import unknown

Array = NDArray[np.float64]

MUSCLE_DENSITY_KG_PER_M3 = 1059.7  # Mendez & Keys 1960
SPECIFIC_TENSION_PA = 250e3  # the 25 N/cm2 of the published energy models
STANDARD_STRENGTH_J_PER_KG = SPECIFIC_TENSION_PA / MUSCLE_DENSITY_KG_PER_M3
"""F0 Lopt over mass of a muscle of standard specific tension: 235.9 J/kg."""
REFERENCE_RATE_HZ = 25.0
"""Rate at which a tetanus costs the tabled power; the linear law is exact there."""
SLOW, FAST = 0, 1  # place of the type on an axis of (slow, fast)
BASAL_W_PER_KG = 1.2  # W per kg of body mass (choice, after the published walking models)


class FibreState(NamedTuple):
    """What the heat laws read of the fibres of one type; arrays that broadcast."""

    kind: int
    """SLOW or FAST."""
    active: Array
    """Active state, share-weighted."""
    overlap: Array
    """Filament overlap n(l): `overlap`."""
    force_length: Array
    """Active force-length factor."""
    velocity: Array
    """Optimal lengths per second, shortening positive."""
    work: Array
    """Mechanical power of the active force, W/kg, negative in lengthening."""
    strength: Array
    """F0 Lopt over mass, J/kg."""


HeatLaw = Callable[[FibreState], Array]


@dataclass(frozen=True, kw_only=True)
class CostSet:
    """Constants of one published or fitted set; pairs are (slow, fast)."""

    name: str
    tetanus_w_per_kg: tuple[float, float]
    """Isometric tetanus at optimal length and the reference rate, before the recovery factor."""
    activation_share: float
    """Part of the tetanus that is activation; 0.30-0.40 in Barclay, Woledge & Curtin 2007."""
    heat_factor: float
    """Recovery: multiplies activation, cross-bridge and shortening heat."""
    work_factor: float
    """Recovery: multiplies work."""
    vmax: tuple[float, float]
    """Maximum shortening velocity, optimal lengths per second."""
    hill_curvature: tuple[float, float]
    """a/F0 of the Hill curve that goes with the set."""
    shortening_heat: HeatLaw
    lengthening_heat: HeatLaw
    lengthening_floor: float = 1.0
    """Cross-bridge cost in fast lengthening over isometric; 1 = no reduction."""

    @property
    def activation_w_per_kg(self) -> tuple[float, float]:
        """Activation power of a tetanus at the reference rate."""
        slow, fast = self.tetanus_w_per_kg
        return self.activation_share * slow, self.activation_share * fast

    @property
    def spike_energy_j_per_kg(self) -> tuple[float, float]:
        """Linear law: J per kg of unit and spike."""
        slow, fast = self.activation_w_per_kg
        return slow / REFERENCE_RATE_HZ, fast / REFERENCE_RATE_HZ

    @property
    def cross_bridge_w_per_kg(self) -> tuple[float, float]:
        """Cross-bridge power at active state 1, full overlap, isometric."""
        slow, fast = self.tetanus_w_per_kg
        return (1.0 - self.activation_share) * slow, (1.0 - self.activation_share) * fast


# Umberger et al. 2003: W s/kg per Lopt/s at the set's vmax, slow fibres held to 100 W/kg.
_ALPHA = (100.0 / 4.8, 153.0 / 12.0)
_ALPHA_CAP = (100.0, np.inf)
_HUMAN_HEAT = (0.16, 0.25)  # heat per Lopt of shortening over F0 Lopt, fitted (choice)
_ROUNDING = 1e-9  # how far below zero a filtered state may fall unremarked
_LENGTHENING_SCALE = 0.05  # of vmax, over which cross-bridge cost falls in lengthening (choice)


def _umberger_shortening(s: FibreState) -> Array:
    per_kg = np.minimum(_ALPHA[s.kind] * np.maximum(s.velocity, 0.0), _ALPHA_CAP[s.kind])
    return s.active * s.overlap * per_kg * (s.strength / STANDARD_STRENGTH_J_PER_KG)


def _umberger_lengthening(s: FibreState) -> Array:
    """Umberger 2010: 0.3 of the slow coefficient, for both types."""
    per_kg = 0.3 * _ALPHA[SLOW] * np.maximum(-s.velocity, 0.0)
    return s.active * s.overlap * per_kg * (s.strength / STANDARD_STRENGTH_J_PER_KG)


def _bhargava_shortening(s: FibreState) -> Array:
    """Bhargava et al. 2004: 0.16 of isometric and 0.18 of actual force, times velocity."""
    isometric = s.active * s.force_length * s.strength * np.maximum(s.velocity, 0.0)
    return 0.16 * isometric + 0.18 * np.maximum(s.work, 0.0)


def _human_shortening(s: FibreState) -> Array:
    per_kg = _HUMAN_HEAT[s.kind] * s.strength * np.maximum(s.velocity, 0.0)
    return s.active * s.overlap * per_kg


def _no_heat(s: FibreState) -> Array:
    return np.zeros_like(s.active)


COST_SETS: dict[str, CostSet] = {
    "U": CostSet(
        name="U", tetanus_w_per_kg=(25.0, 153.0), activation_share=0.40,
        heat_factor=1.5, work_factor=1.0, vmax=(4.8, 12.0), hill_curvature=(0.25, 0.25),
        shortening_heat=_umberger_shortening, lengthening_heat=_umberger_lengthening,
    ),
    "B": CostSet(
        name="B", tetanus_w_per_kg=(114.0, 244.0), activation_share=0.35,
        heat_factor=1.0, work_factor=1.0, vmax=(4.8, 12.0), hill_curvature=(0.25, 0.25),
        shortening_heat=_bhargava_shortening, lengthening_heat=_no_heat,
    ),
    "H": CostSet(
        name="H", tetanus_w_per_kg=(30.0, 105.0), activation_share=0.35,
        heat_factor=2.1, work_factor=2.1, vmax=(4.0, 10.0), hill_curvature=(0.18, 0.30),
        shortening_heat=_human_shortening, lengthening_heat=_no_heat, lengthening_floor=0.3,
    ),
}  # fmt: skip
DEFAULT_COST_SET = "H"


def cost_set(name: str | CostSet = DEFAULT_COST_SET) -> CostSet:
    """The named set of constants; a `CostSet` is handed back as it is."""
    if isinstance(name, CostSet):
        return name
    if name not in COST_SETS:
        raise ValueError(unknown("cost_set", name, COST_SETS))
    return COST_SETS[name]


# --- equations -----------------------------------------------------------------------------------


def hill_force_velocity(velocity: ArrayLike, vmax: ArrayLike, curvature: ArrayLike) -> Array:
    """Force over isometric in shortening (Hill 1938), velocity in the unit of vmax."""
    v = np.asarray(velocity, dtype=np.float64) / np.asarray(vmax)
    return np.maximum(0.0, (1.0 - v) / (1.0 + v / np.asarray(curvature)))


def overlap(normalised_length: ArrayLike, force_length: ArrayLike) -> Array:
    """Share of cross-bridges that can work: 1 up to optimal length, then force-length."""
    return np.where(np.asarray(normalised_length) <= 1.0, 1.0, force_length)


def lengthening_reduction(constants: CostSet, kind: int, velocity: ArrayLike) -> Array:
    """Cross-bridge cost of SLOW or FAST fibres over isometric, 1 in shortening.

    ATP use falls in stretch (Barclay 2015); floor and rate are choices.
    """
    v = np.minimum(np.asarray(velocity, dtype=np.float64), 0.0)
    floor = constants.lengthening_floor
    if floor == 1.0:
        return np.ones_like(v)
    return floor + (1.0 - floor) * np.exp(v / (_LENGTHENING_SCALE * constants.vmax[kind]))


class SpecificPower(NamedTuple):
    """W per kg of muscle, recovery included."""

    activation: Array
    cross_bridge: Array
    shortening_heat: Array
    lengthening_heat: Array
    work: Array


def specific_power(
    constants: CostSet,
    kind: int,
    active_state: ArrayLike,
    spike_rate_hz: ArrayLike,
    *,
    normalised_length: ArrayLike = 1.0,
    velocity: ArrayLike = 0.0,
    force_length: ArrayLike = 1.0,
    work_w_per_kg: ArrayLike = 0.0,
    strength_j_per_kg: ArrayLike = STANDARD_STRENGTH_J_PER_KG,
) -> SpecificPower:
    """Cost of the SLOW or FAST fibres at one active state, rate, length and velocity.

    Arguments broadcast. With share-weighted sums it is the type's part of the muscle's cost.
    Cross-bridge cost, shortening heat and work grow together with `strength_j_per_kg`; activation
    goes by mass.
    """
    active = np.asarray(active_state, dtype=np.float64)
    v = np.asarray(velocity, dtype=np.float64)
    curve = np.asarray(force_length, dtype=np.float64)
    work = np.asarray(work_w_per_kg, dtype=np.float64)
    strength = np.asarray(strength_j_per_kg, dtype=np.float64)
    state = FibreState(kind, active, overlap(normalised_length, curve), curve, v, work, strength)
    scale = state.overlap * (strength / STANDARD_STRENGTH_J_PER_KG)
    held = active * scale * lengthening_reduction(constants, kind, v)
    heat = constants.heat_factor
    return SpecificPower(
        activation=heat * constants.spike_energy_j_per_kg[kind] * np.asarray(spike_rate_hz),
        cross_bridge=heat * constants.cross_bridge_w_per_kg[kind] * held,
        shortening_heat=heat * constants.shortening_heat(state),
        lengthening_heat=heat * constants.lengthening_heat(state),
        work=constants.work_factor * np.maximum(work, 0.0),
    )


# --- muscles -------------------------------------------------------------------------------------


class EnergeticParameters(NamedTuple):
    """What energetics knows of each muscle, every column float64[muscle]."""

    mass_kg: Array
    optimal_length_m: Array
    tetanic_force_n: Array
    """Active force with every unit in tetanus, optimal length, zero velocity."""
    specific_tension_n_per_cm2: Array
    """Effective specific tension, F0 Lopt over volume; far above 25 in most body models."""
    strength_j_per_kg: Array
    """F0 Lopt over mass that cross-bridge cost, shortening heat and work are reckoned with."""
    lmin: Array
    lmax: Array


def energetic_parameters(
    mass_kg: ArrayLike,
    muscles: MuscleParameters,
    *,
    full_drive_fraction: ArrayLike = 1.0,
    standard_strength: bool = False,
) -> EnergeticParameters:
    """Parameters from muscle masses (kg, [muscle]) and mechanics.

    `full_drive_fraction` is the share-weighted active state of the pool at full drive: the body's
    `max_force_n` is reached there, a little below tetanus. A body's strength and mass seldom agree
    on 25 N/cm2. By default strength is the body's own, F0 Lopt over mass, so that a newton costs
    what it does in standard muscle; `standard_strength=True` takes 235.9 J/kg for every muscle and
    shrinks metabolic work to it. The mechanical work reported is the body's either way.
    """
    optimal = optimal_length_m(muscles)
    mass = np.broadcast_to(np.asarray(mass_kg, dtype=np.float64), optimal.shape).copy()
    if not np.all(mass > 0.0):
        raise ValueError(f"mass_kg must be positive, got {mass[~(mass > 0.0)]}")
    fraction = np.broadcast_to(np.asarray(full_drive_fraction, dtype=np.float64), optimal.shape)
    if not np.all(fraction > 0.0):
        raise ValueError(f"full_drive_fraction must be positive, got {fraction}")
    force = muscles.max_force_n / fraction
    strength = force * optimal / mass
    return EnergeticParameters(
        mass_kg=mass,
        optimal_length_m=optimal,
        tetanic_force_n=force,
        specific_tension_n_per_cm2=strength * MUSCLE_DENSITY_KG_PER_M3 * 1e-4,
        strength_j_per_kg=(
            np.full_like(strength, STANDARD_STRENGTH_J_PER_KG) if standard_strength else strength
        ),
        lmin=muscles.lmin.copy(),
        lmax=muscles.lmax.copy(),
    )


class Power(NamedTuple):
    """Power of each muscle, W, [..., muscle].

    The first five are metabolic, recovery included, and add up to `total_w`. The last two are
    mechanical, of the active force alone.
    """

    activation_w: Array
    cross_bridge_w: Array
    shortening_heat_w: Array
    lengthening_heat_w: Array
    work_w: Array
    total_w: Array
    positive_work_rate_w: Array
    net_work_rate_w: Array


def power(
    params: EnergeticParameters,
    constants: str | CostSet,
    active_sum: ArrayLike,
    spike_rate_sum: ArrayLike,
    normalised_length: ArrayLike,
    velocity: ArrayLike,
    active_force_n: ArrayLike,
) -> Power:
    """Metabolic and mechanical power of each muscle.

    `active_sum` and `spike_rate_sum` (per s) are [..., muscle, 2], the rest [..., muscle]: length
    in optimal lengths, `velocity` in optimal lengths per second, shortening positive, and
    `active_force_n` the tension of active fibres, not negative, without the passive force. Work is
    that force times velocity, given to the types by their part of the active state; lengthening
    earns nothing back.
    """
    active = _by_type("active_sum", active_sum, params)
    rate = _by_type("spike_rate_sum", spike_rate_sum, params)
    length = np.asarray(normalised_length, dtype=np.float64)
    v = np.asarray(velocity, dtype=np.float64)
    force = _not_negative("active_force_n", active_force_n, " (it is tension)")
    mechanical = force * v * params.optimal_length_m
    body_strength = params.tetanic_force_n * params.optimal_length_m / params.mass_kg
    work = mechanical / params.mass_kg * (params.strength_j_per_kg / body_strength)
    slow_part = _slow_part(active)
    curve = active_force_length(length, params.lmin, params.lmax)
    slow, fast = (
        specific_power(
            cost_set(constants),
            kind,
            active[..., kind],
            rate[..., kind],
            normalised_length=length,
            velocity=v,
            force_length=curve,
            work_w_per_kg=work * part,
            strength_j_per_kg=params.strength_j_per_kg,
        )
        for kind, part in ((SLOW, slow_part), (FAST, 1.0 - slow_part))
    )
    watts = [(of_slow + of_fast) * params.mass_kg for of_slow, of_fast in zip(slow, fast)]
    activation, cross_bridge, shortening, lengthening, working = watts
    return Power(
        activation_w=activation,
        cross_bridge_w=cross_bridge,
        shortening_heat_w=shortening,
        lengthening_heat_w=lengthening,
        work_w=working,
        total_w=activation + cross_bridge + shortening + lengthening + working,
        positive_work_rate_w=np.maximum(mechanical, 0.0),
        net_work_rate_w=mechanical,
    )


def _by_type(name: str, value: ArrayLike, params: EnergeticParameters) -> Array:
    array = _not_negative(name, value)
    expected = (params.mass_kg.shape[0], 2)
    if array.shape[-2:] != expected:
        raise ValueError(f"{name} has shape {array.shape}; its last axes must be {expected}")
    return array


def _not_negative(name: str, value: ArrayLike, note: str = "") -> Array:
    """`value` with rounding below zero taken off; an error where it is truly negative."""
    array = np.asarray(value, dtype=np.float64)
    if array.size and array.min() < -_ROUNDING:
        raise ValueError(f"{name} may not be negative{note}, got {array.min()}")
    return np.maximum(array, 0.0)


def _slow_part(active: Array) -> Array:
    """The slow fibres' part of the active state, a half where there is none."""
    both = active[..., SLOW] + active[..., FAST]
    some = both > 0.0
    return np.where(some, active[..., SLOW] / np.where(some, both, 1.0), 0.5)


def body_power_w(
    record: Power, body_mass_kg: ArrayLike, *, basal_w_per_kg: float = BASAL_W_PER_KG
) -> Array:
    """Metabolic power of the body, W: all muscles and the basal rate once, [...]."""
    return record.total_w.sum(axis=-1) + basal_w_per_kg * np.asarray(body_mass_kg)
