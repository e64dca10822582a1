"""Synchrony put into given trains: intervals change places, and nothing else changes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocoord.motorunits import published, recorded, trains
from neurocoord.synchrony.recorded import synchronize


def independent(n_units: int = 20, seconds: float = 20.0, seed: int = 1) -> trains.SpikeTrains:
    """Renewal trains of 9 to 24 /s, interval CV 0.18."""
    rng = np.random.default_rng(seed)
    times = []
    for rate in np.linspace(9, 24, n_units):
        isi = np.maximum(1 + 0.18 * rng.standard_normal(int(2 * rate * seconds)), 0.2) / rate
        at = np.cumsum(isi) - rng.uniform(0, isi[0])
        times.append(at[at < seconds - 0.001])
    return trains.from_times_s(times, seconds)


def coincidences(spikes: trains.SpikeTrains, width: int = 3) -> float:
    """Pairs of spikes of different units within the same bins of `width` ticks."""
    bins = trains.raster(spikes)[: spikes.n_ticks // width * width]
    count = bins.reshape(-1, width, bins.shape[1]).any(axis=1).sum(axis=1).astype(float)
    return float(np.sum(count * (count - 1)) / 2)


@pytest.mark.parametrize(("share", "seed"), [(0.3, 2), (1.0, 9)])
def test_each_unit_keeps_its_intervals_and_ends(share: float, seed: int) -> None:
    before = independent()
    after = synchronize(before, share=share, seed=seed)
    trains.check(after)
    assert not np.array_equal(after.tick, before.tick)
    for i in range(trains.n_units(before)):
        a, b = trains.of_unit(before, i), trains.of_unit(after, i)
        assert (a[0], a[-1]) == (b[0], b[-1])
        np.testing.assert_array_equal(np.sort(np.diff(a)), np.sort(np.diff(b)))


def test_mean_force_is_kept() -> None:
    pool, before = published.fuglevand_1993(20), independent()
    mean = [
        recorded.force(spikes, pool).force.mean()
        for spikes in (before, synchronize(before, share=1.0))
    ]
    assert mean[1] == pytest.approx(mean[0], rel=1e-3)


def test_synchrony_rises_with_the_share() -> None:
    before = independent()
    found = [
        np.mean([coincidences(synchronize(before, share=q, seed=s)) for s in range(4)])
        for q in (0.0, 0.25, 0.5, 1.0)
    ]
    assert found[0] == coincidences(before)
    assert np.all(np.diff(found) > 0.03 * found[0])
    # Reordering alone makes no synchrony: with no event in reach all is as before.
    still = synchronize(before, share=1.0, event_rate_hz=0.0)
    np.testing.assert_array_equal(still.tick, before.tick)


def test_only_units_of_a_group_share_events() -> None:
    before = independent(24)
    groups = np.arange(24) % 2
    within, across = 0.0, 0.0
    for seed in range(8):  # nearly regular events of two groups keep in step for a while
        together = synchronize(before, share=1.0, groups=groups, seed=seed)
        of_group = [trains.select(together, np.flatnonzero(groups == g)) for g in (0, 1)]
        inside = sum(coincidences(one) for one in of_group)
        within += inside / 8
        across += (coincidences(together) - inside) / 8
    without = sum(coincidences(trains.select(before, np.flatnonzero(groups == g))) for g in (0, 1))
    across_before = coincidences(before) - without
    assert within > 1.3 * without
    assert across == pytest.approx(across_before, rel=0.1)


def ramp(n_ticks: int) -> np.ndarray:
    return 6.0 + 18.0 * np.linspace(0, 1, n_ticks)


def ramped(n_units: int = 16, seconds: int = 20, seed: int = 4):
    rng = np.random.default_rng(seed)
    rate = ramp(seconds * 1000)
    phase = np.cumsum(rate) * 0.001
    ticks = []
    for _ in range(n_units):
        isi = np.maximum(1 + 0.15 * rng.standard_normal(2 * int(phase[-1])), 0.3)
        at = np.searchsorted(phase, np.cumsum(isi) - rng.uniform(0, 1) * isi[0])
        ticks.append(np.unique(at[at < phase.size]))
    return trains.from_ticks(ticks, phase.size), rate


@pytest.mark.parametrize("per_unit", [False, True])
def test_rates_follow_drive_where_phase_is_permuted(per_unit: bool) -> None:
    before, rate = ramped()
    given = np.repeat(rate[:, None], 16, axis=1) * np.arange(1, 17) if per_unit else rate
    after = trains.check(synchronize(before, share=1.0, rate_hz=given, seed=3))
    np.testing.assert_array_equal(trains.counts(after), trains.counts(before))
    in_s = [trains.cumulative(t).reshape(20, 1000).sum(axis=1) for t in (before, after)]
    np.testing.assert_allclose(in_s[1], in_s[0], rtol=0.08)
    assert coincidences(after) > 1.4 * coincidences(before)
    cv = []
    for spikes in (before, after):
        phase = np.cumsum(rate) * 0.001
        isi = np.concatenate([np.diff(phase[trains.of_unit(spikes, i)]) for i in range(16)])
        cv.append(isi.std() / isi.mean())
    assert cv[1] == pytest.approx(cv[0], rel=0.03)


def test_same_seed_same_trains() -> None:
    before = independent()
    one, same, other = (synchronize(before, share=0.5, seed=s).tick for s in (3, 3, 4))
    assert np.array_equal(one, same) and not np.array_equal(one, other)


def test_silent_and_nearly_silent_units_stay_as_they_are() -> None:
    few = trains.from_ticks([[], [5], [3, 80], [0, 40, 99]], 100)
    after = synchronize(few, share=1.0, event_rate_hz=200.0)
    assert sorted(np.diff(trains.of_unit(after, 3))) == [40, 59]
    for i in range(3):
        np.testing.assert_array_equal(trains.of_unit(after, i), trains.of_unit(few, i))


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(
        [
            ("share", -0.1), ("share", 1.1), ("share", float("nan")),
            ("event_rate_hz", -1.0), ("event_rate_hz", float("inf")),
            ("window_s", -0.1), ("jitter_s", float("nan")),
            ("n_choices", 0), ("n_choices", 2.5), ("seed", -1),
            ("groups", [0.5] * 20), ("groups", [0] * 19),
            ("rate_hz", np.ones(7)), ("rate_hz", np.full(5000, -1.0)),
            ("rate_hz", np.full(5000, np.nan)),
        ]
    )
)  # fmt: skip
def test_bad_arguments_are_named(bad: tuple) -> None:
    name, value = bad
    with pytest.raises(ValueError, match=name):
        synchronize(independent(20, 5.0), **{"share": 0.5, name: value})


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10), st.sampled_from([-50, 10_000]))
def test_bad_trains_are_refused_and_good_ones_left_as_they_are(at: int, value: int) -> None:
    good = independent(3, 5.0)
    kept = good.tick.copy()
    synchronize(good, share=1.0)
    np.testing.assert_array_equal(good.tick, kept)
    wrong = good.tick.copy()
    wrong[at] = value
    with pytest.raises(ValueError, match="tick"):
        synchronize(good._replace(tick=wrong), share=1.0)
