"""Does a movement hold on every seed, under every strategy? Counts falls and rolls that fail.

    python experiments/every_seed.py --only crawl_0.5 --seeds 20 --workers 2 --out seeds.csv

One line of the file is one trial. A killed run goes on from its file: a trial that stands there is
not done again. docs/every_seed.md tells what was found so far.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from statistics import median

from neurocoord import trial
from neurocoord.body.ground import Ground
from neurocoord.cli.given import names as list_of
from neurocoord.results import atomic_path
from neurocoord.settings import unknown
from neurocoord.synchrony import STRATEGIES
from neurocoord.tasks import balance, crawl, roll
from neurocoord.tasks.protocol import Push
from neurocoord.trial import Synchrony, TrialConfig

SIDE_PUSH = Push(body="thorax", start_s=3.0, duration_s=0.1, force_n=(0.0, 300.0, 0.0))  # 30 N s


def _crawl(speed: float, seconds: float = 10.0, movement: str = "", **more: object) -> TrialConfig:
    settings = crawl.Settings(speed_m_per_s=speed, movement=movement)
    return replace(TrialConfig(task="crawl", seconds=seconds, settings=settings), **more)


def _roll(**settings: object) -> TrialConfig:
    return TrialConfig(task="roll", seconds=5.0, settings=roll.Settings(**settings))


def _roll_on(side: str, seconds: float, times: int = 1) -> TrialConfig:
    """A roll, then ``times`` a whole turn on along the floor."""
    turn = ("roll_prone_arms_overhead", "roll_leg_led_arms_overhead")
    settings = roll.Settings(side=side, movement="roll_arm_led_arms_overhead", then=turn * times)
    return TrialConfig(task="roll", seconds=seconds, settings=settings)


def _hold(posture: str) -> TrialConfig:
    return TrialConfig(task="balance", seconds=12.5, settings=balance.Settings(posture=posture))


CONDITIONS = {
    **{f"crawl_{v:g}": _crawl(v) for v in (0.1, 0.2, 0.3, 0.4, 0.6, 0.7, -0.1, -0.2)},
    "crawl_0.5": _crawl(0.5, 60.0),
    "firm_0.5": _crawl(0.5, 20.0, ground=Ground(impratio=10.0)),
    **{f"four_beat_{v:g}": _crawl(v, movement="crawl_four_beat") for v in (0.1, 0.15, 0.2, 0.25)},
    **{f"pace_like_{v:g}": _crawl(v, movement="crawl_pace_like") for v in (0.1, 0.15, 0.2)},
    "pace_like_on": _crawl(0.15, 30.0, movement="crawl_pace_like"),
    "goal_left": TrialConfig(
        task="crawl", seconds=15.0, settings=crawl.Settings(goal_m=(2.5, 2.0))
    ),
    "goal_right": TrialConfig(
        task="crawl", seconds=15.0, settings=crawl.Settings(goal_m=(2.5, -2.0))
    ),
    "bumps": _crawl(0.4, ground=Ground(bump_m=0.02)),
    "uphill": _crawl(0.4, ground=Ground(uphill_deg=10.0)),
    "downhill": _crawl(0.4, ground=Ground(uphill_deg=-10.0)),
    "slippery": _crawl(0.4, ground=Ground(friction=0.4)),
    "sticky": _crawl(0.4, ground=Ground(friction=1.2)),
    "push_left": _crawl(0.4, pushes=(SIDE_PUSH,)),
    "push_right": _crawl(0.4, pushes=(replace(SIDE_PUSH, force_n=(0.0, -300.0, 0.0)),)),
    **{  # at other moments of the cycle, which lasts 1.1 s
        f"push_{side}_{start:g}": _crawl(
            0.4, pushes=(replace(SIDE_PUSH, start_s=start, force_n=(0.0, force, 0.0)),)
        )
        for side, force in (("left", 300.0), ("right", -300.0))
        for start in (3.2, 3.4, 3.6, 3.8)
    },
    "push_ahead": _crawl(0.4, pushes=(replace(SIDE_PUSH, force_n=(300.0, 0.0, 0.0)),)),
    "push_back": _crawl(0.4, pushes=(replace(SIDE_PUSH, force_n=(-300.0, 0.0, 0.0)),)),
    "weak": _crawl(0.4, strength=0.8),
    "strong": _crawl(0.4, strength=1.25),
    "roll_left": _roll(side="left"),
    "roll_right": _roll(side="right"),
    **{
        f"{name}_{side}": _roll(side=side, movement=name)
        for name in ("roll_log", "roll_arm_led")
        for side in ("left", "right")
    },
    "roll_back_left": _roll(side="left", movement="roll_prone_to_supine"),
    "roll_back_right": _roll(side="right", movement="roll_prone_to_supine"),
    "roll_on_left": _roll_on("left", 15.0),
    "roll_on_right": _roll_on("right", 15.0),
    "roll_on_five": _roll_on("left", 25.0, times=2),
    "hands_knees": _hold("hands_knees"),
    "kneel_tall": _hold("kneel_tall"),
    "bird_dog": _hold("bird_dog"),
    "bird_dog_firm": replace(_hold("bird_dog"), ground=Ground(impratio=10.0)),
}
VALUE = {"crawl": "speed_m_per_s", "roll": "roll_time_s", "balance": "sway_m"}
CLEAN = (  # how cleanly a crawl steps
    "stance_slip_hand_cm",
    "stance_slip_knee_cm",
    "stance_net_slip_hand_cm",
    "stance_net_slip_knee_cm",
    "swing_clearance_hand_m",
    "swing_clearance_knee_m",
    "swing_touch_share",
    "other_contact_share",
)
COLUMNS = ("condition", "strategy", "seed", "ok", "value", *CLEAN)


@dataclass(frozen=True, kw_only=True)
class Config:
    """Which trials; of ``seeds`` seeds the first is ``first``."""

    only: tuple[str, ...] = tuple(CONDITIONS)
    strategies: tuple[str, ...] = tuple(STRATEGIES)
    seeds: int = 20
    first: int = 0
    units: int = 120
    body: str | None = None
    workers: int = 1
    out: Path = field(default_factory=lambda: Path("every_seed.csv"))


def done(config: TrialConfig) -> tuple[bool, list[float]]:
    """Whether a trial went well; its speed, duration or sway, and of a crawl what is in CLEAN."""
    found = trial.run(config)
    if config.task == "crawl":
        well = not found.fell and (config.settings.goal_m is None or found.ended == "done")
    else:
        well = bool(found.measures["rolled" if config.task == "roll" else "held"])
    clean = CLEAN if config.task == "crawl" else ()
    return well, [float(found.measures[name]) for name in (VALUE[config.task], *clean)]


def jobs(config: Config) -> Iterator[tuple[tuple[str, str, str], TrialConfig]]:
    """Key (condition, strategy, seed) and config of every trial."""
    for name in config.only:
        if name not in CONDITIONS:
            raise ValueError(unknown("condition", name, CONDITIONS))
        for seed in range(config.first, config.first + config.seeds):
            for strategy in config.strategies:
                asked = CONDITIONS[name]
                yield (
                    (name, strategy, str(seed)),
                    replace(
                        asked,
                        seed=seed,
                        body=config.body,
                        synchrony=Synchrony(strategy=strategy),
                        pools=replace(asked.pools, n_units=config.units),
                    ),
                )


def read(path: Path) -> list[dict[str, str]]:
    """The trials that a file holds."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if rows and tuple(rows[0]) != COLUMNS:
        raise ValueError(f"{path} is no file of this experiment; name another --out")
    return rows


def write(path: Path, rows: list[dict[str, str]]) -> None:
    """The whole file, or none."""
    with atomic_path(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def run(config: Config | None = None) -> list[dict[str, str]]:
    """Every trial that the file does not hold yet; returns all its rows."""
    config = config or Config()
    rows = read(config.out)
    there = {(r["condition"], r["strategy"], r["seed"]) for r in rows}
    wanted = [(key, c) for key, c in jobs(config) if key not in there]
    with ProcessPoolExecutor(config.workers, get_context("spawn")) as pool:
        keys = {pool.submit(done, c): key for key, c in wanted}
        for count, job in enumerate(as_completed(keys), 1):
            ok, values = job.result()
            found = (*keys[job], str(int(ok)), *(f"{value:.4g}" for value in values))
            blank = [""] * (len(COLUMNS) - len(found))
            rows.append(dict(zip(COLUMNS, (*found, *blank), strict=True)))
            write(config.out, rows)
            print(f"{count} of {len(wanted)}: {' '.join(found[:5])}", flush=True)
    return rows


def table(rows: list[dict[str, str]]) -> str:
    """How many trials went well, by condition and strategy, as Markdown."""
    strategies = [s for s in STRATEGIES if any(r["strategy"] == s for r in rows)]
    lines = [f"| condition | {' | '.join(strategies)} |", "|---" * (len(strategies) + 1) + "|"]
    for name in CONDITIONS:
        cells = []
        for strategy in strategies:
            ok = [int(r["ok"]) for r in rows if (r["condition"], r["strategy"]) == (name, strategy)]
            cells.append(f"{sum(ok)} of {len(ok)}" if ok else "")
        if any(cells):
            lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def clean_table(rows: list[dict[str, str]]) -> str:
    """How crawls that went well step: median and worst trial of a condition, as Markdown."""
    lines = [f"| condition | {' | '.join(CLEAN)} |", "|---" * (len(CLEAN) + 1) + "|"]
    for condition in CONDITIONS:
        well = [r for r in rows if r["condition"] == condition and r["ok"] == "1" and r[CLEAN[0]]]
        cells = []
        for name in CLEAN if well else ():
            values = [float(r[name]) for r in well]
            worst = min(values) if "clearance" in name else max(values)
            cells.append(f"{median(values):.2g} ({worst:.2g})")
        if cells:
            lines.append(f"| {condition} | {' | '.join(cells)} |")
    return "\n".join(lines) if len(lines) > 2 else ""


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    names = ", ".join(CONDITIONS)
    parser.add_argument("--only", help=f"conditions, separated by commas: {names}")
    parser.add_argument("--strategies", help="separated by commas")
    parser.add_argument("--seeds", type=int, default=20, help="how many seeds of each")
    parser.add_argument(
        "--first", type=int, default=0, help="the first of the seeds; 0 unless given"
    )
    parser.add_argument("--units", type=int, default=120, help="motor units of each muscle")
    parser.add_argument("--body", help="file that `neurocoord build` wrote")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--out", type=Path, default=Config().out, help="CSV, to write or go on")
    given = vars(parser.parse_args())
    for name in ("only", "strategies"):
        given[name] = list_of(given[name]) or getattr(Config(), name)
    try:
        rows = run(Config(**given))
    except ValueError as failure:
        parser.error(str(failure))
    print(table(rows))
    if clean := clean_table(rows):
        print(f"\nMedian (worst) of the crawls that went well:\n\n{clean}")


if __name__ == "__main__":
    main()
