"""Allocation strategies: each is solved exactly, and does what its name says."""

from typing import NamedTuple

import numpy as np
import pytest
from scipy.optimize import lsq_linear

from neurocoord import trial
from neurocoord.analysis.joint_mechanics import short_range_stiffness_nm_per_rad
from neurocoord.coordination import solver
from neurocoord.coordination.allocation import allocate, make_problem
from neurocoord.coordination.strategies import (
    LOCAL_WEIGHT,
    STRATEGIES,
    muscles_across,
    strategy,
    weight_now,
)
from neurocoord.muscle import mechanics
from neurocoord.tasks import crawl
from neurocoord.tasks.crawl import Settings
from neurocoord.trial import Pools, Runner, TrialConfig

KNEES = ("knee_flexion",)


class Moment(NamedTuple):
    """What `allocate` was given in one block of a crawl."""

    given: tuple  # reading, env, reference, low, high, gains
    warm_start: object


@pytest.fixture(scope="module")
def runner():
    return Runner(TrialConfig(task="crawl", pools=Pools(n_units=15)))


@pytest.fixture(scope="module")
def moments(runner):
    """Five moments of a crawl, from its lead-in to its first steps."""
    runner.reset(0)
    found = []
    for index in range(190):
        low, high = (bound[0].copy() for bound in runner.simulation.bounds())
        memory, reading, time_s = runner.memory, runner.reading, runner.time_s
        drive, _ = runner.command()
        if index % 45 == 8:
            wanted, _ = crawl.reference(runner.plan, memory.way, reading, 0, time_s)
            limits = (low, np.maximum(high, low + 1e-9))
            gains = runner.plan.gains
            found.append(Moment((reading, 0, wanted, *limits, gains), memory.warm_start))
        runner.advance(drive)
    assert runner.solves_unconverged() == 0
    assert any(reading.contact_found.any() for (reading, *_), _ in found)
    return found


def tired(runner):
    """Capacities [muscle], some much below 1."""
    return np.random.default_rng(2).uniform(0.3, 1.0, len(runner.body.muscles))


def cost_of(problem, z):
    misfit = problem.weight * (problem.columns @ z - problem.force)
    return misfit @ misfit + problem.cost @ (z - problem.centre) ** 2


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("index", range(5))
def test_every_strategy_is_solved_exactly(runner, moments, name, index):
    """The same minimum as SciPy's active-set solver on problems recorded from a crawl."""
    given, warm_start = moments[index]
    chosen = strategy(runner.body, name, 0.8, KNEES if name == "co_contraction" else ())
    problem, _ = make_problem(
        runner.body, *given, warm_start, strategy=chosen, capacity=tired(runner)
    )
    solution = solver.solve(*problem)
    assert solution.converged and solution.fallback_sweeps == 0
    root = np.sqrt(problem.cost)
    best = lsq_linear(
        np.vstack([problem.weight[:, None] * problem.columns / root, np.eye(root.size)]),
        np.concatenate([problem.weight * problem.force, root * problem.centre]),
        (problem.low * root, problem.high * root),
        method="bvls",
        tol=1e-14,
        max_iter=4000,
    )
    least = cost_of(problem, best.x / root)
    assert cost_of(problem, solution.z) == pytest.approx(least, rel=1e-8)
    n_muscle = len(runner.body.muscles)
    np.testing.assert_allclose(solution.z[:n_muscle], (best.x / root)[:n_muscle], atol=1e-6)


@pytest.mark.parametrize("name", STRATEGIES)
def test_dial_0_is_effort_bit_for_bit(runner, moments, name):
    given, warm_start = moments[-1]
    plain = allocate(runner.body, *given, warm_start)
    chosen = strategy(runner.body, name, 0.0)
    asked = allocate(runner.body, *given, warm_start, strategy=chosen, capacity=tired(runner))
    np.testing.assert_array_equal(asked.active_state, plain.active_state)
    assert asked.warm_start.n_unconverged == 0


def wide(moment):
    """The same moment with every muscle within reach of 0..1, so that only the strategy chooses."""
    (reading, env, wanted, low, high, gains), warm_start = moment
    return (reading, env, wanted, np.zeros_like(low), np.ones_like(high), gains), warm_start


def torque_and_stiffness(body, reading, active_state):
    """Torque [joint] of active force, and short-range stiffness [joint]."""
    length, velocity = reading.muscle_length_m[0], reading.muscle_velocity_m_per_s[0]
    force = -mechanics.gain(body.muscle_parameters, length, velocity) * active_state
    arm = -reading.moment_arm[0][:, body.joint_dof]
    stiffness = [
        short_range_stiffness_nm_per_rad(arm[:, j], force, body.table.optimal_length_m)
        for j in range(arm.shape[1])
    ]
    return arm.T @ force, np.array(stiffness)


def test_co_contraction_stiffens_and_keeps_the_torque(runner, moments):
    body = runner.body
    given, warm_start = wide(moments[0])
    told = []
    for dial in (0.0, 0.5, 1.0):
        chosen = strategy(body, "co_contraction", dial, KNEES)
        found = allocate(body, *given, warm_start, strategy=chosen)
        told.append(torque_and_stiffness(body, given[0], found.active_state))
    knees = [body.joints.index(f"knee_flexion_{side}") for side in "rl"]
    for joint in knees:
        assert told[0][1][joint] < told[1][1][joint] < told[2][1][joint]
        assert told[2][1][joint] > 1.5 * told[0][1][joint]
    for torque, _ in told[1:]:
        assert np.abs(torque - told[0][0]).max() < 1.0  # Nm, where the most is 45


def test_the_tired_give_over_to_the_fresh(runner, moments):
    body = runner.body
    given, warm_start = wide(moments[-1])
    fresh = allocate(body, *given, warm_start).active_state
    busiest = int(np.argmax(fresh))
    capacity = np.ones(len(body.muscles))
    capacity[busiest] = 0.4
    chosen = strategy(body, "fatigue")
    eased = allocate(body, *given, warm_start, strategy=chosen, capacity=capacity).active_state
    assert eased[busiest] < 0.8 * fresh[busiest]
    assert np.delete(eased - fresh, busiest).max() > 0.0
    weight = weight_now(strategy(body, "fatigue"), capacity)
    assert weight[busiest] == pytest.approx(0.4**-2) and np.delete(weight, busiest).max() == 1.0


def test_local_stabilizers_work_more(runner, moments):
    """In every moment, and the others less; half as much again over all."""
    body = runner.body
    local = np.array(body.table.stabilizer) == "local"
    assert 0 < local.sum() < local.size
    chosen = strategy(body, "stabilizers")

    def active(how):
        free = [wide(moment) for moment in moments]
        return np.array([allocate(body, *g, warm, strategy=how).active_state for g, warm in free])

    plain, asked = active(None), active(chosen)
    assert (asked[:, local].sum(axis=1) > plain[:, local].sum(axis=1)).all()
    assert (asked[:, ~local].sum(axis=1) < plain[:, ~local].sum(axis=1)).all()
    assert asked[:, local].sum() > 1.5 * plain[:, local].sum()
    weight = strategy(body, "stabilizers", 0.5).weight
    assert set(np.round(weight, 12)) == {1.0, round(LOCAL_WEIGHT**0.5, 12)}


def test_joints_choose_their_muscles(runner):
    body = runner.body
    both, right = (muscles_across(body, (name,)) for name in ("knee_flexion", "knee_flexion_r"))
    sides = np.array(body.table.side)
    assert 0 < right.sum() < both.sum() and set(sides[right]) == {"r"}
    assert set(sides[both & ~right]) == {"l"}
    assert muscles_across(body, ()).all()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (Settings(allocation="efort"), "did you mean 'effort'"),
        (Settings(allocation_dial=1.5), "it is 0 to 1"),
        (Settings(allocation_joints=("kne_flexion",)), "did you mean 'knee_flexion'"),
    ],
)
def test_errors_name_what_is_allowed(settings, said):
    with pytest.raises(ValueError, match=said):
        Runner(TrialConfig(task="crawl", pools=Pools(n_units=5), settings=settings))


def test_solves_that_fall_back_are_counted_and_told(runner, moments, monkeypatch):
    """With no Newton step allowed every solve falls back; what is asked stays within the bounds."""
    true = solver.solve
    monkeypatch.setattr(
        "neurocoord.coordination.allocation.solve",
        lambda *given: true(*given, max_iterations=0),
    )
    given, warm_start = moments[-1]
    found = allocate(runner.body, *given, warm_start)
    assert found.warm_start.n_unconverged == 1
    assert allocate(runner.body, *given, found.warm_start).warm_start.n_unconverged == 2
    assert np.all(found.active_state >= given[3]) and np.all(found.active_state <= given[4])
    config = TrialConfig(task="balance", seconds=0.02, pools=Pools(n_units=5))
    done = trial.run(config)
    assert done.measures["solves_unconverged"] == done.trace.solves_unconverged > 100


def test_the_controller_is_told_of_lost_capacity():
    """Rested pools have all of it; driven ones lose it; unfatigable ones never do."""
    told = []
    for tires in (True, False):
        tiring = Runner(TrialConfig(task="crawl", pools=Pools(n_units=5, fatigue=tires)))
        tiring.reset(0)
        simulation = tiring.simulation
        drive = np.zeros((1, len(tiring.body.muscles)))
        drive[0, :10] = 1.0
        simulation.settle(drive, 5.0)
        told.append(simulation.expected_capacity()[0])
    assert np.all(told[0][:10] < 0.99) and np.all(told[0][:10] > 0.9)
    assert np.all(told[0][10:] > told[0][:10].max())
    assert np.all(told[1] == 1.0)
