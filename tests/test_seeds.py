"""Named streams: fixed for ever, different for every name, and drawn as if independent."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocoord import seeds

NAMES = st.lists(st.text(max_size=5) | st.integers(), min_size=1, max_size=3)


def test_streams_never_change() -> None:
    """A change here changes every result: it is result-changing and belongs in the changelog."""
    assert seeds.stream(0, "trial") == 4511401286700718368
    assert seeds.stream(7, "trial", "crawl", 3) == 7802218492835922724


def test_the_same_in_another_process() -> None:
    code = "from neurocoord import seeds; print(seeds.stream(3, 'a', 1))"
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(seeds.__file__).parents[1]),
        "PYTHONHASHSEED": "5",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert int(done.stdout) == seeds.stream(3, "a", 1)


@given(st.integers(0, 2**128), NAMES, NAMES)
def test_names_tell_streams_apart(seed: int, first: list, second: list) -> None:
    assert (seeds.stream(seed, *first) == seeds.stream(seed, *second)) == (first == second)
    assert 0 <= seeds.stream(seed, *first) < 2**63


def test_how_names_are_cut_matters() -> None:
    ways = [("ab",), ("a", "b"), ("a", ""), ("1",), (1,), (-1,), ("", "ab"), ("s1:a",)]
    assert len({seeds.stream(0, *way) for way in ways}) == len(ways)


def test_numbered_streams_are_the_named_ones() -> None:
    numbered = seeds.streams(4, "env", n=3)
    assert numbered == [seeds.stream(4, "env", k) for k in range(3)]
    assert len(set(numbered)) == 3


def test_bits_are_even_and_neighbours_unrelated() -> None:
    drawn = np.array([seeds.stream(seed, "x") for seed in range(2000)], dtype=np.uint64)
    bits = (drawn[:, None] >> np.arange(63, dtype=np.uint64)) & np.uint64(1)
    assert np.abs(bits.mean(axis=0) - 0.5).max() < 5 * 0.5 / np.sqrt(2000)
    first = [seeds.generator(seed, "x").standard_normal() for seed in range(2000)]
    assert abs(np.corrcoef(first[:-1], first[1:])[0, 1]) < 5 / np.sqrt(2000)


@pytest.mark.parametrize("seed", [-1, 1.5, "3", None, True])
def test_a_bad_seed_is_refused(seed) -> None:
    with pytest.raises(ValueError, match=r"seed is .*integer of 0 or more"):
        seeds.stream(seed, "x")


def test_a_numpy_integer_is_a_seed() -> None:
    assert seeds.stream(np.int64(7), "x", np.int32(2)) == seeds.stream(7, "x", 2)


def test_a_stream_needs_a_name() -> None:
    with pytest.raises(ValueError, match="names is empty"):
        seeds.stream(1)
