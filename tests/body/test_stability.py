"""The body stays whole under any drive: no warning of MuJoCo's and nothing that is not a number.

A minute of it runs through motor units; ten minutes of each, from each keyframe, by active states
themselves, which is harsher: they jump within a step, and pools cannot.
"""

from collections.abc import Callable

import mujoco
import numpy as np
import pytest

from neurocoord import synchrony
from neurocoord.body.model import Body, keyframe_qpos, load
from neurocoord.body.postures import KEYFRAMES
from neurocoord.motorunits import published
from neurocoord.simulation import BLOCK_S, Simulation

SHORT_S, LONG_S = 5.0, 600.0  # of each drive from each keyframe
MEAN_HOLD_S = 0.1  # of a level of bang-bang drive
STEPS = 2  # physics steps of a block

Drive = Callable[[np.random.Generator, np.ndarray], np.ndarray]


def random(rng: np.random.Generator, before: np.ndarray) -> np.ndarray:
    """Every muscle anywhere, anew at each block."""
    return rng.random(before.shape)


def bang_bang(rng: np.random.Generator, before: np.ndarray) -> np.ndarray:
    """Every muscle off or on, changing at random and by itself."""
    return np.where(rng.random(before.shape) < BLOCK_S / MEAN_HOLD_S, 1.0 - before, before)


def all_on(rng: np.random.Generator, before: np.ndarray) -> np.ndarray:
    """Every muscle on."""
    return np.ones(before.shape)


DRIVES = pytest.mark.parametrize("drive", [random, bang_bang, all_on], ids=lambda d: d.__name__)


@pytest.fixture(scope="module")
def body() -> Body:
    return load("humanoid")


def run_freely(model: mujoco.MjModel, qpos: np.ndarray, drive: Drive, seconds: float) -> float:
    """Drive active states from a posture and give the highest speed of a joint (rad/s); fails with
    the time of the first warning."""
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    rng = np.random.default_rng(1)
    level = rng.integers(0, 2, model.nu).astype(float)
    highest = 0.0
    for _ in range(round(seconds / BLOCK_S)):
        level = drive(rng, level)
        data.ctrl[:] = level
        mujoco.mj_step(model, data, nstep=STEPS)
        highest = max(highest, np.abs(data.qvel[6:]).max())
        warned = np.flatnonzero(data.warning.number)
        assert not warned.size, f"{mujoco.mjtWarning(int(warned[0])).name} at {data.time:.3f} s"
    assert np.isfinite(data.qpos).all() and np.isfinite(data.qvel).all()
    return float(highest)


@DRIVES
def test_the_body_stays_whole_by_its_motor_units(body: Body, drive: Drive) -> None:
    """From every keyframe at once; `advance` raises on any warning."""
    start = np.array([keyframe_qpos(body, name) for name in KEYFRAMES])
    pools = published.body_pools(np.full(len(body.muscles), 8), body.table.type1_share)
    coupling = synchrony.strategy("short_term")(pools)
    seeds = range(len(KEYFRAMES))
    simulation = Simulation(body, pools, coupling, seeds=seeds)
    simulation.reset(start, seeds=seeds)
    rng = np.random.default_rng(1)
    level = rng.integers(0, 2, (len(KEYFRAMES), len(body.muscles))).astype(float)
    for _ in range(round(SHORT_S / BLOCK_S)):
        level = drive(rng, level)
        simulation.advance(level)
    reading = simulation.read()
    assert np.isfinite(reading.qpos).all() and np.isfinite(reading.qvel).all()
    assert np.abs(reading.qpos - start)[:, 7:].max() > 0.2
    assert (np.abs(reading.qpos[:, 2]) < 2.0).all()  # on the floor, neither through it nor away


@pytest.mark.slow
@pytest.mark.parametrize("keyframe", KEYFRAMES)
@DRIVES
def test_the_body_stays_whole_for_ten_minutes(body: Body, drive: Drive, keyframe: str) -> None:
    run_freely(body.model, keyframe_qpos(body, keyframe), drive, LONG_S)


def test_a_body_that_diverges_is_found_out(body: Body) -> None:
    model = mujoco.MjModel.from_xml_string(
        '<mujoco><option timestep="0.05"/><worldbody><body><freejoint/><geom size="0.01"/>'
        '<body pos="0.1 0 0"><joint name="j"/><geom size="0.01" mass="1e-4"/></body></body>'
        '</worldbody><actuator><motor joint="j" gear="1e12"/></actuator></mujoco>'
    )
    with pytest.raises(AssertionError, match="mjWARN_"):
        run_freely(model, model.qpos0, all_on, 1.0)
