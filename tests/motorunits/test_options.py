"""Each option of `parameters.build`, at values that are not defaults, in spikes and force."""

import numpy as np
import pytest
from scipy.signal import welch

from neurocoord import synchrony
from neurocoord.motorunits import (
    derive,
    discharge,
    kernel,
    parameters,
    potvin_fuglevand,
    published,
    tick,
)
from neurocoord.motorunits.twitch import gain


def simulate(pool, drive, *, n_env=1, seed=3, coupling=None, state=None, **inputs):
    """Spikes `[env, tick, unit]`, active state `[env, tick]`, state; of one muscle.

    `drive[tick]`, the same in every environment.
    """
    coupling = synchrony.independent.coupling(pool) if coupling is None else coupling
    state = kernel.init(pool, n_env, seed) if state is None else state
    ticks = np.tile(np.asarray(drive, float)[None, :, None], (state.tick.size, 1, 1))
    state, out = kernel.advance(pool, coupling, state, ticks, record_spikes=True, **inputs)
    return out.spikes, out.active_state[:, :, 0], state


def held(drive, seconds):
    return np.full(round(seconds * 1000), float(drive))


def intervals(spikes, unit):
    """Intervals (ticks) of a unit in all environments."""
    trains = [np.diff(np.flatnonzero(s[:, unit])) for s in spikes]
    return np.concatenate(trains).astype(float)


def rates_hz(spikes):
    """Rate of each unit from its mean interval; 0 with fewer than 3 intervals."""
    every = [intervals(spikes, u) for u in range(spikes.shape[2])]
    return np.array([1000.0 / isi.mean() if isi.size > 2 else 0.0 for isi in every])


def excitation_of(pool, drive):
    return drive * pool.max_excitation[0]


def one_unit(**fields):
    """A muscle of one unit that fuses fully at drive 1, and fires at 20 imp/s from drive 0.1."""
    given = {
        "recruitment_threshold": 1.0,
        "minimum_rate_hz": 20.0,
        "peak_rate_hz": 150.0,
        "rate_gain_hz": 14.0,
        "twitch_force": 7.0,
        "contraction_time_s": 0.06,
        "isi_cv": 0.0,
        "is_fast": False,
        "drive_noise_floor": 0.0,
        "drive_noise_slope": 0.0,
    }
    return parameters.build(first_unit=[0, 1], **{**given, **fields})


def test_interval_variability_falls_with_drive() -> None:
    """Nagamori's rule: cv_i = isi_cv + onset exp(-(E - RTE_i) / decay)."""
    pool = published.fuglevand_1993(
        60, recruitment_range=15.0, isi_cv=0.08, isi_cv_onset=0.14, isi_cv_decay=0.06
    )
    drive = 0.4
    spikes, *_ = simulate(pool, held(drive, 30), n_env=4)
    above = excitation_of(pool, drive) - pool.recruitment_threshold
    active = np.flatnonzero(above > 0)
    measured = np.array([np.std(i) / np.mean(i) for i in (intervals(spikes, u) for u in active)])
    expected = 0.08 + 0.14 * np.exp(-above[active] / (0.06 * pool.max_excitation[0]))
    np.testing.assert_allclose(measured, expected, rtol=0.12)  # some 1500 intervals each
    np.testing.assert_allclose(measured.mean(), expected.mean(), rtol=0.01)
    near, far = expected > 0.14, expected < 0.09
    assert near.sum() > 2 and far.sum() > 10
    assert measured[near].mean() > 1.6 * measured[far].mean()


@pytest.mark.parametrize("drive", [0.2, 0.5, 0.9])
def test_rates_saturate(drive) -> None:
    pool = published.fuglevand_1993(
        50, recruitment_range=20.0, isi_cv=0.03, rate_gain_hz=1.7, rate_saturates=True
    )
    spikes, *_ = simulate(pool, held(drive, 20))
    constants = (
        pool.recruitment_threshold,
        pool.minimum_rate_hz,
        pool.peak_rate_hz,
        pool.rate_gain_hz,
    )
    e = np.full(50, excitation_of(pool, drive))
    expected = discharge.saturating_rate_hz(e, *constants, pool.decay_table)
    linear = discharge.discharge_rate_hz(e, *constants)
    np.testing.assert_allclose(rates_hz(spikes), expected, rtol=0.01)
    assert np.mean(expected < 0.97 * linear) > 0.1  # or the test could not tell them apart


@pytest.mark.parametrize("difference_hz", [-12.0, 8.0])
def test_onion_skin_and_its_opposite(difference_hz) -> None:
    pool = published.fuglevand_1993(
        40, peak_rate_first_hz=28.0, peak_rate_difference_hz=difference_hz, isi_cv=0.05
    )
    rates = rates_hz(simulate(pool, held(1.0, 20))[0])
    np.testing.assert_allclose(rates, pool.peak_rate_hz, rtol=0.01)
    assert np.sign(rates[0] - rates[-1]) == np.sign(difference_hz)
    assert rates[-1] == pytest.approx(28.0 - difference_hz, rel=0.01)


def test_doublets_at_onset_and_only_there() -> None:
    share, interval, n_cycles = 0.3, 6, 25
    pool = published.fuglevand_1993(
        60,
        isi_cv=0.1,
        doublet_share=share,
        doublet_interval_s=interval / 1000,
        refractory_s=0.003,
    )
    on, off = 450, 450
    drive = np.tile(np.concatenate([held(0.7, on / 1000), held(0.0, off / 1000)]), n_cycles)
    spikes, *_ = simulate(pool, drive, n_env=2)
    starts = doublets = later = 0
    for train in spikes.transpose(0, 2, 1).reshape(-1, spikes.shape[1]):
        at = np.flatnonzero(train)
        silence = np.diff(at, prepend=-10000)[:-1]
        following = np.diff(at)
        complete = at[:-1] % (on + off) < on - 2 * interval
        first = silence > discharge.SILENCE_TICKS
        starts += np.sum(first & complete)
        doublets += np.sum(following[first & complete] == interval)
        assert not np.any((following < 10) & (following != interval))
        later += np.sum(following[~first] < 10)
    assert starts > 1000
    error = np.sqrt(share * (1 - share) / starts)
    assert abs(doublets / starts - share) < 4 * error
    assert later == 0


def test_no_interval_is_shorter_than_the_refractory_time() -> None:
    wide = {"isi_cv": 0.25, "peak_rate_first_hz": 60.0, "peak_rate_difference_hz": 5.0}
    free = published.fuglevand_1993(40, **wide)
    pool = published.fuglevand_1993(40, **wide, refractory_s=0.012)
    shortest = []
    for p in (free, pool):
        spikes, *_ = simulate(p, held(1.0, 15), n_env=2)
        shortest.append(min(intervals(spikes, u).min() for u in range(40)))
        np.testing.assert_allclose(rates_hz(spikes), p.peak_rate_hz, rtol=0.03)
        assert rates_hz(spikes).mean() == pytest.approx(p.peak_rate_hz.mean(), rel=0.005)
    assert shortest[0] < 8 and shortest[1] == 12


def test_onset_gain_acts_at_a_step_and_leaves_the_rest() -> None:
    onset_gain, tau = 1.6, 0.03
    plain = published.fuglevand_1993(60, isi_cv=0.1)
    eager = published.fuglevand_1993(60, isi_cv=0.1, onset_gain_hz=onset_gain, onset_tau_s=tau)
    drive, n_env = 0.45, 40
    step = np.concatenate([held(0.0, 0.02), held(drive, 1.5)])
    ramp = np.linspace(0.0, drive, 8000)
    counts, firsts, rates, slow = [], [], [], []
    for pool in (plain, eager):
        spikes, *_ = simulate(pool, step, n_env=n_env)
        active = pool.recruitment_threshold < excitation_of(pool, drive)
        counts.append(spikes[:, :520, active].sum(axis=(0, 1)) / n_env)
        at = [np.flatnonzero(s[:, u]) for s in spikes for u in np.flatnonzero(active)]
        firsts.append(np.mean([t[1] - t[0] for t in at]))
        rates.append(spikes[:, 520:, active].sum() / (n_env * active.sum()))
        slow.append(float(simulate(pool, ramp, n_env=6)[0].sum()))
    extra = onset_gain * excitation_of(plain, drive) * tau  # integral of the transient
    assert np.mean(counts[1] - counts[0]) == pytest.approx(extra, rel=0.05)
    assert firsts[1] < 0.8 * firsts[0]
    assert rates[1] == pytest.approx(rates[0], rel=0.003)
    assert slow[1] == pytest.approx(slow[0], rel=0.02)


@pytest.mark.parametrize("ratio", [0.15, 0.3, 0.6])
def test_twitch_over_tetanus(ratio) -> None:
    pool = one_unit(twitch_tetanus_ratio=ratio)
    spikes, twitch, _ = simulate(pool, np.concatenate([held(0.15, 0.035), held(0.0, 0.6)]))
    assert spikes.sum() == 1
    _, tetanus, _ = simulate(pool, held(1.0, 2.0))
    fused = tetanus[0, 1000:].mean()
    assert fused * pool.max_force[0] == pytest.approx(7.0 / ratio, rel=3e-3)
    assert twitch.max() / fused == pytest.approx(ratio, rel=0.01)
    # y falls to where it saturates half as much: some 1.7 contraction times after the peak
    after = twitch[0, twitch[0].argmax() :]
    half_relaxation_s = np.argmax(after < after[0] / 2) / 1000
    assert 1.65 * 0.06 < half_relaxation_s < 1.9 * 0.06


def test_doublets_pay_in_a_saturating_unit() -> None:
    """At the 1993 gain the second twitch of a doublet counts T/ISI-fold less."""
    pulse = np.concatenate([held(0.15, 0.055), held(0.0, 0.8)])
    peak, area = {}, {}
    for ratio in (0.0, 0.25):
        for share in (0.0, 1.0):
            pool = one_unit(
                twitch_tetanus_ratio=ratio, doublet_share=share, doublet_interval_s=0.005
            )
            spikes, active, _ = simulate(pool, pulse, seed=6)
            assert spikes.sum() == 1 + share
            peak[ratio, share], area[ratio, share] = active.max(), active.sum()
    punished = 1.0 + gain(0.06 / 0.005)
    assert area[0.0, 1.0] / area[0.0, 0.0] == pytest.approx(punished, rel=0.01)
    assert punished < 1.35
    assert 1.7 < peak[0.25, 1.0] / peak[0.25, 0.0] < 2.0
    assert 1.7 < area[0.25, 1.0] / area[0.25, 0.0] < 2.0


@pytest.mark.parametrize("drive", [0.1, 0.3, 0.6, 0.9])
@pytest.mark.parametrize("ratio", [0.15, 0.4])
def test_static_curve_of_saturating_units(ratio, drive) -> None:
    pool = published.body_pools([80], 0.5, twitch_tetanus_ratio=ratio)
    _, active, _ = simulate(pool, held(drive, 12), n_env=2)
    static = derive.static_force(pool, 0, np.array([drive, 1.0]))
    assert active[:, 1000:].mean() == pytest.approx(static[0] / static[1], rel=0.02)


def test_short_fibres_need_higher_rates() -> None:
    """Less force at middle rates, all of it at tetanus; slow units are touched more."""
    loss = {}
    for is_fast in (False, True):
        pool = one_unit(twitch_tetanus_ratio=0.2, is_fast=is_fast)
        mean = {}
        for length in (0.8, 1.0, 1.2):
            for drive in (0.15, 1.0):
                _, active, _ = simulate(pool, held(drive, 3), fibre_length=np.array([[length]]))
                mean[length, drive] = active[0, 1000:].mean()
        loss[is_fast] = 1.0 - mean[0.8, 0.15] / mean[1.0, 0.15]
        assert mean[1.2, 0.15] > 1.03 * mean[1.0, 0.15]
        assert mean[0.8, 1.0] == pytest.approx(mean[1.0, 1.0], rel=0.01)
    assert 0.15 < loss[True] < loss[False]


def test_fatigue_and_recovery() -> None:
    rate = np.geomspace(0.002, 0.1, 50)
    pool = published.fuglevand_1993(50, fatigue_rate_per_s=rate, recovery_rate_per_s=0.08)
    _, first, state = simulate(pool, held(0.7, 15), n_env=2)
    assert first[:, 13000:].mean() < 0.75 * first[:, 1000:3000].mean()
    tired = state.slow.capacity.mean(axis=0)
    assert tired[0] > 0.97 and tired[30] < 0.8  # strong units tire first
    assert np.all(np.diff(tired[:40]) < 0)
    _, _, state = simulate(pool, held(0.0, 20), state=state)
    back = state.slow.capacity.mean(axis=0)
    # active for ACTIVE_TICKS after the last spike, then first order by Euler steps of 0.1 s
    np.testing.assert_allclose(1 - back, (1 - tired) * (1 - 0.008) ** 198, rtol=0.02, atol=1e-3)
    _, again, _ = simulate(pool, held(0.7, 3), state=state)
    assert first[:, 13000:].mean() < again[:, 1000:].mean() < first[:, 1000:3000].mean()


def test_tired_units_slow() -> None:
    pool = one_unit(fatigue_rate_per_s=0.05, slowing=0.8)
    _, force, state = simulate(pool, np.concatenate([held(1.0, 10), held(0.0, 0.7)]))
    rested = simulate(pool, np.concatenate([held(1.0, 0.9), held(0.0, 0.7)]))[1]
    capacity = state.slow.capacity[0, 0]
    assert 0.4 < capacity < 0.65
    stretch = 1.0 + 0.8 * (1.0 - capacity)
    assert state.now.contraction_time_s[0, 0] == pytest.approx(0.06 * stretch, rel=1e-9)

    def half_relaxation(trace, stop):
        return np.argmax(trace[0, stop:] < 0.5 * trace[0, stop]) / 1000

    ratio = half_relaxation(force, 10000) / half_relaxation(rested, 900)
    assert ratio == pytest.approx(stretch, rel=0.05)


def test_rates_adapt() -> None:
    share, tau, offset = 0.5, 1.5, 1.2
    pool = published.fuglevand_1993(
        40,
        isi_cv=0.05,
        adaptation_share=share,
        adaptation_tau_s=tau,
        adaptation_offset_hz=offset,
    )
    drive = 0.6
    spikes, *_ = simulate(pool, held(drive, 7), n_env=12)
    e = excitation_of(pool, drive)
    rested = discharge.discharge_rate_hz(
        np.full(40, e),
        pool.recruitment_threshold,
        pool.minimum_rate_hz,
        pool.peak_rate_hz,
        pool.rate_gain_hz,
    )
    active = rested > 0
    for start, stop in ((500, 1000), (1500, 2000), (3000, 3500), (6500, 7000)):
        measured = spikes[:, start:stop, active].mean(axis=(0, 1)) * 1000
        q = share * (1 - np.exp(-(start + stop) / 2000 / tau))
        expected = rested[active] - q * (rested[active] - 8.0 + offset)
        np.testing.assert_allclose(measured.mean(), expected.mean(), rtol=0.02)
    assert measured.mean() < 0.75 * rested[active].mean()


@pytest.mark.parametrize(("pic", "rate_gain"), [(0.0, 1.0), (3.0, 1.0), (2.0, 1.5)])
def test_delta_f_of_pairs_of_units(pic, rate_gain) -> None:
    """Rate of a lower unit when a higher one starts, less its rate when that one stops."""
    pool = published.fuglevand_1993(
        40, isi_cv=0.02, rate_gain_hz=rate_gain, pic_excitation=pic, pic_tau_s=0.1
    )
    up = np.linspace(0.0, 0.5, 20000)
    spikes = simulate(pool, np.concatenate([up, up[::-1]]))[0][0]
    found = []
    for test in np.flatnonzero(
        (pool.recruitment_threshold > 7) & (pool.recruitment_threshold < 14)
    ):
        control = int(np.searchsorted(pool.recruitment_threshold, 4.5))
        at, own = np.flatnonzero(spikes[:, control]), np.flatnonzero(spikes[:, test])
        rate = 1000.0 / np.diff(at)
        start, stop = np.interp(own[[0, -1]], (at[:-1] + at[1:]) / 2, rate)
        found.append(start - stop)
    assert len(found) > 5
    # a last interval and a slow step later than the switch itself
    assert np.mean(found) == pytest.approx(pic * rate_gain, abs=0.45)


def test_rotation_hands_thresholds_round() -> None:
    group = 5
    pool = published.fuglevand_1993(40, rotation_group=group, rotation_tau_s=2.0)
    fixed = published.fuglevand_1993(40)
    drive = float(np.mean(pool.recruitment_threshold[16:18]) / pool.max_excitation[0])
    spikes, _, state = simulate(pool, held(drive, 30))
    for part in np.split(np.arange(40), 40 // group):
        np.testing.assert_array_equal(
            np.sort(state.slow.threshold[0, part]), pool.recruitment_threshold[part]
        )
    second = spikes[0].reshape(30, 1000, 40).any(axis=1)  # [second, unit]
    assert np.all(second[:, :15]) and not second[:, 20:].any()  # groups all on, all off
    assert np.all(second[:, 15:20].any(axis=0))  # each of the group in between had its turn
    assert np.all(second[:, 15:20].mean(axis=0) < 0.95)
    assert second[2:, 15:20].sum(axis=1).mean() < 3.5  # and two of them at a time
    alone = simulate(fixed, held(drive, 10))[0][0]
    assert alone[:, 17:].sum() == 0 and alone[:, 16].any()


def test_beta_is_a_rhythm_and_nothing_slow() -> None:
    pool = published.fuglevand_1993(120, isi_cv=0.15, rhythm_noise=0.25)
    power = {}
    for strength in (0.0, 1.0):
        coupling = synchrony.beta.coupling(pool, strength=strength)
        spikes, *_ = simulate(pool, held(0.5, 40), n_env=4, coupling=coupling)
        cumulative = spikes[:, 1000:].sum(axis=2).astype(float)
        hz, density = welch(cumulative, fs=1000.0, nperseg=1024, axis=1)
        power[strength] = density.mean(axis=0)
    added = power[1.0] - power[0.0]
    assert 15 <= hz[added[hz < 100].argmax()] <= 30
    band, slow = (hz >= 15) & (hz <= 30), (hz > 0.5) & (hz < 5)
    assert power[1.0][band].mean() > 3 * power[0.0][band].mean()
    assert abs(added[slow].mean()) < 0.03 * added[band].mean()


def test_staggered_units_take_turns() -> None:
    """Spike counts of 10 ms vary less; rates and counts of whole seconds stand."""
    pool = published.fuglevand_1993(80, isi_cv=0.15, peak_rate_difference_hz=4.0)
    variance, rate = {}, {}
    for name in ("independent", "staggered"):
        coupling = synchrony.strategy(name)(pool)
        spikes, *_ = simulate(pool, held(0.8, 20), n_env=3, coupling=coupling)
        count = spikes.sum(axis=2).reshape(3, -1, 10).sum(axis=2)
        variance[name], rate[name] = count[:, 100:].var(), count.mean()
    assert rate["staggered"] == pytest.approx(rate["independent"], rel=0.004)
    assert variance["staggered"] < 0.75 * variance["independent"]


@pytest.mark.parametrize(("isi_cv", "within"), [(0.02, 0.003), (0.1, 0.015), (0.2, 0.03)])
@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.75, 1.0])
def test_spiking_units_of_2017_against_the_papers_rates(share, isi_cv, within) -> None:
    """Rested force over the maximum. The paper's rates have no interval noise, which adds force
    at low rates and takes some at high ones: 2.3 % at most at a CV of 0.2."""
    still = {"fatigue_rate_per_s": 0.0, "adaptation_share": 0.0}
    pool = published.potvin_fuglevand_2017(isi_cv=isi_cv, **still)
    top = potvin_fuglevand.max_excitation()
    assert pool.max_excitation[0] == pytest.approx(top)
    paper = potvin_fuglevand.force_at_excitation([share * top, top])
    _, active, _ = simulate(pool, held(share, 8), n_env=2)
    assert active[:, 1000:].mean() == pytest.approx(paper[0] / paper[1], rel=within)


def test_interval_variability_needs_no_noise_in_the_drive() -> None:
    """Without it the rows for noise are not loaded: what memory held before must not matter."""
    pool = published.fuglevand_1993(60, isi_cv=0.08, isi_cv_onset=0.14, isi_cv_decay=0.06)
    for _ in range(20):
        left = [np.full(tick.ROWS_SIZE, np.nan) for _ in range(8)]
        del left  # so that the step's work space is likely to lie where there was no number
        spikes, _, state = simulate(pool, held(0.4, 0.5), n_env=2)
        assert np.isfinite(state.isi_cv).all()
        assert np.isfinite(state.threshold[:, spikes.any(axis=(0, 1))]).all()
