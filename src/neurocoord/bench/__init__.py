"""Speed and size of the motor units and of the body, measured on this machine: `neurocoord bench`.

Every figure is the median of repeats, from one process on one core. Nothing here is a test: what a
machine can do is told, not judged, and `met` compares with the target the project set itself. Units
that stay silent are counted as updated, as in every such figure: their state is advanced too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocoord import settings, synchrony
from neurocoord.bench.rows import Row as Row
from neurocoord.bench.rows import Size as Size
from neurocoord.bench.rows import at_least as _at_least
from neurocoord.bench.rows import at_most as _at_most
from neurocoord.motorunits import counts, fatigue, kernel, published
from neurocoord.motorunits.parameters import PoolParameters, concat, n_muscles, n_units
from neurocoord.threads import ONE_THREAD

F64 = NDArray[np.float64]

DRIVES = (0.05, 0.2, 0.4, 0.6, 1.0)  # mean over the muscles
USUAL_DRIVE = 0.2  # at which targets are set and peers measured
TICKS_A_CALL = 10  # that one call advances (choice); a block of the closed loop has 4
TICK_S = kernel.TICK_S
STRENGTH = 0.6  # of the strategies other than `independent` (choice)
PEER, PEER_TARGET = "pymuscle", 200.0

# What advancing one unit by one tick reads and writes: bytes of state and constants, from the
# arrays the compiled step touches for a unit that is on; and arithmetic operations on them.
READ = (
    "phase", "threshold", "twitch_1", "twitch_2", "recruitment_threshold", "minimum_rate_hz",
    "rate_gain_hz", "peak_rate_hz", "tick_decay",
)  # fmt: skip
WRITTEN = ("phase", "twitch_1", "twitch_2")
OPERATIONS = 14  # rate 6, phase 2, two comparisons, twitch 4


def run(
    only: Sequence[str] | None = None,
    *,
    size: Size | None = None,
    on_done: Callable[[str, list[Row]], None] | None = None,
) -> list[Row]:
    """Rows of the groups in `only` (all by default); `on_done` gets each group's as they come.

    Raises ValueError for an unknown group, with the nearest.
    """
    rows: list[Row] = []
    for name in chosen(only):
        found = GROUPS[name](size or Size())
        rows += found
        if on_done is not None:
            on_done(name, found)
    return rows


def chosen(only: Sequence[str] | None = None) -> tuple[str, ...]:
    """The groups named in `only`, in the order of `GROUPS`; all of them for None."""
    return settings.chosen("only", only, GROUPS, "group")


# ---- what is run ----


def usual_pools(size: Size) -> PoolParameters:
    """The pool that PyMuscle too has, once for each muscle: fatigue, slowing and adaptation on."""
    return concat([published.potvin_fuglevand_2017(size.n_units)] * size.n_muscles)


def body_pools(size: Size) -> PoolParameters:
    """Pools of the whole body, both sides, each muscle with its own number of units, fatigue on;
    small ones where the whole body is not asked for."""
    names = [f"{name}{side}" for name in counts.table() for side in counts.SIDES]
    n = counts.unit_counts(names) if size.whole_body else np.full(size.n_muscles, size.n_units)
    share = counts.type1_share(names) if size.whole_body else 0.5
    rates = np.concatenate([fatigue.fatigue_rate_per_s(int(count)) for count in n])
    return published.body_pools(
        n, share, fatigue_rate_per_s=rates, slowing=fatigue.SLOWING, adaptation_share=0.3
    )


def spread_drive(mean: float, n: int) -> F64:
    """Drives of `n` muscles spread evenly about their mean, by half of it where there is room."""
    return mean + min(0.5 * mean, 1.0 - mean) * np.linspace(-1.0, 1.0, n)


def stepper(
    params: PoolParameters, strategy: str, mean_drive: float, size: Size, **keywords: Any
) -> Callable[[], float]:
    """A function that runs `size.seconds` of settled pools and gives the time of one call.

    A call is one `kernel.advance` of `TICKS_A_CALL` ticks; `keywords` are passed on to it.
    """
    coupling = synchrony.strategy(strategy)(params, strength=STRENGTH)
    drive = np.empty((1, TICKS_A_CALL, n_muscles(params)))
    drive[:] = spread_drive(mean_drive, n_muscles(params))
    state = kernel.init(params, 1, seed=0)
    n_calls = max(1, round(size.seconds / (TICKS_A_CALL * TICK_S)))

    def calls() -> float:
        start = time.perf_counter()
        for _ in range(n_calls):
            kernel.advance(params, coupling, state, drive, out=state, **keywords)
        return (time.perf_counter() - start) / n_calls

    calls()
    return calls


def seconds_a_call(
    params: PoolParameters, strategy: str, mean_drive: float, size: Size, **keywords: Any
) -> float:
    """Median time of one call; see `stepper`."""
    calls = stepper(params, strategy, mean_drive, size, **keywords)
    return float(np.median([calls() for _ in range(size.repeats)]))


def updates_per_second(params: PoolParameters, strategy: str, drive: float, size: Size) -> float:
    """Units times ticks per second of time, silent units counted."""
    return n_units(params) * TICKS_A_CALL / seconds_a_call(params, strategy, drive, size)


# ---- groups ----


def throughput(size: Size) -> list[Row]:
    """Unit-updates per second over the range of drive, and under each strategy."""
    params = usual_pools(size)
    what = f"{size.n_muscles} muscles x {size.n_units} units, {TICKS_A_CALL} ticks a call, "
    what += "spikes drawn, fatigue on"
    rows = []
    for drive in DRIVES:
        value = updates_per_second(params, "independent", drive, size) / 1e6
        target = 450.0 if drive == USUAL_DRIVE else None
        name = f"unit-updates, {100 * drive:.0f} % mean drive"
        rows.append(_at_least(name, value, "million/s", target, what))
    params = body_pools(size._replace(whole_body=False))
    for strategy in sorted(synchrony.STRATEGIES):
        value = updates_per_second(params, strategy, USUAL_DRIVE, size) / 1e6
        name = f"unit-updates, {100 * USUAL_DRIVE:.0f} %, body's pools, {strategy}"
        rows.append(Row(name, value, "million/s", note="slow drive noise and beta rhythm too"))
    return rows


def peers(size: Size) -> list[Row]:
    """The same with PyMuscle, in turns with ours, and how many times faster ours is."""
    name, over = f"unit-updates of PyMuscle, {100 * USUAL_DRIVE:.0f} %", "ours over PyMuscle"
    try:
        peer = import_module(PEER)
    except ImportError:
        why = "not installed: pip install 'neurocoord[peers]'"
        return [
            Row(name, None, "million/s", note=why),
            Row(over, None, "x", PEER_TARGET, note=why),
        ]
    muscles = [peer.PotvinFuglevandMuscle(size.n_units) for _ in range(size.n_muscles)]
    drives = spread_drive(USUAL_DRIVE, size.n_muscles)

    def step() -> float:
        start = time.perf_counter()
        for muscle, drive in zip(muscles, drives):
            muscle.step(float(drive * muscle.max_excitation), TICK_S)
        return time.perf_counter() - start

    ours = stepper(usual_pools(size), "independent", USUAL_DRIVE, size)
    step()
    # In turns, so that what else the machine does meanwhile slows both alike.
    turns = [(step(), ours() / TICKS_A_CALL) for _ in range(5 * size.repeats)]
    theirs, mine = np.array(turns).T
    n = size.n_muscles * size.n_units
    note = f"version {metadata.version(PEER)}: rates without spikes, fatigue on, 1 ms a step"
    return [
        Row(name, float(n / np.median(theirs) / 1e6), "million/s", note=note),
        _at_least(over, float(np.median(theirs / mine)), "x", PEER_TARGET, "aim 300"),
    ]


def one_to_one(size: Size) -> list[Row]:
    """Every muscle of the body with its own number of units: speed and memory."""
    told = _fresh(f"from neurocoord import bench; bench._one_to_one_child({tuple(size)})")
    what = f"{told['muscles']} muscles, {told['units']} units, {TICKS_A_CALL} ticks a call"
    rows = []
    for drive, factor in zip(DRIVES, told["real_time"]):
        target = 5.0 if drive == USUAL_DRIVE else None
        name = f"real time, one-to-one counts, {100 * drive:.0f} %"
        rows.append(_at_least(name, factor, "x", target, what))
    memory = told["peak_mb"]
    met = None if memory is None else memory < 400.0
    note = "peak of the process, Python and compiler included"
    return [*rows, Row("resident memory, one-to-one counts", memory, "MB", 400.0, met, note)]


def threads(size: Size) -> list[Row]:
    """Two threads against one, at one-to-one counts."""
    name, target = "two threads over one", 1.8
    if (os.cpu_count() or 1) < 2:
        return [Row(name, None, "x", target, None, "this machine has one core")]
    params = body_pools(size)
    one, two = (
        seconds_a_call(params, "independent", USUAL_DRIVE, size, n_threads=n) for n in (1, 2)
    )
    return [_at_least(name, one / two, "x", target, f"{n_units(params)} units")]


def startup(size: Size) -> list[Row]:
    """First compile, the same from the cache, and what importing costs; each in new processes."""
    step = (
        "import time; start = time.perf_counter()\n"
        "import json, numpy as np\n"
        "from neurocoord import synchrony\n"
        "from neurocoord.motorunits import kernel, published\n"
        "pool = published.fuglevand_1993(10); loaded = time.perf_counter()\n"
        "kernel.advance(pool, synchrony.strategy('independent')(pool), kernel.init(pool),"
        " np.full((1, 10, 1), 0.5))\n"
        "done = time.perf_counter()\n"
        "print(json.dumps({'load_s': loaded - start, 'step_s': done - loaded}))"
    )
    package = (
        "import time, json; start = time.perf_counter(); import neurocoord\n"
        "print(json.dumps({'s': time.perf_counter() - start}))"
    )
    with tempfile.TemporaryDirectory() as folder:
        first = _fresh(step, NUMBA_CACHE_DIR=folder)
        again = [_fresh(step, NUMBA_CACHE_DIR=folder) for _ in range(size.fresh_processes)]
    imported = [_fresh(package)["s"] for _ in range(size.fresh_processes)]
    cached = [told["step_s"] for told in again]
    loading = [told["load_s"] for told in again]
    return [
        _at_most("first compile of the step", first["step_s"], "s", 20.0, "empty cache"),
        Row("first call from the cache", float(np.median(cached)), "s"),
        Row("import of the motor-unit layer", float(np.median(loading)), "s", note="with numba"),
        _at_most("import neurocoord", float(np.median(imported)), "s", 0.5),
    ]


def machine(size: Size) -> list[Row]:
    """How near the step is to what one core can do."""
    params = usual_pools(size)
    n_bytes = bytes_per_update(params)
    speed = updates_per_second(params, "independent", 1.0, size)
    near = _copy_bytes_per_second(n_bytes * n_units(params) // 2, size.repeats)
    far = _copy_bytes_per_second(1 << 27, size.repeats)
    flops = _flops(size.repeats)
    note = "at 100 % drive, where every unit is on"
    return [
        Row("bytes per unit-update", n_bytes, "B", note="read and written"),
        Row("operations per unit-update", OPERATIONS, "1", note="without those of a spike"),
        Row("copying, data of the size of the state", near / 1e9, "GB/s"),
        Row("copying, data in memory", far / 1e9, "GB/s"),
        Row("floating point, matrix product", flops / 1e9, "Gflop/s"),
        Row("bytes moved over what copying reaches", speed * n_bytes / near, "1", note=note),
        Row("operations over what the core reaches", speed * OPERATIONS / flops, "1", note=note),
    ]


def physics(size: Size) -> list[Row]:
    """Steps of the body lying on the floor, and those of other people's bodies."""
    from neurocoord.bench import bodies  # MuJoCo is loaded only for this

    return bodies.rows(size)


def loop(size: Size) -> list[Row]:
    """The closed loop: bodies with their motor units, by actions and by the controller."""
    from neurocoord.bench import closed_loop  # MuJoCo is loaded only for this

    return closed_loop.rows(size)


GROUPS: dict[str, Callable[[Size], list[Row]]] = {
    "throughput": throughput,
    "peers": peers,
    "one_to_one": one_to_one,
    "threads": threads,
    "startup": startup,
    "machine": machine,
    "physics": physics,
    "loop": loop,
}


# ---- parts ----


def bytes_per_update(params: PoolParameters) -> int:
    """Bytes that advancing one unit by one tick reads and writes."""
    state = kernel.init(params, 1, seed=0)

    def size_of(name: str) -> int:
        for record in (state, params, params.rested):
            if hasattr(record, name):
                return int(getattr(record, name).dtype.itemsize)
        raise AttributeError(name)

    return sum(map(size_of, READ)) + sum(map(size_of, WRITTEN))


def _one_to_one_child(size: Sequence[Any]) -> None:
    """Measure the whole body in this process and print it; see `one_to_one`."""
    params = body_pools(Size(*size))
    block_s = TICKS_A_CALL * TICK_S
    factors = [block_s / seconds_a_call(params, "independent", d, Size(*size)) for d in DRIVES]
    answer = {"muscles": n_muscles(params), "units": n_units(params), "real_time": factors}
    print(json.dumps({**answer, "peak_mb": _peak_mb()}))


def _peak_mb() -> float | None:
    """Largest resident memory of this process so far; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS, else KiB
    return used / (1e6 if sys.platform == "darwin" else 1e6 / 1024)


def _fresh(code: str, **environment: str) -> dict[str, Any]:
    """What a new Python process prints as JSON; a RuntimeError with its complaint if it fails."""
    path = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, **ONE_THREAD, "PYTHONPATH": path, **environment},
    )
    if done.returncode:
        raise RuntimeError(f"a process that should be timed failed: {done.stderr.strip()[-400:]}")
    return dict(json.loads(done.stdout))


def _copy_bytes_per_second(n_bytes: int, repeats: int) -> float:
    """Bytes read and written per second by copying an array of `n_bytes`."""
    source = np.ones(max(1, n_bytes // 8))
    target = np.empty_like(source)
    n = max(1, (1 << 26) // source.nbytes)
    spent = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        for _ in range(n):
            np.copyto(target, source)
        spent.append((time.perf_counter() - start) / n)
    return 2 * source.nbytes / float(np.median(spent[1:]))


def _flops(repeats: int, n: int = 512) -> float:
    """Multiplications and additions per second in a product of two n x n matrices."""
    a, b, out = np.ones((n, n)), np.ones((n, n)), np.empty((n, n))
    spent = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        np.matmul(a, b, out=out)
        spent.append(time.perf_counter() - start)
    return 2.0 * n**3 / float(np.median(spent[1:]))
