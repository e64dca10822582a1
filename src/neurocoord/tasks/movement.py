"""What the moving tasks share: their common measures, noisy starts, the shape of a reward."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from neurocoord.body.model import Body
from neurocoord.body.reading import BodyReading
from neurocoord.muscle import energetics, mechanics
from neurocoord.muscle.efficiency import (
    cost_of_transport,
    economy_n_s_per_j,
    positive_work_efficiency,
)
from neurocoord.tasks.protocol import Measure, Trace

STEPS = 2  # physics steps a block
BLOCK_S = 0.004


class EnergyModel(NamedTuple):
    """A cost set and a law of activation, by which metabolic power is counted."""

    name: str  # for people
    cost_set: str  # in `energetics.COST_SETS`
    saturating: bool = False  # activation by `unit_energy`'s saturating law, else the linear one


# The first is the one that measures name no model for; the others say what hangs on that choice.
ENERGY_MODELS = {
    "": EnergyModel("H", "H"),
    "u": EnergyModel("U", "U"),
    "b": EnergyModel("B", "B"),
    "saturating": EnergyModel("H saturating", "H", True),
}


def by_model(stem: str, unit: str, measure: Measure) -> dict[str, Measure]:
    """A measure ``stem_unit`` and its variants ``stem_model_unit`` by the other energy models."""
    base = model_name(stem, "", unit)
    rest = {
        model_name(stem, key, unit): measure._replace(
            meaning=f"the same by set {model.name}", variant_of=base, model=model.name
        )
        for key, model in ENERGY_MODELS.items()
        if key
    }
    return {base: measure._replace(model=ENERGY_MODELS[""].name), **rest}


def model_name(stem: str, model: str, unit: str) -> str:
    """Name of a measure under a model of ``ENERGY_MODELS``, which comes before the unit."""
    return "_".join(part for part in (stem, model, unit) if part)


def movement(unit: str, meaning: str, source: str = "choice") -> Measure:
    """A measure of how the movement went."""
    return Measure(unit, meaning, group="Movement", source=source)


def _energy(unit: str, meaning: str, source: str) -> Measure:
    return Measure(unit, meaning, group="Energy", source=source)


_UNITS_COST = "muscle/energetics.py, docs/energetics.md"
MOVEMENT_MEASURES = {
    "tracking_error_deg": movement("deg", "mean absolute joint error against the wanted posture"),
    "muscle_force_n": movement("N", "mean active force, summed over all muscles"),
    "muscle_force_fluctuation": movement(
        "1", "SD over mean of a muscle's force within 100 ms", "coefficient of variation of force"
    ),
    "drive": movement("1", "mean drive over all muscles"),
    "solves_unconverged": movement(
        "1", "solves of the controller that fell back on a slower method, within the bounds"
    ),
    **by_model(
        "metabolic_power",
        "w",
        _energy("W", "metabolic power with basal, counted from motor units", _UNITS_COST),
    ),
    "positive_work_w": _energy("W", "mean positive mechanical power of the muscles", _UNITS_COST),
    "negative_work_w": _energy(
        "W", "mean power that active muscles absorb while they lengthen", _UNITS_COST
    ),
    "heat_w": _energy("W", "metabolic power above basal less net mechanical power", _UNITS_COST),
    "activation_share": _energy("1", "activation over metabolic energy above basal", _UNITS_COST),
    **by_model(
        "efficiency",
        "",
        _energy("1", "positive work over metabolic energy above basal", "muscle/efficiency.py"),
    ),
    "economy_n_s_per_j": _energy(
        "N s/J", "force-time over metabolic energy above basal", "muscle/efficiency.py"
    ),
}


def blocks_since_s(time_s: float, asked_s: float | None) -> float:
    """Whole blocks since a controller was last asked (s); one where it never was.

    An environment asks every 20 ms, a trial every 4 ms, and who asks twice at one time gets one
    answer: what a controller counts goes by the time that passed, not by how often it was asked.
    """
    return BLOCK_S * (1 if asked_s is None else max(round((time_s - asked_s) / BLOCK_S), 0))


def bump(error: float, width: float) -> float:
    """1 at zero error, falling to 0.1 at ``width`` (a Gaussian)."""
    return float(np.exp(np.log(0.1) * (error / width) ** 2))


def noisy_start(
    body: Body, angle: np.ndarray, noise_rad: float, rng: np.random.Generator
) -> np.ndarray:
    """Joint angles with normal noise, inside the joints' ranges."""
    noisy = angle + noise_rad * rng.standard_normal(angle.size)
    return np.clip(noisy, body.joint_range[:, 0], body.joint_range[:, 1])


def lowest_trunk_m(body: Body, reading: BodyReading, env: int) -> float:
    """Height (m) of the lower of the pelvis' and the thorax' origin."""
    thorax = body.bodies.index("thorax")
    height = reading.body_position_m[env, :, 2]
    return float(min(height[1], height[thorax]))


def active_force_n(body: Body, trace: Trace) -> np.ndarray:
    """Active force [step, muscle] (N, pulling positive): the whole force less the passive one."""
    passive = -mechanics.bias(body.muscle_parameters, trace.muscle_length_m)
    return np.maximum(trace.muscle_force_n - passive, 0.0)


def energetic_parameters(
    body: Body, full_drive_fraction: ArrayLike = 1.0
) -> energetics.EnergeticParameters:
    """Mass from volumes, strength from the body's own: see `energetics.energetic_parameters`."""
    return energetics.energetic_parameters(
        body.table.mass_kg, body.muscle_parameters, full_drive_fraction=full_drive_fraction
    )


def metabolic_power(
    body: Body, trace: Trace, model: EnergyModel = ENERGY_MODELS[""]
) -> energetics.Power:
    """Power of every muscle by block, [block, muscle] (W), from what its motor units do."""
    parameters = energetic_parameters(body, trace.full_drive_fraction)

    def by_block(steps: np.ndarray) -> np.ndarray:
        return steps.reshape(-1, STEPS, steps.shape[-1]).mean(axis=1)

    length = by_block(trace.muscle_length_m)
    velocity = by_block(trace.muscle_velocity_m_per_s)
    return energetics.power(
        parameters,
        model.cost_set,
        trace.active_sum,
        trace.saturating_spike_rate_sum if model.saturating else trace.spike_rate_sum,
        mechanics.normalised_length(body.muscle_parameters, length),
        -velocity / parameters.optimal_length_m,
        by_block(active_force_n(body, trace)),
    )


def force_fluctuation(force_n: np.ndarray, window_steps: int = 50) -> float:
    """Mean over muscles of SD / mean of force within windows of 100 ms, weighted by mean force."""
    n = force_n.shape[0] // window_steps
    if n == 0:
        return float("nan")
    windows = force_n[: n * window_steps].reshape(n, window_steps, -1)
    slope = np.linspace(-0.5, 0.5, window_steps)[:, None]
    # the movement's own rise and fall within a window is taken out as a straight line
    trend = (windows * slope).sum(axis=1, keepdims=True) / (slope**2).sum()
    sd = (windows - trend * slope).std(axis=1)
    total = windows.mean(axis=1).sum()
    return float(sd.sum() / total) if total > 0 else float("nan")


def movement_measures(body: Body, trace: Trace, during: np.ndarray) -> dict[str, float]:
    """The measures of ``MOVEMENT_MEASURES`` over the blocks ``during`` (bool[block])."""
    duration = float(during.sum() * BLOCK_S)
    force = active_force_n(body, trace)[np.repeat(during, STEPS)]
    force_time = float(force.sum() * BLOCK_S / STEPS)
    angle = trace.qpos[:, body.joint_qpos]
    error = np.degrees(np.abs(angle - trace.wanted_angle))[during]
    basal_w = energetics.BASAL_W_PER_KG * body.mass_kg
    powers = {key: metabolic_power(body, trace, model) for key, model in ENERGY_MODELS.items()}
    spent = {key: float(power.total_w[during].sum() * BLOCK_S) for key, power in powers.items()}
    power, energy = powers[""], spent[""]
    work = float(power.positive_work_rate_w[during].sum() * BLOCK_S)
    net_work = float(power.net_work_rate_w[during].sum() * BLOCK_S)
    activation = float(power.activation_w[during].sum() * BLOCK_S)
    return {
        "tracking_error_deg": float(np.nanmean(error)) if np.isfinite(error).any() else np.nan,
        "muscle_force_n": float(force.sum(axis=1).mean()),
        "muscle_force_fluctuation": force_fluctuation(force),
        "drive": float(trace.drive[during].mean()),
        "solves_unconverged": float(trace.solves_unconverged),
        **{model_name("metabolic_power", k, "w"): e / duration + basal_w for k, e in spent.items()},
        "positive_work_w": work / duration,
        "negative_work_w": (work - net_work) / duration,
        "heat_w": (energy - net_work) / duration,
        "activation_share": activation / energy if energy > 0 else float("nan"),
        **{
            model_name("efficiency", k, ""): float(positive_work_efficiency(work, e))
            for k, e in spent.items()
        },
        "economy_n_s_per_j": float(economy_n_s_per_j(force_time, energy)),
    }


def metabolic_energies(measures: dict[str, float], duration_s: float) -> dict[str, float]:
    """Energy (J, basal included) by each model, from the powers of `movement_measures`."""
    return {
        model_name("metabolic_energy", k, "j"): measures[model_name("metabolic_power", k, "w")]
        * duration_s
        for k in ENERGY_MODELS
    }


def costs_of_transport(
    body: Body, measures: dict[str, float], duration_s: float, distance_m: float
) -> dict[str, float]:
    """Gross cost of transport (J/kg/m) by each model; NaN below 5 cm of way (choice)."""
    energies = metabolic_energies(measures, duration_s if distance_m > 0.05 else float("nan"))
    way = max(distance_m, 0.05)
    costs = (float(cost_of_transport(j, body.mass_kg, way)) for j in energies.values())
    return {
        model_name("cost_of_transport", key, "j_per_kg_m"): cost
        for key, cost in zip(ENERGY_MODELS, costs)
    }
