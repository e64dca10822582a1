"""The muscle-space controller, on real readings: the problem it builds, and its solution."""

import mujoco
import numpy as np
import pytest
from scipy.optimize import lsq_linear

from neurocoord import synchrony
from neurocoord.body import model
from neurocoord.coordination import allocation
from neurocoord.coordination.allocation import (
    FRICTION,
    ROOT_DOF,
    ControllerGains,
    allocate,
    force_columns,
    wanted_force,
)
from neurocoord.coordination.reference import Reference
from neurocoord.motorunits import published
from neurocoord.muscle import mechanics
from neurocoord.simulation import Simulation

GAINS = ControllerGains()


@pytest.fixture(scope="module")
def body():
    return model.load()


@pytest.fixture(scope="module")
def simulation(body):
    pools = published.body_pools(np.full(len(body.muscles), 20), body.table.type1_share)
    return Simulation(body, pools, synchrony.strategy("independent")(pools), seeds=[1])


def contact_edges(body, reading, may_support):
    """Columns of the contacts alone, and which contacts they are."""
    no_muscles = np.zeros((0, body.model.nv)), np.zeros(0)
    return force_columns(body, reading, 0, may_support, FRICTION, *no_muscles)


def hold(body, qpos, may_support=None):
    """A reference that asks a posture to be held, every contact allowed to bear weight."""
    n_joints = len(body.joints)
    everything = np.ones(len(body.support.geoms), bool)
    return Reference(
        joint_angle=qpos[body.joint_qpos].copy(),
        joint_velocity=np.zeros(n_joints),
        root_quaternion=qpos[3:7].copy(),
        root_angular_velocity=np.zeros(3),
        root_position_m=qpos[:3].copy(),
        root_velocity_m_per_s=np.zeros(3),
        root_weight=np.ones(6),
        may_support=everything if may_support is None else may_support,
        stiffness_nm_per_rad=np.full(n_joints, 20.0),
    )


def all_fours(body):
    qpos = model.keyframe_qpos(body, "hands_knees")
    qpos[2] -= 0.003
    return qpos


@pytest.fixture(scope="module")
def readings(body, simulation):
    """Readings with contacts: resting on all fours, sagging under a random drive, supine."""
    rng = np.random.default_rng(4)
    found = []
    for qpos in (
        all_fours(body),
        model.keyframe_qpos(body, "supine") - 0.003 * (np.arange(body.model.nq) == 2),
    ):
        found.append(simulation.reset(qpos[None], seeds=[1]))
        drive = rng.uniform(0.0, 0.3, (1, len(body.muscles)))
        for _ in range(15):
            simulation.advance(drive)
        found.append(simulation.read())
    return found


def problem(body, reading, reference, low, high, gains=GAINS):
    """The weighted least squares of the controller, put together apart from it, term by term."""
    p = body.muscle_parameters
    length, velocity = reading.muscle_length_m[0], reading.muscle_velocity_m_per_s[0]
    arm = reading.moment_arm[0]
    edges, _ = contact_edges(body, reading, reference.may_support)
    columns = np.hstack([arm.T * mechanics.gain(p, length, velocity), edges])
    target = wanted_force(body, reading, 0, reference, gains) - arm.T @ mechanics.bias(p, length)
    weight = np.concatenate(
        [
            np.full(3, gains.root_force_weight),
            np.full(3, gains.root_torque_weight),
            np.full(target.size - ROOT_DOF, gains.joint_torque_weight),
        ]
    )
    n_edge = edges.shape[1]
    cost = np.concatenate(
        [np.full(low.size, gains.effort), np.full(n_edge, allocation.FORCE_REGULARISATION)]
    )
    bounds = np.append(low, np.zeros(n_edge)), np.append(high, np.full(n_edge, np.inf))
    return columns, target, weight, cost, bounds


def objective(columns, target, weight, cost, z):
    return 0.5 * np.sum((weight * (columns @ z - target)) ** 2) + 0.5 * np.sum(cost * z**2)


def contact_forces(body, reading, reference, given, n_edge):
    """Edge forces that leave the residual which the allocation reports (least squares)."""
    edges, _ = contact_edges(body, reading, reference.may_support)
    p = body.muscle_parameters
    arm = reading.moment_arm[0]
    length, velocity = reading.muscle_length_m[0], reading.muscle_velocity_m_per_s[0]
    force = wanted_force(body, reading, 0, reference, GAINS)
    force -= arm.T @ mechanics.bias(p, length)
    force -= arm.T @ (mechanics.gain(p, length, velocity) * given.active_state) + given.residual
    return edges, force


@pytest.mark.parametrize("case", range(4))
@pytest.mark.parametrize("reach", ["wide", "narrow"])
def test_agrees_with_bounded_least_squares(body, readings, case, reach):
    """Objective within 1e-6 of scipy's active-set solution of the same problem."""
    reading = readings[case]
    n_muscles = len(body.muscles)
    rng = np.random.default_rng(case)
    low, high = np.zeros(n_muscles), np.ones(n_muscles)
    if reach == "narrow":
        low = rng.uniform(0.0, 0.1, n_muscles)
        high = low + rng.uniform(0.01, 0.3, n_muscles)
    reference = hold(body, all_fours(body))
    given = allocate(body, reading, 0, reference, low, high, GAINS)
    assert given.converged
    assert np.all(given.active_state >= low - 1e-12) and np.all(given.active_state <= high + 1e-12)
    columns, target, weight, cost, bounds = problem(body, reading, reference, low, high)
    stacked = np.vstack([weight[:, None] * columns, np.diag(np.sqrt(cost))])
    wanted = np.concatenate([weight * target, np.zeros(cost.size)])
    best = lsq_linear(stacked, wanted, bounds, method="bvls", tol=1e-14, max_iter=2000)
    least = objective(columns, target, weight, cost, best.x)
    # the allocation's own contact forces follow from the residual it reports
    edges, met = contact_forces(body, reading, reference, given, 0)
    edge_force = np.zeros(0)
    if edges.shape[1]:
        fit = lsq_linear(
            np.vstack([edges, 1e-6 * np.eye(edges.shape[1])]),
            np.append(met, np.zeros(edges.shape[1])),
            (0.0, np.inf),
            method="bvls",
        )
        edge_force = fit.x
        np.testing.assert_allclose(edges @ edge_force, met, atol=1e-4)
    else:
        np.testing.assert_allclose(met, 0.0, atol=1e-9)
    z = np.append(given.active_state, edge_force)
    assert objective(columns, target, weight, cost, z) <= least * (1 + 1e-6) + 1e-9
    np.testing.assert_allclose(given.active_state, best.x[:n_muscles], atol=1e-4)


def test_a_warm_start_only_saves_work(body, readings):
    n_muscles = len(body.muscles)
    reference = hold(body, all_fours(body))
    args = (reference, np.zeros(n_muscles), np.ones(n_muscles), GAINS)
    cold = allocate(body, readings[1], 0, *args)
    before = allocate(body, readings[0], 0, *args)
    warm = allocate(body, readings[1], 0, *args, before.warm_start)
    again = allocate(body, readings[1], 0, *args, cold.warm_start)
    np.testing.assert_allclose(warm.active_state, cold.active_state, atol=1e-6)
    np.testing.assert_allclose(again.active_state, cold.active_state, atol=1e-6)
    assert again.iterations <= cold.iterations


@pytest.mark.parametrize("case", range(4))
def test_contact_columns_are_jacobians_of_mujoco(body, readings, case):
    """Each edge is J'(normal +- friction tangent), J from mj_jac at the contact point."""
    reading = readings[case]
    may_support = np.ones(len(body.support.geoms), bool)
    edges, contacts = contact_edges(body, reading, may_support)
    assert len(contacts) > 0 and edges.shape == (body.model.nv, 4 * len(contacts))
    data = mujoco.MjData(body.model)
    data.qpos[:] = reading.qpos[0]
    mujoco.mj_kinematics(body.model, data)
    mujoco.mj_comPos(body.model, data)
    for k, (support, slot) in enumerate(contacts):
        point = reading.contact_position_m[0, support, slot]
        jacobian = np.zeros((3, body.model.nv))
        mujoco.mj_jac(body.model, data, jacobian, None, point, int(body.support.body[support]))
        x, y, z = jacobian
        expected = [z + FRICTION * x, z - FRICTION * x, z + FRICTION * y, z - FRICTION * y]
        np.testing.assert_allclose(edges[:, 4 * k : 4 * k + 4].T, expected, atol=1e-12)


def test_only_allowed_contacts_bear_weight(body, readings):
    reading = readings[1]
    n_muscles = len(body.muscles)
    nothing = np.zeros(len(body.support.geoms), bool)
    hands = np.array([group == "hand" for group in body.support.groups])
    edges, contacts = contact_edges(body, reading, nothing)
    assert edges.shape == (body.model.nv, 0) and len(contacts) == 0
    _, contacts = contact_edges(body, reading, hands)
    assert len(contacts) and hands[contacts[:, 0]].all()
    reference = hold(body, all_fours(body), may_support=nothing)
    given = allocate(body, reading, 0, reference, np.zeros(n_muscles), np.ones(n_muscles), GAINS)
    assert given.contact_force_n == 0.0 and not given.warm_start.edge_at.any()


def test_stands_on_all_fours(body, simulation):
    """In closed loop with motor units: what is asked is met, and the body stays up."""
    reading = simulation.reset(all_fours(body)[None], seeds=[1])
    reference = hold(body, all_fours(body))
    warm_start, residuals, weights = None, [], []
    for block in range(125):
        low, high = simulation.bounds()
        high = np.maximum(high, low + 1e-9)
        given = allocate(body, reading, 0, reference, low[0], high[0], GAINS, warm_start)
        warm_start = given.warm_start
        assert given.converged
        assert np.all(given.active_state >= low[0] - 1e-9)
        assert np.all(given.active_state <= high[0] + 1e-9)
        if block >= 75:
            residuals.append(np.abs(given.residual))
            weights.append(given.contact_force_n)
        simulation.advance(simulation.drive_to_reach(given.active_state[None]))
        reading = simulation.read()
    body_weight = 9.81 * body.mass_kg
    residual = np.mean(residuals, axis=0)
    assert residual[:3].max() < 0.1 * body_weight  # N, on the root
    assert residual[3:ROOT_DOF].max() < 15.0  # Nm, on the root
    assert residual[ROOT_DOF:].max() < 10.0  # Nm, at joints
    assert np.mean(weights) == pytest.approx(body_weight, rel=0.25)
    assert reading.qpos[0, 2] > all_fours(body)[2] - 0.06
    assert not simulation.external_force().any()
