"""What a pool of units costs: the saturating law block by block, and what recruitment saves."""

import numpy as np
import pytest
from scipy.optimize import brentq

from neurocoord import synchrony
from neurocoord.motorunits import kernel, potvin_fuglevand, published
from neurocoord.muscle import energetics as en
from neurocoord.muscle import mechanics, unit_energy

# --- the saturating law over blocks --------------------------------------------------------------

FORCE = np.array([1.0, 3.0, 6.0, 2.0, 2.0])
FAST = np.array([False, False, True, False, True])
FIRST = np.array([0, 3, 5])


def weighted(spikes, block, **options):
    state = unit_energy.slow_rate_init(spikes.shape[0], spikes.shape[2])
    total = np.zeros((spikes.shape[0], 2, 2))
    units = unit_energy.unit_shares(FORCE, FAST, FIRST)
    for start in range(0, spikes.shape[1], block):
        part = spikes[:, start : start + block]
        state, found = unit_energy.saturating_step(state, part, units, tick_s=0.001, **options)
        total += found
    return total


@pytest.fixture(scope="module")
def spikes():
    return (np.random.default_rng(8).random((2, 2000, 5)) < 0.02).astype(np.uint8)


def test_block_by_block_is_spike_by_spike(spikes):
    """Against the law applied to each unit's own times, with share and type."""
    share = np.array([0.1, 0.3, 0.6, 0.5, 0.5])
    expected = np.zeros((2, 2, 2))
    for env, unit in np.ndindex(2, 5):
        times = np.flatnonzero(spikes[env, :, unit]) * 0.001
        energy = unit_energy.saturating_spike_energy_j_per_kg(times, "H", is_fast=FAST[unit])
        linear = en.cost_set("H").spike_energy_j_per_kg[int(FAST[unit])]
        expected[env, int(unit >= 3), int(FAST[unit])] += share[unit] * (energy / linear).sum()
    np.testing.assert_allclose(weighted(spikes, 4), expected, rtol=1e-12)


def test_block_length_does_not_show(spikes):
    whole = weighted(spikes, 2000)
    for block in (1, 4, 333):
        np.testing.assert_allclose(weighted(spikes, block), whole, rtol=1e-12)


def test_at_the_reference_rate_it_is_the_linear_law():
    """A unit that has long fired at 25 Hz: its slow rate is 25 Hz, its factor 1."""
    spikes = np.zeros((1, 8000, 5), np.uint8)
    spikes[:, ::40] = 1
    late = weighted(spikes, 4) - weighted(spikes[:, :4000], 4)
    np.testing.assert_allclose(late, 100.0 * np.array([[[0.4, 0.6], [0.5, 0.5]]]), rtol=2e-3)


def test_a_pool_gives_the_sums_of_its_own_kernel():
    """Shares are the kernel's: with every factor taken out, its own spike sum is left."""
    pool = published.fuglevand_1993(30)
    _, out = kernel.advance(
        pool, synchrony.strategy("independent")(pool), kernel.init(pool, 2, seed=1),
        np.full((2, 200, 1), 0.5), record_spikes=True,
    )  # fmt: skip
    start = unit_energy.slow_rate_init(2, 30)
    units = unit_energy.unit_shares(pool.tetanic_force, pool.is_fast, pool.first_unit)
    _, found = unit_energy.saturating_step(start, out.spikes, units, tick_s=0.001, tau_s=1e9)
    # in endless memory no rate is ever seen: each spike costs the factor at rest
    np.testing.assert_allclose(found, out.spike_sum * unit_energy.saturating_factor(0.0), rtol=1e-6)


def test_wrong_units_are_named():
    with pytest.raises(ValueError, match="spikes has shape"):
        weighted(np.zeros((1, 4, 3), np.uint8), 4)


def test_the_single_interval_option_is_what_it_says():
    """Timing then moves the cost: doublets at equal count are cheaper (a labelled option)."""
    regular = np.arange(100) * 0.1
    doublets = regular.copy()
    doublets[1::10] = doublets[0::10] + 0.005
    cost = [
        unit_energy.saturating_energy_at_rate_j_per_kg(
            unit_energy.single_interval_rate_hz(times), 10.5
        ).sum()
        for times in (regular, doublets)
    ]
    assert cost[1] < 0.99 * cost[0]
    slow = [unit_energy.saturating_spike_energy_j_per_kg(t, "H").sum() for t in (regular, doublets)]
    assert slow[1] == pytest.approx(slow[0], rel=5e-3)
    with pytest.raises(ValueError, match="rise"):
        unit_energy.single_interval_rate_hz([0.1, 0.1])


# --- a pool at steady force ----------------------------------------------------------------------

UNITS = potvin_fuglevand.units()
MASS = UNITS.twitch_force / UNITS.twitch_force.sum()
LATE = (np.cumsum(MASS) - 0.5 * MASS) > 0.5  # fast: the upper half of mass in recruitment order
MAXIMUM = potvin_fuglevand.force_at_excitation(67.0) / UNITS.twitch_force.sum()


def active(rate_hz):
    return potvin_fuglevand.fused_fraction(UNITS.contraction_time_s * rate_hz)


def rates(excitation):
    above = excitation - UNITS.recruitment_threshold
    return np.where(above >= 0.0, np.minimum(8.0 + above, UNITS.peak_rate_hz), 0.0)


def w_per_kg(name, rate_hz, *, saturating=False):
    """Isometric power of the pool with every unit at its rate."""
    spikes = rate_hz * (unit_energy.saturating_factor(rate_hz) if saturating else 1.0)
    first = np.array([0, 120])
    sums = [
        unit_energy.type_sums(x, UNITS.twitch_force, LATE, first)[0]
        for x in (active(rate_hz), spikes)
    ]
    return sum(
        float(sum(en.specific_power(en.cost_set(name), kind, sums[0][kind], sums[1][kind])))
        for kind in (en.SLOW, en.FAST)
    )


def every_set(rate_hz):
    return [w_per_kg(n, rate_hz) for n in "UBH"] + [w_per_kg("H", rate_hz, saturating=True)]


def natural(share):
    if share == 1.0:
        return rates(67.0)
    return rates(brentq(lambda e: MASS @ active(rates(e)) - share * MAXIMUM, 1.0, 67.0))


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.2, (6.8, 20.5, 11.3, 12.9)),
        (0.6, (41.1, 79.3, 51.7, 55.9)),
        (1.0, (121.5, 166.2, 128.8, 123.6)),
    ],
)
def test_a_pool_at_steady_force(share, expected):
    """U, B, H and H saturating at 20, 60 and 100 % of maximum, half slow by mass (W/kg)."""
    np.testing.assert_allclose(every_set(natural(share)), expected, rtol=0.02)


def recruited_at_peak_rate(order):
    """The least units of an order that reach 20 % of maximum, each at its peak rate."""
    reached = np.cumsum((MASS * active(UNITS.peak_rate_hz))[order]) >= 0.2 * MAXIMUM
    on = order[: int(np.argmax(reached)) + 1]
    return np.where(np.isin(np.arange(120), on), UNITS.peak_rate_hz, 0.0)


def test_recruiting_slow_units_in_order_is_cheap():
    """At 20 % of maximum: small first, all units at one low rate, large first."""
    small = recruited_at_peak_rate(np.arange(120))
    large = recruited_at_peak_rate(np.arange(120)[::-1])
    one = brentq(lambda f: MASS @ active(np.full(120, f)) - 0.2 * MAXIMUM, 1.0, 30.0)
    assert one == pytest.approx(11.0, abs=0.2)
    np.testing.assert_allclose(every_set(small), (7.3, 21.8, 12.0, 11.0), rtol=0.03)
    np.testing.assert_allclose(every_set(np.full(120, one)), (34, 45, 35, 52), rtol=0.02)
    np.testing.assert_allclose(every_set(large), (49, 51, 46, 45), rtol=0.03)
    dearer = np.array(every_set(np.full(120, one))) / every_set(natural(0.2))
    np.testing.assert_allclose(dearer, (5.0, 2.2, 3.1, 4.1), rtol=0.03)


def test_the_activation_law_decides_whether_rate_coding_saves():
    """Natural against recruitment alone turns its sign with the law: so it is no finding."""
    alone = recruited_at_peak_rate(np.arange(120))
    linear, saturating = np.array(every_set(natural(0.2)))[2:] / np.array(every_set(alone))[2:]
    assert linear < 1.0 < saturating


def test_the_activation_share_of_a_voluntary_contraction():
    """35 % holds at a 25 Hz tetanus, not at low force."""
    for share in (0.2, 0.6, 1.0):
        rate = natural(share)
        spent = sum(
            en.cost_set("H").heat_factor * en.cost_set("H").spike_energy_j_per_kg[k]
            * float(MASS[chosen] @ rate[chosen])
            for k, chosen in ((en.SLOW, ~LATE), (en.FAST, LATE))
        )  # fmt: skip
        assert 0.33 <= spent / w_per_kg("H", rate) <= 0.55


@pytest.mark.parametrize(("type1", "n_slow"), [(0.4, 96), (0.5, 102), (0.73, 111), (0.8, 114)])
def test_type_one_is_a_share_of_mass_and_not_of_units(type1, n_slow):
    """With a hundredfold range of size half of the mass is most of the units."""
    pool = published.fuglevand_1993(type1_share=type1)
    n_found = int(np.sum(~pool.is_fast))
    assert abs(n_found - n_slow) <= 1  # the unit astride the border may go either way
    masses = unit_energy.type_masses_kg([1.0], pool.tetanic_force, pool.is_fast, [0, 120])
    assert masses[0, 0] == pytest.approx(type1, abs=0.02)


def test_permuting_units_of_one_type_leaves_power_as_it_is():
    rng = np.random.default_rng(6)
    rate, params = natural(0.6), _kilogram()
    order = np.concatenate([rng.permutation(np.flatnonzero(~LATE)), np.flatnonzero(LATE)])
    first = np.array([0, 120])

    def power(chosen):
        sums = [
            unit_energy.type_sums(x[chosen], UNITS.twitch_force[chosen], LATE[chosen], first)
            for x in (active(rate), rate)
        ]
        return en.power(params, "H", *sums, np.ones(1), np.zeros(1), np.zeros(1)).total_w

    np.testing.assert_allclose(power(order), power(np.arange(120)), rtol=1e-12)


def _kilogram():
    return en.energetic_parameters(1.0, mechanics.muscle_parameters(0.1, 0.2, 2000.0))


# --- trap: strength against mass -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "net"), [("U", (0.78, 0.69)), ("B", (0.50, 0.52)), ("H", (0.32, 0.29))]
)
def test_unscaled_heat_would_flatter_a_strong_muscle(name, net):
    """At 60 N/cm2 work grows, but not a cross-bridge cost left per kg: the trap's figures."""
    found = [_efficiency(name, kind, 60.0 / 25.0, scale_heat=False) for kind in (en.SLOW, en.FAST)]
    np.testing.assert_allclose(found, net, atol=0.0061)


@pytest.mark.parametrize("name", sorted(en.COST_SETS))
def test_scaling_all_work_terms_together_keeps_efficiency(name):
    """What is done instead: only activation, which stays per mass, lets it rise a little."""
    for kind in (en.SLOW, en.FAST):
        standard = _efficiency(name, kind, 1.0, scale_heat=True)
        strong = _efficiency(name, kind, 60.0 / 25.0, scale_heat=True)
        flattered = _efficiency(name, kind, 60.0 / 25.0, scale_heat=False)
        assert standard < strong < flattered


def _efficiency(name, kind, strength, *, scale_heat):
    """Peak net efficiency, fully active, on the set's own Hill curve.

    Unscaled, cross-bridge cost goes by mass, as does U's shortening heat; that of B and H is a
    share of force, so that it grows with F0 by itself.
    """
    c, k = en.cost_set(name), en.STANDARD_STRENGTH_J_PER_KG
    v = np.linspace(0.0, c.vmax[kind], 1001)
    work = en.hill_force_velocity(v, c.vmax[kind], c.hill_curvature[kind]) * v * k * strength
    scaled, by_mass = (
        en.specific_power(c, kind, 1.0, 25.0, velocity=v, work_w_per_kg=work, strength_j_per_kg=j)
        for j in (k * strength, k)
    )
    if not scale_heat:
        scaled = scaled._replace(cross_bridge=by_mass.cross_bridge)
        if name == "U":
            scaled = scaled._replace(shortening_heat=by_mass.shortening_heat)
    return float((work / sum(scaled)).max())
