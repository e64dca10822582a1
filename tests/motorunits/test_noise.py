"""Counter-based noise: its laws, its independence of shape, and the kernel's copy of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocoord import noise
from neurocoord.motorunits import compiled

WORD = st.integers(0, 2**64 - 1)


@given(WORD, st.integers(0, 9), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_the_kernel_draws_the_same_bits(seed, stream, unit, count) -> None:
    key = noise.stream_key(np.uint64(seed), stream)
    assert compiled.stream_key(np.uint64(seed), np.uint64(stream)) == key
    bits = noise.draw(key, unit, count)
    assert compiled.draw(np.uint64(key), unit, count) == bits
    assert compiled.bell(np.uint64(bits)) == noise.bell(bits)
    table = np.linspace(-3.0, 5.0, 65) ** 3
    assert compiled.lookup(table, np.uint64(bits)) == noise.lookup(table, noise.uniform(bits))


def test_a_draw_depends_on_its_counter_alone() -> None:
    key = noise.stream_key(3, noise.THRESHOLD)
    many = noise.draw(key, np.arange(50)[:, None], np.arange(40))
    assert many[7, 31] == noise.draw(key, 7, 31)
    assert np.unique(many).size == many.size


def test_laws() -> None:
    bits = noise.draw(
        noise.stream_key(1, noise.THRESHOLD), np.arange(300)[:, None], np.arange(1000)
    )
    u, g, d = noise.uniform(bits), noise.bell(bits), noise.small_integer(bits, 4)
    assert u.min() >= 0 and u.max() < 1
    assert np.allclose([u.mean(), u.var() * 12], [0.5, 1.0], atol=0.005)
    assert np.allclose([g.mean(), g.var()], [0.0, 1.0], atol=0.01)
    assert np.allclose(np.bincount(d.ravel()) / d.size, 0.25, atol=0.005)
    by_integer = [u[d == k].mean() for k in range(4)]
    assert np.allclose(by_integer, 0.5, atol=0.01)  # the two parts of a draw are independent
    for a, b in ((u[1:], u[:-1]), (u[:, 1:], u[:, :-1])):
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.01


def test_env_seeds() -> None:
    one, three = noise.env_seeds(5, 1), noise.env_seeds(5, 3)
    assert one[0] == three[0] and np.unique(three).size == 3
    assert np.array_equal(noise.env_seeds([4, 9], 2), np.array([4, 9], np.uint64))


@pytest.mark.parametrize(("seed", "n_env"), [(-1, 1), (1.5, 1), ([1, 2], 3), (1, 0), ("a", 1)])
def test_bad_seeds_are_named(seed, n_env) -> None:
    with pytest.raises(ValueError, match=r"seed|n_env"):
        noise.env_seeds(seed, n_env)
