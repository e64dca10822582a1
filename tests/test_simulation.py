"""The clock that joins motor units and bodies: reproducible, restorable, moved by muscles alone."""

import numpy as np
import pytest

from neurocoord import synchrony
from neurocoord.body import model
from neurocoord.motorunits import published
from neurocoord.muscle import mechanics
from neurocoord.simulation import BLOCK_S, Simulation, SimulationFailed

SEEDS = (11, 22, 33)
N_UNITS = 12


@pytest.fixture(scope="module")
def body():
    return model.load()


@pytest.fixture(scope="module")
def pools(body):
    return published.body_pools(np.full(len(body.muscles), N_UNITS), body.table.type1_share)


@pytest.fixture(scope="module")
def coupling(pools):
    return synchrony.strategy("short_term")(pools)


def start_qpos(body, n_env):
    qpos = np.tile(model.keyframe_qpos(body, "hands_knees"), (n_env, 1))
    qpos[:, 2] -= 0.003
    return qpos


def make(body, pools, coupling, seeds, **options):
    simulation = Simulation(body, pools, coupling, seeds=seeds, **options)
    simulation.reset(start_qpos(body, len(seeds)), seeds=seeds)
    return simulation


def drives(body, n_block, n_env, seed=0):
    """[block, env, muscle], another for each env."""
    rng = np.random.default_rng(seed)
    return rng.uniform(0.0, 0.6, (n_block, n_env, len(body.muscles)))


def assert_same_bits(first, second, note=""):
    for name, a, b in zip(first._fields, first, second, strict=True):
        np.testing.assert_array_equal(a, b, err_msg=f"{note} {name}")


def test_an_env_does_not_know_of_the_others(body, pools, coupling):
    """Three envs in one batch are, bit for bit, three batches of one."""
    wanted = drives(body, 12, 3)
    together = make(body, pools, coupling, SEEDS, record_spikes=True)
    alone = [make(body, pools, coupling, [seed], record_spikes=True) for seed in SEEDS]
    for n, drive in enumerate(wanted):
        block = together.advance(drive)
        for env, single in enumerate(alone):
            own = single.advance(drive[env : env + 1])
            picked = type(block)(*(field[env : env + 1] for field in block))
            assert_same_bits(picked, own, f"block {n} env {env}")
    reading = together.read()
    for env, single in enumerate(alone):
        picked = type(reading)(*(field[env : env + 1] for field in reading))
        assert_same_bits(picked, single.read(), f"env {env}")
    assert not np.array_equal(reading.qpos[0], reading.qpos[1])


def test_threads_change_nothing(body, pools, coupling):
    one = make(body, pools, coupling, SEEDS)
    two = make(body, pools, coupling, SEEDS, n_threads=2)
    for n, drive in enumerate(drives(body, 12, 3)):
        assert_same_bits(one.advance(drive), two.advance(drive), f"block {n}")
        assert_same_bits(one.read(), two.read(), f"block {n}")


def test_same_seed_same_bits_other_seed_others(body, pools, coupling):
    wanted = drives(body, 5, 1)
    runs = [make(body, pools, coupling, [seed]) for seed in (5, 5, 6)]
    blocks = [[run.advance(drive) for drive in wanted] for run in runs]
    for first, second in zip(blocks[0], blocks[1], strict=True):
        assert_same_bits(first, second)
    assert not np.array_equal(blocks[0][-1].active_state, blocks[2][-1].active_state)


def test_reset_starts_over(body, pools, coupling):
    simulation = make(body, pools, coupling, SEEDS)
    wanted = drives(body, 6, 3)
    first = [simulation.advance(drive) for drive in wanted]
    simulation.push(0, "thorax", np.array([50.0, 0.0, 0.0]))
    simulation.reset(start_qpos(body, 3), seeds=SEEDS)
    assert not simulation.external_force().any()
    for before, drive in zip(first, wanted, strict=True):
        assert_same_bits(before, simulation.advance(drive))


def test_restore_goes_on_bit_for_bit(body, pools, coupling):
    """Blocks, readings (contacts too), bounds: as if nothing had happened in between."""
    simulation = make(body, pools, coupling, SEEDS)
    wanted = drives(body, 20, 3)
    for drive in wanted[:10]:
        simulation.advance(drive)
    reading, bounds = simulation.read(), simulation.bounds()
    snapshot = simulation.snapshot()
    first = []
    for drive in wanted[10:]:
        first.append((simulation.advance(drive), simulation.read(), simulation.bounds()))
    for drive in drives(body, 40, 3, seed=9):  # somewhere else altogether
        simulation.advance(drive)
    assert_same_bits(simulation.restore(snapshot), reading, "restored")
    assert_same_bits(simulation.read(), reading, "read again")
    np.testing.assert_array_equal(simulation.bounds(), bounds)
    for n, (drive, (block, after, reach)) in enumerate(zip(wanted[10:], first, strict=True)):
        assert_same_bits(simulation.advance(drive), block, f"block {n}")
        assert_same_bits(simulation.read(), after, f"block {n}")
        np.testing.assert_array_equal(simulation.bounds(), reach)
    # once more: running on did not write into the snapshot
    assert_same_bits(simulation.restore(snapshot), reading, "restored twice")
    assert_same_bits(simulation.advance(wanted[10]), first[0][0], "first block again")


def test_blocks_at_one_drive_are_the_same_bits_at_once(body, pools, coupling):
    """The record of all is that of the blocks put together; so are bounds and what follows."""
    alone, together = make(body, pools, coupling, SEEDS), make(body, pools, coupling, SEEDS)
    for drive in drives(body, 4, 3):
        parts = [alone.advance(drive) for _ in range(5)]
        block = together.advance(drive, 5)
        for name in block._fields:
            by_block = [getattr(part, name) for part in parts]
            if name == "spike_sum":
                np.testing.assert_allclose(block.spike_sum, sum(by_block), atol=1e-15)
            else:
                np.testing.assert_array_equal(
                    getattr(block, name), np.concatenate(by_block, axis=1)
                )
        assert_same_bits(together.read(), alone.read())
        np.testing.assert_array_equal(together.bounds(), alone.bounds())


def test_blocks_end_when_told_to(body, pools, coupling):
    simulation = make(body, pools, coupling, [1])
    drive = np.full((1, len(body.muscles)), 0.3)
    answers = iter([False] * 5 + [False, True])
    assert simulation.advance(drive, 5, lambda: next(answers)).muscle_force_n.shape[1] == 10
    block = simulation.advance(drive, 5, lambda: next(answers))
    assert block.muscle_force_n.shape[1] == block.step_active_state.shape[1] == 4
    assert simulation.read().time_s[0] == pytest.approx(7 * BLOCK_S)


def test_the_body_is_driven_by_the_motor_units(body, pools, coupling):
    """MuJoCo's muscle force is that of the mean of each step's two ticks of active state."""
    simulation = make(body, pools, coupling, SEEDS)
    largest = 0.0
    for drive in drives(body, 25, 3):
        block = simulation.advance(drive)
        ticks = block.active_state
        mean = 0.5 * (ticks[:, 0::2] + ticks[:, 1::2])
        np.testing.assert_array_equal(block.step_active_state, mean)
        p = body.muscle_parameters
        length, velocity = block.muscle_length_m, block.muscle_velocity_m_per_s
        force = -(mechanics.gain(p, length, velocity) * mean + mechanics.bias(p, length))
        np.testing.assert_allclose(block.muscle_force_n, force, atol=1e-6)
        largest = max(largest, float(mean.max()))
    assert largest > 0.1


def test_drive_ramps_within_a_block(body, pools, coupling):
    simulation = make(body, pools, coupling, [1])
    full = np.full((1, len(body.muscles)), 0.8)
    ticks = simulation.advance(full).drive[0, :, 0]
    np.testing.assert_allclose(ticks, [0.2, 0.4, 0.6, 0.8])
    np.testing.assert_allclose(simulation.advance(0.5 * full).drive[0, :, 0], [0.7, 0.6, 0.5, 0.4])


def test_silent_pools_give_no_force(body, pools, coupling):
    simulation = make(body, pools, coupling, SEEDS)
    silent = np.zeros((3, len(body.muscles)))
    for _ in range(25):
        block = simulation.advance(silent)
        assert not block.active_state.any() and not block.spike_sum.any()
        assert not block.step_active_state.any() and not block.active_sum.any()
    assert not simulation.expected_active_state().any()
    assert not simulation.bounds()[0].any()


def test_nothing_outside_pushes_unless_told(body, pools, coupling):
    simulation = make(body, pools, coupling, SEEDS)
    for drive in drives(body, 10, 3):
        simulation.advance(drive)
        np.testing.assert_array_equal(simulation.external_force(), np.zeros(3))
    simulation.push(1, "thorax", np.array([0.0, -30.0, 0.0]))
    np.testing.assert_array_equal(simulation.external_force(), [0.0, 30.0, 0.0])


def test_settled_pools_are_near_what_is_expected(body):
    """After settling, realised active state stays near the expected one, which holds still."""
    n_muscles = len(body.muscles)
    pools = published.body_pools(np.full(n_muscles, 60), body.table.type1_share)
    simulation = Simulation(body, pools, synchrony.strategy("independent")(pools), seeds=[3])
    drive = np.linspace(0.05, 0.8, n_muscles)[None]
    qpos = simulation.read().qpos
    simulation.settle(drive, 0.5)
    np.testing.assert_array_equal(simulation.read().qpos, qpos)  # the body was held
    expected = simulation.expected_active_state()[0]
    realised = []
    for _ in range(50):  # the first block goes on from the settled drive: no ramp
        block = simulation.advance(drive)
        np.testing.assert_allclose(block.drive, np.tile(drive, (1, 4, 1)), atol=1e-15)
        realised.append(block.active_state[0].mean(axis=0))
    realised = np.array(realised)
    assert abs(realised[0].mean() / expected.mean() - 1) < 0.05  # at once
    np.testing.assert_allclose(realised.mean(axis=0), expected, atol=0.05, rtol=0.15)
    assert abs(realised.mean() / expected.mean() - 1) < 0.02
    np.testing.assert_allclose(simulation.expected_active_state()[0], expected, atol=0.01)


def test_a_diverging_body_is_named(body, pools, coupling, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # MuJoCo writes a log where it stands
    simulation = make(body, pools, coupling, SEEDS)
    qvel = np.zeros((3, body.model.nv))
    qvel[1, 8] = 1e12
    simulation.reset(start_qpos(body, 3), qvel, seeds=SEEDS)
    with pytest.raises(SimulationFailed, match=r"env \[1\] \(mjWARN_BADQVEL\).*diverged"):
        simulation.advance(np.zeros((3, len(body.muscles))))


def test_bad_drive_is_refused_and_leaves_no_trace(body, pools, coupling):
    simulation, untouched = (make(body, pools, coupling, [7]) for _ in range(2))
    n_muscles = len(body.muscles)
    good = np.full((1, n_muscles), 0.3)
    muscle = model.muscle_index(body, "SOL_l")
    for value in (np.nan, -0.1, 1.1, np.inf):
        bad = good.copy()
        bad[0, muscle] = value
        with pytest.raises(ValueError, match=r"'SOL_l' in env 0 .* allowed is 0\.\.1"):
            simulation.advance(bad)
        with pytest.raises(ValueError, match=r"'SOL_l' in env 0 .* allowed is 0\.\.1"):
            simulation.settle(bad, 0.1)
    for shape in ((n_muscles,), (1, n_muscles - 1), (2, n_muscles), (1, 1), ()):
        with pytest.raises(ValueError, match="drive has shape"):
            simulation.advance(np.full(shape, 0.3))
    for _ in range(3):
        assert_same_bits(simulation.advance(good), untouched.advance(good))


def test_the_callers_drive_is_neither_changed_nor_kept(body, pools, coupling):
    simulation = make(body, pools, coupling, [7])
    drive = np.full((1, len(body.muscles)), 0.3)
    simulation.advance(drive)
    np.testing.assert_array_equal(drive, 0.3)
    drive[:] = 0.0
    ramp = simulation.advance(drive).drive[0, :, 0]
    np.testing.assert_allclose(ramp, [0.225, 0.15, 0.075, 0.0])


def test_errors_name_what_is_allowed(body, pools, coupling):
    with pytest.raises(ValueError, match="seeds is empty"):
        Simulation(body, pools, coupling, seeds=[])
    few = published.body_pools(np.full(3, 5), np.full(3, 0.5))
    with pytest.raises(ValueError, match="pools has 3 muscles, body 'humanoid' has"):
        Simulation(body, few, coupling, seeds=[0])
    simulation = make(body, pools, coupling, SEEDS)
    with pytest.raises(ValueError, match="qpos has shape"):
        simulation.reset(np.zeros((2, body.model.nq)), seeds=SEEDS)


def test_a_block_is_four_milliseconds(body, pools, coupling):
    simulation = make(body, pools, coupling, SEEDS)
    for drive in drives(body, 5, 3):
        simulation.advance(drive)
    np.testing.assert_allclose(simulation.read().time_s, 5 * BLOCK_S)
    assert BLOCK_S == 0.004
