"""How far people get on a ladder: by rule, by share, and with an interval that covers."""

import numpy as np
import pytest

from neurocoord.analysis import ladder


def test_the_rule_counts_to_the_first_failure() -> None:
    passed = [[1, 1, 1], [1, 0, 1], [0, 1, 1], [1, 1, 0]]
    assert ladder.rungs_passed(passed).tolist() == [3, 1, 0, 2]


def test_the_share_falls_and_is_read_between_levels() -> None:
    passed = np.zeros((10, 3))
    passed[:, 0], passed[:8, 1], passed[:9, 2] = 1, 1, 1  # 1, 0.8, 0.9: pooled to 0.85
    share = ladder.falling_share(passed)
    assert share == pytest.approx([1.0, 0.85, 0.85])
    assert ladder.level_at([1.0, 2.0, 3.0], share, 0.9) == pytest.approx(1.0 + 0.1 / 0.15)
    assert np.isnan(ladder.level_at([1.0, 2.0], [0.8, 0.1]))
    assert ladder.level_at([1.0, 2.0], [1.0, 0.95]) == 2.0
    assert ladder.level_at([3.0, 2.0], [1.0, 0.8]) == pytest.approx(2.5)  # harder may be less


def test_beyond_the_ladder_is_said() -> None:
    found = ladder.reached([1.0, 2.0], np.ones((5, 2)))
    assert (found.level, found.low, found.high, found.censored) == (2.0, 2.0, 2.0, True)
    none = ladder.reached([1.0, 2.0], np.zeros((5, 2)))
    assert np.isnan(none.level) and not none.censored


def test_pooled_shares_are_not_lost_to_rounding() -> None:
    passed = np.zeros((20, 2))
    passed[:17, 0], passed[:19, 1] = 1, 1  # pooled to 0.9, or a hair below
    found = ladder.reached([1.0, 2.0], passed)
    assert (found.level, found.censored) == (2.0, True)


def test_the_interval_holds_what_was_planted() -> None:
    """People whose own limits are normal about 5: nine in ten get to 5 - 1.28 SD."""
    rng, levels, inside = np.random.default_rng(0), np.linspace(1.0, 7.0, 7), 0
    for _ in range(40):
        own = rng.normal(5.0, 1.0, 40)
        found = ladder.reached(levels, own[:, None] > levels, seed=1)
        inside += found.low - 0.25 <= 5.0 - 1.2816 <= found.high + 0.25  # straight between levels
    assert inside >= 34


def test_what_is_no_ladder_is_named() -> None:
    with pytest.raises(ValueError, match="of 0 and 1"):
        ladder.reached([1.0], [[0.5]])
    with pytest.raises(ValueError, match="is of 2 levels"):
        ladder.reached([1.0], [[1, 0]])
