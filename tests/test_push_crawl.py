"""The push experiment at toy size: no push moves nothing, a harder one moves more."""

import pytest

from neurocoord.resources import load_experiment
from neurocoord.trial import Pools

PUSH = load_experiment("push_crawl")


@pytest.fixture(scope="module")
def found():
    toy = {"n_seeds": 1, "at_s": 0.1, "after_s": 0.12, "push_s": 0.04, "pools": Pools(n_units=6)}
    return {n: PUSH.run(PUSH.Config(force_n=n, **toy))[0] for n in (0.0, 60.0, 180.0)}


def test_no_push_displaces_nothing(found):
    assert found[0.0] == PUSH.Pushed(0, 0.0, 0.0, False)


def test_a_push_displaces_by_its_impulse(found):
    assert 0.0 < found[60.0].displacement_m < found[180.0].displacement_m
    # an impulse of 7.2 N s moves 72.5 kg by less than 0.1 m/s x 0.12 s
    assert found[180.0].displacement_m < 7.2 / 72.5 * 0.12
    assert not found[180.0].fell
