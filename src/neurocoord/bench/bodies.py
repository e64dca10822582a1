"""Group `physics`: MuJoCo's step of the body lying on the floor, beside bodies of myo-sim."""

from __future__ import annotations

import warnings
from importlib import import_module, metadata

import numpy as np

from neurocoord.bench.rows import Row, Size, at_least
from neurocoord.body.model import keyframe_qpos, load
from neurocoord.body.pace import Pace, lying, unwarned

OURS = "physics steps, supine"
TARGET = 5000.0  # steps of 2 ms per second: 10 times real time
CONTROL = 0.2  # of every muscle
SETTLE_S = 1.0  # the body comes to rest on the floor, with its contacts
PEER, PEER_EXTRA = "myo_sim", "pip install 'neurocoord[myo]'"
PEERS = {"myolegs": "legs", "myofullbody": "full body"}
PEER_HEIGHT_M = 0.3  # of the root, from which it settles on its own floor


def rows(size: Size) -> list[Row]:
    """Steps per second of each body, in turns, so that what else runs slows all alike."""
    body = load("humanoid")
    supine = keyframe_qpos(body, "supine")
    paces = {OURS: Pace(body.model, supine, control=CONTROL, settle_s=SETTLE_S), **peers()}
    n_steps = max(1, round(size.seconds / body.model.opt.timestep))
    # the first turn warms up
    turns = [[p.steps_per_second(n_steps) for p in paces.values()] for _ in range(size.repeats + 1)]
    found = dict(zip(paces, np.median(turns[1:], axis=0)))
    return [_row(name, paces.get(name), found.get(name)) for name in (OURS, *names())]


def names() -> list[str]:
    """Names of the peers' rows."""
    return [f"physics steps of myo-sim, {what}" for what in PEERS.values()]


def peers() -> dict[str, Pace]:
    """The bodies of myo-sim as they come, lying on their own floor; none where not installed."""
    try:
        peer = import_module(PEER)
    except ImportError:
        return {}
    made = {}
    with unwarned(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, model in zip(names(), PEERS):
            compiled = peer.load_spec(model).compile()
            start = lying(compiled, PEER_HEIGHT_M)
            made[name] = Pace(compiled, start, control=CONTROL, settle_s=SETTLE_S)
    return made


def _row(name: str, pace: Pace | None, value: float | None) -> Row:
    if pace is None or value is None:
        return Row(name, None, "1/s", note=f"not installed: {PEER_EXTRA}")
    if not pace.is_sound():
        return Row(name, None, "1/s", note="MuJoCo warned: the body diverged")
    if name in names():
        note = f"version {metadata.version('myo-sim')}: {pace.describe()}, lying, no motor units"
        return Row(name, float(value), "1/s", note=note)
    return at_least(name, float(value), "1/s", TARGET, f"{pace.describe()}; aim 8000")
