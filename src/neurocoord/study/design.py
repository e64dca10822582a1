"""What a study is: conditions, virtual subjects and noise seeds, and the trials they make."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from neurocoord import synchrony, trial
from neurocoord.body.model import Body
from neurocoord.motorunits.parameters import PoolParameters
from neurocoord.pools import Pools
from neurocoord.settings import chosen, replace_path, split_assignment, unknown
from neurocoord.study import kept, subjects
from neurocoord.study.kept import Keep
from neurocoord.tasks import TASKS
from neurocoord.tasks import task as find_task
from neurocoord.trial import Synchrony, TrialConfig

TAKEN = ("study", "task", "condition", "subject", "seed", "measure", "value", "unit")
NAMING = ("part", "compared")  # factors that name what a condition is, for people
NAME = re.compile(r"[A-Za-z0-9_.+=]+")  # of what becomes part of a file's name


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One condition of a study: everything of its trials but the subject and the seed."""

    name: str  # no two of a task have the same
    config: TrialConfig
    factors: Mapping[str, str] = field(default_factory=dict)  # what makes it this condition


@dataclass(frozen=True, kw_only=True)
class Study:
    """Conditions x subjects x noise seeds. A subject and seed see the same noise under every
    condition, so that conditions are compared on pairs."""

    name: str
    question: str
    conditions: tuple[Condition, ...]
    n_subjects: int = 0  # virtual subjects; 0: the body as it is, which is then subject 0
    subject_seed: int = 0  # of the draw of the subjects
    seeds: tuple[int, ...] = (0,)  # of the noise, for each subject
    measures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by task; to be shown
    keep: Keep = field(default_factory=Keep)


class Job(NamedTuple):
    """One trial of a study."""

    key: str  # name of its file
    condition: str
    factors: dict[str, str]
    subject: int
    seed: int  # as the study counts it; `config.seed` is what it becomes for a drawn subject
    config: TrialConfig  # complete: all that decides the trial


def jobs(study: Study) -> list[Job]:
    """Every trial of a study: condition by condition, subject by subject, seed by seed."""
    people = subjects.of_study(study.n_subjects, study.subject_seed)
    return [
        Job(
            f"{condition.config.task}-{condition.name}-s{person.number}-n{seed}",
            condition.name,
            dict(condition.factors),
            person.number,
            seed,
            subjects.applied(person, trial.complete(replace(condition.config, seed=seed))),
        )
        for condition in study.conditions
        for person in people
        for seed in study.seeds
    ]


def check_study(study: Study) -> list[Job]:
    """The trials of a study that can be done; ValueError, in one line, for one that cannot."""
    if not study.conditions:
        raise ValueError(f"study {study.name} has no condition")
    twice = [seed for seed, n in Counter(study.seeds).items() if n > 1]
    if twice or not study.seeds:
        said = f"{twice[0]} twice" if twice else "none"
        raise ValueError(f"seeds names {said}; name each once")
    if any(seed < 0 for seed in study.seeds):
        raise ValueError(f"seeds names {min(study.seeds)}; a seed is 0 or more")
    if study.n_subjects < 0:
        raise ValueError(f"n_subjects is {study.n_subjects}; it must be 0 or more")
    names = Counter((c.config.task, c.name.lower()) for c in study.conditions)
    for (task, name), n in names.items():
        if n > 1:
            raise ValueError(f"condition {name!r} of {task} is there twice; name each once")
    for name, factors in ((c.name, c.factors) for c in study.conditions):
        if not NAME.fullmatch(name):
            raise ValueError(f"condition {name!r} is not allowed: letters, digits and _ . + =")
        taken = [name for name in factors if name in TAKEN]
        if taken:
            raise ValueError(f"factor {taken[0]!r} of {name!r} is not allowed: a column has it")
    check(c.config for c in study.conditions)
    _check_measures(study)
    for body in {trial.find_body(c.config).name: c.config for c in study.conditions}.values():
        kept.check(study.keep, trial.find_body(body))
    return jobs(study)


def named_conditions(study: Study, names: Sequence[str] | None) -> Study:
    """A study of some of its conditions, by their names or by those of their factors `part` and
    `compared`; ValueError, with the nearest if one is near, for one that is not."""
    named = [{c.name, *(c.factors.get(f, c.name) for f in NAMING)} for c in study.conditions]
    short = {name for of in named for name in of}
    whole = {c.name for c in study.conditions if set(NAMING) & set(c.factors)}
    given = None if names is None else [name for name in names if name not in whole]
    wanted = set(names or ()) & whole
    if given or not wanted:
        wanted |= set(chosen("conditions", given, sorted(short - whole), "condition"))
    some = tuple(c for c, of in zip(study.conditions, named) if of & wanted)
    tasks = {c.config.task for c in some}
    return replace(
        study, conditions=some, measures={t: m for t, m in study.measures.items() if t in tasks}
    )


def _check_measures(study: Study) -> None:
    tasks = {condition.config.task for condition in study.conditions}
    for task, names in study.measures.items():
        if task not in tasks:
            raise ValueError(f"measures names task {task!r}, of which there is no condition")
        known = trial.measures_of(task)
        for name in names:
            if name not in known:
                raise ValueError(
                    unknown(f"{task} measure", name, known, " (`neurocoord run --json` tells them)")
                )


def of_part(
    part: str,
    config: TrialConfig,
    cells: Mapping[str, Synchrony],
    *,
    level: float | None = None,
    **factors: str,
) -> list[Condition]:
    """A part of a study under each of `cells` (by name): a condition each, named by part, level of
    a ladder if it is one, and cell; factors `part`, `compared` and `level` say the same."""
    at = {} if level is None else {"level": f"{level:g}"}
    return [
        Condition(
            name=".".join((part, *at.values(), name)),
            config=replace(config, synchrony=synchrony),
            factors={
                "part": part,
                "compared": name,
                "strategy": synchrony.strategy,
                "strength": f"{synchrony.strength:g}",
                "scope": synchrony.scope,
                **factors,
                **at,
            },
        )
        for name, synchrony in cells.items()
    ]


def conditions(
    tasks: Sequence[str],
    strategies: Sequence[str],
    n_seeds: int,
    *,
    first_seed: int = 0,
    strength: float = 1.0,
    scope: str = "pool",
    seconds: Mapping[str, float | None] | None = None,
    overrides: Iterable[str] = (),
) -> list[TrialConfig]:
    """Every task under every strategy with every seed, each config complete and its names checked.

    `seconds` by task replaces the task's own length (that of an isometric protocol follows its
    settings); `overrides` are texts `path=value` for every trial, or `task.path=value` for the
    trials of one task.
    """
    for name, given in (("tasks", tasks), ("strategies", strategies)):
        if not given or len(set(given)) < len(given):
            raise ValueError(f"{name} are {', '.join(given) or 'none'}; name each once")
    if n_seeds < 1:
        raise ValueError(f"seeds is {n_seeds}; it must be 1 or more")
    for strategy in strategies:
        synchrony.strategy(strategy)
    overrides, configs = tuple(overrides), []
    for task in tasks:
        find_task(task)
        asked_s = (seconds or {}).get(task)
        before = template = trial.complete(TrialConfig(task=task, seed=first_seed, seconds=asked_s))
        for assignment in overrides:
            template = _override(template, assignment)
        if asked_s is None and template.seconds == before.seconds:
            template = trial.complete(replace(template, seconds=None))
        configs += [
            replace(
                template,
                seed=first_seed + seed,
                synchrony=Synchrony(strategy=strategy, strength=strength, scope=scope),
            )
            for strategy in strategies
            for seed in range(n_seeds)
        ]
    return configs


def check(configs: Iterable[TrialConfig]) -> None:
    """Refuse before any work what would fail later: ValueError from plan, pools and coupling.

    What conditions share is checked once: a plan for each body and its settings, pools for each
    body and its units.
    """
    planned: dict[TrialConfig, Body] = {}
    pools: dict[tuple[Pools, str | None, str], PoolParameters] = {}
    coupled = set()
    for config in map(trial.complete, configs):
        if config.pools.n_units < 1:
            raise ValueError(f"pools.n_units={config.pools.n_units} is not allowed; at least 1")
        alone = replace(config, seed=0, synchrony=Synchrony(), pools=Pools())
        if alone not in planned:
            planned[alone] = _planned(config)
        body = planned[alone]
        units = (config.pools, config.body, body.kind)
        if units not in pools:
            pools[units] = trial.body_pools(config.pools, body)
        if (units, config.synchrony) not in coupled:
            coupled.add((units, config.synchrony))
            trial.make_coupling(config.synchrony, body, pools[units])


def _planned(config: TrialConfig) -> Body:
    """The body of a trial that can be planned."""
    task = find_task(config.task)
    body = trial.find_body(config)
    horizon_s = task.horizon_s(task.plan(body, config.settings))
    if not 0 < horizon_s < 1:
        raise ValueError(f"horizon_s={horizon_s} is not allowed; it lies between 0 and 1")
    return body


def _override(config: TrialConfig, assignment: str) -> TrialConfig:
    path, value = split_assignment(assignment)
    task, _, rest = path.partition(".")
    if task in TASKS:
        return replace_path(config, rest, value) if task == config.task else config
    if path == "task" or path == "seed" or task == "synchrony":
        raise ValueError(f"{path} is decided by the conditions; it cannot be set")
    return replace_path(config, path, value)
