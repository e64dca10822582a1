"""Named streams of one seed, so that each use of chance has its own and none moves another.

A stream is told apart by its names ("trial", "crawl", 3), never by the order of asking, and the
strategy is left out of the names where two strategies are to run on the same noise.
"""

import hashlib
import operator

import numpy as np


def stream(seed: int, *names: str | int) -> int:
    """Seed of a named stream: an integer from 0 to 2**63 - 1, the same on every machine.

    NumPy's SeedSequence mixes `seed` with a hash of the names (SHA-256, because Python's own hash
    of a string differs from process to process).
    """
    sequence = np.random.SeedSequence(_checked(seed), spawn_key=_key(names))
    return int(sequence.generate_state(1, np.uint64)[0] >> np.uint64(1))


def streams(seed: int, *names: str | int, n: int) -> list[int]:
    """Seeds of `n` numbered streams under one name, for instance one for each env."""
    return [stream(seed, *names, index) for index in range(n)]


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """NumPy generator on a named stream."""
    return np.random.default_rng(stream(seed, *names))


def _checked(seed: int) -> int:
    try:
        value = operator.index(seed)
    except TypeError:
        value = -1
    if isinstance(seed, bool) or value < 0:
        raise ValueError(f"seed is {seed!r}; it must be an integer of 0 or more")
    return value


def _key(names: tuple[str | int, ...]) -> tuple[int, ...]:
    """Four 32-bit words of the names' hash; type and length keep ("a", "b") from ("ab",)."""
    if not names:
        raise ValueError("names is empty; a stream needs at least one name")
    text = ""
    for name in names:
        kind, word = ("s", name) if isinstance(name, str) else ("i", str(operator.index(name)))
        text += f"{kind}{len(word)}:{word}"
    digest = hashlib.sha256(text.encode()).digest()
    return tuple(int.from_bytes(digest[4 * i : 4 * i + 4], "little") for i in range(4))
