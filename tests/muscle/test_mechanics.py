"""The muscle surface is MuJoCo's, degenerate shapes included."""

import mujoco
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocoord.muscle import mechanics


def mujoco_force(params, length_m, velocity, m=0):
    """(gain, bias) of muscle m from MuJoCo itself."""
    prm = np.array(
        [
            params.range_low[m], params.range_high[m], params.max_force_n[m], 200.0,
            params.lmin[m], params.lmax[m], params.vmax[m], params.fpmax[m], params.fvmax[m],
        ]
    )  # fmt: skip
    span = np.array([params.length_range_low_m[m], params.length_range_high_m[m]])
    return (
        mujoco.mju_muscleGain(length_m, velocity, span, 1.0, prm),
        mujoco.mju_muscleBias(length_m, span, 1.0, prm),
    )


def finite(low, high):
    return st.floats(low, high, allow_nan=False, allow_subnormal=False)


@settings(max_examples=600, deadline=None)
@given(
    low=finite(0.01, 0.5),
    span=st.one_of(st.just(0.0), finite(0.01, 0.5)),
    range_low=st.one_of(st.just(0.5), finite(0.2, 1.0)),
    range_span=st.one_of(st.just(0.0), st.just(1.0), finite(0.1, 1.5)),
    force=finite(1.0, 5000.0),
    lmin=st.one_of(st.just(1.0), st.just(1.2), finite(0.0, 1.0)),
    lmax=st.one_of(st.just(1.0), st.just(0.9), finite(1.0, 2.5)),
    vmax=st.one_of(st.just(0.0), finite(0.5, 20.0)),
    fpmax=finite(0.0, 3.0),
    fvmax=st.one_of(st.just(1.0), st.just(0.9), finite(1.0, 2.0)),
    where=st.one_of(finite(-0.6, 2.0), st.sampled_from([0.0, 0.5, 1.0])),
    velocity=st.one_of(st.just(0.0), finite(-20.0, 20.0)),
)
def test_gain_and_bias_are_those_of_mujoco(
    low, span, range_low, range_span, force, lmin, lmax, vmax, fpmax, fvmax, where, velocity
):
    params = mechanics.muscle_parameters(
        low, low + span, force, range_low=range_low, range_high=range_low + range_span,
        lmin=lmin, lmax=lmax, vmax=vmax, fpmax=fpmax, fvmax=fvmax,
    )  # fmt: skip
    length_m = low + where * span
    gain, bias = mujoco_force(params, length_m, velocity * span)
    got_gain = mechanics.gain(params, [length_m], [velocity * span])[0]
    got_bias = mechanics.bias(params, [length_m])[0]
    np.testing.assert_allclose(got_gain, gain, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(got_bias, bias, rtol=1e-9, atol=1e-9)


SHAPES = {
    "the package's defaults": {},
    "none of them": {
        "range_low": 0.62, "range_high": 1.38, "lmin": 0.42, "lmax": 1.55, "vmax": 6.5,
        "fpmax": 1.7, "fvmax": 1.55,
    },
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_the_whole_range_is_that_of_the_engine(shape):
    """Every length from slack to beyond the end, every velocity to beyond the ends, in mj_forward.

    A muscle alone on a slider: `actuator_force` itself, not the functions it calls.
    """
    p = mechanics.muscle_parameters(0.2, 0.5, 730.0, **SHAPES[shape])
    prm = (p.range_low, p.range_high, p.max_force_n, 200, p.lmin, p.lmax, p.vmax, p.fpmax, p.fvmax)
    numbers = " ".join(f"{float(np.squeeze(x)):.17g}" for x in prm)
    model = mujoco.MjModel.from_xml_string(f"""
        <mujoco><option gravity="0 0 0"/><worldbody><site name="a" pos="-1 0 0"/><body>
        <joint name="slide" type="slide" axis="1 0 0"/><geom size="0.01" mass="1"/><site name="b"/>
        </body></worldbody><tendon><spatial name="t"><site site="a"/><site site="b"/></spatial>
        </tendon><actuator><general tendon="t" gaintype="muscle" biastype="muscle" dyntype="none"
        lengthrange="0.2 0.5" gainprm="{numbers}" biasprm="{numbers}"/></actuator></mujoco>""")
    data = mujoco.MjData(model)
    best = float(mechanics.optimal_length_m(p)[0])
    slack = float(mechanics.tendon_length_m(p)[0])
    worst, seen = 0.0, set()
    for x in np.linspace(0.2, 2.0, 61):
        for v in np.linspace(-1.4, 1.4, 29):
            length, velocity = slack + x * best, v * best * float(p.vmax[0])
            for active in (0.0, 0.37, 1.25):
                data.qpos[0], data.qvel[0], data.ctrl[0] = length - 1.0, velocity, active
                mujoco.mj_forward(model, data)
                ours = mechanics.gain(p, [length], [velocity])[0] * active
                ours = ours + mechanics.bias(p, [length])[0]
                worst = max(worst, abs(ours - data.actuator_force[0]))
            seen.add((ours < -1.0, x > 1.0))
    assert worst < 1e-9 * 730.0
    assert len(seen) >= 3  # slack and pull, either side of optimal length


@pytest.fixture(scope="module")
def three():
    return mechanics.muscle_parameters(
        [0.1, 0.2, 0.3], [0.2, 0.5, 0.35], [100.0, 900.0, 2500.0], range_low=[0.5, 0.7, 0.4]
    )


def test_a_batch_is_muscle_by_muscle_that_of_mujoco(three):
    rng = np.random.default_rng(0)
    length_m = rng.uniform(0.0, 0.6, (40, 5, 3))
    velocity = rng.uniform(-3.0, 3.0, (40, 5, 3))
    gain = mechanics.gain(three, length_m, velocity)
    bias = mechanics.bias(three, length_m)
    for index in np.ndindex(length_m.shape):
        expected = mujoco_force(three, length_m[index], velocity[index], index[-1])
        np.testing.assert_allclose((gain[index], bias[index]), expected, rtol=1e-9, atol=1e-9)


def test_gain_is_the_product_of_the_curves(three):
    rng = np.random.default_rng(1)
    length_m, velocity = rng.uniform(0.1, 0.5, (20, 3)), rng.uniform(-2.0, 2.0, (20, 3))
    x = mechanics.normalised_length(three, length_m)
    v = mechanics.normalised_velocity(three, velocity)
    active = mechanics.active_force_length(x, three.lmin, three.lmax)
    active = active * mechanics.force_velocity(v, three.fvmax)
    passive = mechanics.passive_force_length(x, three.lmax, three.fpmax)
    np.testing.assert_allclose(
        mechanics.gain(three, length_m, velocity), -three.max_force_n * active, rtol=1e-12
    )
    np.testing.assert_allclose(
        mechanics.bias(three, length_m), -three.max_force_n * passive, rtol=1e-12
    )


def test_range_maps_to_range(three):
    low = mechanics.normalised_length(three, three.length_range_low_m)
    high = mechanics.normalised_length(three, three.length_range_high_m)
    np.testing.assert_allclose(low, three.range_low)
    np.testing.assert_allclose(high, three.range_high)
    best = mechanics.tendon_length_m(three) + mechanics.optimal_length_m(three)
    np.testing.assert_allclose(mechanics.gain(three, best, np.zeros(3)), -three.max_force_n)


def test_wrong_shapes_are_named(three):
    with pytest.raises(ValueError, match="length_m has shape"):
        mechanics.gain(three, np.zeros((2, 4)), np.zeros((2, 4)))
    with pytest.raises(ValueError, match="velocity_m_per_s has shape"):
        mechanics.gain(three, np.zeros((2, 3)), np.zeros(3))
    with pytest.raises(ValueError, match="max_force_n must be finite"):
        mechanics.muscle_parameters(0.1, 0.2, np.nan)
