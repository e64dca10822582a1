"""Is there synchrony in a moving body's spikes, and is it more than the controller's beat?

    python experiments/synchrony_in_movement.py
    python experiments/synchrony_in_movement.py --seconds 6 --units 120

The same crawl is done on the same noise under each strategy. The synchrony of each muscle's units
is scored against interval-jitter surrogates and against the `independent` run, and the pooled
spikes are searched for a line at the rates of the controller: 250 Hz, its block of 4 ms; and 50 Hz,
where the drive is held for 20 ms at a time, as an agent in an environment holds it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from neurocoord.analysis import control_rate, jitter
from neurocoord.analysis.control_rate import RatePeak
from neurocoord.analysis.jitter import Excess, PairedExcess
from neurocoord.motorunits import trains
from neurocoord.motorunits.trains import SpikeTrains
from neurocoord.simulation import BLOCK_S
from neurocoord.trial import Pools, Runner, Synchrony, TrialConfig

BLOCKS_A_STEP = {"control block": 1, "environment step": 5}  # that a drive is held


@dataclass(frozen=True, kw_only=True)
class Config:
    """What is run; all choices. The first strategy is the one that the others are held against."""

    task: str = "crawl"
    strategies: tuple[str, ...] = ("independent", "short_term")
    strength: float = 1.0
    scope: str = "pool"
    seconds: float = 4.0
    n_units: int = 30  # of each muscle
    seed: int = 0
    n_surrogates: int = 100


class Found(NamedTuple):
    """What one strategy's spikes showed."""

    strategy: str
    excess: Excess  # over jittered surrogates
    over_first: PairedExcess  # over the first strategy's run
    peaks: dict[str, RatePeak]  # by clock: with the drive set at its rate
    ended: str


def spikes_of(config: Config, strategy: str, blocks_a_step: int) -> tuple[SpikeTrains, Runner]:
    """Spikes of all units from the start of the movement on, the drive set every so many blocks."""
    chosen = Synchrony(strategy=strategy, strength=config.strength, scope=config.scope)
    pools = Pools(n_units=config.n_units)
    runner = Runner(
        TrialConfig(task=config.task, synchrony=chosen, pools=pools), record_spikes=True
    )
    runner.reset(config.seed)
    rasters = []
    drive = np.zeros(len(runner.body.muscles))
    for block in range(round((config.seconds - runner.time_s) / BLOCK_S)):
        if runner.outcome():
            break
        if block % blocks_a_step == 0:
            drive, _ = runner.command()
        moving = runner.time_s > -0.5 * BLOCK_S
        spikes = runner.advance(drive).spikes[0]
        if moving:
            rasters.append(spikes)
    return trains.from_raster(np.concatenate(rasters)), runner


def run(config: Config | None = None) -> list[Found]:
    """Every strategy."""
    chosen = config or Config()
    found: list[Found] = []
    for strategy in chosen.strategies:
        peaks, scored, ended = {}, None, ""
        for clock, blocks in BLOCKS_A_STEP.items():
            made, runner = spikes_of(chosen, strategy, blocks)
            peaks[clock] = control_rate.rate_peak(made, control_rate.CONTROL_RATES_HZ[clock])
            if scored is None:
                first_unit, ended = runner.pools.first_unit, runner.outcome()
                scored = jitter.excess(
                    made, first_unit, n_surrogates=chosen.n_surrogates, seed=chosen.seed
                )
        assert scored is not None
        over = jitter.over_independent(scored, found[0].excess if found else scored)
        found.append(Found(strategy, scored, over, peaks, ended))
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=Config.seconds)
    parser.add_argument("--units", type=int, default=Config.n_units, help="of each muscle")
    parser.add_argument("--seed", type=int, default=Config.seed)
    parser.add_argument("--strategies", default=",".join(Config.strategies))
    given = parser.parse_args(arguments)
    config = Config(
        seconds=given.seconds,
        n_units=given.units,
        seed=given.seed,
        strategies=tuple(given.strategies.split(",")),
    )
    for found in run(config):
        told, over = found.excess, found.over_first
        print(
            f"{found.strategy}{f' ({found.ended})' if found.ended else ''}: coincidences "
            f"{told.body_ratio:.3f} of what jitter leaves (z {told.body_z:.1f}, p {told.body_p:.3f}"
            f"), {told.body_cis_hz:.3f} /s a pair; over {config.strategies[0]} "
            f"{over.body_cis_hz:+.3f} /s (z {over.body_z:.1f}), in {over.muscles_above:.0%} of the "
            "muscles"
        )
        for clock, peak in found.peaks.items():
            print(
                f"  {clock}, {peak.frequency_hz:g} Hz: depth {peak.depth:.3f}, power "
                f"{peak.power_ratio:.2f} of that beside it (p {peak.power_p:.3f}), "
                f"coherence {peak.coherence:.2f} (beside {peak.coherence_beside:.2f}, "
                f"p {peak.coherence_p:.3f})"
                f"{': a line' if peak.found else ''}"
            )


if __name__ == "__main__":
    main()
