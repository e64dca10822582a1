"""The generator keeps the gait's rhythm and lags, and a loaded limb waits."""

import numpy as np
import pytest

from neurocoord.coordination import generator
from neurocoord.coordination.gait import PATTERNS, Gait, cadence

STEP_S = 0.004
FREE = np.zeros(4)


def run(made, phase, seconds, load=FREE):
    for _ in range(round(seconds / STEP_S)):
        phase = generator.step(made, phase, load, STEP_S)
    return phase


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("speed", [0.2, -0.4, 0.6])
def test_speed_sets_the_rhythm_and_lags_stay(pattern, speed):
    gait = Gait(pattern=pattern)
    made = generator.make_generator(gait, speed)
    start = generator.start(made)
    end = run(made, start, 10.0)
    np.testing.assert_allclose(end - start, 10.0 * cadence(gait, speed).frequency_hz, rtol=1e-9)


def test_swing_lasts_as_long_at_every_speed():
    gait = Gait()
    slow, fast = (generator.make_generator(gait, speed) for speed in (0.35, 0.6))
    assert slow.swing_s == pytest.approx(fast.swing_s) == gait.swing_s
    assert slow.stance_s > fast.stance_s


def test_disturbed_lags_come_back():
    made = generator.make_generator(Gait(), 0.4)
    begin = generator.start(made) + np.array([0.0, 0.15, -0.1, 0.05])
    spread = np.ptp(generator.common(made, begin))
    after = np.ptp(generator.common(made, run(made, begin, 1.0)))
    assert after < 0.05 * spread


def test_uncoupled_lags_do_not_come_back():
    made = generator.make_generator(Gait(), 0.4, coupling_per_s=0.0)
    begin = generator.start(made) + np.array([0.0, 0.15, -0.1, 0.05])
    cycle_s = 1.0 / cadence(Gait(), 0.4).frequency_hz
    np.testing.assert_allclose(run(made, begin, cycle_s) - begin, 1.0, atol=0.01)


def test_a_loaded_limb_waits_before_it_swings_and_a_free_one_does_not():
    made = generator.make_generator(Gait(), 0.4, coupling_per_s=0.0, hold_above_bw=0.1)
    begin = generator.start(made)
    end = run(made, begin, 1.0 / cadence(Gait(), 0.4).frequency_hz, np.array([0.5, 0.05, 0, 0]))
    assert end[0] == pytest.approx(made.duty)
    assert np.all(end[1:] - begin[1:] > 0.99)
    freed = run(made, end, 0.1)
    assert freed[0] > made.duty + 0.05


def test_a_loaded_limb_in_swing_goes_on():
    made = generator.make_generator(Gait(), 0.4, hold_above_bw=0.1)
    begin = generator.start(made) + made.duty + 0.01
    assert np.all(run(made, begin, 0.1, np.ones(4)) > begin)
