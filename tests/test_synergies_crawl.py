"""The experiment on synergies at toy size, and the controller that it drives."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurocoord.coordination import paced
from neurocoord.coordination.crawl import crawl_reference, start_way
from neurocoord.coordination.paced import Pace, Senses
from neurocoord.coordination.reference import LIMBS
from neurocoord.coordination.synergies import Synergies, limb_of_muscle
from neurocoord.resources import load_experiment

DOCS = Path(__file__).resolve().parents[1] / "docs"
EXPERIMENT = load_experiment("synergies_crawl")
TOY = EXPERIMENT.Config(n_units=6, drive_s=0.1, drive_seeds=(1,))


@pytest.fixture(scope="module")
def crawl():
    return EXPERIMENT.runner(TOY, TOY.speed_m_per_s)


def constant(crawl, level):
    limb = limb_of_muscle(crawl.body)
    return Synergies(np.full((limb.size, 1), level), np.ones((1, 10)), limb, 0.0)


def one_command(crawl, synergies, pace, changed=None):
    """The first command of a crawl as it starts, and what is bound."""
    crawl.reset(1)
    gains = crawl.plan.gains
    bound = paced.make_paced(crawl.body, crawl.plan.crawl, gains, synergies, pace)
    memory = paced.begin(bound, crawl.reading, 0)
    low, high = crawl.simulation.bounds()
    reading = crawl.reading if changed is None else changed(crawl.reading)
    given, memory = paced.command(
        crawl.body, bound, memory, reading, 0, low[0], high[0],
        lambda active: crawl.simulation.drive_to_reach(active[None])[0],
        np.random.default_rng(0),
    )  # fmt: skip
    return given, memory, low[0], high[0]


def test_without_synergies_it_is_the_built_in_controller(crawl):
    given, *_ = one_command(crawl, None, Pace())
    crawl.reset(1)
    crawl.time_s = 0.0
    drive, wanted = crawl.command()
    np.testing.assert_allclose(given.wanted_angle, wanted, atol=1e-9)
    np.testing.assert_allclose(given.drive, drive, atol=1e-6)
    assert not given.feed_forward.any()


def test_dear_corrections_leave_the_synergies_command(crawl):
    synergies = constant(crawl, 0.2)
    cheap, _, low, high = one_command(crawl, synergies, Pace(effort=1.0))
    dear, *_ = one_command(crawl, synergies, Pace(effort=1e9))
    np.testing.assert_allclose(dear.active_state, np.clip(0.2, low, high), atol=1e-5)
    assert np.abs(cheap.active_state - cheap.feed_forward).max() > 0.05


def test_without_feedback_the_synergies_command_is_all(crawl):
    given, memory, low, high = one_command(crawl, constant(crawl, 0.3), Pace(has_feedback=False))
    np.testing.assert_array_equal(given.active_state, np.clip(0.3, low, high))
    assert not memory.correction.any()


def test_what_is_not_felt_bears_nothing(crawl):
    felt, *_ = one_command(crawl, None, Pace())
    blanked = lambda r: r._replace(contact_found=np.zeros_like(r.contact_found))  # noqa: E731
    gone, *_ = one_command(crawl, None, Pace(), blanked)
    numb, *_ = one_command(crawl, None, Pace(senses=Senses(feels=())))
    assert not np.allclose(numb.active_state, felt.active_state, atol=1e-3)
    # trunk contacts are none on all fours, so that feeling no limb is feeling nothing
    np.testing.assert_allclose(numb.active_state, gone.active_state, atol=1e-9)


def test_a_late_controller_sees_an_old_reading(crawl):
    moved = lambda r: r._replace(qvel=r.qvel + 0.5)  # noqa: E731
    now, *_ = one_command(crawl, None, Pace(), moved)
    late, *_ = one_command(crawl, None, Pace(senses=Senses(delay_blocks=1)), moved)
    old, *_ = one_command(crawl, None, Pace())
    np.testing.assert_array_equal(late.active_state, old.active_state)
    assert not np.allclose(now.active_state, old.active_state, atol=1e-3)


def test_noise_of_the_senses_moves_the_command(crawl):
    clean, *_ = one_command(crawl, None, Pace())
    noisy, *_ = one_command(crawl, None, Pace(senses=Senses(angle_noise_rad=0.02)))
    assert not np.allclose(noisy.active_state, clean.active_state, atol=1e-3)


def test_each_limb_is_asked_for_its_own_phase(crawl):
    gains = crawl.plan.gains
    bound = paced.make_paced(crawl.body, crawl.plan.crawl, gains, None, Pace())
    way, f = start_way(np.zeros(2)), bound.crawl.table.cadence.frequency_hz
    together = paced.reference_at(bound, np.full(4, 0.3), way)
    plain = crawl_reference(bound.crawl, 0.3 / f, way)
    for one, other in zip(together, plain):
        np.testing.assert_array_equal(one, other)
    apart = paced.reference_at(bound, np.array([0.5, 0.3, 0.3, 0.3]), way)
    hand = bound.limb_of_joint == LIMBS.index("hand_r")
    later = crawl_reference(bound.crawl, 0.5 / f, way)
    np.testing.assert_array_equal(apart.joint_angle[hand], later.joint_angle[hand])
    left = bound.limb_of_joint == LIMBS.index("hand_l")
    np.testing.assert_array_equal(apart.joint_angle[left], plain.joint_angle[left])


@pytest.fixture(scope="module")
def toy():
    return EXPERIMENT.run(
        replace(
            TOY,
            others={"again": (0.4, "independent")},
            record_s=2.4,
            skip_s=0.0,
            most_synergies=2,
            n_driving=2,
            efforts=(10.0,),
            fewer=(1,),
            senses={"every 8 ms": Senses(every_blocks=2)},
            softer={"every 8 ms": 50.0},
        )
    )


def test_the_experiment_at_toy_size(toy):
    assert toy.recording.emg.shape == (2, 100, 142)
    assert toy.similar["again"] == pytest.approx(1.0, abs=0.02)  # the same crawl
    assert [d.by for d in toy.thinned] == 2 * list(EXPERIMENT.BY)
    shares = {d.name: d.share for d in toy.what_drives}
    assert shares["feedback alone"] == 0.0 and shares["synergies alone"] == 1.0
    assert 0.0 < shares["2 synergies, effort x 10"] < 1.0
    assert all(d.lasted_s == pytest.approx(0.1) and not d.fell for d in toy.what_drives)
    assert toy.vaf_active_state > 0.5
    assert toy.surface.vaf.size == 2 and set(toy.limbs) == set(LIMBS)
    assert "at VAF 0.90" in EXPERIMENT.counts(toy.whole)
    assert "share" in EXPERIMENT.line(toy.thinned[2])


def test_controls_keep_the_mean_levels(toy):
    synergies = toy.synergies
    for control in (EXPERIMENT.tonic(synergies), EXPERIMENT.half_a_cycle_late(synergies)):
        assert not np.allclose(control.activation, synergies.activation)
        np.testing.assert_allclose(
            control.activation.mean(axis=1), synergies.activation.mean(axis=1)
        )


def test_the_page_and_its_figures_are_made_of_it(toy, monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    import make_synergy_figures as script
    from matplotlib.figure import Figure

    monkeypatch.setattr(script, "found", lambda: toy)
    for draw, size in script.DRAWINGS.values():
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        figure.canvas.draw()
    page = script.page_with_tables((DOCS / "synergies.md").read_text())
    assert page.count("| every 8 ms | no fall |") == 1
    assert page.count("| every 8 ms, effort x 50 | no fall |") == 1
    assert page.count("| all muscles | over 2 | over 2 |") == 1
    with pytest.raises(ValueError, match=r"synergies\.md holds no"):
        script.page_with_tables("nothing")
    for name in ("make_synergy_figures", "drawing"):
        sys.modules.pop(name, None)
