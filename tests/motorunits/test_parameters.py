"""Records: what is derived, what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocoord.motorunits import parameters, published

BAD_NUMBER = st.one_of(st.floats(max_value=0.0), st.just(np.nan), st.just(np.inf))


@given(
    st.sampled_from(
        [
            "recruitment_threshold",
            "peak_rate_hz",
            "rate_gain_hz",
            "twitch_force",
            "contraction_time_s",
        ]
    ),
    BAD_NUMBER,
    st.integers(0, 4),
)
def test_bad_constants_are_named(field, value, unit) -> None:
    pool = published.fuglevand_1993(5)
    primary = {name: getattr(pool, name) for name in parameters.PRIMARY}
    changed = primary[field].copy()
    changed[unit] = value
    with pytest.raises(ValueError, match=field):
        parameters.build(**{**primary, field: changed})


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"first_unit": [0, 3, 3, 5]}, "first_unit"),
        ({"first_unit": [1, 5]}, "first_unit"),
        ({"twitch_force": np.ones(4)}, "twitch_force"),
        ({"isi_cv": 0.3}, "isi_cv"),
        ({"isi_cv": -0.1}, "isi_cv"),
        ({"minimum_rate_hz": 60.0}, "peak_rate_hz"),
        ({"drive_noise_slope": np.nan}, "drive_noise_slope"),
        ({"contraction_time_s": 60.0}, "contraction_time_s"),
    ],
)
def test_what_else_is_refused(change, name) -> None:
    pool = published.fuglevand_1993(5)
    primary = {field: getattr(pool, field) for field in parameters.PRIMARY}
    with pytest.raises(ValueError, match=name):
        parameters.build(**{**primary, **change})


@given(
    st.sampled_from(["recruitment_range", "twitch_range", "contraction_range"]),
    st.one_of(st.floats(max_value=1.0), st.just(np.nan), st.just(np.inf)),
)
def test_bad_ranges_are_named(name, value) -> None:
    with pytest.raises(ValueError, match=name):
        published.fuglevand_1993(5, **{name: value})


@pytest.mark.parametrize("n_units", [0, -3, 2.5, True, "12"])
def test_bad_counts_are_named(n_units) -> None:
    with pytest.raises(ValueError, match="n_units"):
        published.fuglevand_1993(n_units)


@pytest.mark.parametrize("share", [-0.1, 1.1, np.nan])
def test_bad_type_shares_are_named(share) -> None:
    with pytest.raises(ValueError, match="type1_share"):
        published.body_pools([5, 5], [0.5, share])
    with pytest.raises(ValueError, match="type1_share"):
        published.fuglevand_1993(5, type1_share=share)


def test_body_pools() -> None:
    pools = published.body_pools([120, 50, 1], [0.8, 0.0, 1.0])
    assert pools.first_unit.tolist() == [0, 120, 170, 171]
    assert pools.contraction_time_s[[119, 169]] == pytest.approx(
        published.BODY_SHORTEST_CONTRACTION_S
    )
    longest = published.BODY_LONGEST_CONTRACTION_S
    assert 0.95 * longest < pools.contraction_time_s[0] < longest
    slow = ~pools.is_fast[:120]
    assert np.all(slow[: slow.sum()])  # slow units are recruited first
    assert pools.force_share[:120][slow].sum() == pytest.approx(0.8, abs=0.01)
    assert pools.is_fast[120:170].all() and not pools.is_fast[170]
    assert pools.static_active_state[:, -1] == pytest.approx(1.0)
    assert np.all(np.diff(pools.static_active_state, axis=1) >= -1e-12)


def test_concat_is_the_pools_one_after_another() -> None:
    a, b = published.fuglevand_1993(7), published.body_pools([5, 9], 0.5)
    joined = parameters.concat([a, b])
    assert joined.first_unit.tolist() == [0, 7, 12, 21]
    for name in ("twitch_force", "isi_cv", "max_force", "max_excitation", "static_active_state"):
        both = np.concatenate([getattr(a, name), getattr(b, name)])
        assert getattr(joined, name) == pytest.approx(both), name
    assert joined.mean_gain.shape[0] == 2
    assert parameters.n_muscles(joined) == 3 and parameters.n_units(joined) == 21
    with pytest.raises(ValueError, match="pools"):
        parameters.concat([])


def test_slow_noise_scale_gives_unit_variance() -> None:
    from neurocoord.motorunits import kernel

    pool = published.fuglevand_1993(200)
    state = kernel.init(pool, 20, 0)
    _, before, after = state.slow_noise
    assert before.std() == pytest.approx(1.0, rel=0.03)
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.97
