"""Virtual subjects as the random factor: intervals, effect sizes, equivalence, error rates."""

import numpy as np
import pytest
from scipy import stats

from neurocoord.analysis import statistics
from neurocoord.analysis.statistics import Measurement, chances


def _values(**by_strategy: list[float]) -> dict[str, dict[int, float]]:
    return {strategy: dict(enumerate(values)) for strategy, values in by_strategy.items()}


def _subjects(n: int, n_seeds: int, shift: float, *, seed: int, noise: float = 0.5):
    """Two conditions `[subject, seed]`: subjects differ by 20 %, noise is paired but not equal."""
    rng = np.random.default_rng(seed)
    strength = 100 * (1 + 0.2 * rng.normal(size=(n, 1)))
    first = strength + rng.normal(0, noise, size=(n, n_seeds))
    return first, strength * (1 + shift) + rng.normal(0, noise, size=(n, n_seeds))


def test_subjects_are_the_random_factor_and_seeds_are_averaged() -> None:
    first, second = _subjects(8, 5, 0.03, seed=1)
    got = statistics.compare_pair(first, second)
    of_means = statistics.compare_pair(first.mean(axis=1), second.mean(axis=1))
    assert (got.n, got.paired_by, of_means.paired_by) == (8, "subject", "seed")
    assert got[3:8] == pytest.approx(of_means[3:8])
    # noise of a difference of two: sqrt(2) * 0.5, on 8 * 4 degrees of freedom
    assert got.noise_sd == pytest.approx(0.5 * np.sqrt(2), rel=0.4)
    many = statistics.compare_pair(*_subjects(400, 5, 0.03, seed=2))
    assert many.noise_share == pytest.approx(0.1 / (0.6**2 + 0.1), rel=0.25)
    by_key = {
        name: {(i, k): x[i, k] for i in range(8) for k in range(5)}
        for name, x in (("a", first), ("b", second))
    }
    assert statistics.compare(by_key, measure="m").pairs[0].p == pytest.approx(got.p)


def test_seeds_that_one_condition_lacks_are_left_out_of_both() -> None:
    a = np.array([[1.0, 2.0, np.nan], [3.0, 4.0, 5.0], [np.nan] * 3])
    b = np.array([[2.0, np.nan, 9.0], [5.0, 5.0, 5.0], [1.0] * 3])
    got = statistics.average_over_seeds(a, b)
    assert got.first.tolist() == [1.0, 4.0]
    assert got.second.tolist() == [2.0, 5.0]
    assert got.noise_sd == pytest.approx(1.0)  # differences 2, 1, 0 of the second subject
    one = statistics.average_over_seeds([[1.0], [2.0]], [[2.0], [5.0]])
    assert np.isnan(one.noise_sd)
    with pytest.raises(ValueError, match=r"\[subject, seed\]"):
        statistics.average_over_seeds([1.0, 2.0], [1.0, 2.0])


def test_effect_size_by_hand() -> None:
    # mean 1, SD 1 of five differences: d_z = 1; J(4) = Gamma(2) / (sqrt(2) Gamma(1.5)) = 0.797885
    difference = np.array([-1, 0, 1, 1, 2]) * 2 / np.sqrt(5.2) + (1 - 0.6 * 2 / np.sqrt(5.2))
    got = statistics.effect_size(difference)
    assert got.d_z == pytest.approx(1.0)
    assert got.g_z == pytest.approx(0.797885, abs=1e-6)
    # noncentral t of sqrt(5) at 4 degrees of freedom, as scipy.stats has it
    for bound, p in ((got.low, 0.975), (got.high, 0.025)):
        noncentral = bound / 0.797885 * np.sqrt(5)
        assert stats.nct.cdf(np.sqrt(5), 4, noncentral) == pytest.approx(p, abs=1e-5)
    assert np.isnan(statistics.effect_size([1.0, 1.0, 1.0]).d_z)


def test_effect_size_is_unbiased_and_its_interval_covers() -> None:
    rng = np.random.default_rng(11)
    found = [statistics.effect_size(draw) for draw in rng.normal(0.5, 1.0, size=(3000, 6))]
    mean = np.mean([effect.g_z for effect in found])
    assert mean == pytest.approx(0.5, abs=4 * np.std([e.g_z for e in found]) / np.sqrt(3000))
    assert np.mean([effect.d_z for effect in found]) > mean + 0.05  # what Hedges takes off
    # J scales the bounds, so what they cover is J times the true size
    j = found[0].g_z / found[0].d_z
    covered = np.mean([effect.low <= 0.5 * j <= effect.high for effect in found])
    assert covered == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 3000))


@pytest.mark.parametrize("n", [5, 12])
def test_few_pairs_get_a_t_interval_that_covers(n: int) -> None:
    draws = np.random.default_rng(n).normal(1.0, 2.0, size=(3000, n))
    found = [statistics.difference_interval(draw) for draw in draws]
    assert {method for _, _, method in found} == {"paired t"}
    covered = np.mean([low <= 1.0 <= high for low, high, _ in found])
    assert covered == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 3000))


@pytest.mark.parametrize("n", [12, 20, 30, 60])
def test_interval_and_p_say_the_same(n: int) -> None:
    """Skewed differences at the border of what is found."""
    rng, sides = np.random.default_rng(n), set()
    for _ in range(60):
        difference = rng.exponential(1.0, size=n) ** 2
        difference += 2.1 * difference.std(ddof=1) / np.sqrt(n) - difference.mean()
        difference += 0.2 * rng.normal() * difference.std(ddof=1) / np.sqrt(n)
        got = statistics.compare_pair(np.zeros(n), difference)
        assert got.method == "paired t"
        assert (got.p <= 0.05) == (got.ci_low > 0 or got.ci_high < 0)
        sides.add(got.p <= 0.05)
    assert sides == {True, False}


@pytest.mark.parametrize(("n", "reps"), [(6, 2000), (24, 1000)])
def test_percent_is_of_the_first_mean_and_its_interval_covers(n: int, reps: int) -> None:
    covered = 0
    for seed in range(reps):
        first, second = _subjects(n, 1, -0.05, seed=seed, noise=2.0)
        percent, low, high = statistics.percent_interval(first[:, 0], second[:, 0])
        assert low <= percent <= high
        covered += low <= -5.0 <= high
    assert covered / reps > 0.95 - 4 * np.sqrt(0.95 * 0.05 / reps)
    assert covered / reps < 0.99


def test_percent_has_no_bounds_where_the_first_mean_may_be_0() -> None:
    percent, low, high = statistics.percent_interval([1.0, -1.0, 0.1], [2.0, 1.0, 3.0])
    assert np.isfinite(percent) and np.isnan(low) and np.isnan(high)
    assert statistics.percent_interval([-2.0, -4.0, -3.0], [-1.0, -2.0, -1.5])[0] == 50.0


def test_subjects_it_takes_are_those_of_published_tables() -> None:
    # Paired, two-sided, level 0.05: G*Power 3.1 (Faul et al. 2007) gives 199, 34 and 15 for
    # d_z = 0.2, 0.5 and 0.8 at power 0.8; 44 for 0.5 at power 0.9
    found = [statistics.n_subjects_for(0.8, effect) for effect in (0.2, 0.5, 0.8)]
    assert found == [199, 34, 15]
    assert statistics.n_subjects_for(0.9, 0.5) == 44
    assert statistics.n_subjects_for(0.8, -0.5) == 34
    assert statistics.n_subjects_for(0.8, 0.5, n_tests=3) > 34
    for n in (3, 34):
        noncentral = stats.nct(n - 1, 0.5 * np.sqrt(n))
        critical = stats.t.ppf(0.975, n - 1)
        by_scipy = noncentral.sf(critical) + noncentral.cdf(-critical)
        assert statistics.power_of(n, 0.5) == pytest.approx(by_scipy, rel=1e-6)


def test_power_refuses_what_it_cannot_do() -> None:
    with pytest.raises(ValueError, match="effect is 0"):
        statistics.n_subjects_for(0.8, 0.0)
    with pytest.raises(ValueError, match="power is 1"):
        statistics.n_subjects_for(1.0, 0.5)
    with pytest.raises(ValueError, match="more than 100000 subjects"):
        statistics.n_subjects_for(0.8, 1e-4)


FORCE = statistics.interest_in("torque_high_nm")


def test_smallest_differences_of_interest_have_one_form_and_a_reason() -> None:
    for interest in statistics.INTERESTS:
        assert (interest.share > 0) != (interest.absolute > 0), interest.of
        assert interest.reason
    assert FORCE is not None and FORCE.share == 0.025
    cost = statistics.interest_in("cost_of_transport_j_per_kg_m")
    assert cost is not None and cost.share == 0.024
    steady = statistics.interest_in("torque_high_cv")  # not force
    assert steady is not None and steady.share == 0.1
    assert statistics.interest_in("knees_phase") is None
    with pytest.raises(AttributeError):
        FORCE.share = 0.5  # type: ignore[misc]


def test_equivalence_is_two_one_sided_tests_of_scipy() -> None:
    rng = np.random.default_rng(3)
    a = rng.normal(10, 1, 9)
    b = a + rng.normal(0.05, 0.2, 9)
    fixed = statistics.Interest("x", 0.0, 0.3, "", ())
    upper = stats.ttest_1samp(b - a - 0.3, 0.0, alternative="less").pvalue
    lower = stats.ttest_1samp(b - a + 0.3, 0.0, alternative="greater").pvalue
    assert statistics.equivalence_p(a, b, fixed) == pytest.approx(max(upper, lower))
    # 90 % interval inside the margin is the same statement
    interval = statistics.mean_interval(b - a, 0.90)
    inside = interval.low > -0.3 and interval.high < 0.3
    assert (statistics.equivalence_p(a, b, fixed) < 0.05) == inside


def test_four_findings() -> None:
    assert FORCE is not None
    rng = np.random.default_rng(2)
    a = rng.normal(100, 10, 12)

    def found(factor: float, noise: float) -> statistics.Pair:
        values = a * factor * (1 + noise * rng.normal(size=12))
        return statistics.compare_pair(a, values, interest=FORCE)

    assert found(1.10, 0.01).finding == "more"
    assert found(0.90, 0.01).finding == "less"
    assert found(1.00, 0.01).finding == "equivalent"
    assert found(1.00, 0.10).finding == "not resolved"
    small = found(1.005, 0.001)  # surely there, and surely too small to matter
    assert (small.finding, small.differs) == ("equivalent", True)
    same = statistics.compare_pair(a, a, interest=FORCE)
    assert (same.finding, same.p, same.p_equivalence) == ("equivalent", 1.0, 0.0)
    assert statistics.compare_pair(a, a * 1.1, interest=FORCE).finding == "more"
    assert {"more", "less", "equivalent", "not resolved"} == set(statistics.FINDINGS)


def test_what_is_equivalent_is_said_in_plain_words() -> None:
    values = _values(a=[100.0, 110.0, 90.0, 105.0], b=[100.2, 110.3, 90.1, 104.7])
    nil = statistics.compare(values, measure="torque_high_nm", unit="Nm").verdict
    assert nil == (
        "torque_high_nm: equivalent: no difference that matters, within ±2.53 Nm (4 seeds)."
    )
    values = _values(a=[100.0, 110.0, 90.0, 105.0], b=[100.5, 110.6, 90.4, 105.5])
    small = statistics.compare(values, measure="torque_high_nm", unit="Nm").verdict
    assert "b is 0.5 Nm higher than a" in small
    assert small.endswith("too little to matter (under 2.53 Nm).")


def test_many_measures_are_corrected_together_and_it_is_said() -> None:
    rng = np.random.default_rng(8)
    rows = [
        Measurement(
            "crawl", s, seed, f"m{i}", float(rng.normal() + (i == 0) * (s == "b") * 1.5), "N"
        )
        for i in range(20)
        for s in ("a", "b")
        for seed in range(10)
    ]
    got = statistics.compare_all(rows)
    p = [c.pairs[0].p_holm for c in got]
    expected = stats.false_discovery_control(p)
    assert [c.pairs[0].q for c in got] == pytest.approx(expected.tolist())
    unsure = [c for c in got if c.pairs[0].differs and c.pairs[0].q > 0.05]
    assert unsure and all("not sure among all measures, q = " in c.verdict for c in unsure)
    assert statistics.over_measures([]) == []
    # what was named beforehand is corrected apart from what is only looked at
    apart = statistics.compare_all(rows, primary={"crawl": ("m0", "m3")})
    assert [c.measure for c in apart] == [c.measure for c in got]
    assert apart[0].pairs[0].q == pytest.approx(stats.false_discovery_control([p[0], p[3]])[0])
    others = [c.pairs[0].q for c in apart if c.measure not in ("m0", "m3")]
    left = [x for i, x in enumerate(p) if i not in (0, 3)]
    assert others == pytest.approx(stats.false_discovery_control(left).tolist())


FELL = statistics.interest_in("fell")


def test_few_trials_that_are_alike_are_no_certainty() -> None:
    alike = statistics.compare(_values(a=[0.0] * 3, b=[0.0] * 3), measure="fell").pairs[0]
    assert (alike.finding, alike.p, alike.identical) == ("not resolved", 1.0, True)
    assert alike.p_equivalence == pytest.approx(0.9**3)
    # what may hide behind 0 of 3, after Clopper & Pearson
    assert (alike.ci_low, alike.ci_high) == pytest.approx((-0.7076, 0.7076), abs=1e-4)
    assert np.isnan(alike.smallest_detectable)
    for name in ("fell", "named_nowhere"):
        apart = statistics.compare(_values(a=[0.0] * 2, b=[1.0] * 2), measure=name, unit="1")
        pair = apart.pairs[0]
        assert (pair.p, pair.finding, pair.differs) == (0.5, "not resolved", False)
        assert pair.ci_low < -0.6 and pair.ci_high == 1.0
        assert apart.verdict == f"{name}: no difference found; too few to see any (2 seeds)."


@pytest.mark.parametrize(("rises", "falls", "n"), [(9, 1, 12), (6, 0, 6), (5, 0, 9), (14, 4, 40)])
def test_chances_are_tested_as_mcnemar_does(rises: int, falls: int, n: int) -> None:
    second = np.r_[np.ones(rises), np.zeros(n - rises)]
    first = np.r_[np.zeros(n - falls), np.ones(falls)]
    got = statistics.compare_pair(first, second, interest=FELL)
    assert got.p == pytest.approx(stats.binomtest(rises, rises + falls).pvalue)
    assert got.method == "exact (sign test)"
    assert got.differs == (got.ci_low > 0 or got.ci_high < 0)
    assert got.ci_low <= got.mean_difference == (rises - falls) / n <= got.ci_high
    share = got.smallest_detectable  # of n pairs as many rise, none falls: found 4 times in 5
    assert stats.binom.sf(5, n, share) == pytest.approx(0.8)


def test_it_takes_29_pairs_to_call_chances_equivalent() -> None:
    of = [statistics.compare_pair([0.0] * n, [0.0] * n, interest=FELL).finding for n in (28, 29)]
    assert of == ["not resolved", "equivalent"]


@pytest.mark.parametrize(("q", "r", "n"), [(0.3, 0.5, 8), (0.6, 0.9, 12), (0.05, 0.2, 30)])
def test_interval_of_chances_covers(q: float, r: float, n: int) -> None:
    rng = np.random.default_rng(n)
    differ = rng.random((800, n)) < q
    difference = np.where(rng.random((800, n)) < r, 1.0, -1.0) * differ
    found = [chances.interval(each) for each in difference]
    covered = np.mean([low <= q * (2 * r - 1) <= high for low, high in found])
    assert covered >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 800)


def test_no_spread_is_no_proof_of_equivalence() -> None:
    a = np.array([1.0, 100.0, 199.0])
    assert FORCE is not None
    for noise, finding in ((0.0, "not resolved"), (0.001, "more")):
        second = a + 2 + noise * np.array([1.0, -1.0, 0.5])
        got = statistics.compare_pair(a, second, interest=FORCE)
        assert got.finding == finding and not got.p_equivalence <= 0.05
    assert np.isnan(statistics.equivalence_p(a, a + 2, FORCE))
    assert statistics.compare_pair(a, a, interest=FORCE).finding == "equivalent"


def test_shares_of_time_are_no_chances() -> None:
    for measure in ("toe_drag_share", "activation_share", "swing_contact_share", "doublet_share"):
        assert statistics.interest_in(measure) is None
    rng = np.random.default_rng(0)
    drag = _values(a=0.03 + 0.002 * rng.random(8), b=0.075 + 0.002 * rng.random(8))
    assert statistics.compare(drag, measure="toe_drag_share").pairs[0].finding == "more"
    assert FELL is not None and FELL.absolute == 0.1
    every = [name for interest in statistics.INTERESTS for name in interest.measures]
    for interest in statistics.INTERESTS:  # each name is reached
        for name in interest.measures:
            assert statistics.interest_in(name.replace("*", "x")) == interest, name
    assert len(every) == len(set(every))


def test_a_unit_of_1_is_not_said() -> None:
    values = _values(independent=[1.0, 1.1, 0.9, 1.0], short_term=[2.0, 2.1, 1.9, 2.05])
    sentence = statistics.compare(values, measure="ratio", unit="1").verdict
    assert "short_term is 1.01 higher than independent" in sentence


# ---- a planted loss is found, a sham is not ----


def _rates(shift: float, n: int, reps: int) -> dict[str, float]:
    """How often each finding comes out, strategies relabelled by `shift`, 3 seeds a subject."""
    count = dict.fromkeys(statistics.FINDINGS, 0)
    for seed in range(reps):
        first, second = _subjects(n, 3, shift, seed=seed, noise=4.0)
        count[statistics.compare_pair(first, second, interest=FORCE).finding] += 1
    return {word: k / reps for word, k in count.items()}


def test_a_sham_is_called_a_difference_no_more_often_than_stated() -> None:
    rates = _rates(0.0, 8, 1000)
    wrong = rates["more"] + rates["less"]
    assert wrong <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 1000)
    # the equivalent are taken out of the 5 % first, so it may be less, but is not nothing
    assert wrong > 0


def test_a_loss_as_large_as_the_margin_is_rarely_called_equivalent() -> None:
    rates = _rates(-0.025, 8, 1000)
    assert rates["equivalent"] <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 1000)


def test_a_planted_loss_of_5_percent_is_found() -> None:
    rates = _rates(-0.05, 12, 300)
    assert rates["less"] > 0.8 and rates["more"] == 0.0


def test_values_that_are_the_same_to_the_last_bit_are_no_test() -> None:
    rng = np.random.default_rng(3)
    base = 10.0 + rng.normal(size=12)
    other = base + 0.05 + 0.07 * rng.normal(size=12)
    of = {name: dict(enumerate(x)) for name, x in (("a", base), ("b", other), ("c", base.copy()))}
    alone = statistics.compare({k: of[k] for k in "ab"}, measure="drive", baseline="a").pairs[0]
    found = statistics.compare(of, measure="drive", baseline="a")
    b, c = found.pairs
    assert 0.0 < b.p < 0.1 and b.p_holm == alone.p_holm == b.p
    assert c.identical and c.p_holm == 1.0
    (told,) = statistics.over_measures([found])
    assert told.pairs[0].q == b.p and told.pairs[1].q == 1.0
    falls = {name: dict.fromkeys(range(12), 0.0) for name in "abc"}  # equal by chance: counted
    falls["b"] |= dict.fromkeys(range(6), 1.0)
    b, c = statistics.compare(falls, measure="fell", baseline="a").pairs
    assert b.p_holm == pytest.approx(2 * b.p) and c.identical
