"""The experiment at toy size: the planted strategy is seen; the control block leaves no line."""

import numpy as np
import pytest

from neurocoord.analysis import control_rate
from neurocoord.motorunits import trains
from neurocoord.resources import load_experiment

MOVEMENT = load_experiment("synchrony_in_movement")
TOY = {"seconds": 1.2, "n_units": 12, "n_surrogates": 30}


@pytest.fixture(scope="module")
def found():
    return MOVEMENT.run(MOVEMENT.Config(**TOY))


def test_short_term_synchrony_is_more_than_what_the_movement_brings(found) -> None:
    independent, short_term = found
    assert independent.strategy == "independent" and independent.over_first.body_cis_hz == 0.0
    assert short_term.over_first.body_cis_hz > 0.1
    assert short_term.over_first.body_z > 5
    assert short_term.over_first.muscles_above > 0.7
    assert short_term.excess.body_ratio > independent.excess.body_ratio


def test_each_clock_is_looked_at_with_the_drive_set_at_its_rate(found) -> None:
    for one in found:
        assert one.ended == ""
        rates = {clock: peak.frequency_hz for clock, peak in one.peaks.items()}
        assert rates == {"control block": 250.0, "environment step": 50.0}


@pytest.mark.slow
def test_the_control_block_leaves_no_coherence_and_hardly_a_beat() -> None:
    made, _ = MOVEMENT.spikes_of(MOVEMENT.Config(seconds=16.0), "independent", 1)
    peak = control_rate.rate_peak(made, 250.0)
    assert peak.coherence_p > control_rate.LINE_LEVEL
    assert peak.depth < 0.02  # a hundredth: coincidences rise by less than a thousandth


def test_spikes_are_those_of_the_movement(found) -> None:
    config = MOVEMENT.Config(**{**TOY, "seconds": 0.2})
    made, runner = MOVEMENT.spikes_of(config, "independent", 1)
    trains.check(made)
    assert (made.n_ticks, trains.n_units(made)) == (200, runner.pools.first_unit[-1])
    again, _ = MOVEMENT.spikes_of(config, "independent", 1)
    np.testing.assert_array_equal(made.tick, again.tick)
