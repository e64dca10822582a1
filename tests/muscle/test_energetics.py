"""Cost laws: published anchors, spot values worked out by hand, and what must not matter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocoord.muscle import energetics as en
from neurocoord.muscle import mechanics, unit_energy

K = en.STANDARD_STRENGTH_J_PER_KG
SETS = sorted(en.COST_SETS)


def fibres(name, active, rate, velocity=0.0):
    """Total and mechanical W/kg, (slow, fast), of pure muscle on its set's own Hill curve."""
    c = en.cost_set(name)
    work = active * en.hill_force_velocity(velocity, c.vmax, c.hill_curvature) * velocity * K
    total = [
        sum(en.specific_power(c, k, active, rate, velocity=velocity, work_w_per_kg=work[k]))
        for k in (en.SLOW, en.FAST)
    ]
    return np.array(total), work


@pytest.fixture(scope="module")
def muscles():
    return mechanics.muscle_parameters([0.1, 0.2], [0.2, 0.5], [100.0, 900.0])


@pytest.fixture(scope="module")
def params(muscles):
    return en.energetic_parameters([0.05, 0.6], muscles)


@pytest.fixture(scope="module")
def pool():
    """One muscle, 120 units, hundredfold range of twitch force, half slow by mass."""
    twitch = np.exp(np.log(100.0) * np.arange(1, 121) / 120)
    return twitch, np.cumsum(twitch) > 0.5 * twitch.sum(), np.array([0, 120])


# --- anchors -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "slow", "fast"), [("U", 37.5, 229.5), ("B", 114.0, 244.0), ("H", 63.0, 220.5)]
)
def test_isometric_tetanus_costs_the_tabled_power(name, slow, fast):
    total, _ = fibres(name, 1.0, en.REFERENCE_RATE_HZ)
    np.testing.assert_allclose(total, [slow, fast], rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("active", "rate", "velocity", "expected"),
    [
        (1.0, 25.0, 0.0, {"U": (37.50, 229.50), "B": (114.00, 244.00), "H": (63.00, 220.50)}),
        (0.5, 15.0, 0.0, {"U": (20.25, 123.93), "B": (60.99, 130.54), "H": (33.70, 117.97)}),
        (0.5, 20.0, 1.0, {"U": (89.81, 232.95), "B": (147.95, 262.19), "H": (155.52, 362.54)}),
    ],
)
@pytest.mark.parametrize("name", SETS)
def test_spot_values(name, active, rate, velocity, expected):
    total, _ = fibres(name, active, rate, velocity)
    np.testing.assert_allclose(total, expected[name], rtol=0, atol=0.0051)


@pytest.mark.parametrize(
    ("name", "slow", "fast"), [("U", 50.94, 81.10), ("B", 50.94, 81.10), ("H", 37.03, 79.62)]
)
def test_spot_mechanical_power(name, slow, fast):
    _, work = fibres(name, 0.5, 20.0, 1.0)
    np.testing.assert_allclose(work, [slow, fast], rtol=0, atol=0.0051)


def test_linear_and_saturating_law_per_spike():
    linear = {n: en.cost_set(n).spike_energy_j_per_kg for n in SETS}
    np.testing.assert_allclose(linear["U"], [0.400, 2.448], atol=1e-12)
    np.testing.assert_allclose(linear["B"], [1.596, 3.416], atol=1e-12)
    np.testing.assert_allclose(linear["H"], [0.420, 1.470], atol=1e-12)
    at = {
        n: unit_energy.saturating_energy_at_rate_j_per_kg(
            [8.0, 15.0, 30.0], en.cost_set(n).activation_w_per_kg[en.SLOW]
        )
        for n in SETS
    }
    np.testing.assert_allclose(at["U"], [0.872, 0.587, 0.345], atol=6e-4)
    np.testing.assert_allclose(at["B"], [3.48, 2.34, 1.38], atol=6e-3)
    np.testing.assert_allclose(at["H"], [0.916, 0.616, 0.362], atol=6e-4)


def test_saturating_law_against_human_dorsiflexors():
    """A twitch costs 0.10 mM of ATP more than under the linear law, 14.8 Hz 0.22 mM/s more."""
    mass_share, mmol_per_j_per_kg = np.array([0.73, 0.27]), 1.0 / (34.0 * 0.67)
    c = en.cost_set("H")
    twitch = np.array(
        [
            unit_energy.saturating_spike_energy_j_per_kg([0.2], c, is_fast=fast)[0]
            for fast in (False, True)
        ]
    )
    extra = mass_share @ (twitch - c.spike_energy_j_per_kg) * mmol_per_j_per_kg
    assert extra == pytest.approx(0.158 - 0.058, abs=1e-3)
    at = unit_energy.saturating_energy_at_rate_j_per_kg(14.8, c.activation_w_per_kg)
    extra = mass_share @ (at - c.spike_energy_j_per_kg) * 14.8 * mmol_per_j_per_kg
    assert extra == pytest.approx(1.52 - 1.30, abs=6e-3)


@pytest.mark.parametrize(
    ("name", "net"), [("U", (0.60, 0.48)), ("B", (0.38, 0.40)), ("H", (0.27, 0.24))]
)
def test_peak_net_efficiency(name, net):
    np.testing.assert_allclose(peak_efficiency(name, recovery=True), net, atol=0.0061)


@pytest.mark.parametrize(("name", "initial"), [("U", (0.69, 0.58)), ("H", (0.56, 0.51))])
def test_peak_initial_efficiency(name, initial):
    np.testing.assert_allclose(peak_efficiency(name, recovery=False), initial, atol=0.0061)


def test_efficiency_gates_of_the_human_set():
    assert np.all((peak_efficiency("H", True) > 0.18) & (peak_efficiency("H", True) < 0.30))
    assert np.all((peak_efficiency("H", False) > 0.35) & (peak_efficiency("H", False) < 0.60))


def peak_efficiency(name, recovery):
    c = en.cost_set(name)
    best = []
    for kind in (en.SLOW, en.FAST):
        v = np.linspace(0.0, c.vmax[kind], 1001)
        work = en.hill_force_velocity(v, c.vmax[kind], c.hill_curvature[kind]) * v * K
        parts = en.specific_power(c, kind, 1.0, 25.0, velocity=v, work_w_per_kg=work)
        heat, spent = sum(parts[:4]), parts.work
        if not recovery:
            heat, spent = heat / c.heat_factor, spent / c.work_factor
        best.append((work / (heat + spent)).max())
    return np.array(best)


# --- what must not matter ------------------------------------------------------------------------


def twitches(trains, n_ticks, contraction_s=0.05, dt=1e-3):
    """Active state [tick, unit] of linear twitches from spike ticks."""
    t = np.arange(n_ticks) * dt
    shape = t / contraction_s * np.exp(1.0 - t / contraction_s)
    raster = np.zeros((n_ticks, len(trains)))
    for unit, ticks in enumerate(trains):
        np.add.at(raster[:, unit], ticks, 1.0)
    size = 2 * n_ticks
    spectrum = np.fft.rfft(raster, size, axis=0) * np.fft.rfft(shape, size)[:, None]
    return raster, np.maximum(np.fft.irfft(spectrum, size, axis=0)[:n_ticks] * 0.3, 0.0)


def spike_trains(kind, n_units, n_spikes, rng):
    """`n_spikes` ticks for each unit within 8 s, at 10 Hz on average."""
    regular = np.arange(n_spikes) * 100
    if kind == "random":
        return [np.sort(rng.integers(0, 8000, n_spikes)) for _ in range(n_units)]
    if kind == "regular":
        return [regular + rng.integers(0, 100) for _ in range(n_units)]
    if kind == "jittered":
        return [
            np.sort(np.maximum(0, regular + np.rint(rng.normal(0, 20, n_spikes)).astype(int)))
            for _ in range(n_units)
        ]
    if kind == "doublets":
        trains = []
        for _ in range(n_units):
            ticks = regular.copy()
            late = rng.choice(np.arange(1, n_spikes), n_spikes // 10, replace=False)
            ticks[late] = ticks[late - 1] + 5
            trains.append(np.sort(ticks))
        return trains
    return [regular.copy() for _ in range(n_units)]


def energy_j(params, pool, raster, active, block=1):
    """Isometric energy of a one-muscle run, W summed over blocks of ticks."""
    twitch, fast, first = pool
    shape = (-1, block)
    a = unit_energy.type_sums(active, twitch, fast, first).reshape(*shape, 1, 2).mean(1)
    s = unit_energy.type_sums(raster, twitch, fast, first).reshape(*shape, 1, 2).sum(1) / (
        block * 1e-3
    )
    one = np.ones(a.shape[:-1])
    record = en.power(params, "H", a, s, one, 0.0 * one, 0.0 * one)
    return [part.sum() * block * 1e-3 for part in record]


@pytest.fixture(scope="module")
def single():
    return en.energetic_parameters([0.2], mechanics.muscle_parameters(0.1, 0.2, 500.0))


def test_timing_of_spikes_is_free_under_the_linear_law(single, pool):
    rng = np.random.default_rng(3)
    runs = [
        energy_j(single, pool, *twitches(spike_trains(kind, 120, 80, rng), 9000))
        for kind in ("random", "regular", "grid", "doublets")
    ]
    assert runs[0][5] > 0.0
    for other in runs[1:]:
        np.testing.assert_allclose(other, runs[0], rtol=1e-6)


def test_timing_of_spikes_hardly_matters_under_the_saturating_law():
    rng = np.random.default_rng(4)

    def mean_energy(kind):
        trains = spike_trains(kind, 120, 80, rng)
        return np.mean(
            [unit_energy.saturating_spike_energy_j_per_kg(t * 1e-3, "H").sum() for t in trains]
        )

    grid = mean_energy("grid")
    for kind in ("regular", "jittered", "doublets"):
        assert mean_energy(kind) == pytest.approx(grid, rel=2e-3)


def test_block_length_does_not_show(single, pool):
    raster, active = twitches(spike_trains("random", 120, 80, np.random.default_rng(5)), 9000)
    fine = energy_j(single, pool, raster, active)
    for block in (4, 20, 100):
        np.testing.assert_allclose(energy_j(single, pool, raster, active, block), fine, rtol=1e-10)


def test_more_spikes_at_equal_force_raise_only_activation(params):
    a, s = np.full((2, 2), 0.3), np.full((2, 2), 6.0)
    args = (np.ones(2), np.full(2, 0.5), np.full(2, 30.0))
    once, twice = en.power(params, "H", a, s, *args), en.power(params, "H", a, 2 * s, *args)
    np.testing.assert_allclose(twice.activation_w, 2 * once.activation_w)
    for name in set(en.Power._fields) - {"activation_w", "total_w"}:
        np.testing.assert_array_equal(getattr(twice, name), getattr(once, name))


def test_permuting_units_of_a_type_changes_nothing(pool):
    twitch, fast, first = pool
    rng = np.random.default_rng(6)
    values = rng.uniform(0, 1, 120)
    order = np.concatenate([rng.permutation(np.flatnonzero(~fast)), np.flatnonzero(fast)])
    np.testing.assert_allclose(
        unit_energy.type_sums(values[order], twitch[order], fast[order], first),
        unit_energy.type_sums(values, twitch, fast, first),
        rtol=1e-12,
    )


@pytest.mark.parametrize("name", SETS)
def test_rest_costs_the_basal_rate_even_when_stretched(params, name):
    none = np.zeros((2, 2))
    record = en.power(params, name, none, none, np.full(2, 1.4), np.full(2, -3.0), np.zeros(2))
    assert np.all(record.total_w == 0.0)
    assert np.all(record.net_work_rate_w == 0.0)
    assert en.body_power_w(record, 75.0) == pytest.approx(90.0)


@settings(max_examples=200, deadline=None)
@given(
    name=st.sampled_from(SETS),
    active=st.tuples(st.floats(0, 0.8), st.floats(0, 0.8)),
    rate=st.tuples(st.floats(0, 30), st.floats(0, 30)),
    length=st.floats(0.2, 2.0),
    velocity=st.floats(-12, 12),
    standard=st.booleans(),
)
def test_no_power_is_ever_negative(name, active, rate, length, velocity, standard):
    muscle = mechanics.muscle_parameters(0.1, 0.2, 500.0)
    params = en.energetic_parameters(0.1, muscle, standard_strength=standard)
    path = mechanics.tendon_length_m(muscle) + length * mechanics.optimal_length_m(muscle)
    lengthening = -velocity * mechanics.optimal_length_m(muscle)
    force = -mechanics.gain(muscle, path, lengthening) * sum(active)
    record = en.power(params, name, [active], [rate], [length], [velocity], force)
    for field, part in record._asdict().items():
        if field != "net_work_rate_w":
            assert part >= 0.0, field
    np.testing.assert_allclose(sum(record[:5]), record.total_w)
    np.testing.assert_allclose(record.net_work_rate_w, -force * lengthening, atol=1e-12)


def test_negative_work_earns_nothing_and_stretch_lowers_cross_bridge_cost(params):
    a, s = np.full((2, 2), 0.3), np.full((2, 2), 6.0)
    still = en.power(params, "H", a, s, np.ones(2), np.zeros(2), np.full(2, 50.0))
    pulled = en.power(params, "H", a, s, np.ones(2), np.full(2, -2.0), np.full(2, 50.0))
    assert np.all(pulled.work_w == 0.0) and np.all(pulled.net_work_rate_w < 0.0)
    ratio = pulled.cross_bridge_w / still.cross_bridge_w
    assert np.all((ratio > 0.3) & (ratio < 0.32))
    umberger = en.power(params, "U", a, s, np.ones(2), np.full(2, -2.0), np.full(2, 50.0))
    assert np.all(umberger.lengthening_heat_w > 0.0)


def test_overlap_cuts_cost_only_above_optimal_length(params):
    a, s = np.full((3, 2, 2), 0.3), np.full((3, 2, 2), 6.0)
    length = np.array([[0.7], [1.0], [1.4]]) * np.ones(2)
    record = en.power(params, "H", a, s, length, 0 * length, 0 * length)
    curve = mechanics.active_force_length(1.4, 0.3, 1.8)
    np.testing.assert_allclose(record.cross_bridge_w[0], record.cross_bridge_w[1])
    np.testing.assert_allclose(record.cross_bridge_w[2], curve * record.cross_bridge_w[1])
    np.testing.assert_allclose(record.activation_w[2], record.activation_w[1])


# --- strength and mass ---------------------------------------------------------------------------


def test_strength_scales_force_costs_and_not_activation(muscles):
    """At the body's strength a newton costs what it does in muscle of 25 N/cm2."""
    mass = np.array([0.02, 0.3])
    own = en.energetic_parameters(mass, muscles)
    flat = en.energetic_parameters(mass, muscles, standard_strength=True)
    expected = muscles.max_force_n * mechanics.optimal_length_m(muscles) / mass
    np.testing.assert_allclose(own.strength_j_per_kg, expected)
    np.testing.assert_allclose(own.specific_tension_n_per_cm2, 25.0 * expected / K)
    a, s = np.full((2, 2), 0.3), np.full((2, 2), 6.0)
    args = (a, s, np.ones(2), np.full(2, 0.5), np.full(2, 40.0))
    for name in SETS:
        x, y = en.power(own, name, *args), en.power(flat, name, *args)
        np.testing.assert_allclose(x.activation_w, y.activation_w)
        for field in ("cross_bridge_w", "shortening_heat_w", "work_w"):
            np.testing.assert_allclose(getattr(x, field), getattr(y, field) * expected / K)
        np.testing.assert_allclose(x.positive_work_rate_w, y.positive_work_rate_w)
        np.testing.assert_allclose(x.work_w, en.cost_set(name).work_factor * x.positive_work_rate_w)


def test_full_drive_fraction_raises_tetanic_force(muscles):
    params = en.energetic_parameters([0.05, 0.6], muscles, full_drive_fraction=0.8)
    np.testing.assert_allclose(params.tetanic_force_n, muscles.max_force_n / 0.8)


def test_type_masses_add_up(pool):
    twitch, fast, first = pool
    masses = unit_energy.type_masses_kg([0.4], twitch, fast, first)
    assert masses.sum() == pytest.approx(0.4)
    assert masses[0, 0] == pytest.approx(0.2, abs=0.004)


# --- errors --------------------------------------------------------------------------------------


def test_errors_name_the_argument(params):
    a = np.zeros((2, 2))
    rest = (np.ones(2), np.zeros(2))
    with pytest.raises(
        ValueError, match="cost_set 'h' is unknown; allowed: U, B, H; did you mean 'H'"
    ):
        en.cost_set("h")
    with pytest.raises(ValueError, match="active_force_n may not be negative"):
        en.power(params, "H", a, a, *rest, np.array([-1.0, 0.0]))
    with pytest.raises(ValueError, match="active_sum has shape"):
        en.power(params, "H", np.zeros((2, 3)), a, *rest, np.zeros(2))
    with pytest.raises(ValueError, match="mass_kg must be positive"):
        en.energetic_parameters(0.0, mechanics.muscle_parameters(0.1, 0.2, 1.0))
    with pytest.raises(ValueError, match="order of time"):
        unit_energy.slow_rate_hz([0.2, 0.1])
