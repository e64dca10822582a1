"""Spinal and vestibular reflexes: what senses add to drive, after a delay and past no controller.

- **Stretch** (Ia): drive in proportion to a fibre's lengthening velocity and to its length above a
  threshold; Ia afferents of lengthening muscles excite their own motor neurons.
- **Reciprocal inhibition**: the stretched muscle's antagonists lose drive in proportion.
- **Force** (Ib): a muscle's tendon force takes drive from it (autogenic inhibition), or adds to it
  while its limb bears weight, if so chosen (reversal in stance: Pearson 1995, Curr Opin Neurobiol
  5:786, recalled).
- **Righting** (vestibular): neck muscles turn the head upright against gravity; on all fours that
  is to look where one goes.

Every gain is 0 by default, which switches the reflex off. Reflexes see the body, never spikes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from neurocoord.body.clock import BLOCK_S
from neurocoord.body.model import Body
from neurocoord.body.reading import BodyReading
from neurocoord.coordination.reference import LIMBS, limb_of_support
from neurocoord.muscle.mechanics import normalised_length, optimal_length_m

# Stimulus to motor unit (s), by the farthest joint that a muscle crosses. The short-latency stretch
# reflex begins after about 20 to 25 ms in biceps (Shemmell, Krutky & Perreault 2010, Clin
# Neurophysiol 121:1680) and 40 ms at the ankle (Finley, Dhaher & Perreault 2013, Physiol Rep
# 1:e00051), both recalled; between them, by distance (choice).
DELAY_S = {
    "neck": 0.020,
    "thorax": 0.020,
    "lumbar": 0.020,
    "girdle": 0.020,
    "shoulder": 0.024,
    "elbow": 0.024,
    "pronation": 0.028,
    "wrist": 0.032,
    "hip": 0.028,
    "knee": 0.032,
    "ankle": 0.040,
    "subtalar": 0.040,
}
FARTHEST_S = max(DELAY_S.values())
OPPOSED = -0.5  # cosine between two muscles' moment arms below which they are antagonists (choice)
UP_OF_HEAD = np.array(
    [0.0, 0.0, 1.0]
)  # in the head's own frame: the long axis, upright in standing
_LIMB_OF = {
    "hand": ("shoulder", "elbow", "pronation", "wrist"),
    "knee": ("hip", "knee", "ankle", "subtalar"),
}


@dataclass(frozen=True, kw_only=True)
class Reflexes:
    """Gains of the reflexes; 0 switches one off. All values are choices."""

    stretch_velocity: float = 0.0  # drive per optimal length a second of lengthening
    stretch_length: float = 0.0  # drive per optimal length above the threshold
    length_threshold_lopt: float = 1.0
    reciprocal: float = 0.0  # share of the stretch reflex that its antagonists lose
    force: float = 0.0  # drive lost at maximal isometric force
    force_excites_in_stance: bool = False
    righting: float = 0.0  # drive per rad of the head's tilt
    righting_damping: float = 0.0  # drive per rad/s of its turning
    righting_delay_s: float = 0.024  # vestibulocollic
    delay_scale: float = 1.0  # of the muscles' own delays, DELAY_S


class Wiring(NamedTuple):
    """Reflexes bound to a body."""

    reflexes: Reflexes
    delay_blocks: np.ndarray  # int[muscle]
    righting_blocks: int
    antagonism: np.ndarray  # [inhibited muscle, stretched muscle], 0 to 1
    limb: np.ndarray  # int[muscle], index into LIMBS, -1 for none
    support_limb: np.ndarray  # int[support]
    head: int  # body index, -1 for none
    neck_muscles: np.ndarray  # int[neck muscle]: those that cross the neck alone
    neck_dof: np.ndarray  # int[neck hinge]


class ReflexState(NamedTuple):
    """What is on its way, the newest first."""

    spinal: np.ndarray  # [block, muscle], drive
    righting: np.ndarray  # [block, muscle], drive


def is_off(reflexes: Reflexes) -> bool:
    """Whether no reflex has a gain."""
    gains = ("stretch_velocity", "stretch_length", "force", "righting", "righting_damping")
    return all(getattr(reflexes, name) == 0.0 for name in gains)


def wire(body: Body, reflexes: Reflexes, moment_arm: np.ndarray) -> Wiring:
    """Bind reflexes to a body; antagonists are told by ``moment_arm`` [muscle, nv] at a posture."""
    for field in fields(reflexes):
        value = getattr(reflexes, field.name)
        if field.name != "force_excites_in_stance" and not 0.0 <= value < np.inf:
            raise ValueError(f"reflexes.{field.name}={value} is not allowed; it is 0 or more")
    crossed = [[joint.split("_")[0] for joint in joints] for joints in body.table.joints]
    delay_s = reflexes.delay_scale * np.array(
        [max((DELAY_S[stem] for stem in stems), default=FARTHEST_S) for stems in crossed]
    )
    limb = np.full(len(body.muscles), -1)
    for index, name in enumerate(LIMBS):
        kind, side = name.split("_")
        for muscle, stems in enumerate(crossed):
            if body.table.side[muscle] == side and set(stems) & set(_LIMB_OF[kind]):
                limb[muscle] = index
    neck = [k for k, joint in enumerate(body.joints) if joint.startswith("neck_")]
    return Wiring(
        reflexes=reflexes,
        delay_blocks=np.rint(delay_s / BLOCK_S).astype(int),
        righting_blocks=round(reflexes.righting_delay_s / BLOCK_S),
        antagonism=antagonism(moment_arm[:, body.joint_dof]),
        limb=limb,
        support_limb=limb_of_support(body),
        head=body.bodies.index("head") if "head" in body.bodies else -1,
        neck_muscles=np.flatnonzero([set(stems) == {"neck"} for stems in crossed]),
        neck_dof=body.joint_dof[neck],
    )


def antagonism(moment_arm: np.ndarray) -> np.ndarray:
    """How far each two muscles oppose each other [muscle, muscle], from moment arms [muscle,
    joint]: the cosine's negative where it is below ``OPPOSED``, else 0."""
    size = np.linalg.norm(moment_arm, axis=1, keepdims=True)
    direction = np.divide(moment_arm, size, out=np.zeros_like(moment_arm), where=size > 0.0)
    cosine = direction @ direction.T
    return np.where(cosine < OPPOSED, -cosine, 0.0)


def init(wiring: Wiring) -> ReflexState:
    """Nothing is on its way."""
    muscles = wiring.delay_blocks.size
    longest = int(wiring.delay_blocks.max(initial=0))
    return ReflexState(
        np.zeros((longest + 1, muscles)), np.zeros((wiring.righting_blocks + 1, muscles))
    )


def step(
    wiring: Wiring,
    body: Body,
    state: ReflexState,
    reading: BodyReading,
    env: int,
    force_n: np.ndarray,
) -> tuple[np.ndarray, ReflexState]:
    """What reflexes add to the drive of the block that begins, [muscle], and what is on its way.

    ``force_n`` [muscle]: tendon forces now, pulling positive.
    """
    excited = stretch_drive(wiring.reflexes, body, reading, env)
    spinal = excited - reciprocal_inhibition(wiring, excited)
    spinal += force_drive(wiring, body, reading, env, force_n)
    righting = righting_drive(wiring, reading, env)
    state = ReflexState(
        np.concatenate([spinal[None], state.spinal[:-1]]),
        np.concatenate([righting[None], state.righting[:-1]]),
    )
    arrived = np.take_along_axis(state.spinal, wiring.delay_blocks[None], axis=0)[0]
    return arrived + state.righting[wiring.righting_blocks], state


def stretch_drive(reflexes: Reflexes, body: Body, reading: BodyReading, env: int) -> np.ndarray:
    """Drive [muscle] that the muscles' own stretch gives them."""
    muscles = body.muscle_parameters
    length = normalised_length(muscles, reading.muscle_length_m[env])
    velocity = reading.muscle_velocity_m_per_s[env] / optimal_length_m(muscles)
    longer = np.maximum(length - reflexes.length_threshold_lopt, 0.0)
    drive = reflexes.stretch_velocity * np.maximum(velocity, 0.0)
    return np.asarray(drive + reflexes.stretch_length * longer)


def reciprocal_inhibition(wiring: Wiring, excited: np.ndarray) -> np.ndarray:
    """Drive [muscle] that muscles lose to their most strongly stretched antagonist."""
    return np.asarray(wiring.reflexes.reciprocal * (wiring.antagonism * excited).max(axis=1))


def force_drive(
    wiring: Wiring, body: Body, reading: BodyReading, env: int, force_n: np.ndarray
) -> np.ndarray:
    """Drive [muscle] that tendon force takes, or gives to muscles of a limb that bears weight."""
    given = -wiring.reflexes.force * np.maximum(force_n, 0.0) / body.muscle_parameters.max_force_n
    if wiring.reflexes.force_excites_in_stance:
        touching = wiring.support_limb[reading.contact_found[env].any(axis=-1)]
        given = np.where(np.isin(wiring.limb, touching[touching >= 0]), -given, given)
    return np.asarray(given)


def righting_drive(wiring: Wiring, reading: BodyReading, env: int) -> np.ndarray:
    """Drive [muscle] of the neck that turns the head upright and slows its turning.

    Each neck muscle gets as much as it pulls the wanted way: the part of the wanted turn along its
    moment arms. Nothing holds the other muscles.
    """
    drive = np.zeros(wiring.delay_blocks.size)
    reflexes, muscles = wiring.reflexes, wiring.neck_muscles
    if wiring.head < 0 or muscles.size == 0:
        return drive
    axis = reading.dof_axis[env, wiring.neck_dof, :3]
    turn = reflexes.righting * tilt_rad(reading, env, wiring.head)
    if reflexes.righting_damping > 0.0:
        turn = turn - reflexes.righting_damping * (axis.T @ reading.qvel[env, wiring.neck_dof])
    pull = -reading.moment_arm[env][np.ix_(muscles, wiring.neck_dof)]
    pull /= np.maximum(np.linalg.norm(pull, axis=1, keepdims=True), 1e-12)
    drive[muscles] = np.maximum(pull @ (axis @ turn), 0.0)
    return drive


def tilt_rad(reading: BodyReading, env: int, head: int) -> np.ndarray:
    """Rotation vector [3] (rad, world) that would turn the head's long axis upright."""
    up = reading.body_rotation[env, head] @ UP_OF_HEAD
    cross = np.array([up[1], -up[0], 0.0])  # of up and (0, 0, 1)
    sine = float(np.linalg.norm(cross))
    return cross * (np.arctan2(sine, up[2]) / sine if sine > 1e-9 else 0.0)
