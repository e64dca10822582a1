"""What holds for every strategy: shares move, each unit's own law does not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocoord import synchrony
from neurocoord.motorunits import discharge, kernel, parameters, published
from neurocoord.synchrony import common_drive, independent, short_term

NAMES = sorted(synchrony.STRATEGIES)


def run(pool, coupling, drive: float, seconds: int, seeds: int):
    """Spikes uint8 [env, tick, unit] and active state [env, tick] of one pool at held drive."""
    warm_up = 1500
    state = kernel.init(pool, seeds, 100)
    state, _ = kernel.advance(pool, coupling, state, np.full((seeds, warm_up, 1), drive), out=state)
    ticks = np.full((seeds, seconds * 1000, 1), drive)
    _, output = kernel.advance(pool, coupling, state, ticks, record_spikes=True, out=state)
    return output.spikes, output.active_state[:, :, 0]


def marginals(spikes, active) -> dict[str, np.ndarray]:
    """Per seed: summed rate (imp/s), mean interval CV, units that fired, mean force, force SD."""
    rows = []
    for s, a in zip(spikes, active):
        unit, tick = np.nonzero(s.T)
        same = unit[1:] == unit[:-1]
        isi, of = np.diff(tick)[same].astype(float), unit[1:][same]
        n = np.bincount(of, minlength=s.shape[1])
        many = n > 5 * s.shape[0] / 1000
        mean = np.bincount(of, isi, s.shape[1])[many] / n[many]
        square = np.bincount(of, isi**2, s.shape[1])[many] / n[many]
        cv = np.sqrt(square - mean**2) / mean
        rows.append((s.sum() * 1000 / s.shape[0], cv.mean(), (n > 0).sum(), a.mean(), a.std()))
    names = ("rate", "isi_cv", "recruited", "force", "force_sd")
    return dict(zip(names, np.array(rows).T))


def common_input_strength_hz(spikes, half_width: int = 5) -> float:
    """Coincidences within +-5 ms beyond chance per pair and second; `spikes` [tick, unit]."""
    s = spikes[:, spikes.any(axis=0)].astype(np.float64)
    n_tick, n = s.shape
    total, rate = s.sum(axis=1), s.mean(axis=0)
    extra = 0.0
    for lag in range(-half_width, half_width + 1):
        m = n_tick - abs(lag)
        extra += total[:m] @ total[abs(lag) :] - np.sum(s[:m] * s[abs(lag) :])
    extra -= n_tick * (2 * half_width + 1) * (rate.sum() ** 2 - np.sum(rate**2))
    return float(extra / (n * (n - 1) * n_tick / 1000))


@pytest.fixture(scope="module")
def pool():
    return published.body_pools([120], 0.5)


@pytest.fixture(scope="module")
def alone(pool):
    return marginals(*run(pool, independent.coupling(pool), 0.4, 60, 6))


@pytest.mark.parametrize("name", ["beta", "common_drive", "short_term", "staggered"])
def test_marginals_stand_at_full_dial(pool, alone, name) -> None:
    """Tolerance: five standard errors over seeds plus a floor of 0.1 %."""
    shared = marginals(*run(pool, synchrony.strategy(name)(pool), 0.4, 60, 6))
    for what, sees in (("rate", 0.01), ("isi_cv", 0.05), ("force", 0.01)):
        a, b = alone[what], shared[what]
        error = np.hypot(a.std(ddof=1), b.std(ddof=1)) / np.sqrt(a.size)
        inexact = 0.001
        if name == "staggered":  # the one law that is not exact
            inexact = 0.015 if what == "isi_cv" else 0.004
        assert abs(a.mean() - b.mean()) < 5 * error + inexact * a.mean(), what
        assert 5 * error < sees * a.mean(), what  # the test can see a change of this size
    assert np.array_equal(alone["recruited"], shared["recruited"])
    ratio = shared["force_sd"].mean() / alone["force_sd"].mean()
    low, high = {
        "beta": (1.05, 1.5),
        "common_drive": (1.03, 1.6),
        "short_term": (1.7, 2.5),
        "staggered": (0.5, 0.9),
    }[name]
    assert low < ratio < high


@pytest.mark.slow
@pytest.mark.parametrize("drive", [0.1, 0.2, 0.4, 0.6, 0.8])
def test_marginals_stand_at_full_dial_tightly(pool, drive) -> None:
    alone = marginals(*run(pool, independent.coupling(pool), drive, 120, 8))
    couplings = {
        **{name: synchrony.strategy(name)(pool) for name in NAMES},
        "beyond the dial": short_term.coupling(pool, hazard_share=0.6),
    }
    for name, coupling in couplings.items():
        shared = marginals(*run(pool, coupling, drive, 120, 8))
        for what, limit in (("rate", 0.005), ("force", 0.005), ("isi_cv", 0.02)):
            ratio = shared[what].mean() / alone[what].mean()
            assert abs(ratio - 1) < limit, (name, what)
        # Units whose threshold lies within the drive noise fire rarely: one may miss a run.
        assert abs(shared["recruited"].mean() - alone["recruited"].mean()) < 0.5, name


def test_dial_reads_in_common_input_strength(pool) -> None:
    for strength in (0.0, 0.5, 1.0):
        spikes, _ = run(pool, short_term.coupling(pool, strength=strength), 0.4, 20, 3)
        cis = np.mean([common_input_strength_hz(s) for s in spikes])
        assert cis == pytest.approx(strength, abs=0.03 + 0.1 * strength)


def test_common_drive_shares_slow_noise_and_not_milliseconds(pool) -> None:
    spikes, _ = run(pool, common_drive.coupling(pool), 0.4, 20, 2)
    assert abs(np.mean([common_input_strength_hz(s) for s in spikes])) < 0.03


def test_scope_says_with_whom() -> None:
    pools = published.body_pools([60] * 4, 0.5)
    groups = [7, 7, 3, 3]
    drive = np.full((1, 20000, 4), 0.5)
    expected = {"pool": np.eye(4), "synergists": np.kron(np.eye(2), np.ones((2, 2)))}
    expected["body"] = np.ones((4, 4))
    for scope, shared in expected.items():
        coupling = short_term.coupling(pools, scope=scope, groups=groups)
        _, out = kernel.advance(pools, coupling, kernel.init(pools, 1, 2), drive)
        correlation = np.corrcoef(out.active_state[0, 1000:].T)
        assert np.all(correlation[shared == 1] > 0.3), scope
        assert np.all(np.abs(correlation[shared == 0]) < 0.25), scope


def test_strength_zero_is_independent(pool) -> None:
    for name in NAMES:
        off = synchrony.strategy(name)(pool, strength=0.0)
        assert np.all(off.drive_share == 0) and off.hazard_share == 0
        assert np.all(off.rhythm_share == 0) and not off.staggers
        spikes, _ = run(pool, off, 0.3, 1, 1)
        assert np.array_equal(spikes, run(pool, independent.coupling(pool), 0.3, 1, 1)[0]), name


def test_strategies_start_from_the_same_noise(pool) -> None:
    state = kernel.init(pool, 1, 4)
    drive = np.full((1, 1, 1), 0.5)
    after = [kernel.advance(pool, synchrony.strategy(n)(pool), state, drive)[0] for n in NAMES]
    for other in after[1:]:
        assert np.array_equal(after[0].slow_noise, other.slow_noise)


@pytest.mark.parametrize("hazard_share", [0.0, 0.3, 0.75])
def test_tables_split_the_interval_law(hazard_share) -> None:
    """Private survival times exp(-c H) is the survival of the normal, whatever c is."""
    z = np.linspace(-3.9, 3.9, discharge.N_HAZARD + 1)
    hazard = discharge.hazard_table()
    survival = discharge.private_survival_table(hazard_share) * np.exp(-hazard_share * hazard)
    assert survival == pytest.approx(np.exp(-hazard), rel=1e-12)
    thresholds = discharge.threshold_table(hazard_share)
    u = np.arange(discharge.N_QUANTILE + 1) / discharge.N_QUANTILE
    inner = (np.abs(thresholds) < 3.89) & (u > 0)
    back = np.interp(thresholds[inner], z, discharge.private_survival_table(hazard_share))
    assert back == pytest.approx(u[inner], abs=2e-5)


def test_the_table_is_complete_and_names_the_nearest() -> None:
    assert NAMES == ["beta", "common_drive", "independent", "short_term", "staggered"]
    with pytest.raises(ValueError, match="did you mean 'short_term'"):
        synchrony.strategy("short-term")


@pytest.mark.parametrize("name", NAMES)
@given(st.one_of(st.floats(max_value=-1e-9), st.floats(min_value=1.0 + 1e-9), st.just(np.nan)))
def test_a_dial_out_of_range_is_refused(name, strength) -> None:
    small = published.fuglevand_1993(3, rhythm_noise=0.1)
    with pytest.raises(ValueError, match="strength"):
        synchrony.strategy(name)(small, strength=strength)


def test_turns_are_taken_within_a_pool() -> None:
    pools = published.body_pools([3, 3], 0.5)
    with pytest.raises(ValueError, match="scope must be 'pool' for staggered"):
        synchrony.strategy("staggered")(pools, scope="body")


def test_beta_needs_a_rhythm() -> None:
    with pytest.raises(ValueError, match="rhythm_noise"):
        synchrony.strategy("beta")(published.fuglevand_1993(5))


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"staggered"}))
def test_bad_scopes_are_named(name) -> None:
    pools = published.body_pools([3, 3], 0.5)
    make = synchrony.strategy(name)
    with pytest.raises(ValueError, match="did you mean 'synergists'"):
        make(pools, scope="synergist")
    with pytest.raises(ValueError, match="groups"):
        make(pools, scope="synergists")
    for groups in ([0], [0.5, 1.0], "ab"):
        with pytest.raises(ValueError, match="groups"):
            make(pools, scope="synergists", groups=groups)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"hazard_share": 0.8}, "hazard_share"),
        ({"hazard_share": np.nan}, "hazard_share"),
        ({"max_delay_ticks": 16}, "max_delay_ticks"),
        ({"max_delay_ticks": 1.5}, "max_delay_ticks"),
    ],
)
def test_bad_shares_are_named(arguments, name) -> None:
    with pytest.raises(ValueError, match=name):
        short_term.coupling(published.fuglevand_1993(3), **arguments)


def test_events_need_interval_variability() -> None:
    regular = published.fuglevand_1993(3, isi_cv=0.0)
    with pytest.raises(ValueError, match="isi_cv"):
        short_term.coupling(regular)
    kernel.advance(
        regular, independent.coupling(regular), kernel.init(regular), np.full((1, 50, 1), 0.5)
    )
    assert parameters.n_units(regular) == 3


def test_the_dial_reads_in_cis_for_any_parameter_set() -> None:
    """At parameters other than the defaults: there and back, and against another seed."""
    pools = published.fuglevand_1993(60, isi_cv=0.17, recruitment_range=15.0)
    table = short_term.cis_table(pools, drive=0.6, seconds=20.0)
    assert table.cis_hz[0] == 0.0 and np.all(np.diff(table.cis_hz) > 0)
    for cis in (0.0, 0.3, float(table.cis_hz[-1])):
        assert short_term.cis_of(table, short_term.strength_for_cis(table, cis)) == pytest.approx(
            cis
        )
    half = short_term.cis_of(table, 0.5)
    spikes, _ = run(pools, short_term.coupling(pools, strength=0.5), 0.6, 30, 2)
    measured = np.mean([common_input_strength_hz(s) for s in spikes])
    assert measured == pytest.approx(half, abs=0.15)
    with pytest.raises(ValueError, match="cis_hz must lie in 0"):
        short_term.strength_for_cis(table, 9.0)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"drive": 0.0}, "drive"),
        ({"drive": np.nan}, "drive"),
        ({"muscle": 1}, "muscle"),
        ({"seconds": 0.0}, "seconds"),
        ({"n_knots": 1}, "n_knots"),
        ({"drive": 1e-3}, "two units"),
    ],
)
def test_bad_cis_tables_are_named(arguments, name) -> None:
    with pytest.raises(ValueError, match=name):
        short_term.cis_table(published.fuglevand_1993(5), **{"seconds": 1.0, **arguments})
