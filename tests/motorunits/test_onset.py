"""Onset synchrony: first phases in common, each unit's own law and spike count as they were."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocoord import trial
from neurocoord.body import model
from neurocoord.motorunits import kernel, published
from neurocoord.motorunits.onset import draw_first_phases
from neurocoord.motorunits.state import arrays
from neurocoord.synchrony import independent, short_term

N_ENV = 400


@pytest.fixture(scope="module")
def pools():
    return published.body_pools([30, 20, 25], 0.5, twitch_tetanus_ratio=0.2)


def started(pools, share, scope="pool", n_env=N_ENV, seed=1):
    coupling = independent.coupling(pools, scope=scope)
    state = kernel.init(pools, n_env, seed)
    rest = np.zeros((n_env, 5, 3))
    state, _ = kernel.advance(pools, coupling, state, rest, out=state)
    return coupling, draw_first_phases(pools, coupling, state, share, out=state)


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_each_units_phase_is_uniform_and_the_share_is_common(pools, share) -> None:
    _, state = started(pools, share)
    p = np.sort(state.phase, axis=0)
    steps = (np.arange(N_ENV) + 0.5)[:, None] / N_ENV
    assert np.abs(p - steps).max() < 2.2 / np.sqrt(N_ENV)  # Kolmogorov, 75 units
    r = np.corrcoef(state.phase.T)
    own = np.triu(np.ones((30, 30), bool), 1)
    wanted = 6 / np.pi * np.arcsin(share / 2)  # of uniforms with a Gaussian copula
    assert r[:30, :30][own].mean() == pytest.approx(wanted, abs=0.05)
    assert abs(r[:30, 30:].mean()) < 0.15
    assert np.all(state.threshold >= state.phase)


def test_scope_says_with_whom(pools) -> None:
    _, state = started(pools, 1.0, "body")
    assert np.ptp(state.phase, axis=1).max() < 1e-12
    _, state = started(pools, 1.0, "pool")
    assert np.ptp(state.phase[:, :30], axis=1).max() < 1e-12
    assert np.ptp(state.phase, axis=1).mean() > 0.3


def first_second(pools, share):
    coupling, state = started(pools, share)
    ticks = np.full((N_ENV, 300, 3), 0.7)
    _, out = kernel.advance(pools, coupling, state, ticks, record_spikes=True, out=state)
    return out


def test_spike_counts_are_matched_and_first_spikes_are_together(pools) -> None:
    """Counts: within five standard errors. First spikes of a pool: their spread falls."""
    found = {share: first_second(pools, share) for share in (0.0, 0.5, 1.0)}
    counts = {s: out.spikes.sum(axis=1, dtype=float) for s, out in found.items()}
    spread, rise = {}, {}
    for share, out in found.items():
        mean, alone = counts[share].mean(axis=1), counts[0.0].mean(axis=1)
        error = np.hypot(mean.std(), alone.std()) / np.sqrt(N_ENV)
        assert abs(mean.mean() - alone.mean()) < 5 * error
        assert 5 * error < 0.04 * alone.mean()  # the test can see a change of this size
        fired = out.spikes[:, :, :20].any(axis=1).all(axis=1)
        spread[share] = out.spikes[fired][:, :, :20].argmax(axis=1).std(axis=1).mean()
        rise[share] = out.active_state[:, 40, 0].std()
    assert spread[1.0] < 0.5 * spread[0.0] and spread[0.5] < 0.9 * spread[0.0]
    assert rise[1.0] > 1.5 * rise[0.0]  # the early force varies more from onset to onset


def test_units_that_fire_keep_their_phase(pools) -> None:
    coupling, state = started(pools, 0.0, n_env=3)
    ticks = np.full((3, 400, 3), 0.3)
    state, out = kernel.advance(pools, coupling, state, ticks, record_spikes=True)
    fired = out.spikes[:, 250:].any(axis=1)
    before = [a.copy() for a in arrays(state)]
    where = np.array([[True, False, True]] * 3)
    new = draw_first_phases(pools, coupling, state, 1.0, where)
    for a, b in zip(before, arrays(state), strict=True):
        np.testing.assert_array_equal(a, b)  # the caller's is left as it is
    moved = new.phase != state.phase
    assert not moved[fired].any() and not moved[:, 30:50].any()
    silent = ~fired & ~out.spikes.any(axis=1)
    silent[:, 30:50] = False
    assert moved[silent].all() and silent.any()


@given(
    st.one_of(
        st.floats(max_value=-1e-9), st.floats(min_value=1.0 + 1e-9), st.sampled_from([np.nan, "1"])
    )
)
def test_bad_shares_are_named(share) -> None:
    pools = published.body_pools([3], 0.5)
    coupling, state = short_term.coupling(pools), kernel.init(pools, 2)
    with pytest.raises(ValueError, match=r"share must lie in 0\.\.1"):
        draw_first_phases(pools, coupling, state, share)
    for where in (np.ones(2, bool), np.ones((2, 1))):
        with pytest.raises(ValueError, match="is_onset"):
            draw_first_phases(pools, coupling, state, 0.5, where)
    with pytest.raises(ValueError, match="share"):
        trial.body_pools(trial.Pools(onset_share=2.0), model.load("dynamometer"))


def test_a_trial_starts_in_step_where_asked() -> None:
    """Of each fast effort at the dynamometer the first spikes come closer together."""
    body = model.load("dynamometer")
    spread = {}
    for share in (0.0, 1.0):
        config = trial.TrialConfig(
            task="isometric", pools=trial.Pools(n_units=40, onset_share=share)
        )
        runner = trial.Runner(config, record_spikes=True)
        of = body.muscles.index("VAS_L_r")
        a, b = runner.pools.first_unit[of : of + 2]
        drive = np.zeros(len(body.muscles))
        drive[of] = 1.0
        found = []
        for seed in range(12):
            runner.reset(seed)
            raster = np.concatenate([runner.advance(drive).spikes[0] for _ in range(40)])
            found.append(raster[:, a:b].argmax(axis=0)[raster[:, a:b].any(axis=0)].std())
        spread[share] = np.mean(found)
    assert spread[1.0] < 0.6 * spread[0.0]
