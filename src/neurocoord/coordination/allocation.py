"""From a wanted movement to active states: the muscle-space whole-body controller.

Each block it minimises

    |W (M q'' + h - passive - R'(g a + b) - J' f)|^2 + lambda |a - feed-forward|^2

over active states ``a`` within what the motor units can reach and forces ``f`` on the edges of
four-sided friction cones at the contacts that exist now. ``R`` are the muscles' moment arms, ``g``
and ``b`` MuJoCo's muscle gain and bias. The root has no actuator: its six rows stay in as soft
constraints. The last term is the strategy ``effort``, counted from rest; others are in
``strategies.py``, and a feed-forward command (``synergies.py``) moves where it is counted from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from neurocoord.body.model import Body
from neurocoord.body.reading import BodyReading
from neurocoord.coordination.reference import Reference, rotation_error
from neurocoord.coordination.solver import solve
from neurocoord.coordination.strategies import Strategy, weight_now
from neurocoord.motorunits.compiled import compiled
from neurocoord.muscle.mechanics import bias, gain

ROOT_DOF = 6
FRICTION = 0.8  # choice: the controller trusts less friction than the floor has
FORCE_REGULARISATION = 1e-5  # per N^2, choice
_COLD = (np.zeros(0), np.zeros((0, 0, 4), np.int8))  # no solve before
_NO_LIMIT = np.zeros(0)


@dataclass(frozen=True, kw_only=True)
class ControllerGains:
    """Feedback gains and costs; choices found in closed loop (``docs/control.md``)."""

    joint_stiffness: float = 100.0  # 1/s^2
    joint_damping: float = 14.0  # 1/s
    root_stiffness: float = 30.0  # 1/s^2, orientation and height
    root_damping: float = 12.6  # 1/s
    velocity_gain: float = 12.0  # 1/s, horizontal
    position_stiffness: float = 19.0  # 1/s^2, horizontal
    torque_damping: float = 0.04  # s, damping of the torque-space stiffness, as a share of it
    horizon_s: float = 0.02  # how far ahead the motor units are led
    effort: float = 0.7  # lambda
    smoothness: float = 0.0  # cost of leaving the active state that the present drive leads to
    root_force_weight: float = 1 / 30  # 1/N
    root_torque_weight: float = 1 / 6  # 1/Nm
    joint_torque_weight: float = 1 / 3  # 1/Nm
    contact_force_cost: float = FORCE_REGULARISATION  # 1/N^2, of each edge of a friction cone
    friction: float = FRICTION


class Allocation(NamedTuple):
    """What the controller asks for one body, and how the solve went."""

    active_state: np.ndarray  # [muscle]
    warm_start: WarmStart
    residual: np.ndarray  # [nv], N and Nm that could not be met
    contact_force_n: float  # wanted normal force, all contacts
    iterations: int
    converged: bool


def wanted_acceleration(
    body: Body, reading: BodyReading, env: int, reference: Reference, gains: ControllerGains
) -> np.ndarray:
    """Feedback towards the reference as generalised accelerations [nv]."""
    qpos, qvel = reading.qpos[env], reading.qvel[env]
    wanted = np.zeros(qvel.size)
    error = reference.joint_angle - qpos[body.joint_qpos]
    rate_error = reference.joint_velocity - qvel[body.joint_dof]
    wanted[body.joint_dof] = gains.joint_stiffness * error + gains.joint_damping * rate_error
    root = np.zeros(ROOT_DOF)
    position_error = reference.root_position_m - qpos[:3]
    velocity_error = reference.root_velocity_m_per_s - qvel[:3]
    root[:2] = (
        gains.position_stiffness * position_error[:2] + gains.velocity_gain * velocity_error[:2]
    )
    root[2] = gains.root_stiffness * position_error[2] + gains.root_damping * velocity_error[2]
    root[3:] = gains.root_stiffness * rotation_error(reference.root_quaternion, qpos[3:7])
    root[3:] += gains.root_damping * (reference.root_angular_velocity - qvel[3:6])
    wanted[:ROOT_DOF] = reference.root_weight * root
    return wanted


class WarmStart(NamedTuple):
    """Where the last solve ended: its dual, and which bounds held, for every contact slot."""

    dual: np.ndarray  # [nv]
    muscle_at: np.ndarray  # int8[muscle], -1 low, 0 free, 1 high
    edge_at: np.ndarray  # int8[support, slot, edge]
    active_state: np.ndarray  # [muscle], what was asked for
    n_unconverged: int = 0  # solves so far that fell back on coordinate descent


class Problem(NamedTuple):
    """The bounded least squares of one block, as ``solver.solve`` takes it; z: muscles, edges."""

    columns: np.ndarray  # [nv, z]
    force: np.ndarray  # [nv]
    weight: np.ndarray  # [nv]
    cost: np.ndarray  # [z]
    centre: np.ndarray  # [z]
    low: np.ndarray  # [z]
    high: np.ndarray  # [z]
    dual: np.ndarray | None  # [nv], where the last solve ended
    at: np.ndarray | None  # int8[z]


def force_columns(
    body: Body,
    reading: BodyReading,
    env: int,
    may_support: np.ndarray,
    friction: float,
    arm: np.ndarray,
    pull: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Generalised forces [nv, z] of muscles with arms [muscle, nv] (m) and pulls (N), then of unit
    forces on the four cone edges of each contact; and these contacts, int[contact, 2]: support and
    slot."""
    columns, contacts = _columns(
        arm,
        pull,
        reading.contact_found[env],
        may_support,
        reading.contact_position_m[env],
        reading.centre_of_mass_m[env],
        reading.dof_axis[env],
        body.dof_above,
        body.support.body,
        friction,
    )
    return columns, contacts


@compiled
def _columns(arm, pull, found, may, position, centre, axis, above, bodies, friction):  # type: ignore[no-untyped-def]
    """Columns [nv, z] of the muscles, R' g, and J' e of the four cone edges e of each contact
    (normal along +z, flat floor); and the contacts."""
    n_muscle, n_dof, n_contact = pull.size, axis.shape[0], 0
    contacts = np.empty((found.size, 2), np.int64)
    for support in range(found.shape[0]):
        for slot in range(found.shape[1]):
            if found[support, slot] and may[support]:
                contacts[n_contact, 0], contacts[n_contact, 1] = support, slot
                n_contact += 1
    contacts = contacts[:n_contact]
    columns = np.zeros((n_dof, n_muscle + 4 * n_contact))
    for dof in range(n_dof):
        for muscle in range(n_muscle):
            columns[dof, muscle] = arm[muscle, dof] * pull[muscle]
    for k in range(n_contact):
        support, slot = contacts[k]
        x, y, z = position[support, slot] - centre
        first = n_muscle + 4 * k
        for dof in range(n_dof):
            if not above[bodies[support], dof]:
                continue
            wx, wy, wz, vx, vy, vz = axis[dof]
            jx = vx + wy * z - wz * y
            jy = vy + wz * x - wx * z
            jz = vz + wx * y - wy * x
            columns[dof, first] = jz + friction * jx
            columns[dof, first + 1] = jz - friction * jx
            columns[dof, first + 2] = jz + friction * jy
            columns[dof, first + 3] = jz - friction * jy
    return columns, contacts


@compiled
def _edge_limit_n(limit, contacts):  # type: ignore[no-untyped-def]
    """Most that each cone edge [contact * 4] may bear (N): an even part of its geom's limit
    [support]; no limit where none are given."""
    most = np.full(4 * contacts.shape[0], np.inf)
    if limit.size == 0:
        return most
    shared_by = np.zeros(limit.size)
    for k in range(contacts.shape[0]):
        shared_by[contacts[k, 0]] += 1.0
    for k in range(contacts.shape[0]):
        support = contacts[k, 0]
        most[4 * k : 4 * k + 4] = limit[support] / (4.0 * shared_by[support])
    return most


def wanted_force(
    body: Body, reading: BodyReading, env: int, reference: Reference, gains: ControllerGains
) -> np.ndarray:
    """Generalised force [nv] that muscles and contacts should give: M q'' + h - passive."""
    wanted = wanted_acceleration(body, reading, env, reference, gains)
    force = reading.mass_matrix[env] @ wanted + reading.bias_force[env] - reading.passive_force[env]
    error = reference.joint_angle - reading.qpos[env, body.joint_qpos]
    rate_error = reference.joint_velocity - reading.qvel[env, body.joint_dof]
    stiffness = reference.stiffness_nm_per_rad
    force[body.joint_dof] += stiffness * (error + gains.torque_damping * rate_error)
    return force


def allocate(
    body: Body,
    reading: BodyReading,
    env: int,
    reference: Reference,
    low: np.ndarray,
    high: np.ndarray,
    gains: ControllerGains,
    warm_start: WarmStart | None = None,
    feed_forward: np.ndarray | None = None,
    *,
    strategy: Strategy | None = None,
    capacity: np.ndarray | None = None,
) -> Allocation:
    """Active states [muscle] within ``low``..``high`` that come nearest to the reference.

    ``warm_start`` carries the last solve on: where it ended, and what it asked for. Effort is
    counted from ``feed_forward`` [muscle], by default from rest. ``strategy``: which muscles it
    prefers (none: ``effort``), at their present ``capacity`` [muscle].
    """
    problem, contacts = make_problem(
        body,
        reading,
        env,
        reference,
        low,
        high,
        gains,
        warm_start,
        feed_forward,
        strategy=strategy,
        capacity=capacity,
    )
    n_muscle = len(body.muscles)
    solution = solve(*problem)
    edge_at = np.zeros((*reading.contact_found.shape[1:], 4), np.int8)
    edge_at[contacts[:, 0], contacts[:, 1]] = solution.at_bound[n_muscle:].reshape(-1, 4)
    fell_back = solution.fallback_sweeps > 0 or not solution.converged
    before = 0 if warm_start is None else warm_start.n_unconverged
    return Allocation(
        active_state=solution.z[:n_muscle],
        warm_start=WarmStart(
            solution.u,
            solution.at_bound[:n_muscle],
            edge_at,
            solution.z[:n_muscle],
            before + fell_back,
        ),
        residual=problem.force - problem.columns @ solution.z,
        contact_force_n=float(solution.z[n_muscle:].sum()),
        iterations=solution.iterations,
        converged=solution.converged,
    )


def make_problem(
    body: Body,
    reading: BodyReading,
    env: int,
    reference: Reference,
    low: np.ndarray,
    high: np.ndarray,
    gains: ControllerGains,
    warm_start: WarmStart | None = None,
    feed_forward: np.ndarray | None = None,
    *,
    strategy: Strategy | None = None,
    capacity: np.ndarray | None = None,
) -> tuple[Problem, np.ndarray]:
    """What ``allocate`` solves, and the contacts in it, int[contact, 2]: support and slot."""
    length, velocity = reading.muscle_length_m[env], reading.muscle_velocity_m_per_s[env]
    arm = reading.moment_arm[env]
    force = wanted_force(body, reading, env, reference, gains)
    force -= arm.T @ bias(body.muscle_parameters, length)
    pull = gain(body.muscle_parameters, length, velocity)
    columns, contacts = force_columns(
        body, reading, env, reference.may_support, gains.friction, arm, pull
    )
    weight = np.full(force.size, gains.joint_torque_weight)
    weight[:3], weight[3:ROOT_DOF] = gains.root_force_weight, gains.root_torque_weight
    effort = np.full(len(body.muscles), gains.effort)
    centre = np.zeros(effort.size) if feed_forward is None else feed_forward
    if strategy is not None:
        effort *= weight_now(strategy, capacity)
        centre = centre + strategy.level
    stays = 0.0 if warm_start is None else gains.smoothness
    warm = _COLD if warm_start is None else (warm_start.active_state, warm_start.edge_at)
    limit = _NO_LIMIT if reference.load_limit_n is None else reference.load_limit_n
    cost, centre, least, most, edge_at = _of_z(
        effort, stays, gains.contact_force_cost, centre, low, high, contacts, limit, *warm
    )
    dual, at = None, None
    if warm_start is not None:
        dual, at = warm_start.dual, np.concatenate([warm_start.muscle_at, edge_at])
    return Problem(columns, force, weight, cost, centre, least, most, dual, at), contacts


@compiled
def _of_z(effort, stays, edge_cost, centre, low, high, contacts, limit, previous, edge_at):  # type: ignore[no-untyped-def]
    """Cost, centre, lowest and highest value [z] of muscles and cone edges, and where the edges
    were in the last solve, int8[edge]. The cost is that of leaving ``centre``, and ``stays`` that
    of leaving the ``previous`` active state."""
    n_muscle, n_edge = effort.size, 4 * contacts.shape[0]
    cost = np.full(n_muscle + n_edge, edge_cost)
    middle, least = np.zeros(n_muscle + n_edge), np.zeros(n_muscle + n_edge)
    most = np.empty(n_muscle + n_edge)
    least[:n_muscle], most[:n_muscle] = low, high
    most[n_muscle:] = _edge_limit_n(limit, contacts)
    for muscle in range(n_muscle):
        cost[muscle] = effort[muscle] + stays
        middle[muscle] = effort[muscle] / cost[muscle] * centre[muscle]
        if stays > 0.0:
            middle[muscle] += stays / cost[muscle] * previous[muscle]
    was = np.zeros(n_edge, np.int8)
    if edge_at.size:
        for k in range(contacts.shape[0]):
            was[4 * k : 4 * k + 4] = edge_at[contacts[k, 0], contacts[k, 1]]
    return cost, middle, least, most, was
