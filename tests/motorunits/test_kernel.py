"""The compiled block against plain NumPy, and what makes runs repeatable."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocoord import synchrony
from neurocoord.motorunits import compiled, discharge, kernel, published, reference
from neurocoord.motorunits.parameters import replaced
from neurocoord.motorunits.state import UNIT_ROWS, arrays, copy_row

STRATEGIES = sorted(synchrony.STRATEGIES)
N_UNITS = (40, 17, 60)


@pytest.fixture(scope="module")
def pools():
    return published.body_pools(N_UNITS, [0.5, 0.0, 0.8])


@pytest.fixture(scope="module")
def rich_pools():
    """Every option on in one muscle or another, none of them at its default."""
    rng = np.random.default_rng(3)
    n = sum(N_UNITS)
    return published.body_pools(
        N_UNITS,
        [0.5, 0.2, 0.8],
        isi_cv_onset=np.where(np.arange(n) < 40, 0.2, 0.0),
        isi_cv_decay=[0.04, 0.02, 0.02],
        rhythm_noise=[0.15, 0.0, 0.25],
        rate_saturates=[False, True, False],
        onset_gain_hz=[0.0, 1.5, 0.7],
        onset_tau_s=[0.05, 0.03, 0.08],
        doublet_share=rng.uniform(0, 1, n),
        doublet_interval_s=[0.003, 0.005, 0.004],
        refractory_s=[0.004, 0.012, 0.002],
        twitch_tetanus_ratio=[0.0, 0.25, 0.4],
        fatigue_rate_per_s=np.linspace(0.01, 0.9, n),
        recovery_rate_per_s=0.3,
        slowing=[0.4, 0.2, 0.0],
        adaptation_share=rng.uniform(0, 0.6, n),
        adaptation_tau_s=[0.5, 2.0, 1.0],
        adaptation_offset_hz=[2.0, 1.0, 0.0],
        pic_excitation=[4.0, 0.0, 2.0],
        pic_tau_s=[0.2, 0.3, 0.4],
        rotation_group=[0, 5, 7],
        rotation_tau_s=[1.0, 0.4, 0.3],
    )


def wandering_drive(n_env: int, n_tick: int, seed: int = 0) -> np.ndarray:
    """Drive that starts and stops, with silence and maximal stretches in it."""
    walk = np.cumsum(np.random.default_rng(seed).normal(0, 0.03, (n_env, n_tick, 3)), axis=1)
    return np.clip(0.4 + walk, 0.0, 1.0)


def run_in_blocks(pools, coupling, state, drive, edges):
    outputs = []
    for a, b in pairwise(edges):
        state, output = kernel.advance(pools, coupling, state, drive[:, a:b], record_spikes=True)
        outputs.append(output)
    return state, outputs


def assert_agrees(pools, coupling, drive, **inputs) -> None:
    state = kernel.init(pools, 2, [3, 4])
    fast, seen = kernel.advance(pools, coupling, state, drive, record_spikes=True, **inputs)
    slow, true = reference.advance(pools, coupling, state, drive, record_spikes=True, **inputs)
    assert true.spikes.sum() > 2000
    assert np.array_equal(seen.spikes, true.spikes)
    for name in ("active_state", "active_sum", "spike_sum"):
        assert getattr(seen, name) == pytest.approx(getattr(true, name), abs=1e-12)
    spiking = ("spike_count", "delay", "hold", "isi_cv", "last_spike_tick")
    for field in (*spiking, "shared", "stagger", "slow_excitation"):
        assert np.array_equal(getattr(fast, field), getattr(slow, field)), field
    for row, name in enumerate(UNIT_ROWS[: fast.unit.shape[1]]):
        if not name.startswith("twitch"):
            assert np.array_equal(fast.unit[:, row], slow.unit[:, row]), name
    for a, b in zip((*fast.slow, *fast.now), (*slow.slow, *slow.now), strict=True):
        assert a == pytest.approx(b, rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("scope", ["pool", "body"])
@pytest.mark.parametrize("name", STRATEGIES)
def test_kernel_agrees_with_reference(pools, name, scope) -> None:
    if name == "staggered" and scope == "body":
        pytest.skip("turns are taken within a pool")
    assert_agrees(pools, synchrony.strategy(name)(pools, scope=scope), wandering_drive(2, 1200))


@pytest.mark.parametrize("name", STRATEGIES)
def test_kernel_agrees_with_reference_with_every_option(rich_pools, name) -> None:
    length = np.array([[0.9, 1.1, 0.8], [1.0, 0.75, 1.2]])
    coupling = synchrony.strategy(name)(rich_pools, strength=0.7)
    assert_agrees(rich_pools, coupling, wandering_drive(2, 1500, seed=2), fibre_length=length)


def test_agreement_in_any_order_of_recruitment(pools) -> None:
    order = np.concatenate(
        [a + np.random.default_rng(1).permutation(b - a) for a, b in pairwise(pools.first_unit)]
    )
    mixed = replaced(pools, recruitment_threshold=pools.recruitment_threshold[order])
    coupling = synchrony.short_term.coupling(mixed)
    state = kernel.init(mixed, 1, 5)
    drive = wandering_drive(1, 600)
    _, seen = kernel.advance(mixed, coupling, state, drive, record_spikes=True)
    _, true = reference.advance(mixed, coupling, state, drive, record_spikes=True)
    assert np.array_equal(seen.spikes, true.spikes)
    assert seen.active_state == pytest.approx(true.active_state, abs=1e-12)


@pytest.mark.parametrize("options", ["plain", "every"])
@pytest.mark.parametrize("name", STRATEGIES)
def test_bits_do_not_depend_on_block_length(pools, rich_pools, name, options) -> None:
    pools = pools if options == "plain" else rich_pools
    scope = "pool" if name == "staggered" else "body"
    coupling = synchrony.strategy(name)(pools, scope=scope)
    drive = wandering_drive(2, 400)
    state = kernel.init(pools, 2, 9)
    whole, (one,) = run_in_blocks(pools, coupling, state, drive, [0, 400])
    for edges in ([0, 1, 4, 9, 17, 300, 400], list(range(0, 401, 4))):
        pieces, outputs = run_in_blocks(pools, coupling, state, drive, edges)
        for field in ("active_state", "active_sum", "spikes"):
            joined = np.concatenate([getattr(o, field) for o in outputs], axis=1)
            assert np.array_equal(joined, getattr(one, field)), field
        for a, b in zip(arrays(pieces), arrays(whole), strict=True):
            assert np.array_equal(a, b)
    assert sum(o.spike_sum for o in outputs) == pytest.approx(one.spike_sum)


@pytest.mark.parametrize("n_threads", [2, 3, 8])
@pytest.mark.parametrize("name", STRATEGIES)
def test_bits_do_not_depend_on_threads(rich_pools, name, n_threads) -> None:
    coupling = synchrony.strategy(name)(rich_pools)
    drive = wandering_drive(2, 300)
    state = kernel.init(rich_pools, 2, 9)
    one, first = kernel.advance(rich_pools, coupling, state, drive, record_spikes=True)
    many, second = kernel.advance(
        rich_pools, coupling, state, drive, record_spikes=True, n_threads=n_threads
    )
    for a, b in zip((*arrays(one), *first), (*arrays(many), *second), strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("name", STRATEGIES)
def test_bits_do_not_depend_on_the_other_environments(pools, name) -> None:
    coupling = synchrony.strategy(name)(pools)
    drive = wandering_drive(3, 300)
    seeds = [21, 22, 23]
    _, together = kernel.advance(pools, coupling, kernel.init(pools, 3, seeds), drive)
    order = [2, 0, 1]
    shuffled_seeds = [seeds[e] for e in order]
    _, shuffled = kernel.advance(
        pools, coupling, kernel.init(pools, 3, shuffled_seeds), drive[order]
    )
    for place, e in enumerate(order):
        _, alone = kernel.advance(
            pools, coupling, kernel.init(pools, 1, [seeds[e]]), drive[e : e + 1]
        )
        assert np.array_equal(alone.active_state[0], together.active_state[e])
        assert np.array_equal(shuffled.active_state[place], together.active_state[e])
    assert not np.array_equal(together.active_state[0], together.active_state[1])


def test_an_environment_can_start_anew_among_others(pools) -> None:
    coupling = synchrony.short_term.coupling(pools)
    drive = wandering_drive(2, 200)
    state, _ = kernel.advance(pools, coupling, kernel.init(pools, 2, [1, 2]), drive)
    fresh = kernel.init(pools, 1, [8])
    copy_row(fresh, 0, state, 1)
    _, mixed = kernel.advance(pools, coupling, state, drive)
    _, alone = kernel.advance(pools, coupling, fresh, drive[1:])
    assert np.array_equal(mixed.active_state[1], alone.active_state[0])


def test_nothing_of_the_callers_is_changed(pools) -> None:
    coupling = synchrony.short_term.coupling(pools)
    drive = wandering_drive(1, 50)
    state = kernel.init(pools, 1, 3)
    given = [*arrays(state), *(a for a in pools if isinstance(a, np.ndarray)), drive]
    before = [a.copy() for a in given]
    new, _ = kernel.advance(pools, coupling, state, drive)
    for old, now in zip(before, given):
        assert np.array_equal(old, now)
    same, _ = kernel.advance(pools, coupling, state, drive, out=state)
    assert same is state
    assert all(np.array_equal(a, b) for a, b in zip(arrays(state), arrays(new)))


def test_sums_by_fibre_type(pools) -> None:
    coupling = synchrony.independent.coupling(pools)
    state = kernel.init(pools, 1, 3)
    _, out = kernel.advance(pools, coupling, state, np.full((1, 3000, 3), 0.7), record_spikes=True)
    muscle = np.repeat(np.arange(3), N_UNITS)
    counts = out.spikes[0].sum(axis=0) * pools.force_share
    for m in range(3):
        for kind in (0, 1):
            chosen = (muscle == m) & (pools.is_fast == bool(kind))
            assert out.spike_sum[0, m, kind] == pytest.approx(counts[chosen].sum())
    # active_sum is the same force in other units: one factor per muscle
    total = out.active_sum.sum(axis=-1) / out.active_state.clip(1e-9)
    assert np.allclose(total[:, 1000:], pools.max_force * pools.active_sum_scale)
    assert np.all(out.active_sum[0, :, 1, 0] == 0)  # a muscle without slow units
    assert 0.1 < out.active_sum[0, 1000:].sum(axis=-1).mean() < 1.0  # of all tetanic forces


def test_force_dies_away_and_restarts(pools) -> None:
    coupling = synchrony.independent.coupling(pools)
    drive = np.zeros((1, 4000, 3))
    drive[:, :300] = 0.8
    drive[:, 3900:] = 0.5
    _, out = kernel.advance(pools, coupling, kernel.init(pools, 1, 1), drive)
    assert out.active_state[0, 300].min() > 0.3
    assert np.all(out.active_state[0, 3890] == 0.0)
    assert out.active_state[0, -1].min() > 0.0
    assert np.isfinite(out.active_state).all()


def test_first_phases_do_not_align_the_pool(pools) -> None:
    coupling = synchrony.independent.coupling(pools)
    _, out = kernel.advance(
        pools, coupling, kernel.init(pools, 1, 1), np.full((1, 400, 3), 0.6), record_spikes=True
    )
    per_tick = out.spikes[0].sum(axis=1)
    assert per_tick[:50].max() <= 10 and per_tick[:50].sum() > 50


def test_ramp_reaches_its_target() -> None:
    ramp = discharge.drive_ramp(np.array([[0.2, 0.0]]), np.array([[0.6, 0.0]]), 4)
    assert ramp[0, :, 0] == pytest.approx([0.3, 0.4, 0.5, 0.6]) and np.all(ramp[..., 1] == 0)


@given(st.one_of(st.floats(max_value=-1e-9), st.floats(min_value=1.0 + 1e-9), st.just(np.nan)))
def test_bad_drive_is_refused_and_state_untouched(value) -> None:
    pool = published.fuglevand_1993(5)
    coupling = synchrony.independent.coupling(pool)
    state = kernel.init(pool, 1, 0)
    drive = np.full((1, 4, 1), 0.5)
    drive[0, 2, 0] = value
    with pytest.raises(ValueError, match=r"drive must lie in 0\.\.1"):
        kernel.advance(pool, coupling, state, drive, out=state)
    assert state.tick[0] == 0


@pytest.mark.parametrize("shape", [(1, 4), (2, 4, 1), (1, 0, 1), (1, 4, 2)])
def test_bad_shapes_are_refused(shape) -> None:
    pool = published.fuglevand_1993(5)
    with pytest.raises(ValueError, match="drive must have shape"):
        kernel.advance(
            pool, synchrony.independent.coupling(pool), kernel.init(pool), np.zeros(shape)
        )


def test_without_a_writable_cache_the_kernel_still_compiles(monkeypatch) -> None:
    tried = []

    def njit(**options):
        tried.append(options.get("cache", False))
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    monkeypatch.setattr(compiled.numba, "njit", njit)
    assert compiled.compiled(len) is len
    assert tried == [True, False]
