"""Drawings of synergies hold what they are given."""

import numpy as np

from neurocoord.analysis import plots, synergies, synergy_plots

RNG = np.random.default_rng(0)
CYCLES = np.abs(RNG.standard_normal((3, 100, 6)))


def test_time_courses_and_weights_of_every_synergy(tmp_path):
    found = synergies.factorise(synergies.record_of(CYCLES), 3)
    muscles = [f"M{i}" for i in range(6)]

    def draw(axes):
        synergy_plots.time_courses(axes[:3], found)
        synergy_plots.strongest(axes[3:], found, muscles, n=2)

    figure = plots.stacked("synergies", [1] * 6, draw)
    mean = found.activation.reshape(3, 3, 100).mean(axis=1)
    for axes, row in zip(figure.axes[:3], mean):
        np.testing.assert_allclose(axes.lines[0].get_ydata(), row)
    for index, axes in enumerate(figure.axes[3:]):
        assert max(bar.get_width() for bar in axes.patches) == found.weight[:, index].max()
        assert axes.get_yticklabels()[0].get_text() == muscles[found.weight[:, index].argmax()]
    plots.save(figure, tmp_path / "synergies.png")
    assert (tmp_path / "synergies.png").stat().st_size > 1000


def test_vaf_of_the_record_and_of_its_controls():
    found = synergies.extract(CYCLES, 3)
    figure = plots.one_panel("VAF", lambda axes: synergy_plots.how_many(axes, found, 0.9))
    lines = figure.axes[0].lines
    np.testing.assert_array_equal(lines[0].get_ydata(), found.vaf)
    np.testing.assert_array_equal(lines[2].get_ydata(), found.out_of_step)
    assert lines[4].get_ydata()[0] == 0.9
