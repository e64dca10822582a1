"""Fibre and tendon in series: two ways, convergence, an analytic solution, published stiffness."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocoord.body import model
from neurocoord.muscle import mechanics, series_elastic

NAMES = ("SOL_r", "GAS_r", "VAS_L_r", "RF_r", "TA_r", "BRA_r")


@pytest.fixture(scope="module")
def muscles():
    body = model.load("dynamometer")
    some = [body.muscles.index(name) for name in NAMES]
    return mechanics.MuscleParameters(*(column[some] for column in body.muscle_parameters))


@pytest.fixture(scope="module")
def tendon(muscles):
    return series_elastic.tendon(muscles)


def optimal_path_m(muscles):
    """Path at which a fibre under F0 has its optimal length."""
    return mechanics.tendon_length_m(muscles) + mechanics.optimal_length_m(muscles)


def still(muscles, tendon, fibre, active, path, dt_s):
    """Fibre length after one step at a path that does not move."""
    return series_elastic.advance(muscles, tendon, fibre, active, path, path, dt_s, 1)


def moved(muscles, tendon, dt_s, n, seconds=0.4):
    """Force [time, muscle] while active state rises in 40 ms and the path swings."""
    path = optimal_path_m(muscles)
    fibre, force = series_elastic.at_rest(muscles, tendon, path), []
    for k in range(1, round(seconds / dt_s) + 1):
        active = np.full(len(NAMES), 1.0 - np.exp(-k * dt_s / 0.04))
        before, path = path, optimal_path_m(muscles) + 0.01 * np.sin(12.0 * k * dt_s)
        fibre = series_elastic.advance(muscles, tendon, fibre, active, before, path, dt_s, n)
        force.append(series_elastic.tendon_force_n(tendon, path - fibre))
    return np.array(force)


def test_a_tendon_bears_f0_at_its_strain_and_nothing_when_slack(muscles, tendon):
    loaded = series_elastic.tendon_force_n(tendon, tendon.slack_length_m * 1.049)
    np.testing.assert_allclose(loaded, muscles.max_force_n, rtol=2e-3)
    assert not series_elastic.tendon_force_n(tendon, 0.99 * tendon.slack_length_m).any()
    np.testing.assert_allclose(tendon.slack_length_m * 1.049, mechanics.tendon_length_m(muscles))


def test_energy_is_the_integral_of_force(tendon):
    strain = np.linspace(0.0, 0.06, 4001)[:, None]
    length = tendon.slack_length_m * (1.0 + strain)
    force = series_elastic.tendon_force_n(tendon, length)
    area = np.trapezoid(force, length, axis=0)
    np.testing.assert_allclose(series_elastic.tendon_energy_j(tendon, force[-1]), area, rtol=1e-4)
    assert not series_elastic.tendon_energy_j(tendon, 0.0 * force[-1]).any()


def test_the_achilles_tendon_is_as_stiff_as_peoples(tendon):
    """430 (SD 200) N/mm in greatest efforts: Peltonen et al. 2010, J Exp Biol 213:1259-65."""
    stiffness = series_elastic.tendon_stiffness_n_per_m(tendon) / 1e3
    assert 230.0 < stiffness[NAMES.index("SOL_r")] + stiffness[NAMES.index("GAS_r")] < 630.0


@given(st.floats(0.0, 1.3), st.floats(-0.02, 0.02), st.floats(-0.02, 0.02))
def test_the_compiled_step_is_the_reference(active, path_off, fibre_off):
    body = model.load("dynamometer")
    some = [body.muscles.index(name) for name in NAMES]
    muscles = mechanics.MuscleParameters(*(c[some] for c in body.muscle_parameters))
    tendon = series_elastic.tendon(muscles)
    path = optimal_path_m(muscles) + path_off
    fibre = mechanics.optimal_length_m(muscles) + fibre_off
    drive = np.full(len(NAMES), active)
    wanted = series_elastic.step(muscles, tendon, fibre, drive, path, 0.002)
    found = series_elastic.advance(muscles, tendon, fibre, drive, path, path, 0.002, 1)
    np.testing.assert_allclose(found, wanted, atol=1e-12)
    speed = (fibre - found) / 0.002 / mechanics.optimal_length_m(muscles)
    assert np.all(speed <= muscles.vmax * (1.0 + 1e-9))


def test_forces_are_in_equilibrium(muscles, tendon):
    path, active = optimal_path_m(muscles) + 0.004, np.full(len(NAMES), 0.7)
    fibre = series_elastic.at_rest(muscles, tendon, path)
    for _ in range(600):
        fibre = still(muscles, tendon, fibre, active, path, 0.002)
    pulled = series_elastic.tendon_force_n(tendon, path - fibre)
    held = series_elastic.fibre_force_n(muscles, active, fibre, np.zeros_like(fibre))
    np.testing.assert_allclose(pulled, held, rtol=1e-6)


def test_it_converges_with_the_step(muscles, tendon):
    """First order: half the step, half the error; and within 0.5 % of F0 as it is used."""
    exact = moved(muscles, tendon, 0.002, 64)
    errors = [
        np.abs(moved(muscles, tendon, 0.002, n) - exact)[5:].max(axis=0) / muscles.max_force_n
        for n in (1, 2, 4, 8)
    ]
    assert np.all(errors[1] < 0.62 * errors[0]) and np.all(errors[2] < 0.62 * errors[1])
    assert series_elastic.SUBSTEPS == 8
    assert errors[3].max() < 0.005


def test_a_small_stretch_decays_as_the_linear_solution_says(muscles, tendon):
    """Tendon stiffness k against the slope b of force over fibre velocity (2 F0 / (vmax Lopt) at
    v = 0 in MuJoCo's curve): after a small stretch force decays at the rate k/b."""
    path, active = optimal_path_m(muscles) - 1e-4, np.ones(len(NAMES))
    fibre = mechanics.optimal_length_m(muscles)
    for _ in range(4000):
        fibre = still(muscles, tendon, fibre, active, path, 0.001)
    steady = series_elastic.tendon_force_n(tendon, path - fibre)
    dt_s, path = 2e-5, path + 1e-5
    excess = []
    for _ in range(1500):
        fibre = still(muscles, tendon, fibre, active, path, dt_s)
        excess.append(series_elastic.tendon_force_n(tendon, path - fibre) - steady)
    excess = np.array(excess)
    stiffness = series_elastic.tendon_stiffness_n_per_m(tendon)
    slope = 2.0 * muscles.max_force_n / (muscles.vmax * mechanics.optimal_length_m(muscles))
    np.testing.assert_allclose(excess[0], 1e-5 * stiffness, rtol=0.05)
    for m in range(len(NAMES)):
        last = int(np.clip(slope[m] / stiffness[m] / dt_s, 2, 1499))
        rate = np.log(excess[0, m] / excess[last, m]) / (last * dt_s)
        assert rate == pytest.approx(stiffness[m] / slope[m], rel=0.1), NAMES[m]


def test_a_stiff_tendon_is_the_rigid_one(muscles):
    stiff = series_elastic.tendon(muscles, 1e-4)
    exact = -mechanics.gain(muscles, optimal_path_m(muscles), np.zeros(len(NAMES)))
    path, active = optimal_path_m(muscles), np.ones(len(NAMES))
    fibre = mechanics.optimal_length_m(muscles)
    for _ in range(50):
        fibre = still(muscles, stiff, fibre, active, path, 0.002)
    force = series_elastic.tendon_force_n(stiff, path - fibre)
    np.testing.assert_allclose(force, exact, rtol=5e-3)


@pytest.mark.parametrize("strain", [0.0, -0.1, 0.5])
def test_a_wrong_strain_is_named(muscles, strain):
    with pytest.raises(ValueError, match=f"strain_at_f0={strain}"):
        series_elastic.tendon(muscles, strain)
