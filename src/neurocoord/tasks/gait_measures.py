"""Measures of a crawl: footfalls as contact shows them, loads, alignment, smoothness.

A limb is a hand, or a knee with its shin. Feet and toes may drag while the knee swings, as they do
in people; that is told apart and is no footfall.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from neurocoord.analysis import alignment, footfalls
from neurocoord.analysis.smoothness import SOURCE as SPARC
from neurocoord.analysis.smoothness import spectral_arc_length
from neurocoord.body.model import Body
from neurocoord.coordination.reference import LIMBS, limb_of_support
from neurocoord.tasks.body_measures import EVERY, MOMENT_S, Moments, body_weight_n
from neurocoord.tasks.movement import BLOCK_S
from neurocoord.tasks.protocol import Measure, Trace

IMPACT_S = 0.05  # choice
LEAST_WAY_M = 0.05  # over which a way has a direction (choice)
FEET = ("toes", "foot")
WALKED_ON = ("hand", "knee", "shin", "toes")  # groups of geoms a crawl is meant to touch with
_CONTACT = "measured from contact, thresholds a choice (analysis/footfalls.py)"
_DUTY = f"Alexander 1977; {_CONTACT}"
_PHASE = f"Patrick, Noah & Yang 2009; Righetti et al. 2015; {_CONTACT}"


def _m(group: str, unit: str, meaning: str, source: str) -> Measure:
    return Measure(unit, meaning, group=group, source=source)


GAIT_MEASURES: dict[str, Measure] = {
    **{
        f"duty_factor_{limb}": _m("Footfalls", "1", f"share of a stride that {limb} stands", _DUTY)
        for limb in LIMBS
    },
    "stride_frequency_hz": _m("Footfalls", "1/s", "strides a second, all limbs", _CONTACT),
    "stride_length_m": _m("Footfalls", "m", "speed over stride frequency", _CONTACT),
    "ipsilateral_phase": _m(
        "Footfalls", "cycle", "touch-down, hand after the knee of its side", _PHASE
    ),
    "diagonal_phase": _m(
        "Footfalls", "cycle", "touch-down, hand after the opposite knee", _PHASE
    ),
    "hands_phase": _m(
        "Footfalls", "cycle", "touch-down, left hand after the right", _PHASE
    ),
    "knees_phase": _m(
        "Footfalls", "cycle", "touch-down, left knee after the right", _PHASE
    ),
    **{
        f"swing_clearance_{part}_m": _m(
            "Footfalls", "m", f"lowest height in the middle of a swing, {part}", "choice"
        )
        for part in ("hand", "knee", "toes")
    },
    "swing_touch_share": _m(
        "Footfalls", "1", "share of measured swing with any touch", _CONTACT
    ),
    "toe_drag_share": _m(
        "Footfalls", "1", "share of knees' swing that foot or toes touch", _CONTACT
    ),
    **{
        f"stance_slip_{part}_cm": _m(
            "Footfalls", "cm", f"way of the skin on the floor a stance, {part}", "choice"
        )
        for part in ("hand", "knee")
    },
    **{
        f"stance_net_slip_{part}_cm": _m(
            "Footfalls", "cm", f"net way of the skin on the floor a stance, {part}", "choice"
        )
        for part in ("hand", "knee")
    },
    "other_contact_share": _m(
        "Footfalls", "1", "share of time other parts touch the floor", "choice"
    ),
    "load_share_hands": _m("Loads", "1", "hands' share of the vertical ground force", "statics"),
    **{
        f"peak_load_{part}_bw": _m(
            "Loads", "BW", f"peak vertical force on one {part}",
            "choice",
        )
        for part in ("hand", "knee")
    },
    **{
        f"impact_{part}_bw": _m(
            "Loads", "BW", f"peak within 50 ms of touch-down, {part}", "choice"
        )
        for part in ("hand", "knee")
    },
    "friction_use": _m(
        "Loads", "1", "horizontal over vertical force of the limbs",
        "utilised friction, Redfern et al. 2001",
    ),
    **{
        f"{part}_turn_deg": _m(
            "Alignment", "deg", f"mean turn of the {part} out of the way", "choice"
        )
        for part in ("trunk", "head")
    },
    **{
        f"{part}_tilt_deg": _m(
            "Alignment", "deg", f"mean sideways tilt of the {part} to gravity",
            "choice",
        )
        for part in ("trunk", "head")
    },
    "trunk_pitch_deg": _m(
        "Alignment", "deg", "pelvis-to-neck line above the horizontal", "choice"
    ),
    "face_pitch_deg": _m(
        "Alignment", "deg", "face above the horizontal, -90 looks down", "choice"
    ),
    "smoothness_trunk": _m("Smoothness", "1", "of the pelvis' speed over a stride", SPARC),
    **{
        f"smoothness_{part}": _m("Smoothness", "1", f"of the {part}'s speed in a swing", SPARC)
        for part in ("hand", "knee")
    },
}  # fmt: skip


class Steps(NamedTuple):
    """Limbs on the floor over a crawl; ``LIMBS`` in order."""

    force_n: np.ndarray  # [block, limb], vertical, feet left out
    stance: np.ndarray  # bool[block, limb], by block of 4 ms
    limb: np.ndarray  # int[support], -1 where a geom is of no limb, or of the feet
    foot: np.ndarray  # int[support], the limb that a foot's or toe's geom hangs from, else -1


def steps(body: Body, trace: Trace, during: np.ndarray) -> Steps:
    """Footfalls of the blocks ``during`` (bool[block]), from the force on each limb."""
    limb = limb_of_support(body)
    is_foot = np.isin(body.support.groups, FEET)
    foot = np.where(is_foot, limb, -1)
    limb = np.where(is_foot, -1, limb)
    force = np.column_stack(
        [trace.contact_force_n[during][:, limb == index].sum(axis=1) for index in range(len(LIMBS))]
    )
    weight = body_weight_n(body)
    limits = footfalls.ON_BW * weight, footfalls.OFF_BW * weight
    stance = np.column_stack(
        [footfalls.in_stance(f, *limits, footfalls.LEAST_S, BLOCK_S) for f in force.T]
    )
    return Steps(force, stance, limb, foot)


def other_contacts(body: Body, trace: Trace, during: np.ndarray) -> dict[str, float]:
    """Share of time that each part touches the floor which a crawl is not meant to touch with."""
    touches = trace.contact_force_n[during] > 0.0
    groups = np.array(body.support.groups)
    others = [group for group in dict.fromkeys(body.support.groups) if group not in WALKED_ON]
    return {group: float(touches[:, groups == group].any(axis=1).mean()) for group in others}


def gait_measures(
    body: Body, trace: Trace, during: np.ndarray, at: Moments, speed_m_per_s: float
) -> dict[str, float]:
    """The measures of ``GAIT_MEASURES`` over the blocks ``during``; NaN without whole steps."""
    found = steps(body, trace, during)
    return {
        **_footfall_measures(body, trace, during, at, found, speed_m_per_s),
        **_load_measures(body, at, found),
        **_alignment_measures(body, at),
        **_smoothness_measures(body, trace, during, found),
    }


def _footfall_measures(
    body: Body, trace: Trace, during: np.ndarray, at: Moments, found: Steps, speed_m_per_s: float
) -> dict[str, float]:
    limbs = dict(zip(LIMBS, found.stance.T, strict=True))
    frequency = _mean([footfalls.stride_frequency_hz(s, BLOCK_S) for s in limbs.values()])
    force = trace.contact_force_n[during]

    def phase(*pairs: tuple[str, str]) -> float:
        lags = [footfalls.phase_lags(limbs[first], limbs[second]) for first, second in pairs]
        return footfalls.mean_phase(np.concatenate(lags))

    diagonal = phase(("knee_r", "hand_l"), ("knee_l", "hand_r"))
    touch, drag = [], []
    for index in range(len(LIMBS)):
        swing = found.stance[:, index]
        touch.append(footfalls.swing_share(found.force_n[:, index] > 0.0, swing))
        feet = force[:, found.foot == index]
        if feet.shape[1]:
            drag.append(footfalls.swing_share((feet > 0.0).any(axis=1), swing))
    others = ~np.isin(body.support.groups, WALKED_ON)
    return {
        **{f"duty_factor_{limb}": footfalls.duty_factor(s) for limb, s in limbs.items()},
        "stride_frequency_hz": frequency,
        "stride_length_m": speed_m_per_s / frequency,
        "ipsilateral_phase": phase(("knee_r", "hand_r"), ("knee_l", "hand_l")),
        "diagonal_phase": (diagonal + 0.5) % 1.0 - 0.5,
        "hands_phase": phase(("hand_r", "hand_l")),
        "knees_phase": phase(("knee_r", "knee_l")),
        **{f"swing_clearance_{p}_m": c for p, c in _clearances(at, found).items()},
        "swing_touch_share": _mean(touch),
        "toe_drag_share": _mean(drag),
        **_slips(at, found),
        "other_contact_share": float((force[:, others] > 0.0).any(axis=1).mean()),
    }


def _clearances(at: Moments, found: Steps) -> dict[str, float]:
    height, stance = at.seen.contacts.height_m, found.stance[::EVERY]

    def clearance(index: int, geoms: np.ndarray) -> float:
        return footfalls.swing_clearance_m(height[:, geoms].min(axis=1), stance[:, index])

    return {
        "hand": _mean([clearance(i, found.limb == i) for i in _of("hand")]),
        "knee": _mean([clearance(i, found.limb == i) for i in _of("knee")]),
        "toes": _mean([clearance(i, found.foot == i) for i in _of("knee")]),
    }


def _slips(at: Moments, found: Steps) -> dict[str, float]:
    """Way and net way (cm) a stance, of the skin at each limb's centre of pressure."""
    contacts, stance = at.seen.contacts, found.stance[::EVERY]
    load = np.maximum(contacts.force_n[..., 2], 0.0)[..., None]
    moved = load * np.nan_to_num(contacts.velocity_m_per_s[..., :2])

    def way_cm(of_stances: Callable[..., float], index: int) -> float:
        of = found.limb == index
        velocity = moved[:, of].sum(axis=1) / np.maximum(load[:, of].sum(axis=1), 1e-9)
        return 100.0 * of_stances(velocity, stance[:, index], MOMENT_S)

    return {
        f"stance_{name}_{part}_cm": _mean([way_cm(of_stances, i) for i in _of(part)])
        for name, of_stances in (("slip", footfalls.slip_m), ("net_slip", footfalls.net_slip_m))
        for part in ("hand", "knee")
    }


def _load_measures(body: Body, at: Moments, found: Steps) -> dict[str, float]:
    force = at.seen.contacts.force_n
    vertical = force[..., 2]
    total = vertical.sum()
    hands = vertical[:, np.isin(found.limb, _of("hand"))].sum()
    on_limbs = force[:, found.limb >= 0]
    weighed, across = on_limbs[..., 2].sum(), np.linalg.norm(on_limbs[..., :2], axis=-1).sum()
    peaks = {
        part: _mean([float(np.percentile(found.force_n[:, i], 95.0)) for i in _of(part)])
        for part in ("hand", "knee")
    }
    impacts = {part: _mean([_impact_n(found, i) for i in _of(part)]) for part in ("hand", "knee")}
    return {
        "load_share_hands": float(hands / total) if total > 0.0 else float("nan"),
        **{f"peak_load_{p}_bw": newtons / body_weight_n(body) for p, newtons in peaks.items()},
        **{f"impact_{p}_bw": newtons / body_weight_n(body) for p, newtons in impacts.items()},
        "friction_use": float(across / weighed) if weighed > 0.0 else float("nan"),
    }


def _impact_n(found: Steps, limb: int) -> float:
    """Greatest force within ``IMPACT_S`` of touch-down, mean over touch-downs (N)."""
    force, after = found.force_n[:, limb], round(IMPACT_S / BLOCK_S)
    at = footfalls.touchdowns(found.stance[:, limb])
    return _mean([float(force[start : start + after].max()) for start in at])


def _alignment_measures(body: Body, at: Moments) -> dict[str, float]:
    place, rotation = at.seen.body_position_m, at.seen.body_rotation
    way = at.seen.centre_of_mass_m[-1, :2] - at.seen.centre_of_mass_m[0, :2]
    if np.linalg.norm(way) < LEAST_WAY_M:
        way = np.full(2, np.nan)
    head, thorax, pelvis = (body.bodies.index(name) for name in ("head", "thorax", "pelvis"))
    spine = place[:, head] - place[:, pelvis]
    segments = {"trunk": rotation[:, thorax], "head": rotation[:, head]}
    return {
        **{f"{p}_turn_deg": _absolute(alignment.turn_deg(r, way)) for p, r in segments.items()},
        **{f"{p}_tilt_deg": _absolute(alignment.tilt_deg(r)) for p, r in segments.items()},
        "trunk_pitch_deg": float(alignment.elevation_deg(spine).mean()),
        "face_pitch_deg": float(alignment.elevation_deg(rotation[:, head, :, 0]).mean()),
    }


def _smoothness_measures(
    body: Body, trace: Trace, during: np.ndarray, found: Steps
) -> dict[str, float]:
    place = trace.body_position_m[during]
    bones = {"hand": "hand", "knee": "tibia"}

    def speed(name: str) -> np.ndarray:
        way = np.diff(place[:, body.bodies.index(name)], axis=0, prepend=np.nan)
        return np.linalg.norm(way, axis=1) / BLOCK_S

    at = footfalls.touchdowns(found.stance[:, LIMBS.index("knee_r")])
    strides = list(pairwise(at))
    swings: dict[str, list[float]] = {part: [] for part in bones}
    for index, limb in enumerate(LIMBS):
        part, side = limb.split("_")
        moving = speed(f"{bones[part]}_{side}")
        for a, b in footfalls.complete(~found.stance[:, index]):
            swings[part].append(spectral_arc_length(moving[a:b], BLOCK_S))
    trunk = speed("pelvis")
    return {
        "smoothness_trunk": _mean([spectral_arc_length(trunk[a:b], BLOCK_S) for a, b in strides]),
        **{f"smoothness_{part}": _mean(values) for part, values in swings.items()},
    }


def _of(part: str) -> list[int]:
    return [index for index, limb in enumerate(LIMBS) if limb.startswith(part)]


def _absolute(values: np.ndarray) -> float:
    return float(np.abs(values).mean())


def _mean(values: list[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")
