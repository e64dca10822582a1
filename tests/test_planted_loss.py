"""End to end, from the trial to the verdict: a planted loss of 5 % is found, a sham is nil.

Virtual subjects differ in strength and in units per muscle, each does a hold on two seeds of noise
in each condition. The error rate of the statistics alone stands in `test_paired_statistics`.
"""

from itertools import combinations

import numpy as np
import pytest

from neurocoord import trial
from neurocoord.analysis import statistics
from neurocoord.tasks import isometric
from neurocoord.trial import Pools, Synchrony, TrialConfig

MEASURE = "torque_low_nm"
HOLD = isometric.Settings(low_drive=0.4, hold_s=0.85, rest_s=0.02, ballistic_s=0.02)
SUBJECTS = ((0.8, 16), (0.95, 20), (1.05, 24), (1.25, 18))  # strength, units a muscle
SEEDS = (0, 1)


def torques(synchrony: Synchrony, *, strength: float = 1.0, first_seed: int = 0) -> np.ndarray:
    """Mean torque of the hold [subject, seed] (Nm)."""
    found = []
    for subject, (own, n_units) in enumerate(SUBJECTS):
        for seed in SEEDS:
            config = TrialConfig(
                task="isometric",
                seed=first_seed + 10 * subject + seed,
                seconds=isometric.phases(HOLD)["low"][1],
                settings=HOLD,
                strength=own * strength,
                synchrony=synchrony,
                pools=Pools(n_units=n_units),
            )
            found.append(trial.run(config).measures[MEASURE])
    return np.reshape(found, (len(SUBJECTS), len(SEEDS)))


@pytest.fixture(scope="module")
def found() -> dict[str, np.ndarray]:
    sham = Synchrony(strategy="short_term", strength=0.0)  # `independent` by another name
    return {
        "independent": torques(Synchrony()),
        "sham": torques(sham, first_seed=1000),  # and on noise of its own
        "weak": torques(Synchrony(), strength=0.95),
    }


def by_subject(found: dict[str, np.ndarray], *conditions: str) -> dict[str, dict]:
    return {name: {(i, k): x for (i, k), x in np.ndenumerate(found[name])} for name in conditions}


def test_a_planted_loss_of_5_percent_is_found(found) -> None:
    values = by_subject(found, "independent", "weak", "sham")
    comparison = statistics.compare(values, measure=MEASURE, unit="Nm")
    pairs = {(pair.first, pair.second): pair for pair in comparison.pairs}
    loss = pairs["independent", "weak"]
    assert (loss.finding, loss.n, loss.paired_by) == ("less", 4, "subject")
    assert loss.percent_low < -4.5 and loss.percent == pytest.approx(-5.0, abs=0.5)
    assert pairs["weak", "sham"].finding == "more"  # also where the noise is not the same
    assert "weak is" in comparison.verdict and "lower than independent" in comparison.verdict
    assert pairs["independent", "sham"].finding in ("equivalent", "not resolved")


def test_a_sham_comes_out_nil_at_the_stated_rate(found) -> None:
    """Every subject's four runs without a loss are relabelled: two are called one strategy."""
    four = np.concatenate([found["independent"], found["sham"]], axis=1)
    picks = list(combinations(range(4), 2))
    rng = np.random.default_rng(0)
    interest = statistics.interest_in(MEASURE)
    wrong, relabelled = 0, 300
    for _ in range(relabelled):
        first = [picks[i] for i in rng.integers(len(picks), size=len(four))]
        others = [tuple(set(range(4)) - set(pick)) for pick in first]
        a, b = (np.array([row[list(p)] for row, p in zip(four, pick)]) for pick in (first, others))
        pair = statistics.compare_pair(a, b, interest=interest)
        wrong += pair.finding in ("more", "less")
    assert wrong / relabelled <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / relabelled)


def test_a_sham_on_the_same_noise_is_the_same(found) -> None:
    (own, n_units), seed = SUBJECTS[0], SEEDS[0]
    config = TrialConfig(
        task="isometric",
        seed=seed,
        seconds=isometric.phases(HOLD)["low"][1],
        settings=HOLD,
        strength=own,
        synchrony=Synchrony(strategy="short_term", strength=0.0),
        pools=Pools(n_units=n_units),
    )
    assert trial.run(config).measures[MEASURE] == found["independent"][0, 0]
