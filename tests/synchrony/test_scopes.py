"""Every strategy over every scope, at parameters of no published set: units stay as they were."""

import numpy as np
import pytest

from neurocoord import synchrony
from neurocoord.analysis import running
from neurocoord.motorunits import kernel, published

SEEDS, SECONDS = 4, 40
CASES = [
    (name, scope)
    for name in sorted(synchrony.STRATEGIES)
    for scope in ("pool", "synergists", "body")
    if name != "independent" and (name != "staggered" or scope == "pool")
]


@pytest.fixture(scope="module")
def pools():
    return published.body_pools(
        [90, 120, 70],
        [0.3, 0.5, 0.7],
        isi_cv=0.18,
        rhythm_noise=0.15,
        drive_noise_slope=0.03,
        minimum_rate_hz=9.0,
        rate_gain_hz=0.8,
    )


def measured(pools, coupling):
    """Summed rate (1/s), mean interval CV, units that fired, mean active state `[muscle]`."""
    state = kernel.init(pools, SEEDS, 50)
    second = np.tile([0.3, 0.45, 0.6], (SEEDS, 1000, 1))
    state, _ = kernel.advance(pools, coupling, state, second, out=state)
    sums = [running.start(280, 0) for _ in range(SEEDS)]
    force = np.zeros(3)
    for n in range(SECONDS):
        state, out = kernel.advance(pools, coupling, state, second, record_spikes=True, out=state)
        force += out.active_state.mean(axis=(0, 1)) / SECONDS
        for of, spikes in zip(sums, out.spikes, strict=True):
            running.add_spikes(of, spikes, 1000 * n, 0.001)
    found = [running.discharge(of, 0.001) for of in sums]
    rate = np.mean([d.n_spikes.sum() / SECONDS for d in found])
    cv = np.mean([d.isi_cv[d.n_spikes > 200].mean() for d in found])
    return rate, cv, np.mean([np.count_nonzero(d.n_spikes) for d in found]), force


@pytest.mark.slow
@pytest.mark.parametrize(("name", "scope"), CASES)
def test_marginals_stand_over_every_scope(pools, name, scope) -> None:
    strategy = synchrony.strategy
    rate, cv, recruited, force = measured(pools, strategy("independent")(pools))
    shared = measured(pools, strategy(name)(pools, scope=scope, groups=[0, 0, 1]))
    assert shared[0] == pytest.approx(rate, rel=0.005)
    assert shared[1] == pytest.approx(cv, rel=0.02)
    assert abs(shared[2] - recruited) < 0.5  # a unit at the edge of the drive noise may miss a run
    np.testing.assert_allclose(shared[3], force, rtol=0.005)
