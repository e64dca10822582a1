"""How much of a crawl runs by itself: synergies from its EMG, driven again by a generator.

Synergies are extracted from the EMG of built-in crawls, as studies of people do it. Then a
generator and the synergies drive the crawl, and the controller adds what its feedback needs. What
is left of the crawl is measured when the controller looks rarely, late, noisily or without feeling
the floor, with the synergies, with their mean levels only and without. Every condition starts from
the same half second of standing, on seeds that the synergies were not extracted from.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from neurocoord import seeds
from neurocoord.analysis import synergies as extraction
from neurocoord.coordination import paced
from neurocoord.coordination.paced import Pace, Senses
from neurocoord.coordination.reference import LIMBS
from neurocoord.coordination.synergies import Synergies, calibrate, limb_of_muscle
from neurocoord.motorunits import emg, trains
from neurocoord.muscle.mechanics import gain
from neurocoord.simulation import BLOCK_S, TICK_S
from neurocoord.tasks.crawl import Settings
from neurocoord.trial import Pools, Runner, Synchrony, TrialConfig

BLOCK_TICKS = round(BLOCK_S / TICK_S)
# Muscles that surface electrodes reach, eight a limb, as many as Chen et al. 2017 took (which they
# took was not read: the choice is ours).
SURFACE = {
    "hand": ("BIC", "TRI_LONG", "TRI_SHORT", "DELT_A", "DELT_P", "PECM_S", "LAT_T", "TRAP_U"),
    "knee": ("RF", "VAS_L", "BFLH", "MHAM", "TA", "GAS", "GMAX_I", "TFL"),
}
NUMB_HAND = tuple(limb for limb in LIMBS if limb != "hand_r")
# What the controller sees, by name; a block is 4 ms.
SENSES: dict[str, Senses] = {
    "every 4 ms": Senses(),
    "every 8 ms": Senses(every_blocks=2),
    "every 16 ms": Senses(every_blocks=4),
    "every 32 ms": Senses(every_blocks=8),
    "every 64 ms": Senses(every_blocks=16),
    "8 ms late": Senses(delay_blocks=2),
    "24 ms late": Senses(delay_blocks=6),
    "noisy joints": Senses(angle_noise_rad=0.02, velocity_noise_rad_per_s=0.3),
    "one hand numb": Senses(feels=NUMB_HAND),
    "floor not felt": Senses(feels=()),
}


BY = ("feedback", "mean levels", "synergies")


@dataclass(frozen=True, kw_only=True)
class Config:
    """What is recorded, extracted and driven again; all choices."""

    seed: int = 0  # of the crawls that are recorded
    drive_seeds: tuple[int, ...] = (1, 2)
    speed_m_per_s: float = 0.4
    others: Mapping[str, tuple[float, str]] = field(
        default_factory=lambda: {
            "0.3 m/s": (0.3, "independent"),
            "0.5 m/s": (0.5, "independent"),
            "short-term synchrony": (0.4, "short_term"),
        }
    )  # name: speed (m/s), strategy
    record_s: float = 7.5
    skip_s: float = 1.0  # of the start, left out of the record
    most_synergies: int = 10  # that are tried
    n_driving: int | None = None  # synergies that drive; none: as many as reach a VAF of 0.90
    drive_s: float = 4.0
    efforts: tuple[float, ...] = (1.0, 10.0, 30.0, 100.0)  # cost of correction, built-in: 1
    effort: float = 10.0  # that cost where the senses are thinned, and of what stands beside them
    fewer: tuple[int, ...] = (1, 4)  # synergies that drive instead
    hold_above_bw: float = 0.1  # where load holds the generator back
    senses: Mapping[str, Senses] = field(default_factory=lambda: dict(SENSES))
    softer: Mapping[str, float] = field(
        default_factory=lambda: {"24 ms late": 100.0}
    )  # of these, once more with all corrections so dear, of feedback alone as well
    n_units: int = 40


class Recording(NamedTuple):
    """EMG and active states of one crawl, cut into cycles of the gait."""

    muscles: tuple[str, ...]
    emg: np.ndarray  # [cycle, phase, muscle]
    active_state: np.ndarray  # [cycle, phase, muscle]


class Driven(NamedTuple):
    """One crawl that was driven by feedback, synergies or both."""

    name: str
    by: str  # of BY, what stands beside feedback
    seed: int
    lasted_s: float  # until it fell, or the time was up
    fell: bool
    speed_m_per_s: float
    tracking_error_deg: float
    share: float  # of the command that synergies gave: 1 - sum |correction| / sum |command|
    share_of_torque: float  # the same of the joint torques that each would give; both 0 without


class Found(NamedTuple):
    """All that was found."""

    recording: Recording
    whole: extraction.Extraction  # of all muscles
    surface: extraction.Extraction  # of the muscles of SURFACE, all limbs together
    limbs: dict[str, extraction.Extraction]  # of the muscles of SURFACE, each limb by itself
    similar: dict[str, np.ndarray]  # other crawl: cosines [synergy] with the first one
    synergies: Synergies
    vaf_active_state: float  # of the mean active states, by the synergies that drive
    what_drives: list[Driven]  # first seed
    thinned: list[Driven]  # all seeds


def runner(config: Config, speed_m_per_s: float, strategy: str = "independent") -> Runner:
    """A crawl with spikes."""
    trial = TrialConfig(
        task="crawl",
        settings=Settings(speed_m_per_s=speed_m_per_s),
        synchrony=Synchrony(strategy=strategy),
        pools=Pools(n_units=config.n_units),
    )
    return Runner(trial, record_spikes=True)


def record(config: Config, crawl: Runner) -> Recording:
    """A built-in crawl's EMG, in cycles; RuntimeError where it fell."""
    crawl.reset(config.seed)
    start_s = crawl.time_s
    spikes, active = [], []
    while crawl.time_s < config.record_s - 0.5 * BLOCK_S:
        if crawl.outcome():
            raise RuntimeError(f"the crawl that is recorded fell after {crawl.time_s:.1f} s")
        block = crawl.advance(crawl.command()[0])
        spikes.append(block.spikes[0])
        active.append(block.step_active_state[0].mean(axis=0))
    signal = emg.emg(trains.from_raster(np.concatenate(spikes)), emg.potentials(crawl.pools))
    cycle_s = 1.0 / crawl.plan.crawl.table.cadence.frequency_hz
    first, last = np.ceil(config.skip_s / cycle_s), np.floor(config.record_s / cycle_s - 1e-6)
    at_s = np.arange(first, last + 1) * cycle_s - start_s
    envelope = extraction.envelopes(signal, TICK_S)
    return Recording(
        crawl.body.muscles,
        extraction.in_cycles(envelope, np.minimum(np.rint(at_s / TICK_S), len(envelope) - 1)),
        extraction.in_cycles(active, np.minimum(np.rint(at_s / BLOCK_S), len(active) - 1)),
    )


def surface_muscles(muscles: Sequence[str], limb: str) -> list[int]:
    """Indices of the muscles of ``SURFACE`` of a limb."""
    kind, side = limb.split("_")
    return [muscles.index(f"{name}_{side}") for name in SURFACE[kind]]


def driving(
    recording: Recording, factors: extraction.Factors, limb: np.ndarray
) -> tuple[Synergies, float]:
    """Synergies of EMG made to drive, and the VAF of mean active states that they give."""
    n_phases = recording.emg.shape[1]
    activation = factors.activation.reshape(factors.weight.shape[1], -1, n_phases).mean(axis=1)
    active = recording.active_state.mean(axis=0).T
    found = calibrate(factors.weight, activation, active, limb)
    model = found.weight @ found.activation
    return found, extraction.variance_accounted_for(active, model)


def drive(
    config: Config,
    crawl: Runner,
    name: str,
    synergies: Synergies | None,
    pace: Pace,
    seed: int,
    by: str = BY[2],
    hold_above_bw: float = np.inf,
) -> Driven:
    """One crawl by synergies (or none) and a controller as ``pace`` says."""
    crawl.reset(seed)
    while crawl.time_s < -0.5 * BLOCK_S:
        crawl.advance(crawl.command()[0])
    plan = crawl.plan
    gains = plan.gains
    bound = paced.make_paced(crawl.body, plan.crawl, gains, synergies, pace, hold_above_bw)
    memory = paced.begin(bound, crawl.reading, 0)
    rng = seeds.generator(seed, "senses")
    start_m, errors, sums = crawl.reading.qpos[0, 0], [], np.zeros(4)
    dofs, muscle = crawl.body.joint_dof, crawl.body.muscle_parameters
    simulation = crawl.simulation
    fell = False
    while crawl.time_s < config.drive_s - 0.5 * BLOCK_S and not fell:
        low, high = simulation.bounds()
        given, memory = paced.command(
            crawl.body, bound, memory, crawl.reading, 0, low[0], np.maximum(high[0], low[0] + 1e-9),
            lambda active: simulation.drive_to_reach(active[None])[0], rng,
        )  # fmt: skip
        seen = crawl.reading
        pull = gain(muscle, seen.muscle_length_m[0], seen.muscle_velocity_m_per_s[0])
        torque = (seen.moment_arm[0] * pull[:, None])[:, dofs]  # [muscle, joint], by active state
        crawl.advance(given.drive)
        angle = crawl.reading.qpos[0, crawl.body.joint_qpos]
        errors.append(np.abs(angle - given.wanted_angle).mean())
        rest = given.active_state - given.feed_forward
        sums += [np.abs(rest).sum(), given.active_state.sum(), np.abs(rest @ torque).sum(),
                 np.abs(given.active_state @ torque).sum()]  # fmt: skip
        fell = bool(crawl.outcome())
    return Driven(
        name=name,
        by=BY[0] if synergies is None else by,
        seed=seed,
        lasted_s=crawl.time_s,
        fell=fell,
        speed_m_per_s=float(crawl.reading.qpos[0, 0] - start_m) / crawl.time_s,
        tracking_error_deg=float(np.degrees(np.mean(errors))),
        share=float(1.0 - sums[0] / sums[1]) if synergies is not None else 0.0,
        share_of_torque=float(1.0 - sums[2] / sums[3]) if synergies is not None else 0.0,
    )


def run(config: Config | None = None) -> Found:
    """Record, extract, drive again, thin the controller."""
    chosen = config or Config()
    crawl = runner(chosen, chosen.speed_m_per_s)
    recording = record(chosen, crawl)
    muscles, most = recording.muscles, chosen.most_synergies
    whole = extraction.extract(recording.emg, most)
    by_limb = {limb: surface_muscles(muscles, limb) for limb in LIMBS}
    surface = [index for indices in by_limb.values() for index in indices]
    n = chosen.n_driving or whole.count()
    similar = {}
    for name, (speed, strategy) in chosen.others.items():
        other = record(chosen, runner(chosen, speed, strategy))
        weight = extraction.factorise(extraction.record_of(other.emg), n).weight
        similar[name] = extraction.similarity(whole.factors[n - 1].weight, weight)[0]
    synergies, vaf = driving(recording, whole.factors[n - 1], limb_of_muscle(crawl.body))
    what_drives = _what_drives(chosen, crawl, recording, whole, synergies)
    thinned = []
    drivers = dict(zip(BY, (None, tonic(synergies), synergies)))
    for name, by, pace in _thinned(chosen):
        thinned += [
            drive(chosen, crawl, name, drivers[by], pace, seed, by) for seed in chosen.drive_seeds
        ]
    return Found(
        recording=recording,
        whole=whole,
        surface=extraction.extract(recording.emg[..., surface], most),
        limbs={k: extraction.extract(recording.emg[..., v], 6) for k, v in by_limb.items()},
        similar=similar,
        synergies=synergies,
        vaf_active_state=vaf,
        what_drives=what_drives,
        thinned=thinned,
    )


def tonic(synergies: Synergies) -> Synergies:
    """The mean level of every muscle, without any time course: a control."""
    level = synergies.activation.mean(axis=1, keepdims=True)
    return synergies._replace(activation=np.repeat(level, synergies.activation.shape[1], axis=1))


def half_a_cycle_late(synergies: Synergies) -> Synergies:
    """The right time courses at the wrong time: a control."""
    late = synergies.activation.shape[1] // 2
    return synergies._replace(activation=np.roll(synergies.activation, late, axis=1))


def _what_drives(
    config: Config,
    crawl: Runner,
    recording: Recording,
    whole: extraction.Extraction,
    synergies: Synergies,
) -> list[Driven]:
    """Feedback alone, synergies with more and more weight, their controls, synergies alone."""
    n = synergies.weight.shape[1]
    pace = Pace(effort=config.effort)
    tried: list[tuple[str, Synergies | None, Pace, float]] = [
        ("feedback alone", None, Pace(), np.inf)
    ]
    tried += [
        (f"{n} synergies, effort x {effort:g}", synergies, Pace(effort=effort), np.inf)
        for effort in config.efforts
    ]
    for fewer in config.fewer:
        made = driving(recording, whole.factors[fewer - 1], synergies.limb)[0]
        said = "1 synergy" if fewer == 1 else f"{fewer} synergies"
        tried.append((f"{said}, effort x {config.effort:g}", made, pace, np.inf))
    tried += [
        ("mean levels only", tonic(synergies), pace, np.inf),
        ("half a cycle late", half_a_cycle_late(synergies), pace, np.inf),
        ("load holds swing back", synergies, pace, config.hold_above_bw),
        ("synergies alone", synergies, Pace(has_feedback=False), np.inf),
    ]
    seed = config.drive_seeds[0]
    return [drive(config, crawl, name, s, p, seed, BY[2], hold) for name, s, p, hold in tried]


def _thinned(config: Config) -> list[tuple[str, str, Pace]]:
    """Name, what drives (of BY) and pace of every condition."""
    found = []
    for name, senses in config.senses.items():
        for by in BY:
            effort = 1.0 if by == BY[0] else config.effort
            found.append((name, by, Pace(effort=effort, senses=senses)))
        if name in config.softer:
            soft = Pace(effort=config.softer[name], senses=senses)
            found += [(f"{name}, effort x {soft.effort:g}", by, soft) for by in BY]
    return found


def counts(found: extraction.Extraction) -> str:
    """Synergies at both bars, or that they were not reached."""
    bars = (extraction.LEAST_VAF, extraction.STRICT_VAF)
    words = [
        str(found.count(bar)) if found.vaf[-1] >= bar else f"> {found.vaf.size}" for bar in bars
    ]
    return f"{words[0]} at VAF {bars[0]:.2f}, {words[1]} at {bars[1]:.2f}"


def line(driven: Driven) -> str:
    """One crawl in a line."""
    how = f"fell at {driven.lasted_s:4.1f} s" if driven.fell else f"went {driven.lasted_s:4.1f} s "
    return (
        f"{driven.name:26} seed {driven.seed} {driven.by:11} {how}"
        f"  {driven.speed_m_per_s:5.2f} m/s  {driven.tracking_error_deg:5.1f} deg"
        f"  share {driven.share:5.2f}  of torque {driven.share_of_torque:5.2f}"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=Config.seed)
    parser.add_argument("--seconds", type=float, default=Config.drive_s, help="of each crawl")
    given = parser.parse_args(arguments)
    found = run(Config(seed=given.seed, drive_s=given.seconds))
    print(f"all muscles: {counts(found.whole)}; surface muscles: {counts(found.surface)}")
    for limb, of_limb in found.limbs.items():
        print(f"{limb}: {counts(of_limb)}")
    for name, cosine in found.similar.items():
        print(f"{name}: cosine {cosine.mean():.2f} (least {cosine.min():.2f})")
    print(f"VAF of active states by the synergies that drive: {found.vaf_active_state:.2f}")
    for driven in (*found.what_drives, *found.thinned):
        print(line(driven))


if __name__ == "__main__":
    main()
