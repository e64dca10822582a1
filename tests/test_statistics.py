"""Intervals, paired comparisons and the sentences they end in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from neurocoord.analysis import statistics, study_plots
from neurocoord.analysis.statistics import Measurement

SAMPLES = st.lists(st.floats(-1e3, 1e3).map(lambda x: round(x, 3)), min_size=2, max_size=8)


def test_interval_of_five_by_hand() -> None:
    # mean 3, sd sqrt(2.5), t(0.975, 4) = 2.776445: 3 -+ 2.776445 * sqrt(2.5 / 5)
    got = statistics.mean_interval([1, 2, 3, 4, 5])
    assert got.mean == 3
    assert got.low == pytest.approx(3 - 1.963243, abs=1e-6)
    assert got.high == pytest.approx(3 + 1.963243, abs=1e-6)
    assert got.n_seeds == 5


def test_interval_leaves_out_what_is_missing_and_needs_two() -> None:
    assert statistics.mean_interval([1, np.nan, 2]) == statistics.mean_interval([1, 2])
    one = statistics.mean_interval([4.0, np.nan])
    assert (one.mean, one.n_seeds) == (4.0, 1)
    assert np.isnan(one.low)
    assert np.isnan(statistics.mean_interval([]).mean)


def test_interval_covers_the_truth_as_often_as_it_says() -> None:
    draws = np.random.default_rng(1).normal(2.0, 0.5, size=(4000, 5))
    intervals = [statistics.mean_interval(draw) for draw in draws]
    covered = np.mean([interval.low <= 2.0 <= interval.high for interval in intervals])
    assert covered == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 4000))


@given(SAMPLES, st.integers(0, 1000))
def test_pair_is_the_paired_t_of_scipy(first: list[float], seed: int) -> None:
    second = np.array(first) + np.random.default_rng(seed).normal(1, 2, len(first))
    got = statistics.compare_pair(first, second)
    expected = stats.ttest_rel(second, first)
    interval = expected.confidence_interval(0.95)
    assert got.p == pytest.approx(expected.pvalue, rel=1e-9)
    assert got.mean_difference == pytest.approx(np.mean(second - np.array(first)))
    assert (got.ci_low, got.ci_high) == pytest.approx((interval.low, interval.high), rel=1e-6)


def test_pair_turned_round_changes_sign_only() -> None:
    a, b = [1.0, 2.0, 4.0], [2.0, 2.5, 6.0]
    forth, back = statistics.compare_pair(a, b), statistics.compare_pair(b, a)
    assert forth.mean_difference == -back.mean_difference
    assert (forth.ci_low, forth.ci_high) == pytest.approx((-back.ci_high, -back.ci_low))
    assert forth.p == back.p


def test_pairing_removes_what_seeds_have_in_common() -> None:
    rng = np.random.default_rng(0)
    seeds = 100 * rng.normal(size=8)
    got = statistics.compare_pair(seeds, seeds + 1 + 0.1 * rng.normal(size=8))
    assert got.differs
    assert stats.ttest_ind(seeds, seeds + 1).pvalue > 0.9


def test_equal_values_do_not_differ_though_rounding_does() -> None:
    a = np.array([0.1, 0.2, 0.7])
    same = statistics.compare_pair(a, a)
    rounded = statistics.compare_pair(a * 3, a + a + a)
    for got in (same, rounded):
        assert (got.p, got.differs, got.smallest_detectable) == (1.0, False, 0.0)


def test_the_same_difference_on_every_seed_counts_by_its_signs_alone() -> None:
    """Without a spread there is no t; outcomes that come in steps are often all alike."""
    few = statistics.compare_pair([1.0, 2.0, 4.0], [2.0, 3.0, 5.0])
    assert (few.p, few.differs) == (0.25, False) and np.isnan(few.smallest_detectable)
    a = np.arange(8.0)
    many = statistics.compare_pair(a, a + 1.0)
    assert many.p == pytest.approx(2 * 0.5**8) and many.differs
    assert 0.5 < many.smallest_detectable < 1.0


def test_smallest_detectable_difference_is_found_four_times_in_five() -> None:
    rng = np.random.default_rng(3)
    n, reps, sd = 10, 1500, 0.7
    noise = rng.normal(0, sd, size=(reps, n))
    # With the spread known, what `compare_pair` says of it from a sample is on average this:
    smallest = np.sqrt(
        np.mean([statistics.compare_pair(np.zeros(n), x).smallest_detectable ** 2 for x in noise])
    )
    found = np.mean([statistics.compare_pair(np.zeros(n), x + smallest).differs for x in noise])
    assert 0.75 < found < 0.88


@pytest.mark.parametrize("n", [2, 3, 5, 10, 40])
@pytest.mark.parametrize("n_pairs", [1, 3])
def test_smallest_detectable_difference_has_the_power_it_says(n: int, n_pairs: int) -> None:
    difference = np.random.default_rng(n).normal(size=n)
    effect = statistics.smallest_detectable(difference, n_pairs=n_pairs) / difference.std(ddof=1)
    power = statistics.power_of(n, effect, 0.05 / n_pairs)
    assert power == pytest.approx(0.8, abs=1e-4)
    critical = stats.t.ppf(1 - 0.025 / n_pairs, n - 1)
    assert stats.nct.sf(critical, n - 1, effect * np.sqrt(n)) == pytest.approx(0.8, abs=1e-4)


def test_more_pairs_can_see_less() -> None:
    a, b = np.zeros(5), np.array([0.1, -0.2, 0.3, 0.0, -0.1])
    alone = statistics.compare_pair(a, b).smallest_detectable
    assert statistics.compare_pair(a, b, n_pairs=3).smallest_detectable > alone


def test_holm_by_hand() -> None:
    np.testing.assert_allclose(statistics.holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06])
    np.testing.assert_allclose(statistics.holm([0.2, 0.5, 0.9]), [0.6, 1.0, 1.0])
    np.testing.assert_allclose(statistics.holm([0.02, np.nan, 0.04]), [0.04, np.nan, 0.04])
    assert statistics.holm([]).size == 0


def test_nil_is_called_a_difference_in_one_of_twenty_at_most() -> None:
    rng = np.random.default_rng(5)
    wrong = 0
    for _ in range(600):
        values = {s: dict(enumerate(rng.normal(size=5))) for s in ("a", "b", "c")}
        wrong += any(pair.differs for pair in statistics.compare(values, measure="m").pairs)
    assert wrong / 600 < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 600)


def _values(**by_strategy: list[float]) -> dict[str, dict[int, float]]:
    return {strategy: dict(enumerate(values)) for strategy, values in by_strategy.items()}


def test_verdict_of_a_difference() -> None:
    values = _values(independent=[1.0, 1.1, 0.9, 1.0], short_term=[2.0, 2.1, 1.9, 2.05])
    got = statistics.compare(values, measure="force_sd", unit="N")
    low, high = got.pairs[0].ci_low, got.pairs[0].ci_high
    assert got.verdict == (
        "force_sd: short_term is 1.01 N higher than independent "
        f"(95 % interval {low:.3g} to {high:.3g}, 4 seeds)."
    )


def test_verdict_of_a_fall_gives_the_interval_as_the_size_of_the_fall() -> None:
    values = _values(independent=[2.0, 2.1, 1.9, 2.0], short_term=[1.0, 1.1, 0.9, 1.05])
    sentence = statistics.compare(values, measure="m").verdict
    assert "short_term is 0.988 lower than independent (95 % interval 0.9" in sentence


def test_verdict_of_nil_says_what_could_have_been_seen() -> None:
    values = _values(independent=[1.0, 1.2, 0.9, 1.1], short_term=[1.1, 1.0, 1.0, 1.15])
    got = statistics.compare(values, measure="mean_force", unit="N")
    smallest = got.pairs[0].smallest_detectable
    assert smallest > abs(got.pairs[0].ci_high - got.pairs[0].mean_difference)
    assert got.verdict == (
        "mean_force: no difference found; the smallest difference this could have seen is "
        f"{smallest:.3g} N (4 seeds)."
    )


def test_verdict_of_three_names_those_that_differ_and_those_that_do_not() -> None:
    values = _values(a=[1.0, 1.1, 0.9, 1.0], b=[1.1, 1.0, 1.0, 0.9], c=[5.0, 5.2, 4.9, 5.0])
    sentence = statistics.compare(values, measure="m").verdict
    assert "c is" in sentence
    assert "higher than a" in sentence
    assert "higher than b" in sentence
    assert "between a/b no difference found" in sentence
    assert sentence.endswith(".")


def test_verdict_of_equal_values_and_of_one_seed() -> None:
    equal = statistics.compare(_values(a=[0.0, 0.0], b=[0.0, 0.0]), measure="fell")
    assert equal.verdict == "fell: no difference; the values are the same on every seed."
    one = statistics.compare(_values(a=[1.0], b=[2.0]), measure="fell")
    assert one.verdict == "fell: no comparison is possible; it takes two seeds or more."


def test_only_common_seeds_are_compared() -> None:
    values = {"a": {1: 1.0, 2: 2.0, 3: np.nan}, "b": {3: 5.0, 2: 2.5, 1: 1.25, 9: 100.0}}
    pair = statistics.compare(values, measure="m").pairs[0]
    assert pair.n == 2
    assert pair.mean_difference == pytest.approx(0.375)


def _trials() -> list[Measurement]:
    rng = np.random.default_rng(2)
    return [
        Measurement(task, strategy, seed, measure, float(rng.normal()), unit)
        for task in ("roll", "crawl")
        for strategy in ("independent", "common_drive", "short_term")
        for seed in range(4)
        for measure, unit in (("speed_m_per_s", "m/s"), ("metabolic_power_w", "W"))
    ]


def test_every_task_and_measure_is_compared_in_the_order_given() -> None:
    got = statistics.compare_all(_trials())
    assert [(c.task, c.measure, c.unit) for c in got] == [
        ("roll", "speed_m_per_s", "m/s"),
        ("roll", "metabolic_power_w", "W"),
        ("crawl", "speed_m_per_s", "m/s"),
        ("crawl", "metabolic_power_w", "W"),
    ]
    assert [(p.first, p.second) for p in got[0].pairs] == [
        ("independent", "common_drive"),
        ("independent", "short_term"),
        ("common_drive", "short_term"),
    ]


def test_order_of_trials_does_not_change_the_numbers() -> None:
    rows = _trials()
    first = {(r.task, r.measure, r.strategy): r for r in statistics.summarise(rows)}
    again = {(r.task, r.measure, r.strategy): r for r in statistics.summarise(rows[::-1])}
    for key, row in first.items():
        assert row[4:] == pytest.approx(again[key][4:])
    assert len(first) == 12


def test_one_strategy_is_summarised_and_not_compared() -> None:
    rows = [Measurement("roll", "independent", s, "m", float(s), "N") for s in range(3)]
    assert statistics.compare_all(rows) == []
    (row,) = statistics.summarise(rows)
    assert (row.mean, row.sd, row.n_seeds) == (1.0, 1.0, 3)


def test_bad_input_is_named() -> None:
    row = Measurement("roll", "independent", 1, "m", 1.0, "N")
    with pytest.raises(ValueError, match="seed 1 twice"):
        statistics.summarise([row, row])
    with pytest.raises(ValueError, match="infinity"):
        statistics.mean_interval([1.0, np.inf])
    for second in ([1.0, np.inf, 2.0], [1.0, 3.0, 2.0]):
        with pytest.raises(ValueError, match="infinity"):
            statistics.compare_pair([1.0, np.inf, 2.0], second)
    with pytest.raises(ValueError, match="n_pairs is 0"):
        statistics.smallest_detectable([1.0, 2.0], n_pairs=0)
    with pytest.raises(ValueError, match="n is 1"):
        statistics.power_of(1, 0.5)
    with pytest.raises(ValueError, match="panels is empty"):
        study_plots.dose_response("Response", [])
    with pytest.raises(ValueError, match="two or more"):
        statistics.compare(_values(a=[1.0]), measure="m")
    with pytest.raises(ValueError, match=r"\[seed\]"):
        statistics.compare_pair([1.0, 2.0], [1.0])


def pair(mean, finding, second="short_term"):
    nan = float("nan")
    made = statistics.Pair("independent", second, 5, mean, nan, nan, nan, nan, False, 1.0)
    return made._replace(finding=finding)


def test_what_hangs_on_the_energy_model_is_said() -> None:
    says = statistics.model_dependence
    more, less, nil = pair(1.0, "more"), pair(-0.2, "less"), pair(0.2, "not resolved")
    agree = {"H": [more], "U": [pair(0.2, "more")], "B": [pair(3.0, "more")]}
    assert says(agree) == says({}) == says({"H": [more]}) == ""
    # left open by some, on the same side: they do not contradict; nor do nils that are sure
    assert says({**agree, "U": [nil]}) == ""
    equal = {"H": [pair(0.1, "equivalent")], "U": [pair(-0.1, "equivalent")]}
    assert says(equal) == says({"H": [nil], "U": [pair(-0.2, "not resolved")]}) == ""
    assert says({**agree, "U": [less]}) == (
        "Model-dependent: short_term against independent is higher by H, B but lower by U."
    )
    alone = "Model-dependent: short_term against independent is lower by U alone."
    for other in (nil, pair(-0.1, "equivalent")):
        assert says({"H": [other], "U": [less]}) == alone
    with pytest.raises(ValueError, match="different pairs"):
        says({"H": [more], "U": [pair(1.0, "more", "beta")]})
