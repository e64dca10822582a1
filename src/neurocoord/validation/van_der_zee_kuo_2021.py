"""Cyclic isometric knee extension: the same torque costs more the faster it comes and goes.

van der Zee & Kuo 2021 (J Exp Biol 224:jeb233965; the abstract was read): nine people made cycles of
22 N m at 0.5 to 2.5 Hz; net metabolic rate rose from 10.5 to 46.8 W, 40 % of it at high frequency
put down to activation and 43 % to work on the tendon. From their published code: the torque is a
raised cosine from 0.4 to 22 N m of both legs together.

Here each leg is a pool of 120 units whose drive is a raised cosine, scaled until the mean cycle
reaches the peak torque. 1.9 kg of quadriceps and 220 N m of maximum a leg are choices. Tendons here
are rigid, so shortening work is missing and the cost must come out low: levels are shown, and only
that a newton metre costs more at the higher frequency gates. Slow units do not relax in time there,
so mean torque rises too, which is taken out. Umberger's whole-muscle formula is shown on the same
active state.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocoord import synchrony
from neurocoord.motorunits import kernel, published
from neurocoord.motorunits.parameters import TICK_S, PoolParameters
from neurocoord.muscle import energetics, unit_energy
from neurocoord.muscle.whole_muscle_energy import WholeMuscle, umberger_2010
from neurocoord.validation.protocol import Check

PAPER = "van der Zee & Kuo 2021"

FREQUENCIES_HZ = (0.5, 1.0, 1.5, 2.0, 2.5)
MEASURED_W = {0.5: 10.5, 2.5: 46.8}
PEAK_NM, MAXIMUM_NM = 11.0, 220.0  # of one leg; the maximum is a choice
QUADRICEPS_KG = 1.9  # of one leg (choice)
N_LEGS = 2
CYCLES, QUICK_CYCLES, SETTLE_CYCLES = 30, 8, 2
N_TRIES = 8  # of the drive's scale

MODELS = ("H", "H_saturating", "U", "B")

CHECKS = (
    Check("rise_H", "cost per torque, 2.5 over 0.5 Hz, H", None, "1", 1.02, "at_least", "read"),
    *(
        Check(f"{m}_{f}", f"net cost at {f} Hz, {m.replace('_', ' ')}", w, "W", 0, "shown", "read")
        for f, w in MEASURED_W.items()
        for m in (*MODELS, "umberger_2010")
    ),
)

BROKEN: dict[str, dict[str, Any]] = {"spikes are free": {"spike_cost": 0.0}}

F64 = NDArray[np.float64]


def measure(*, quick: bool = False, spike_cost: float = 1.0) -> dict[str, float]:
    """Net power of both legs (W) at each frequency, by every model."""
    pool = published.fuglevand_1993()
    cycles = QUICK_CYCLES if quick else CYCLES
    measured = {}
    for f in (0.5, 2.5) if quick else FREQUENCIES_HZ:
        for name, watts in _net_w(pool, f, cycles, spike_cost).items():
            measured[f"{name}_{f}"] = watts
    torque = measured["torque_2.5"] / measured["torque_0.5"]
    for name in MODELS:
        measured[f"rise_{name}"] = measured[f"{name}_2.5"] / measured[f"{name}_0.5"] / torque
    return measured


def plot(axes: Any, measured: dict[str, float]) -> None:
    """Cost against frequency by every model, with the two values of the abstract."""
    axes.plot(*zip(*MEASURED_W.items()), "ko", mfc="none", ms=9, label="measured")
    for name, colour in zip(MODELS, ("#0072B2", "#56B4E9", "#D55E00", "#009E73")):
        at = [f for f in FREQUENCIES_HZ if f"{name}_{f}" in measured]
        ours = [measured[f"{name}_{f}"] for f in at]
        axes.plot(at, ours, "x-", color=colour, label=name.replace("_", ", "))
    axes.set_xlabel("cycles a second (Hz)")
    axes.set_ylabel("net metabolic power (W)")
    axes.set_ylim(0, 50)
    axes.legend(frameon=False)


def _net_w(pool: PoolParameters, f: float, cycles: int, spike_cost: float) -> dict[str, float]:
    """Both legs, above basal, over whole cycles."""
    tick = np.arange(round((SETTLE_CYCLES + cycles) / f / TICK_S))
    shape = 0.5 - 0.5 * np.cos(2.0 * np.pi * f * tick * TICK_S)
    low, high = 0.0, 1.0
    for _ in range(N_TRIES):
        scale = 0.5 * (low + high)
        out, peak = _cycle(pool, scale * shape, f)
        low, high = (scale, high) if peak < PEAK_NM / MAXIMUM_NM else (low, scale)
    kept = tick * TICK_S >= SETTLE_CYCLES / f
    active = out.active_sum[0, kept, 0].mean(axis=0)
    is_kept = out.spikes[:, kept]
    start = unit_energy.slow_rate_init(1, pool.is_fast.size)
    units = pool.tetanic_force, pool.is_fast, pool.first_unit
    _, weighted = unit_energy.saturating_step(
        start, is_kept, unit_energy.unit_shares(*units), tick_s=TICK_S
    )
    spikes = unit_energy.type_sums(
        is_kept[0].sum(axis=0), pool.tetanic_force, pool.is_fast, pool.first_unit
    )[0]
    seconds = float(kept.sum() * TICK_S)
    cost = {
        name: _w_per_kg(name[0], active, spike_cost * sums / seconds)
        for name, sums in zip(MODELS, (spikes, weighted[0, 0], spikes, spikes), strict=True)
    }
    state = out.active_state[0, kept, 0]
    cost["umberger_2010"] = float(umberger_2010(WholeMuscle(state, state)).total.mean())
    watts = {name: N_LEGS * QUADRICEPS_KG * each for name, each in cost.items()}
    return {**watts, "torque": N_LEGS * MAXIMUM_NM * float(state.mean())}


def _cycle(pool: PoolParameters, drive: F64, f: float) -> tuple[kernel.BlockOutput, float]:
    """One leg's pool under a drive `[tick]`, and the peak active state of its mean cycle."""
    coupling = synchrony.strategy("independent")(pool)
    state = kernel.init(pool, 1, seed=2021)
    _, out = kernel.advance(pool, coupling, state, drive[None, :, None], record_spikes=True)
    period = round(1.0 / f / TICK_S)
    cycles = out.active_state[0, SETTLE_CYCLES * period :, 0]
    mean_cycle = cycles[: cycles.size // period * period].reshape(-1, period).mean(axis=0)
    return out, float(mean_cycle.max())


def _w_per_kg(name: str, active: F64, spike_rate: F64) -> float:
    constants = energetics.cost_set(name)
    return sum(
        float(sum(energetics.specific_power(constants, kind, active[kind], spike_rate[kind])))
        for kind in (energetics.SLOW, energetics.FAST)
    )
