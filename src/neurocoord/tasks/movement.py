"""What the moving tasks share: their common measures, noisy starts, the shape of a reward."""

from __future__ import annotations

import numpy as np

from neurocoord.body.model import Body
from neurocoord.body.reading import BodyReading
from neurocoord.muscle import energetics, mechanics
from neurocoord.muscle.efficiency import economy_n_s_per_j, positive_work_efficiency
from neurocoord.tasks.protocol import Measure, Trace

STEPS = 2  # physics steps a block
BLOCK_S = 0.004

MOVEMENT_MEASURES = {
    "tracking_error_deg": Measure("deg", "mean absolute joint error against the wanted posture"),
    "muscle_force_n": Measure("N", "mean active force, summed over all muscles"),
    "muscle_force_fluctuation": Measure("1", "SD over mean of a muscle's force within 100 ms"),
    "drive": Measure("1", "mean drive over all muscles"),
    "metabolic_power_w": Measure("W", "metabolic power with basal, counted from motor units"),
    "positive_work_w": Measure("W", "mean positive mechanical power of the muscles"),
    "efficiency": Measure("1", "positive work over metabolic energy above basal"),
    "economy_n_s_per_j": Measure("N s/J", "force-time over metabolic energy above basal"),
}


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


def metabolic_power(body: Body, trace: Trace, cost_set: str = "H") -> energetics.Power:
    """Power of every muscle by block, [block, muscle] (W), from what its motor units do."""
    parameters = energetics.energetic_parameters(
        body.table.mass_kg,
        body.muscle_parameters,
        full_drive_fraction=trace.full_drive_fraction,
    )

    def by_block(steps: np.ndarray) -> np.ndarray:
        return steps.reshape(-1, STEPS, steps.shape[-1]).mean(axis=1)

    length = by_block(trace.muscle_length_m)
    velocity = by_block(trace.muscle_velocity_m_per_s)
    return energetics.power(
        parameters,
        cost_set,
        trace.active_sum,
        trace.spike_rate_sum,
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
    power = metabolic_power(body, trace)
    total_w = power.total_w[during].sum(axis=1)
    duration = float(during.sum() * BLOCK_S)
    force = active_force_n(body, trace)[np.repeat(during, STEPS)]
    energy = float(total_w.sum() * BLOCK_S)
    work = float(power.positive_work_rate_w[during].sum() * BLOCK_S)
    force_time = float(force.sum() * BLOCK_S / STEPS)
    angle = trace.qpos[:, body.joint_qpos]
    error = np.degrees(np.abs(angle - trace.wanted_angle))[during]
    basal_w = energetics.BASAL_W_PER_KG * body.mass_kg
    return {
        "tracking_error_deg": float(np.nanmean(error)) if np.isfinite(error).any() else np.nan,
        "muscle_force_n": float(force.sum(axis=1).mean()),
        "muscle_force_fluctuation": force_fluctuation(force),
        "drive": float(trace.drive[during].mean()),
        "metabolic_power_w": energy / duration + basal_w,
        "positive_work_w": work / duration,
        "efficiency": float(positive_work_efficiency(work, energy)),
        "economy_n_s_per_j": float(economy_n_s_per_j(force_time, energy)),
    }
