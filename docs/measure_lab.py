"""Measure the lab: pace and pictures of one body and of ten muscles, memory over a long run.

    python docs/measure_lab.py                          # all, a quarter of an hour
    python docs/measure_lab.py --only body --seconds 20

The server runs in a process of its own, visitors that draw nothing in this one: what is measured
is the server. Prints a line for docs/lab.md each. Linux only (memory and load are read from /proc).
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from lab_visitor import Visitor, wait_for

PORT = 8799
PATIENCE_S = 300.0
TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def server() -> Iterator[int]:
    """A lab in a process of its own; its id."""
    command = [sys.executable, "-m", "neurocoord", "lab", "--no-browser", "--port", str(PORT)]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    for line in running.stderr:
        if "is open at" in line:
            break
    try:
        yield running.pid
    finally:
        running.terminate()
        running.wait()


def rss_mb(pid: int) -> float:
    """Resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024.0  # type: ignore[union-attr]


def cpu_s(pid: int) -> float:
    """Time on the processor so far, of all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


# The page's line about a muscle, and that about a body; both are there, one is seen.
OF_MUSCLE, OF_BODY = r"simulated, .* ([\d.e-]+) x real", r"^\*\*[-\d.]+ s\*\*, ([\d.e-]+) x real"


def pace(visitor: Visitor, line: str) -> float:
    """The pace that the page tells, x real time."""
    for props in list(visitor.props.values()):
        if found := re.search(line, str(props.get("_markdown", ""))):
            return float(found.group(1))
    return float("nan")


def pictures(visitor: Visitor) -> int:
    """Pictures that the page was asked to have seen, so far."""
    return visitor.counts["LocalStorageGetItemRequestMessage"]


def watch(
    visitors: list[Visitor], pid: int, seconds: float, line: str
) -> tuple[list[float], list[float], float]:
    """Paces and pictures per second of visitors, and the server's load (cores), over a while."""
    before, spent, start = [pictures(v) for v in visitors], cpu_s(pid), time.monotonic()
    paces: list[list[float]] = [[] for _ in visitors]
    while time.monotonic() - start < seconds:
        time.sleep(1.0)
        for values, visitor in zip(paces, visitors):
            values.append(pace(visitor, line))
    took = time.monotonic() - start
    rates = [(pictures(v) - b) / took for v, b in zip(visitors, before)]
    means = [sum(values) / len(values) for values in paces]
    return means, rates, (cpu_s(pid) - spent) / took


def body(pid: int, seconds: float) -> str:
    """One crawling body, after its start."""
    one = Visitor(PORT)
    wait_for(lambda: one.shows("real time"), PATIENCE_S)
    one.set(one.find("GuiButtonGroup", "Look at"), "One body")
    wait_for(lambda: one.shows("Over the last 2.0 s"), PATIENCE_S)
    (p,), (rate,), load = watch([one], pid, seconds, OF_BODY)
    one.close()
    return (
        f"one body: {p:.2f} x real time, {rate:.1f} pictures/s, server {load:.2f} cores beside it"
    )


def muscles(pid: int, seconds: float, n: int = 10) -> str:
    """Ten visitors, each with a muscle and its twin."""
    all_ = [Visitor(PORT) for _ in range(n)]
    for one in all_:
        wait_for(lambda one=one: one.shows("real time"), PATIENCE_S)
        one.set(one.find("GuiButtonGroup", "Twin"), "Keep these settings")
        one.set(one.find("GuiDropdown", "Synchrony"), "short term: spikes within milliseconds")
    time.sleep(3.0)
    paces, rates, load = watch(all_, pid, seconds, OF_MUSCLE)
    n_bytes = sum(v.n_bytes for v in all_)
    time.sleep(2.0)
    flow = (sum(v.n_bytes for v in all_) - n_bytes) / 2.0 / n / 1e6
    for one in all_:
        one.close()
    return (
        f"{n} muscles with twins: {min(paces):.2f} to {max(paces):.2f} x real time,"
        f" {min(rates):.1f} to {max(rates):.1f} pictures/s,"
        f" server {load:.2f} cores, {flow:.2f} MB/s each"
    )


def memory(pid: int, seconds: float, pace: float = 20.0) -> str:
    """A muscle at a pace over real time with its twin, fatigue and fast contractions."""
    one = Visitor(PORT)
    wait_for(lambda: one.shows("real time"), PATIENCE_S)
    one.set(one.find("GuiSlider", "Pace"), pace)
    one.set(one.find("GuiCheckbox", "Fatigue"), True)
    one.set(one.find("GuiButtonGroup", "Twin"), "Keep these settings")
    sizes, start = [], time.monotonic()
    while time.monotonic() - start < seconds:
        time.sleep(5.0)
        one.set(one.find("GuiButtonGroup", "Effort"), "Fast contraction")
        sizes.append(rss_mb(pid))
    simulated = next(
        float(found.group(1))
        for props in one.props.values()
        if (found := re.search(r"\*\*([\d.]+) s\*\* simulated", str(props.get("_markdown", ""))))
    )
    one.close()
    warm = sizes[min(5, len(sizes) - 1)]
    return (
        f"memory of the server: {warm:.0f} MB after half a minute, {sizes[-1]:.0f} MB after"
        f" {seconds / 60:.0f} min, {max(sizes):.0f} MB at most ({simulated / 60:.0f} simulated "
        "minutes of one muscle)"
    )


MEASURES: dict[str, Callable[..., str]] = {"body": body, "muscles": muscles, "memory": memory}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=list(MEASURES))
    parser.add_argument("--seconds", type=float, default=30.0, help="of each but memory")
    parser.add_argument("--minutes", type=float, default=10.0, help="of memory")
    parser.add_argument("--pace", type=float, default=20.0, help="of memory's muscle, x real time")
    given: Any = parser.parse_args()
    for name in given.only:
        with server() as pid:
            load = os.getloadavg()[0]
            if name == "memory":
                said = memory(pid, 60.0 * given.minutes, given.pace)
            else:
                said = MEASURES[name](pid, given.seconds)
            print(f"{said} (load before: {load:.1f})", flush=True)


if __name__ == "__main__":
    main()
