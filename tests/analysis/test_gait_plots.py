"""Drawings of a gait show the numbers that they are given."""

import numpy as np
from matplotlib.figure import Figure

from neurocoord.analysis import gait_plots

NAMES = ("right hand", "left hand", "right knee", "left knee")


def test_a_footfall_diagram_has_a_bar_for_each_stance():
    axes = Figure().subplots()
    stance = np.zeros((100, 4), bool)
    stance[10:40, 0] = stance[60:100, 0] = stance[:25, 2] = True
    gait_plots.footfall_diagram(axes, 0.01 * np.arange(100), stance, NAMES)
    bars = [[path.get_extents().bounds for path in rows.get_paths()] for rows in axes.collections]
    assert [len(rows) for rows in bars] == [2, 0, 1, 0]
    np.testing.assert_allclose([bars[0][0][0], bars[0][0][2]], [0.1, 0.3])
    np.testing.assert_allclose([bars[0][1][0], bars[0][1][2]], [0.6, 0.4])
    np.testing.assert_allclose([bars[2][0][0], bars[2][0][2]], [0.0, 0.25])
    assert [label.get_text() for label in axes.get_yticklabels()] == list(NAMES)
    low, high = axes.get_ylim()
    assert low > high  # the first limb on top


def test_loads_are_drawn_with_their_sum():
    axes = Figure().subplots()
    load = np.random.default_rng(0).random((20, 4))
    gait_plots.loads(axes, np.arange(20), load, NAMES)
    *limbs, total = axes.lines
    np.testing.assert_array_equal([line.get_ydata() for line in limbs], load.T)
    np.testing.assert_allclose(total.get_ydata(), load.sum(axis=1))
    assert limbs[0].get_color() == limbs[3].get_color() != limbs[1].get_color()


def test_angles_over_the_cycle_are_their_mean():
    axes = Figure().subplots()
    angle = np.tile(np.linspace(0.0, 30.0, 25, endpoint=False), 4)
    angle[25:50] += 4.0
    gait_plots.angles_over_cycle(axes, {"hip": angle}, np.array([0, 25, 50]))
    (line,) = axes.lines
    assert line.get_label() == "hip"
    np.testing.assert_allclose(line.get_ydata()[40], 0.4 * 30.0 + 2.0, atol=1e-9)
    assert tuple(line.get_xdata()[[0, -1]]) == (0.0, 100.0)
