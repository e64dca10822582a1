"""Which parameters make a movement steady and cheap? A search with CMA-ES (Hansen 2016).

    python experiments/tune_movement.py crawl_hands_knees --minutes 20 --seed 3 --out movement.json
    python experiments/tune_movement.py crawl_hands_knees --strategies beta --speed 0.35 \
        --parameters plan.swing_s,plan.stance_travel_m,gains.effort --out crawl_beta.json

It starts at the movement kept in models/movements. Each candidate does a few trials over a spread
of conditions (how strong the muscles are, how slippery the floor, how fast to crawl), in each
generation on new seeds, with the strategies taken in turn. After each generation the file holds
the mean of the search as a movement that `coordination.library.movement_from` reads; the same
command again goes on from it. In the end mean and best candidate are compared with the movement
as it is kept, on seeds none of them has seen, and the file holds the winner. Needs the extra
`tune`: python -m pip install -e ".[tune]".
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext, suppress
from copy import deepcopy
from dataclasses import asdict, dataclass, fields, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from neurocoord import seeds, trial
from neurocoord.body.ground import Ground
from neurocoord.cli.given import names as list_of
from neurocoord.coordination.gait import Gait
from neurocoord.coordination.library import load_movement, movement_from, movement_names
from neurocoord.coordination.roll import RollPlan, is_from_prone
from neurocoord.results import atomic_path
from neurocoord.settings import chosen
from neurocoord.synchrony import STRATEGIES
from neurocoord.tasks import crawl, roll
from neurocoord.trial import Pools, Synchrony, TrialConfig


class Parameter(NamedTuple):
    """One number of a movement file that is searched for."""

    path: str  # in the file, as in "plan.first.roll"; a figure counts into a list
    low: float
    high: float


def _frame(name: str, *rows: tuple[str, float, float]) -> list[Parameter]:
    return [Parameter(f"plan.{name}.{field}", low, high) for field, low, high in rows]


GAINS = [
    Parameter("gains.joint_stiffness", 40, 250),
    Parameter("gains.joint_damping", 6, 30),
    Parameter("gains.root_stiffness", 10, 90),
    Parameter("gains.root_damping", 4, 25),
    Parameter("gains.horizon_s", 0.012, 0.04),
    Parameter("gains.effort", 0.1, 3.0),
]
# Ranges are choices: wide enough for another style, inside what the joints allow.
SPACE = {
    "crawl": [
        Parameter("plan.swing_s", 0.25, 0.5),
        Parameter("plan.stance_travel_m", 0.15, 0.4),
        Parameter("plan.stance_longest_s", 0.5, 1.2),
        Parameter("plan.trunk_pitch_deg", 78, 90),
        Parameter("plan.hip_abduction_deg", 0, 20),
        Parameter("plan.hip_abduction_swing_deg", 3, 25),
        Parameter("plan.knee_centre_m", -0.08, 0.08),
        Parameter("plan.hand_centre_m", -0.08, 0.08),
        Parameter("plan.hand_lift_m", 0.03, 0.15),
        Parameter("plan.hand_width_m", -0.06, 0.14),
        Parameter("plan.backward_hand_width_m", 0.0, 0.14),
        Parameter("plan.pelvis_roll_deg", -2, 10),
        Parameter("plan.lookahead_s", 0.0, 0.05),
        Parameter("plan.unload_lead_s", 0.0, 0.06),
        Parameter("plan.sidestep_s", 0.0, 0.5),
        Parameter("plan.sway", 0.0, 1.0),
        Parameter("plan.leg_stiffness", 0.2, 1.5),
        Parameter("plan.arm_stiffness", 0.2, 1.5),
        Parameter("plan.trunk_stiffness_nm_per_rad", 80, 400),
        *GAINS,
        Parameter("gains.velocity_gain", 4, 25),
        Parameter("gains.position_stiffness", 0, 50),
        Parameter("gains.root_force_weight", 0.02, 0.3),
        Parameter("gains.root_torque_weight", 0.1, 1.5),
        Parameter("gains.joint_torque_weight", 0.05, 0.6),
    ],
    "roll from supine": [
        Parameter("plan.times_s.0", 0.25, 0.75),
        Parameter("plan.times_s.1", 0.8, 1.4),
        Parameter("plan.times_s.2", 1.45, 2.4),
        Parameter("plan.wait_deg", 20, 70),
        Parameter("plan.lookahead_s", 0.0, 0.08),
        Parameter("plan.trunk_stiffness_nm_per_rad", 50, 250),
        Parameter("plan.limb_stiffness_nm_per_rad", 5, 80),
        *_frame(
            "first",
            ("roll", 15, 80),
            ("trunk_flexion", 5, 45),
            ("trunk_rotation", 0, 60),
            ("lead_shoulder_flexion", 60, 160),
            ("trail_shoulder_flexion", 30, 110),
            ("trail_shoulder_adduction", -10, 60),
            ("trail_hip_flexion", 5, 100),
            ("trail_knee", 10, 110),
        ),
        *_frame(
            "second",
            ("roll", 75, 160),
            ("trunk_flexion", -10, 30),
            ("trunk_rotation", -10, 40),
            ("lead_shoulder_flexion", 80, 170),
            ("trail_shoulder_flexion", 30, 110),
            ("trail_shoulder_adduction", 0, 60),
            ("trail_hip_flexion", 10, 90),
            ("trail_knee", 20, 100),
            ("trail_hip_adduction", 0, 35),
        ),
        *GAINS,
    ],
    "roll from prone": [
        Parameter("plan.times_s.0", 0.4, 1.2),
        Parameter("plan.times_s.1", 1.0, 2.0),
        Parameter("plan.times_s.2", 1.7, 3.0),
        Parameter("plan.wait_deg", 25, 70),
        Parameter("plan.patience_s", 0.5, 4.0),
        Parameter("plan.trunk_stiffness_nm_per_rad", 50, 250),
        Parameter("plan.limb_stiffness_nm_per_rad", 5, 80),
        *_frame(
            "start",
            ("trail_shoulder_flexion", -40, 160),  # beside the chest to overhead
            ("trail_shoulder_adduction", -45, 0),
            ("trail_elbow", 10, 130),
        ),
        *_frame(
            "first",
            ("roll", 240, 300),
            ("trunk_flexion", -20, 15),
            ("trunk_rotation", 10, 55),
            ("lead_shoulder_flexion", 130, 170),
            ("trail_shoulder_flexion", 45, 115),
            ("trail_shoulder_adduction", -30, 25),
            ("trail_elbow", 0, 60),
            ("lead_hip_flexion", -20, 15),
            ("lead_knee", 0, 40),
            ("trail_hip_flexion", 40, 95),
            ("trail_knee", 40, 105),
            ("trail_hip_adduction", -5, 40),
        ),
        *_frame(
            "second",
            ("roll", 290, 360),
            ("trunk_flexion", -15, 25),
            ("trunk_rotation", 15, 55),
            ("trail_shoulder_flexion", 40, 110),
            ("trail_shoulder_adduction", -105, 50),
            ("trail_hip_flexion", 0, 80),
            ("trail_knee", 5, 80),
            ("trail_hip_adduction", -35, 40),
        ),
        Parameter("plan.last.trunk_rotation", 0, 30),
        *GAINS,
        Parameter("gains.root_torque_weight", 0.3, 2.0),
    ],
}
SECONDS = {"crawl": 5.0, "roll": 4.0}
# Cost of a trial: each measure times its weight, and FAILED for a fall or no roll (choice).
WEIGHTS = {
    "crawl": {
        "metabolic_power_w": 0.002,
        "tracking_error_deg": 0.1,
        "sideways_drift_m": 4,
        "swing_contact_share": 4,
        "drive": 6,
    },
    "roll": {"tracking_error_deg": 0.1, "roll_time_s": 1, "drive": 6},
}
SPEED_WEIGHT = 10.0  # per m/s beside the commanded speed
# The spread: what a trial draws, evenly within each range (choices). Trials take the ranges of
# speed in turn.
SPEEDS_M_PER_S = ((0.4, 0.6), (0.1, 0.4), (-0.3, -0.1))
FASTEST_M_PER_S = 1.5  # that may be asked for (choice)
STRENGTH = (0.8, 1.25)
FRICTION = (0.5, 1.2)
FAILED, WORST = 10.0, 40.0  # WORST is the cost of a trial that could not even be simulated
OTHER = "is no file of this search, or of another space; name another --out"


@dataclass(frozen=True, kw_only=True)
class Config:
    """A search; `MEANING` tells what each is. Sizes are choices."""

    movement: str = crawl.MOVEMENT
    out: Path = Path("movement.json")
    minutes: float = 20.0
    generations: int | None = None
    seed: int = 0
    sigma: float = 0.12
    units: int = 40
    trials: int = 3
    population: int | None = None
    check_trials: int = 9
    seconds: float | None = None
    strategies: tuple[str, ...] | None = None
    speed: float | None = None
    parameters: tuple[str, ...] | None = None
    workers: int = 1


MEANING = {
    "out": "file to write, or to go on from",
    "minutes": "no generation begins later",
    "generations": "at most so many in this start",
    "seed": "of the search and of its trials",
    "sigma": "first step, as a share of each parameter's range",
    "units": "motor units of each muscle",
    "trials": "trials of each candidate",
    "population": "candidates of a generation",
    "check_trials": "trials of each movement compared in the end; 0: no comparison",
    "seconds": "length of a trial",
    "strategies": "synchronization under which it is tuned, taken in turn, separated by commas; "
    "default: all",
    "speed": "commanded speed of a crawl, m/s; default: a spread",
    "parameters": "of the movement, such as plan.swing_s, separated by commas; default: all that "
    "the search knows",
    "workers": "processes",
}


def kind_of(movement: str) -> str:
    """What kind a kept movement is."""
    kinds = {Gait: "crawl", RollPlan: "roll"}
    return kinds.get(type(load_movement(movement).plan), "balance")


def space_of(movement: str, parameters: Sequence[str] | None = None) -> list[Parameter]:
    """The numbers of a kept movement that are searched for: those named, or all."""
    kind, kept = kind_of(movement), load_movement(movement).plan
    if kind not in SECONDS:
        raise ValueError(f"movement {movement!r} is a {kind}; allowed: {', '.join(SECONDS)}")
    if isinstance(kept, RollPlan):
        kind = "roll from prone" if is_from_prone(kept) else "roll from supine"
    numbers = plain(movement)  # what a movement leaves open has no number to start from
    known = [p for p in SPACE[kind] if _value(numbers, p.path) is not None]
    named = chosen("parameters", parameters, [p.path for p in known], "parameter")
    return [p for p in known if p.path in named]


def check_options(config: Config) -> None:
    """ValueError for what cannot be searched, before any work."""
    chosen("strategies", config.strategies, sorted(STRATEGIES), "strategy")
    if config.speed is None:
        return
    if kind_of(config.movement) != "crawl":
        raise ValueError(f"speed={config.speed} is of crawls; {config.movement!r} is none")
    if not 0.0 < abs(config.speed) <= FASTEST_M_PER_S:
        raise ValueError(
            f"speed={config.speed} is not allowed; it is up to {FASTEST_M_PER_S} m/s, forward or "
            "backward (negative)"
        )


def plain(movement: str) -> dict[str, Any]:
    """The kept movement as the plain values of its file."""
    kept = load_movement(movement)
    found = {"kind": kind_of(movement), "plan": asdict(kept.plan), "gains": asdict(kept.gains)}
    return json.loads(json.dumps(found))


def _place(found: dict[str, Any], path: str) -> tuple[Any, Any]:
    *above, last = [int(name) if name.isdigit() else name for name in path.split(".")]
    for name in above:
        found = found[name]
    return found, last


def _value(found: dict[str, Any], path: str) -> Any:
    at, key = _place(found, path)
    return at[key]


def read(found: dict[str, Any], space: Sequence[Parameter]) -> np.ndarray:
    """Where a movement lies in the space, [parameter], 0 at each low end and 1 at each high one."""
    return np.array([(_value(found, p.path) - p.low) / (p.high - p.low) for p in space])


def written(found: dict[str, Any], space: Sequence[Parameter], point: np.ndarray) -> dict[str, Any]:
    """A movement with the parameters of a point [parameter]; `found` stays as it is."""
    found = deepcopy(found)
    for share, parameter in zip(np.clip(point, 0.0, 1.0), space, strict=True):
        at, key = _place(found, parameter.path)
        at[key] = float(f"{parameter.low + share * (parameter.high - parameter.low):.5g}")
    return found


def configs_of(config: Config, found: dict[str, Any], stream: str, first: int, n: int) -> list:
    """Trials `first` to `first + n` of a stream: a seed each, the strategies taken in turn."""
    plan, gains = movement_from(found)
    kind = kind_of(config.movement)
    task = crawl if kind == "crawl" else roll
    settings = task.Settings(**{"gait" if task is crawl else "plan": plan, "gains": gains})
    names = chosen("strategies", config.strategies, sorted(STRATEGIES), "strategy")

    def trial_config(k: int) -> TrialConfig:
        rng = seeds.generator(config.seed, stream, "spread", k)
        drawn = settings
        if task is crawl:
            speed = rng.uniform(*SPEEDS_M_PER_S[k % len(SPEEDS_M_PER_S)])
            speed = speed if config.speed is None else config.speed
            drawn = replace(settings, speed_m_per_s=round(float(speed), 3))
        return TrialConfig(
            task=kind,
            seed=seeds.stream(config.seed, stream, k) % 2**31,
            seconds=config.seconds or SECONDS[kind],
            synchrony=Synchrony(strategy=names[k % len(names)]),
            pools=Pools(n_units=config.units),
            settings=drawn,
            strength=round(float(np.exp(rng.uniform(*np.log(STRENGTH)))), 2),
            ground=Ground(friction=round(float(rng.uniform(*FRICTION)), 2)),
        )

    return [trial_config(k) for k in range(first, first + n)]


def cost(done: trial.Trial) -> float:
    """What a trial costs; lower is better. A later fall costs less than an early one."""
    measures, kind = done.measures, done.config.task
    failed = done.fell if kind == "crawl" else not measures["rolled"]
    total = 0.0
    if failed:
        if kind == "crawl":
            lost = 1.0 - max(done.trace.time_s[-1], 0.0) / (done.config.seconds or 1.0)
        else:
            lost = 1.0 - np.clip(abs(measures["turned_deg"]) / 180.0, 0.0, 1.0)
        total += FAILED * (1.0 + lost)
    if kind == "crawl":
        wanted = done.config.settings.speed_m_per_s
        total += SPEED_WEIGHT * abs(measures["speed_m_per_s"] - wanted)
    for name, weight in WEIGHTS[kind].items():
        if not (failed and name == "roll_time_s"):
            total += weight * measures[name]
    return float(total) if np.isfinite(total) else WORST


def costs(configs: Sequence[TrialConfig], executor: ProcessPoolExecutor | None) -> np.ndarray:
    """Cost of each trial [trial]; one that cannot be done at all costs WORST."""
    if executor is None:
        jobs = [lambda c=c: trial.run(c) for c in configs]
    else:
        jobs = [executor.submit(trial.run, c).result for c in configs]
    found = np.full(len(jobs), WORST)
    for k, job in enumerate(jobs):
        with suppress(ValueError, IndexError, FloatingPointError):
            found[k] = cost(job())
    return found


def search_options(config: Config) -> dict[str, Any]:
    """What a search hangs on: its seed, and what else is not as by default, as JSON holds it."""
    others = ("movement", "out", "minutes", "generations", "check_trials", "workers")
    names = [field.name for field in fields(config) if field.name not in others]
    given = {name: getattr(config, name) for name in names}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in given.items()
        if name == "seed" or value != getattr(Config(), name)
    }


def begin(config: Config, space: Sequence[Parameter]) -> dict[str, Any]:
    """The file as an earlier start left it, or as a first start begins it."""
    names = [p.path for p in space]
    if not config.out.exists():
        found = plain(config.movement)
        mean = np.clip(read(found, space), 0.0, 1.0).tolist()
        search = {"names": names, "mean": mean, "sigma": config.sigma, "generation": 0}
        return {**found, "search": {**search, "options": search_options(config), "best": None}}
    try:
        found = json.loads(config.out.read_text(encoding="utf-8"))
        there = found["search"]["names"]
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{config.out} {OTHER}") from None
    if found["kind"] != kind_of(config.movement) or there != names:
        raise ValueError(f"{config.out} {OTHER}")
    before, now = found["search"].get("options"), search_options(config)
    if before != now:
        raise ValueError(f"{config.out} was begun with other options ({before}, not {now})")
    return found


def save(path: Path, found: dict[str, Any]) -> None:
    """Write the file whole or not at all."""
    with atomic_path(path) as part:
        part.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def step(
    config: Config,
    space: Sequence[Parameter],
    found: dict[str, Any],
    strategy: Any,
    executor: ProcessPoolExecutor | None,
) -> dict[str, Any]:
    """One generation: ask, try, tell, and the file's next content."""
    search, n = found["search"], config.trials
    points = strategy.ask()
    first = search["generation"] * n  # all candidates on the same seeds, so that luck is shared
    movements = [written(found, space, x) for x in points]
    trials = [c for m in movements for c in configs_of(config, m, "tune", first, n)]
    by_point = costs(trials, executor).reshape(len(points), n).mean(axis=1)
    strategy.tell(points, by_point.tolist())
    mean = np.clip(strategy.result.xfavorite, 0.0, 1.0)
    best, k = search["best"], int(by_point.argmin())
    if best is None or by_point[k] < best["cost"]:
        best = {"cost": float(by_point[k]), "point": np.clip(points[k], 0.0, 1.0).tolist()}
    search = {
        "names": search["names"],
        "mean": mean.tolist(),
        "sigma": float(strategy.sigma),
        "generation": search["generation"] + 1,
        "options": search["options"],
        "best": best,  # on its own generation's seeds: luck included
    }
    told = f"{np.median(by_point):.2f}, lowest {by_point[k]:.2f}, sigma {search['sigma']:.3f}"
    print(f"generation {search['generation']}: median cost {told}", flush=True)
    made_by = _made_by(config, search["generation"])
    return {**written(found, space, mean), "made_by": made_by, "search": search}


def check(
    config: Config,
    space: Sequence[Parameter],
    found: dict[str, Any],
    executor: ProcessPoolExecutor | None,
) -> dict[str, Any]:
    """The best of kept movement, mean and best candidate on fresh seeds, as the file's content."""
    search, n = found["search"], config.check_trials
    points = {"mean": search["mean"], "best": search["best"]["point"]}
    rivals = {name: written(found, space, np.array(point)) for name, point in points.items()}
    rivals["kept"] = {**found, **plain(config.movement)}
    fresh = f"check {search['generation']}"
    means = {
        name: float(costs(configs_of(config, rival, fresh, 0, n), executor).mean())
        for name, rival in rivals.items()
    }
    print("cost on fresh seeds: " + ", ".join(f"{name} {c:.2f}" for name, c in means.items()))
    winner = min(means, key=lambda name: means[name])
    return {**rivals[winner], "search": {**search, "check": means, "winner": winner}}


def _made_by(config: Config, generations: int) -> str:
    words = ["experiments/tune_movement.py", config.movement]
    for name, value in search_options(config).items():
        given = ",".join(value) if isinstance(value, list) else str(value)
        words += [f"--{name.replace('_', '-')}", given]
    return f"CMA-ES: {shlex.join(words)} ({generations} generations)"


def run(config: Config | None = None) -> dict[str, Any]:
    """The whole search; returns what the file holds in the end."""
    config = config or Config()
    try:
        import cma
    except ImportError:
        raise ModuleNotFoundError(
            "tune_movement needs CMA-ES: python -m pip install -e '.[tune]'"
        ) from None
    check_options(config)
    space, ends = (
        space_of(config.movement, config.parameters),
        time.monotonic() + 60 * config.minutes,
    )
    found = begin(config, space)
    done = found["search"]["generation"]
    rng = seeds.generator(config.seed, "tune", done)
    options = {
        "bounds": [0, 1],
        "popsize": config.population or 4 + int(3 * np.log(len(space))),
        "randn": lambda *shape: rng.standard_normal(shape),  # its own default is a global one
        "seed": float("nan"),
        "verbose": -9,
    }
    pool = ProcessPoolExecutor(config.workers, get_context("spawn"))  # starts nothing yet
    strategy = cma.CMAEvolutionStrategy(found["search"]["mean"], found["search"]["sigma"], options)
    with pool if config.workers > 1 else nullcontext() as executor:
        while time.monotonic() < ends:
            if found["search"]["generation"] - done == config.generations:
                break
            found = step(config, space, found, strategy, executor)
            save(config.out, found)
        if found["search"]["best"] is not None and config.check_trials:
            found = check(config, space, found, executor)
            save(config.out, found)
    return found


TYPES: dict[str, Callable[[str], object]] = {
    "out": Path,
    **dict.fromkeys(("minutes", "sigma", "seconds", "speed"), float),
    **dict.fromkeys(("strategies", "parameters"), list_of),
}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("movement", help="one of models/movements: " + ", ".join(movement_names()))
    for field in fields(Config):
        if field.name != "movement":
            of = TYPES.get(field.name)
            name = f"--{field.name.replace('_', '-')}"
            parser.add_argument(
                name, type=of or int, default=field.default, help=MEANING[field.name]
            )
    try:
        run(Config(**vars(parser.parse_args())))
    except (ValueError, ModuleNotFoundError) as failure:
        sys.exit(f"tune_movement: {failure}")
    except KeyboardInterrupt:
        sys.exit("stopped; the same command goes on from the last generation")


if __name__ == "__main__":
    main()
