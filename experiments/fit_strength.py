"""Fit each muscle's force, fibre and tendon length to what people's joints can do.

    python experiments/fit_strength.py            # says what it would change
    python experiments/fit_strength.py --write    # writes models/anatomy/muscles.csv

The targets are the isometric torques of ``models/anatomy/validation.csv``; a third of the angles
(``held_out``) are left out and reported apart. Fibres are kept to working lengths in the postures
of crawling and rolling, passive torques to a share of the active ones, every number near where it
starts (``strength_start.csv``). No torque of the shoulder girdle was found, so none is fitted.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

from neurocoord.body import model, published
from neurocoord.body.anatomy import read_table
from neurocoord.body.capacity import moment_arms
from neurocoord.body.postures import KEYFRAMES
from neurocoord.coordination.gait import tabulate
from neurocoord.coordination.library import load_movement
from neurocoord.coordination.roll import make_roll
from neurocoord.muscle import mechanics
from neurocoord.resources import models_folder

FIBRE_LENGTH = (0.48, 1.4)  # of optimal length, in the postures of crawling and rolling (choice)
PASSIVE_SHARE = 0.08  # of active torque, in the working range (choice; 0.10 is tested)
CRAWL_SPEED_M_PER_S = 0.4
# how far a number may move at the cost of one tolerance of torque (choices)
LOG_FORCE_SD, LOG_FIBRE_SD, SLACK_SD = 0.35, 0.18, 0.12
TORQUE_SD = {"read": 0.08, "read-2nd": 0.06, "recalled": 0.15, "choice": 0.08}
MARK = "F0, fibre and slack length fitted by experiments/fit_strength.py"


class Problem(NamedTuple):
    """What does not change during the fit; [muscle] is both sides, [own] one side's names."""

    own_of: np.ndarray  # int[muscle]
    force_n: np.ndarray  # [own], where the fit starts
    fibre_m: np.ndarray  # [own]
    slack_m: np.ndarray  # [own]
    targets: tuple[published.Published, ...]
    arm_m: np.ndarray  # [target, muscle], positive the target's way, else 0
    length_m: np.ndarray  # [target, muscle]
    sd_nm: np.ndarray  # [target]
    used_m: np.ndarray  # [own, 2], shortest and longest path in use
    passive_arm_m: np.ndarray  # [passive, muscle]
    passive_length_m: np.ndarray  # [passive, muscle]
    spring_nm: np.ndarray  # [passive]
    joint_of_passive: np.ndarray  # int[passive]


def postures_in_use(body: model.Body) -> np.ndarray:
    """``qpos`` [posture, nq] of crawling, rolling and the keyframes."""
    crawl = load_movement("crawl_hands_knees").plan
    roll = make_roll(body, load_movement("roll_supine_to_prone").plan)
    share = np.linspace(0.0, 1.0, 6)[:, None]
    angles = [tabulate(body, crawl, CRAWL_SPEED_M_PER_S).joint_angle[::4]]
    for first, second in zip(roll.knot_angle[:-1], roll.knot_angle[1:], strict=True):
        angles.append((1 - share) * first + share * second)
    stacked = np.concatenate(angles)
    qpos = np.tile(body.model.qpos0, (len(stacked), 1))
    qpos[:, body.joint_qpos] = stacked
    keys = [model.keyframe_qpos(body, name) for name in KEYFRAMES]
    return np.concatenate([qpos, keys])


def make_problem(body: model.Body) -> Problem:
    """Moment arms and path lengths of every target and posture."""
    own = [row["id"] for row in read_table("muscles")]
    own_of = np.array([own.index(name[:-2]) for name in body.muscles])
    start = read_table("strength_start")
    force, fibre, slack = (
        np.array([float(row[column]) for row in start])
        for column in ("max_force_n", "optimal_length_m", "tendon_slack_length_m")
    )
    targets = tuple(row for row in published.rows() if row.quantity == "isometric torque")
    arms, paths = [], []
    for row in targets:
        found = published.curve(body, row.joint, row.posture, [row.angle_deg])
        arms.append(np.maximum(row.direction * found.arm_m[0], 0.0))
        paths.append(found.length_m[0])
    peak: dict[tuple[str, int, str], float] = {}
    for row in targets:
        key = (row.joint, row.direction, row.tag)
        peak[key] = max(peak.get(key, 0.0), row.value)
    sd = [TORQUE_SD[row.tag] * peak[row.joint, row.direction, row.tag] for row in targets]
    used = np.array([moment_arms(body.model, qpos)[1] for qpos in postures_in_use(body)])
    both = np.array(
        [[used[:, own_of == k].min(), used[:, own_of == k].max()] for k in range(len(own))]
    )
    passive = [_passive_rows(body, k) for k in range(len(published.working_ranges()))]
    return Problem(
        own_of, force, fibre, slack, targets, np.array(arms),
        np.array(paths), np.array(sd), both,
        *(np.concatenate(column) for column in zip(*passive, strict=True)),
    )  # fmt: skip


def _passive_rows(body: model.Body, k: int) -> tuple[np.ndarray, ...]:
    working = published.working_ranges()[k]
    angle = np.linspace(working.low_deg, working.high_deg, 5)
    found = published.curve(body, working.joint, working.posture, angle)
    name = working.joint if working.joint in body.joints else f"{working.joint}_r"
    stiffness = float(np.ravel(body.model.joint(name).stiffness)[0])
    return found.arm_m, found.length_m, -stiffness * np.radians(angle), np.full(5, k)


def unpack(problem: Problem, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Force (N), fibre and slack length (m) of one side's muscles for a step ``x`` [3 * own]."""
    force, fibre, slack = x.reshape(3, -1)
    return (
        problem.force_n * np.exp(force * LOG_FORCE_SD),
        problem.fibre_m * np.exp(fibre * LOG_FIBRE_SD),
        problem.slack_m + slack * SLACK_SD * problem.fibre_m,
    )


def torques_nm(problem: Problem, x: np.ndarray) -> np.ndarray:
    """Active torque of every target [target] (Nm)."""
    force, fibre, slack = (column[problem.own_of] for column in unpack(problem, x))
    shape = mechanics.active_force_length((problem.length_m - slack) / fibre, 0.3, 1.8)
    return (problem.arm_m * force * shape).sum(axis=1)


def passive_shares(problem: Problem, x: np.ndarray, fpmax: float = 0.5) -> np.ndarray:
    """Passive over active torque [passive]; active: the peak of the muscles it works against."""
    force, fibre, slack = (column[problem.own_of] for column in unpack(problem, x))
    length = (problem.passive_length_m - slack) / fibre
    passive = force * mechanics.passive_force_length(length, 1.8, fpmax)
    torque = (problem.passive_arm_m * passive).sum(axis=1) + problem.spring_nm
    active = force * mechanics.active_force_length(length, 0.3, 1.8)
    share = np.empty(torque.size)
    for joint in np.unique(problem.joint_of_passive):
        own = problem.joint_of_passive == joint
        for sign in (1.0, -1.0):
            able = (np.maximum(-sign * problem.passive_arm_m[own], 0.0) * active[own]).sum(axis=1)
            turns = own & (sign * torque >= 0.0)
            share[turns] = np.abs(torque[turns]) / max(float(able.max()), 1e-9)
    return share


def residuals(problem: Problem, x: np.ndarray) -> np.ndarray:
    """What the fit makes small."""
    fitted = np.array([not row.held_out for row in problem.targets])
    wanted = np.array([row.value for row in problem.targets])
    torque = ((torques_nm(problem, x) - wanted) / problem.sd_nm)[fitted]
    _, fibre, slack = unpack(problem, x)
    used = (problem.used_m - slack[:, None]) / fibre[:, None]
    low, high = FIBRE_LENGTH
    outside = np.concatenate([low - used[:, 0], used[:, 1] - high])
    passive = passive_shares(problem, x) - PASSIVE_SHARE
    hinges = [np.maximum(outside, 0.0) / 0.015, np.maximum(passive, 0.0) / 0.01]
    return np.concatenate([torque, *hinges, x])


def fit(problem: Problem, max_evaluations: int = 30) -> np.ndarray:
    """The best step ``x`` found from where the table starts."""
    start = np.zeros(3 * problem.force_n.size)
    found = least_squares(
        lambda x: residuals(problem, x), start, max_nfev=max_evaluations, bounds=(-3.0, 3.0)
    )
    return found.x


def run(max_evaluations: int = 30) -> tuple[Problem, np.ndarray]:
    """The problem of the shipped body and the best step ``x`` found."""
    problem = make_problem(model.load())
    return problem, fit(problem, max_evaluations)


def report(problem: Problem, x: np.ndarray) -> list[str]:
    """Torque of every target before and after, held-out errors, and lengths outside their range."""
    before, after = torques_nm(problem, np.zeros_like(x)), torques_nm(problem, x)
    lines = [
        f"{row.joint:24}{row.direction:3}{row.angle_deg:6.0f} deg {row.value:6.1f} Nm, "
        f"was {was:6.1f}, is {now:6.1f} {'held out' if row.held_out else ''} {row.tag}"
        for row, was, now in zip(problem.targets, before, after, strict=True)
    ]
    for held in (False, True):
        error = [
            abs(now / row.value - 1)
            for row, now in zip(problem.targets, after, strict=True)
            if row.held_out == held and row.tag.startswith("read")
        ]
        kind = "held out" if held else "fitted"
        lines.append(f"{kind}: median error {100 * np.median(error):.0f} % of {len(error)} angles")
    _, fibre, slack = unpack(problem, x)
    used = (problem.used_m - slack[:, None]) / fibre[:, None]
    lines.append(f"fibre lengths in use: {used.min():.2f} to {used.max():.2f}")
    lines.append(f"largest passive share: {passive_shares(problem, x).max():.2f}")
    return lines


def write(problem: Problem, x: np.ndarray) -> None:
    """Put the fitted numbers into ``models/anatomy/muscles.csv``, and mark them."""
    table = read_table("muscles")
    for row, force, fibre, slack in zip(table, *unpack(problem, x), strict=True):
        row["max_force_n"] = f"{force:.1f}"
        row["optimal_length_m"] = f"{fibre:.4f}"
        row["tendon_slack_length_m"] = f"{slack:.4f}"
        row["tag"] = MARK
    path = models_folder() / "anatomy" / "muscles.csv"
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, list(table[0]))
        writer.writeheader()
        writer.writerows(table)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write models/anatomy/muscles.csv")
    parser.add_argument("--evaluations", type=int, default=30, help="of the fit (default 30)")
    given = parser.parse_args(arguments)
    problem, x = run(given.evaluations)
    print("\n".join(report(problem, x)))
    if given.write:
        write(problem, x)
        print("written; now run python -m neurocoord.body.build")


if __name__ == "__main__":
    main()
