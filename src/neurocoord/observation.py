"""What an environment tells: the state of body and muscles, the task, and if asked the spikes.

``docs/environments.md`` has the table.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from neurocoord.body.reading import BodyReading
from neurocoord.coordination.reference import GRAVITY_M_PER_S2
from neurocoord.motorunits.derive import rate_hz
from neurocoord.motorunits.discharge import SILENCE_TICKS
from neurocoord.motorunits.parameters import PoolParameters, muscle_of_unit
from neurocoord.muscle import mechanics
from neurocoord.simulation import TICK_S
from neurocoord.trial import Runner

PELVIS = 1  # index of the root body
WINDOW_TICKS = 100  # over which spikes are counted (choice: as usual for envelopes of EMG)


class Entry(NamedTuple):
    """One number of an observation."""

    name: str
    unit: str
    meaning: str


class Watch(NamedTuple):
    """Spikes as seen so far: ``observe`` makes the motor units' entries of it."""

    full: np.ndarray  # [muscle] twitch force times rate, summed over the pool, at full drive
    tick: tuple[int, ...]  # when counts were taken, the last WINDOW_TICKS and no more
    n_spikes: tuple[np.ndarray, ...]  # [unit] each, since the pools' start


def watch(runner: Runner, before: Watch | None) -> Watch:
    """What was seen up to now; ``before`` is None at the start of an episode."""
    ticks, _, counts = runner.simulation.spikes()
    now, n_spikes = int(ticks[0]), counts[0]
    if before is None:
        return Watch(_at_full_drive(runner.pools), (now,), (n_spikes,))
    kept = [i for i, tick in enumerate(before.tick) if now - WINDOW_TICKS <= tick < now]
    return before._replace(
        tick=(*(before.tick[i] for i in kept), now),
        n_spikes=(*(before.n_spikes[i] for i in kept), n_spikes),
    )


def _at_full_drive(pools: PoolParameters) -> np.ndarray:
    units = np.arange(pools.twitch_force.size)
    rate = rate_hz(pools, pools.max_excitation[muscle_of_unit(pools)], units)
    return np.add.reduceat(pools.twitch_force * rate, pools.first_unit[:-1])


def motor_units(runner: Runner, seen: Watch) -> list[np.ndarray]:
    """Share of recruited units, their mean discharge rate (1/s) and EMG, each [muscle].

    A unit is recruited while its last spike is not older than 0.2 s. EMG: each spike counts as the
    unit's twitch force, as amplitudes of potentials go (Fuglevand, Winter & Patla 1993, J
    Neurophysiol 70:2470-2488); waveforms, which would cancel in part, are left out.
    """
    pools = runner.pools
    ticks, last, _ = runner.simulation.spikes()
    first = pools.first_unit[:-1]
    is_recruited = (ticks[0] - last[0].astype(np.int64) <= SILENCE_TICKS).astype(float)
    n_recruited = np.add.reduceat(is_recruited, first)
    n_spikes = (seen.n_spikes[-1] - seen.n_spikes[0]).astype(float)
    window_s = max(seen.tick[-1] - seen.tick[0], 1) * TICK_S
    per_s = np.add.reduceat(n_spikes, first) / window_s
    weighted_per_s = np.add.reduceat(n_spikes * pools.twitch_force, first) / window_s
    return [
        n_recruited / np.diff(pools.first_unit),
        per_s / np.maximum(n_recruited, 1.0),
        weighted_per_s / seen.full,
    ]


MOTOR_UNIT_ENTRIES = (
    ("recruited", "1", "share of the pool's units whose last spike is at most 0.2 s old"),
    ("rate", "1/s", "mean discharge rate of these units over the last 0.1 s"),
    ("emg", "1", "spikes of the last 0.1 s by size of their unit; 1: as at full drive"),
)


def observe(runner: Runner, seen: Watch | None = None) -> np.ndarray:
    """Observation [entry] of a runner now, in the order of ``observation_entries``.

    With what was ``seen`` of its spikes the motor units' entries follow the others.
    """
    body = runner.body
    reading: BodyReading = runner.reading
    muscles = body.muscle_parameters
    parts: list[Any] = []
    if _is_free(runner):
        rotation = reading.body_rotation[0, PELVIS]  # pelvis frame -> world
        gravity = body.model.opt.gravity  # [3], world: not straight down on a slope
        bearing = runner.task.bearing_rad(runner.plan, reading, 0)
        parts += [
            reading.body_position_m[0, PELVIS, 2:3],
            rotation.T @ (gravity / np.linalg.norm(gravity)),
            rotation.T @ [np.cos(bearing), np.sin(bearing), 0.0],
            rotation.T @ reading.qvel[0, :3],
            reading.qvel[0, 3:6],
            reading.contact_force_n[0].sum(axis=-1) / (body.mass_kg * GRAVITY_M_PER_S2),
        ]
    parts += [
        reading.qpos[0, body.joint_qpos],
        reading.qvel[0, body.joint_dof],
        mechanics.normalised_length(muscles, reading.muscle_length_m[0]),
        reading.muscle_velocity_m_per_s[0] / mechanics.optimal_length_m(muscles),
        runner.simulation.expected_active_state()[0],
        [runner.time_s],
        list(runner.task.goal(runner.plan).values()),
    ]
    if seen is not None:
        parts += motor_units(runner, seen)
    return np.concatenate([np.asarray(part, float) for part in parts])


def observation_entries(runner: Runner, motor_units: bool = False) -> tuple[Entry, ...]:
    """Name, unit, and meaning of every entry of an observation."""
    body = runner.body
    entries: list[Entry] = []
    if _is_free(runner):
        entries.append(Entry("pelvis_height", "m", "height of the pelvis' origin"))
        for stem, unit, meaning in (
            ("gravity", "1", "direction of gravity (unit vector)"),
            ("way", "1", "direction of the way: world +x, or to the goal (unit vector)"),
            ("pelvis_velocity", "m/s", "velocity of the pelvis' origin"),
            ("pelvis_angular_velocity", "rad/s", "angular velocity of the pelvis"),
        ):
            entries += [
                Entry(f"{stem}_{axis}", unit, f"{meaning}, {axis} in the pelvis frame")
                for axis in "xyz"
            ]
        entries += [
            Entry(f"contact_{geom}", "body weight", "normal force of the floor (one step old)")
            for geom in body.support.geoms
        ]
    for stem, unit, meaning, names in (
        ("angle", "rad", "joint angle", body.joints),
        ("velocity", "rad/s", "joint velocity", body.joints),
        ("length", "Lopt", "fibre length over optimal length", body.muscles),
        ("lengthening", "Lopt/s", "fibre velocity, lengthening positive", body.muscles),
        ("active_state", "1", "expected active state, from the drive so far", body.muscles),
    ):
        entries += [Entry(f"{stem}_{name}", unit, meaning) for name in names]
    entries.append(Entry("time_s", "s", "time since the task began"))
    entries += [
        Entry(f"goal_{name}", "as named", "what the task asks for, constant")
        for name in runner.task.goal(runner.plan)
    ]
    for stem, unit, meaning in MOTOR_UNIT_ENTRIES if motor_units else ():
        entries += [Entry(f"{stem}_{name}", unit, meaning) for name in body.muscles]
    return tuple(entries)


def _is_free(runner: Runner) -> bool:
    """Whether the pelvis moves: on a chair its state and the floor tell nothing."""
    return bool(runner.body.dof_above[PELVIS].any())
