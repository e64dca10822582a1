"""The pools a trial asks for: each choice reaches the units, and a wrong one is named."""

from dataclasses import replace

import numpy as np
import pytest

from neurocoord import trial
from neurocoord.body import model as bodies
from neurocoord.motorunits import trains
from neurocoord.trial import Pools


@pytest.fixture(scope="module")
def dynamometer():
    return bodies.load("dynamometer")


def pools(body, **choices):
    return trial.body_pools(replace(Pools(n_units=20), **choices), body)


def test_each_muscle_has_its_own_number_of_units() -> None:
    body = bodies.load("humanoid")
    params = pools(body, counts="fitted")
    n = dict(zip(body.muscles, np.diff(params.first_unit), strict=True))
    assert n["VAS_L_r"] == n["VAS_L_l"] == 1035 and n["SOL_r"] == 810
    assert 70_000 < params.first_unit[-1] < 78_000
    assert np.all(np.diff(pools(body).first_unit) == 20)


def test_fast_contractions_have_saturating_units(dynamometer) -> None:
    """The 1993 gain punishes doublets; auto takes it only where nothing ballistic is measured."""
    assert np.all(pools(dynamometer).twitch_tetanus_ratio == trial.TWITCH_TETANUS_RATIO)
    assert np.all(pools(dynamometer, twitch="gain_1993").twitch_tetanus_ratio == 0)
    assert np.all(pools(bodies.load("humanoid")).twitch_tetanus_ratio == 0)


def test_orders(dynamometer) -> None:
    size, turned = pools(dynamometer), pools(dynamometer, order="reversed")
    assert np.array_equal(size.twitch_force[:20], turned.twitch_force[:20][::-1])
    assert np.array_equal(size.recruitment_threshold, turned.recruitment_threshold)
    rotating = pools(dynamometer, order="rotation")
    assert rotating.is_dynamic and np.all(rotating.rotation_group == trial.ROTATION_GROUP)
    assert not size.is_dynamic


def test_fatigue(dynamometer) -> None:
    tiring = pools(dynamometer, fatigue=True)
    assert tiring.is_dynamic
    for a, b in zip(tiring.first_unit[:-1], tiring.first_unit[1:], strict=True):
        rate, share = tiring.fatigue_rate_per_s[a:b], tiring.adaptation_share[a:b]
        assert rate[-1] / rate[0] == pytest.approx(180) and rate[-1] == pytest.approx(0.0225)
        assert share[0] == 0 and share[-1] == pytest.approx(0.67)


def test_share_of_tetanic_force_at_full_drive(dynamometer) -> None:
    for twitch in ("gain_1993", "saturating"):
        share = trial.full_drive_fraction(pools(dynamometer, twitch=twitch))
        assert np.all((share > 0.2) & (share < 1.0)), twitch


@pytest.mark.parametrize(
    ("choices", "nearest"),
    [
        ({"counts": "fited"}, "fitted"),
        ({"twitch": "gain1993"}, "gain_1993"),
        ({"order": "reverse"}, "reversed"),
    ],
)
def test_a_wrong_choice_is_named(dynamometer, choices, nearest) -> None:
    with pytest.raises(ValueError, match=f"allowed: .*did you mean '{nearest}'"):
        pools(dynamometer, **choices)


@pytest.mark.parametrize("name", ["doublet_share", "onset_gain_hz"])
def test_a_number_out_of_range_is_named(dynamometer, name) -> None:
    with pytest.raises(ValueError, match=name):
        pools(dynamometer, **{name: -0.1})


def test_a_person_differs_in_units_thresholds_intervals_and_fibre_types(dynamometer) -> None:
    usual = pools(dynamometer)
    same = pools(dynamometer, units_scale=1.0, recruitment_range=30.0, isi_cv=0.15, type1_shift=0.0)
    for name in ("recruitment_threshold", "isi_cv", "is_fast", "twitch_force", "first_unit"):
        np.testing.assert_array_equal(getattr(usual, name), getattr(same, name), err_msg=name)
    assert np.all(np.diff(pools(dynamometer, units_scale=0.52).first_unit) == 10)
    wide = pools(dynamometer, recruitment_range=60.0).recruitment_threshold
    assert wide[19] == pytest.approx(60.0)
    assert np.all(pools(dynamometer, isi_cv=0.2).isi_cv == 0.2)
    fast = pools(dynamometer, type1_shift=-0.3).is_fast.sum()
    assert fast > usual.is_fast.sum() > pools(dynamometer, type1_shift=0.3).is_fast.sum()
    assert not pools(dynamometer, type1_shift=2.0).is_fast.any()
    for bad in ({"units_scale": 0.0}, {"units_scale": np.nan}, {"recruitment_range": 0.5}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            pools(dynamometer, **bad)


def test_the_spikes_of_a_trial_are_those_that_were_counted() -> None:
    config = trial.TrialConfig(task="isometric", seconds=1.0, pools=Pools(n_units=20))
    done = trial.run(config, keep_spikes=True)
    assert done.spikes is not None and trains.check(done.spikes) is done.spikes
    np.testing.assert_array_equal(trains.counts(done.spikes), done.discharge.n_spikes)
    assert done.spikes.n_ticks == 1000 and done.spikes.tick.size > 100
    assert trial.run(config).spikes is None
