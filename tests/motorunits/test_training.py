"""Training changes what it says it changes, by how much it says, and holds the rest fixed."""

import csv
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocoord.motorunits import parameters, published, training
from neurocoord.motorunits.parameters import PRIMARY
from neurocoord.resources import models_folder

PROGRAMMES = ("resistance", "maximal_load", "plyometric", "skill", "detraining")
# What each programme may change; the rest must come out bit for bit the same.
CHANGED = {
    "resistance": {"peak_rate_hz", "recruitment_threshold", "onset_gain_hz"},
    "maximal_load": {"peak_rate_hz", "twitch_force"},
    "plyometric": {"doublet_share", "recruitment_threshold", "onset_gain_hz"},
    "skill": {"drive_noise_floor", "drive_noise_slope", "isi_cv", "isi_cv_onset"},
}


@pytest.fixture(scope="module")
def pool() -> parameters.PoolParameters:
    """Two muscles that are not the default ones."""
    small = parameters.replaced(
        published.fuglevand_1993(40, recruitment_range=12.0, isi_cv=0.12, rate_gain_hz=1.4),
        twitch_tetanus_ratio=0.25,
        onset_gain_hz=1.1,
        doublet_share=0.08,
        isi_cv_onset=0.1,
        drive_noise_floor=0.01,
        drive_noise_slope=0.02,
    )
    return parameters.concat([training.untrained(90), small])


def test_there_are_five_programmes_and_each_names_its_source() -> None:
    assert set(training.programmes()) == set(PROGRAMMES)
    for rows in training.changes().values():
        for row in rows:
            assert row.source and row.tag in ("choice", "read")
            assert (np.isfinite(row.size) and row.size != 0) or row.parameter == "initial_rate"


@pytest.mark.parametrize("programme", sorted(CHANGED))
def test_a_programme_changes_its_own_fields_and_no_others(pool, programme: str) -> None:
    trained = training.train(pool, programme, 6.0)
    changed = {
        name for name in PRIMARY if not np.array_equal(getattr(pool, name), getattr(trained, name))
    }
    assert changed == CHANGED[programme]


@pytest.mark.parametrize("programme", sorted(CHANGED))
def test_no_weeks_change_nothing(pool, programme: str) -> None:
    trained = training.train(pool, programme, 0.0)
    for name in PRIMARY:
        np.testing.assert_allclose(getattr(trained, name), getattr(pool, name), rtol=1e-12)


@pytest.mark.parametrize("programme", sorted(CHANGED))
def test_the_pool_that_is_trained_is_left_as_it_was(pool, programme: str) -> None:
    before = {name: np.copy(getattr(pool, name)) for name in PRIMARY}
    training.train(pool, programme, 9.0)
    assert all(np.array_equal(before[name], getattr(pool, name)) for name in PRIMARY)


@pytest.mark.parametrize(
    ("programme", "field", "weeks", "ratio"),
    [
        ("resistance", "peak_rate_hz", 6.0, 1 + 0.23 * (1 - math.exp(-2))),
        ("maximal_load", "peak_rate_hz", 3.0, 1 + 0.15 * (1 - math.exp(-1))),
        ("maximal_load", "twitch_force", 2.0, 1.0),  # size begins to grow in week 3
        ("maximal_load", "twitch_force", 12.0, 1 + 0.007 * 9),
        ("maximal_load", "twitch_force", 90.0, 1.15),
        ("skill", "isi_cv", 2.0, 1 - 0.1 * (1 - math.exp(-2))),
        ("skill", "drive_noise_slope", 2.0, math.sqrt(1 - 0.2 * (1 - math.exp(-2)))),
    ],
)
def test_sizes(pool, programme: str, field: str, weeks: float, ratio: float) -> None:
    trained = training.train(pool, programme, weeks)
    np.testing.assert_allclose(getattr(trained, field), ratio * getattr(pool, field), rtol=1e-12)


def test_plyometric_sizes(pool) -> None:
    """Van Cutsem 1998: 5.2 -> 32.7 % of units in the end, the first rate up by 39 %."""
    trained = training.train(pool, "plyometric", 5.0)
    share = 1 - math.exp(-1)
    np.testing.assert_allclose(trained.doublet_share - pool.doublet_share, 0.275 * share)
    rate = training.initial_rate_hz(trained) / training.initial_rate_hz(pool)
    np.testing.assert_allclose(rate, 1 + 0.39 * share)
    for units in (slice(0, 90), slice(90, 130)):
        before, after = (p.recruitment_threshold[units] for p in (pool, trained))
        np.testing.assert_allclose(np.ptp(after), np.ptp(before) * (1 - 0.2 * share))
        assert after.min() == before.min() and np.all(np.diff(after) > 0)  # size order kept
    most = parameters.replaced(pool, doublet_share=0.9)
    assert training.train(most, "plyometric", 50.0).doublet_share.max() == 1.0


def test_thresholds_fall_in_force_by_what_was_put_in(pool) -> None:
    """-5 % of maximum in the end; measured, not as excitation but as force of each muscle."""
    from neurocoord.motorunits.training import pool_of_muscle, threshold_force

    trained = training.train(pool, "resistance", 30.0)
    for m in range(2):
        before = threshold_force(pool_of_muscle(pool, m))
        after = threshold_force(pool_of_muscle(trained, m))
        tracked = before > 0.1
        assert tracked.sum() > 10
        assert np.mean((after - before)[tracked]) <= -0.05 + 0.002
        assert np.all(after[tracked] < before[tracked])
    assert training.initial_rate_hz(trained) == pytest.approx(training.initial_rate_hz(pool))
    rest = parameters.replaced(
        pool, peak_rate_hz=pool.peak_rate_hz * (1 + 0.23 * (1 - math.exp(-10)))
    )
    # higher peak rates alone take thresholds less far down in share of maximum
    assert training.threshold_force(rest)[80] > training.threshold_force(trained)[80]


def test_threshold_force_against_the_static_curve() -> None:
    pool = published.fuglevand_1993(60, recruitment_range=20.0)
    share = training.threshold_force(pool)
    drive = pool.recruitment_threshold[35] / pool.max_excitation[0]
    from neurocoord.motorunits import rate_model

    back = rate_model.inverse(pool, np.array([[share[35]]]))
    assert float(np.ravel(back[0] if isinstance(back, tuple) else back)[0]) == pytest.approx(
        drive, rel=1e-6
    )
    assert np.all(np.diff(share) > 0) and share[0] < 0.01 and share[-1] < 1


def test_strength_shows_in_max_force_only(pool) -> None:
    trained = training.train(pool, "maximal_load", 10.0)
    assert np.all(trained.max_force > 1.1 * pool.max_force)
    np.testing.assert_allclose(trained.static_active_state[:, -1], 1.0)


def test_detraining_fades_towards_what_was_there_before(pool) -> None:
    trained = training.train(pool, "maximal_load", 20.0)
    faded = training.train(pool, "detraining", 4.0, trained=trained)
    for name, tau in (("peak_rate_hz", 3.7), ("twitch_force", 5.3)):
        before, high, now = (getattr(p, name) for p in (pool, trained, faded))
        np.testing.assert_allclose((now - before) / (high - before), math.exp(-4 / tau))
    gone = training.train(pool, "detraining", 1000.0, trained=trained)
    np.testing.assert_allclose(gone.peak_rate_hz, pool.peak_rate_hz)
    same = training.train(pool, "detraining", 0.0, trained=trained)
    np.testing.assert_allclose(same.max_force, trained.max_force)


def test_detraining_keeps_part_of_the_strength_as_gondin_2006_found(pool) -> None:
    """After 4 weeks +14 of the +26 % were left (read): about half, give or take."""
    trained = training.train(pool, "maximal_load", 8.0)
    faded = training.train(pool, "detraining", 4.0, trained=trained)
    kept = (faded.max_force - pool.max_force) / (trained.max_force - pool.max_force)
    assert np.all((kept > 0.3) & (kept < 0.6))


def test_programmes_follow_one_another(pool) -> None:
    both = training.train(training.train(pool, "resistance", 4.0), "plyometric", 4.0)
    only = training.train(pool, "resistance", 4.0)
    assert np.array_equal(both.peak_rate_hz, only.peak_rate_hz)
    assert np.all(both.doublet_share > pool.doublet_share)


def test_one_muscle_alone_is_trained_as_beside_others(pool) -> None:
    alone = training.train(training.pool_of_muscle(pool, 1), "resistance", 5.0)
    beside = training.pool_of_muscle(training.train(pool, "resistance", 5.0), 1)
    for name in PRIMARY:
        np.testing.assert_allclose(getattr(alone, name), getattr(beside, name), rtol=1e-9)


def test_one_unit_and_a_pool_without_onset_gain_can_be_trained() -> None:
    one = published.fuglevand_1993(1)
    assert np.array_equal(
        training.train(one, "resistance", 9.0).recruitment_threshold, one.recruitment_threshold
    )
    plain = published.fuglevand_1993(30)
    # nothing can hold the initial rate down: the gain at onset is never negative
    assert training.train(plain, "resistance", 9.0).onset_gain_hz.tolist() == [0.0]


# ---- bad input ----


def test_an_unknown_programme_is_told_the_nearest(pool) -> None:
    with pytest.raises(
        ValueError, match=r"programme 'plyometrics' is unknown; allowed: .*; did you mean 'plyo"
    ):
        training.train(pool, "plyometrics", 4.0)


@given(weeks=st.floats().filter(lambda w: not (math.isfinite(w) and w >= 0)))
def test_weeks_that_are_none(weeks: float) -> None:
    with pytest.raises(ValueError, match="weeks must be finite and 0 or more"):
        training.train(published.fuglevand_1993(10), "skill", weeks)


def test_detraining_needs_what_was_trained(pool) -> None:
    with pytest.raises(ValueError, match="detraining needs trained"):
        training.train(pool, "detraining", 2.0)
    with pytest.raises(ValueError, match="trained goes with detraining only"):
        training.train(pool, "skill", 2.0, trained=pool)
    with pytest.raises(ValueError, match="same muscles"):
        training.train(pool, "detraining", 2.0, trained=training.pool_of_muscle(pool, 0))
    with pytest.raises(ValueError, match=r"muscle must lie in 0\.\.1"):
        training.pool_of_muscle(pool, 2)


@settings(max_examples=15, deadline=None)
@given(weeks=st.floats(0, 200), programme=st.sampled_from(sorted(CHANGED)), n=st.integers(1, 40))
def test_any_weeks_give_a_pool_with_its_order_kept(weeks: float, programme: str, n: int) -> None:
    before = training.untrained(n)
    after = training.train(before, programme, weeks)
    assert np.all(np.diff(after.recruitment_threshold) >= 0)
    assert np.all(np.isfinite(after.max_force)) and after.max_force[0] > 0
    assert after.recruitment_threshold[0] == before.recruitment_threshold[0]


# ---- the table of what was measured ----


def test_every_row_of_the_table_is_tagged_and_points_to_an_outcome() -> None:
    from neurocoord.analysis.adaptation import QUANTITIES

    with (models_folder() / "physiology" / "training.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 50
    for row in rows:
        assert row["source"] and ("read" in row["tag"] or "recalled" in row["tag"])
        assert set(row["outcome"].split()) <= set(QUANTITIES), row["quantity"]
    assert set(PROGRAMMES) <= {row["programme"] for row in rows}
