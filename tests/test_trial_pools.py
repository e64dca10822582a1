"""The pools a trial asks for: each choice reaches the units, and a wrong one is named."""

from dataclasses import replace

import numpy as np
import pytest

from neurocoord import trial
from neurocoord.body import model as bodies
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
    with pytest.raises(ValueError, match=f"nearest: '{nearest}'"):
        pools(dynamometer, **choices)


@pytest.mark.parametrize("name", ["doublet_share", "onset_gain_hz"])
def test_a_number_out_of_range_is_named(dynamometer, name) -> None:
    with pytest.raises(ValueError, match=name):
        pools(dynamometer, **{name: -0.1})
