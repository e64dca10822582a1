"""Draw the figures of docs/energetics.md into docs/figures/; a few seconds.

    python docs/make_energy_figures.py                  # both
    python docs/make_energy_figures.py --only formulas

Everything is seeded: the same code draws the same figures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import drawing
import numpy as np
from numpy.typing import NDArray

from neurocoord import synchrony
from neurocoord.analysis.plots import COLOURS, GREY
from neurocoord.body import model
from neurocoord.motorunits import kernel, potvin_fuglevand, published, twitch
from neurocoord.motorunits.parameters import TICK_S
from neurocoord.muscle import energetics, unit_energy
from neurocoord.muscle import whole_muscle_energy as whole
from neurocoord.tasks.movement import energetic_parameters

STYLE = {**drawing.STYLE, "legend.fontsize": 7.5, "legend.frameon": False}
SETS = {"U": COLOURS[2], "B": COLOURS[3], "H": COLOURS[1]}
STRATEGIES = ("common_drive", "short_term", "beta")
DRIVE = 0.3
SETTLE, N_TICKS, N_SEEDS = 1000, 20_000, 4

Floats = NDArray[np.float64]


def draw_models(figure: Any) -> None:
    """Cost of a steady pool, efficiency in shortening, and what the body's strengths imply."""
    cost, efficiency, tension = figure.subplots(1, 3, width_ratios=(1.2, 1.2, 1.0))
    _steady_cost(cost)
    _efficiency(efficiency)
    _specific_tension(tension)


def _steady_cost(axes: Any) -> None:
    units = potvin_fuglevand.units()
    mass = units.twitch_force / units.twitch_force.sum()
    is_fast = np.cumsum(mass) - 0.5 * mass > 0.5
    excitation = np.linspace(1.0, potvin_fuglevand.max_excitation(), 100)
    above = excitation[:, None] - units.recruitment_threshold
    rate = np.where(above >= 0.0, np.minimum(8.0 + above, units.peak_rate_hz), 0.0)
    active = potvin_fuglevand.fused_fraction(units.contraction_time_s * rate)
    force = active @ mass
    percent = 100.0 * force / force[-1]
    saturating = rate * unit_energy.saturating_factor(rate)
    for name, spikes, line, label in (
        ("U", rate, "-", "units, U"),
        ("B", rate, "-", "units, B"),
        ("H", rate, "-", "units, H"),
        ("H", saturating, "--", "units, H, saturating"),
    ):
        watts = sum(
            sum(
                energetics.specific_power(
                    energetics.cost_set(name), kind, (active * mass) @ of, (spikes * mass) @ of
                )
            )
            for kind, of in ((energetics.SLOW, ~is_fast), (energetics.FAST, is_fast))
        )
        axes.plot(percent, watts, line, color=SETS[name], label=label)
    u = excitation / excitation[-1]
    for name, muscle, colour in (
        ("umberger_2010", whole.WholeMuscle(force, force), COLOURS[2]),
        ("bhargava_2004", whole.WholeMuscle(u, force), COLOURS[3]),
    ):
        label = f"whole muscle, {name.replace('_', ' ').capitalize()}"
        axes.plot(percent, whole.MODELS[name](muscle).total, ":", color=colour, label=label)
    axes.set_title("holding a force, half slow fibres", loc="left", weight="bold")
    axes.set_xlabel("force (% of maximum)")
    axes.set_ylabel("metabolic power (W/kg of muscle)")
    axes.set_ylim(0, 180)
    axes.legend(loc="upper left")


def _efficiency(axes: Any) -> None:
    for name, colour in SETS.items():
        constants = energetics.cost_set(name)
        for kind, line in ((energetics.SLOW, "-"), (energetics.FAST, "--")):
            vmax = constants.vmax[kind]
            v = np.linspace(0.0, 1.0, 201) * vmax
            force = energetics.hill_force_velocity(v, vmax, constants.hill_curvature[kind])
            work = force * v * energetics.STANDARD_STRENGTH_J_PER_KG
            parts = energetics.specific_power(
                constants, kind, 1.0, 25.0, velocity=v, work_w_per_kg=work
            )
            label = f"{name}, {'slow' if kind == energetics.SLOW else 'fast'}"
            axes.plot(v / vmax, work / sum(parts), line, color=colour, label=label)
    axes.axhspan(0.18, 0.30, color=GREY, alpha=0.15, lw=0, label="whole muscle")
    axes.set_title("shortening fully active", loc="left", weight="bold")
    axes.set_xlabel("velocity (of maximal)")
    axes.set_ylabel("work over metabolic energy")
    axes.set_ylim(0, 0.75)
    axes.legend(loc="upper right", ncols=3)


def _specific_tension(axes: Any) -> None:
    body = model.load("humanoid")
    right = [i for i, name in enumerate(body.muscles) if name.endswith("_r")]
    sigma = energetic_parameters(body).specific_tension_n_per_cm2[right]
    order = np.argsort(sigma)
    axes.plot(sigma[order], np.arange(len(right)) + 1, ".", color=COLOURS[1], ms=4)
    axes.axvline(25.0, color=GREY, lw=0.8)
    axes.text(26.5, 1, "25: every energy model", size=7.5, color=GREY)
    highest = [body.table.full_name[right[i]].split(" (")[0] for i in order[:-4:-1]]
    words = "highest, from the top:\n" + "\n".join(highest)
    axes.text(0.99, 0.72, words, transform=axes.transAxes, ha="right", va="top", size=7.5)
    axes.set_title("strength against volume", loc="left", weight="bold")
    axes.set_xlabel("F0 L$_{opt}$ / volume (N/cm$^2$)")
    axes.set_ylabel("muscles of one side, in order")


def draw_formulas(figure: Any) -> None:
    """What fluctuation does to a power of activation, and synchrony to what formulas say."""
    powers, real, extreme = figure.subplots(1, 3, width_ratios=(1.1, 1.3, 1.0))
    _powers(powers)
    pool = published.body_pools(120, 0.5)
    strategies = {name: _strategy(pool, name) for name in ("independent", *STRATEGIES)}
    _bars(real, strategies, f"strategies, {DRIVE:.0%} drive, fully shared")
    in_step = {"random phases": _regular(pool, False), "in step": _regular(pool, True)}
    _bars(extreme, in_step, "every unit at 10 Hz, all in step")
    real.set_ylabel("change of cost per force-time (%)")


def _powers(axes: Any) -> None:
    from scipy.special import ndtri

    z = ndtri((np.arange(20_001) + 0.5) / 20_001)
    states = [np.maximum(1.0 + sd * z, 0.0) for sd in np.linspace(0.0, 1.0, 41)]
    cv = [100 * a.std() / a.mean() for a in states]
    for p, colour, label in (
        (2.0, COLOURS[2], "$A^2$, shortening heat"),
        (1.0, COLOURS[1], "$a$, as units pay"),
        (0.6, COLOURS[0], "$A^{0.6}$, activation and maintenance"),
    ):
        bias = [100 * float(whole.fluctuation_bias(a, p)) for a in states]
        axes.plot(cv, bias, color=colour, label=label)
    axes.set_title("equal mean, more fluctuation", loc="left", weight="bold")
    axes.set_xlabel("CV of active state (%)")
    axes.set_ylabel("change of mean cost (%)")
    axes.legend(loc="upper left")


def _bars(axes: Any, cost: dict[str, dict[str, float]], title: str) -> None:
    """Each way of counting, against the first condition."""
    baseline, *others = cost
    labels = tuple(cost[baseline])
    width = 0.8 / len(others)
    for k, name in enumerate(others):
        change = [100 * (cost[name][m] / cost[baseline][m] - 1) for m in labels]
        at = np.arange(len(labels)) + (k - 0.5 * (len(others) - 1)) * width
        colour = COLOURS[k + 1] if len(others) > 1 else COLOURS[5]
        bars = axes.bar(at, change, 0.9 * width, color=colour, label=name.replace("_", " "))
        texts = [f"{c:.2f}" if abs(c) >= 0.005 else "0" for c in change]
        axes.bar_label(bars, texts, size=6.5, padding=1)
    axes.axhline(0.0, color=GREY, lw=0.7)
    axes.set_xticks(range(len(labels)), labels)
    axes.set_title(title, loc="left", weight="bold")
    axes.margins(y=0.15)
    if len(others) > 1:
        axes.legend(loc="upper left")


def _strategy(pool: Any, strategy: str) -> dict[str, float]:
    """A pool at a held drive, the same noise for each strategy."""
    coupling = synchrony.strategy(strategy)(pool, strength=1.0)
    drive = np.full((N_SEEDS, SETTLE + N_TICKS, 1), DRIVE)
    _, out = kernel.advance(
        pool, coupling, kernel.init(pool, N_SEEDS, 1), drive, record_spikes=True
    )
    sums = out.active_sum[:, SETTLE:, 0]
    return _per_force_time(pool, out.spikes[:, SETTLE:], sums)


def _regular(pool: Any, in_step: bool) -> dict[str, float]:
    """Every unit at 10 Hz, its twitches added as they are: in random phases or all at once."""
    n_units, period = pool.is_fast.size, 100
    phase = np.zeros(n_units, np.int64) if in_step else np.arange(n_units) * 37 % period
    spikes = np.zeros((1, N_TICKS, n_units), np.uint8)
    for unit in range(n_units):
        spikes[0, phase[unit] :: period, unit] = 1
    after_s = np.arange(period)[:, None] * TICK_S + np.arange(12) * period * TICK_S
    units = pool.tetanic_force, pool.is_fast, pool.first_unit
    one = np.stack(
        [
            np.roll(twitch.twitch(after_s, 1.0, t).sum(axis=1), p)
            for t, p in zip(pool.contraction_time_s, phase, strict=True)
        ],
        axis=1,
    )  # active state of each unit over a period, [tick, unit]
    active = unit_energy.type_sums(one / twitch.TETANIC_FORCE_PER_TWITCH, *units)[None, :, 0]
    return _per_force_time(pool, spikes, active)


def _per_force_time(pool: Any, spikes: Any, sums: Floats) -> dict[str, float]:
    """Power over mean active state by every way of counting.

    From spikes [env, tick, unit] and active sums [env, tick, class].
    """
    units = pool.tetanic_force, pool.is_fast, pool.first_unit
    start = unit_energy.slow_rate_init(spikes.shape[0], pool.is_fast.size)
    _, weighted = unit_energy.saturating_step(
        start, spikes, unit_energy.unit_shares(*units), tick_s=TICK_S
    )
    seconds = spikes.shape[1] * TICK_S
    counts = unit_energy.type_sums(spikes.sum(axis=1), *units)[:, 0].mean(axis=0) / seconds
    mean, a = sums.mean(axis=(0, 1)), sums.sum(axis=-1)
    moving = whole.umberger_2010(whole.WholeMuscle(a, a, velocity=1.0))
    cost = {
        "units\nH": _isometric("H", mean, counts),
        "units, H\nsaturating": _isometric("H", mean, weighted[:, 0].mean(axis=0) / seconds),
        "Umberger\n$A^{0.6}$": float(moving.activation_maintenance.mean()),
        "Umberger\n$A^2$": float(moving.shortening_lengthening.mean()),
    }
    return {name: watts / float(a.mean()) for name, watts in cost.items()}


def _isometric(name: str, active: Floats, spike_rate: Floats) -> float:
    constants = energetics.cost_set(name)
    return sum(
        float(sum(energetics.specific_power(constants, kind, active[kind], spike_rate[kind])))
        for kind in (energetics.SLOW, energetics.FAST)
    )


DRAWINGS: dict[str, tuple[Callable[[Any], None], tuple[float, float]]] = {
    "models": (draw_models, (11.0, 3.8)),
    "formulas": (draw_formulas, (11.5, 3.5)),
}


def main() -> None:
    """The command line."""
    drawing.draw_chosen(DRAWINGS, "energetics", __doc__ or "", STYLE)


if __name__ == "__main__":
    main()
