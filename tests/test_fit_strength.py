"""The fit of strength at toy size: it lowers its cost, stays near, and finds what is planted."""

import numpy as np
import pytest

from neurocoord.body import model
from neurocoord.body.anatomy import read_table
from neurocoord.muscle import mechanics
from neurocoord.resources import load_experiment

FIT = load_experiment("fit_strength")


@pytest.fixture(scope="module")
def problem():
    return FIT.make_problem(model.load())


def knee_only(problem):
    """Targets of knee extension alone."""
    wanted = ("knee_flexion", -1)
    keep = [k for k, r in enumerate(problem.targets) if (r.joint, r.direction) == wanted]
    return problem._replace(
        targets=tuple(problem.targets[k] for k in keep),
        arm_m=problem.arm_m[keep],
        length_m=problem.length_m[keep],
        sd_nm=problem.sd_nm[keep],
    )


def test_one_step_lowers_the_cost_and_keeps_what_is_held_out_out(problem):
    toy = knee_only(problem)
    start = np.zeros(3 * toy.force_n.size)
    x = FIT.fit(toy, 2)
    cost = [np.sum(FIT.residuals(toy, y) ** 2) for y in (start, x)]
    assert cost[1] < cost[0]
    held = np.array([row.held_out for row in toy.targets])
    assert 0 < held.sum() < held.size
    changed = toy._replace(
        targets=tuple(r._replace(value=r.value + 50.0 * r.held_out) for r in toy.targets)
    )
    np.testing.assert_array_equal(FIT.residuals(changed, start), FIT.residuals(toy, start))


def test_torques_are_those_of_the_built_body(problem):
    """With the numbers of muscles.csv the fit's torques are the model's (units and order)."""
    body = model.load()
    table = {row["id"]: row for row in read_table("muscles")}
    assert all(row["tag"] == FIT.MARK for row in table.values())
    params = body.muscle_parameters
    own = problem._replace(
        force_n=np.array([float(row["max_force_n"]) for row in table.values()]),
        fibre_m=np.array([float(row["optimal_length_m"]) for row in table.values()]),
        slack_m=np.array([float(row["tendon_slack_length_m"]) for row in table.values()]),
    )
    force = -mechanics.gain(params, own.length_m, np.zeros_like(own.length_m))
    built = (own.arm_m * force).sum(axis=1)
    ours = FIT.torques_nm(own, np.zeros(3 * own.force_n.size))
    np.testing.assert_allclose(ours, built, rtol=1e-3)


def test_it_finds_a_planted_strength(problem):
    """Torques of a body twice as strong are met by twice the force, with lengths free to move."""
    toy = knee_only(problem)
    double = np.zeros(3 * toy.force_n.size)
    double[: toy.force_n.size] = np.log(2.0) / FIT.LOG_FORCE_SD
    planted = FIT.torques_nm(toy, double)
    toy = toy._replace(
        targets=tuple(
            row._replace(value=float(v)) for row, v in zip(toy.targets, planted, strict=True)
        ),
        sd_nm=np.full(planted.size, 1.0),
    )
    found = FIT.torques_nm(toy, FIT.fit(toy, 6))
    np.testing.assert_allclose(found, planted, rtol=0.1)


def test_the_report_names_every_target(problem):
    lines = FIT.report(problem, np.zeros(3 * problem.force_n.size))
    assert len(lines) == len(problem.targets) + 4
    assert sum("held out" in line for line in lines) > 10
