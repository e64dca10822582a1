"""Orders of recruitment: which properties change places."""

import numpy as np
import pytest

from neurocoord.motorunits import orders, parameters, published


def pools() -> parameters.PoolParameters:
    """Two muscles of different size; in the second the units do not lie in recruitment order."""
    second = published.fuglevand_1993(5, recruitment_range=12.0, twitch_range=40.0)
    shuffled = [3, 0, 4, 1, 2]
    fields = {
        name: getattr(second, name)[shuffled]
        if getattr(second, name).shape == (5,)
        else getattr(second, name)
        for name in parameters.PRIMARY[1:]
    }
    mixed = parameters.build(first_unit=[0, 5], **fields)
    return parameters.concat([published.fuglevand_1993(8), mixed])


def by_recruitment(params: parameters.PoolParameters, name: str, muscle: int) -> np.ndarray:
    units = slice(params.first_unit[muscle], params.first_unit[muscle + 1])
    order = np.argsort(params.recruitment_threshold[units], kind="stable")
    return getattr(params, name)[units][order]


@pytest.mark.parametrize("muscle", [0, 1])
def test_fibres_change_places_and_motoneurons_stay(muscle) -> None:
    given = pools()
    turned = orders.reversed_order(given)
    for name in ("twitch_force", "contraction_time_s", "is_fast"):
        before, after = (by_recruitment(p, name, muscle) for p in (given, turned))
        np.testing.assert_array_equal(after, before[::-1])
    for name in parameters.PRIMARY:
        if name not in orders.MECHANICAL:
            np.testing.assert_array_equal(getattr(turned, name), getattr(given, name))
    assert by_recruitment(turned, "twitch_force", muscle)[0] > 2.0 * min(given.twitch_force)


def test_twice_is_the_identity_and_nothing_given_changes() -> None:
    given = pools()
    kept = {name: getattr(given, name).copy() for name in parameters.PRIMARY}
    twice = orders.reversed_order(orders.reversed_order(given))
    for name in parameters.PRIMARY:
        np.testing.assert_array_equal(getattr(given, name), kept[name])
        np.testing.assert_array_equal(getattr(twice, name), kept[name])


def test_what_follows_is_derived_anew() -> None:
    """Low drive already gives much force, and a single unit has nothing to change places with."""
    given = published.fuglevand_1993(60, recruitment_range=20.0)
    turned = orders.reversed_order(given)
    low = (given.static_active_state.shape[1] - 1) // 10
    assert turned.static_active_state[0, low] > 2.0 * given.static_active_state[0, low]
    np.testing.assert_allclose(turned.force_share, given.force_share[::-1])
    alone = published.fuglevand_1993(1)
    np.testing.assert_array_equal(orders.reversed_order(alone).twitch_force, alone.twitch_force)
