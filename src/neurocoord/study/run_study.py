"""Doing a study: what is missing in its folder is run, and written as it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from neurocoord import results, trial
from neurocoord.body.model import body_path
from neurocoord.results import Run
from neurocoord.settings import chosen, flatten
from neurocoord.study import courses, store, subjects, tables, workers
from neurocoord.study.design import Job, Study, check_study
from neurocoord.study.kept import Keep
from neurocoord.study.outcome import DIED, Outcome
from neurocoord.tasks import TASKS
from neurocoord.trial import TrialConfig

OnDone = Callable[[Outcome, int, int], None]  # (outcome, how many are done, of how many)
BACKENDS = ("local", "ray")


class Opened(NamedTuple):
    """A study that was checked and can begin."""

    study: Study
    jobs: list[Job]
    run: Run
    folder: Path


def open_study(
    study: Study,
    folder: Path | None = None,
    *,
    seed: int = 0,
    told: dict[str, object] | None = None,
    command: Sequence[str] | None = None,
) -> Opened:
    """Check all that was asked for, and that the folder can be used, before any work.

    `told` is what the folder says of the study besides; ValueError, in one line, for whatever
    cannot be done, and for a folder that another code or config began.
    """
    jobs = check_study(study)
    templates = {f"{c.config.task}-{c.name}": c for c in study.conditions}
    about = {
        "question": study.question,
        "conditions": {
            key: {
                "factors": dict(condition.factors),
                "config": flatten(trial.complete(condition.config)),
            }
            for key, condition in templates.items()
        },
        "seeds": list(study.seeds),
        "subjects": [p._asdict() for p in subjects.of_study(study.n_subjects, study.subject_seed)],
        "measures": {task: list(names) for task, names in study.measures.items()},
        "keep": asdict(study.keep),
        "order": [job.key for job in jobs],
    }
    config = {**(told or {}), "study": about}
    models = sorted({body_path(j.config.body or TASKS[j.config.task].body) for j in jobs})
    run = results.describe(
        study.name, config, seed, models=models, command=command, with_sources=True
    )
    folder = Path(folder or results.default_folder(study.name)).absolute()
    if (folder / results.RUN).exists():
        store.refuse_other(folder, run)
    results.prepare(folder, run)
    return Opened(study, jobs, run, folder)


def perform(
    opened: Opened,
    *,
    n_workers: int | None = None,
    backend: str = "local",
    on_done: OnDone | None = None,
    on_damage: Callable[[str], None] | None = None,
) -> tuple[list[Outcome], Run]:
    """Run the trials that the folder lacks; every outcome in the order of the jobs, and the run
    that began the folder.

    Subjects come one after another, and their seeds, each with the longest trials first: what a
    study that was stopped has compares whole subjects, and no process is left alone with a long
    trial at the end.
    A trial that raised is kept with its error; one that took its process with it is not, and is
    tried again by the next run. Files that are damaged are named to `on_damage`, and those trials
    run again. OSError where the disk takes no more: what was written stays, and the same call goes
    on from there.
    """
    jobs, folder = opened.jobs, opened.folder
    with store.opened(folder, opened.run) as begun:
        outcomes, damaged = store.finished(folder, jobs)
        for line in damaged:
            if on_damage is not None:
                on_damage(line)
        missing = sorted(
            (job for job in jobs if job.key not in outcomes),
            key=lambda job: (job.subject, job.seed, -workers.cost(job.config)),
        )
        for n, outcome in enumerate(outcomes.values(), 1):
            if on_done is not None:
                on_done(outcome, n, len(jobs))
        configs = [job.config for job in missing]
        for index, outcome in _each(configs, n_workers, opened.study.keep, backend):
            job = missing[index]
            if outcome.ended != DIED:
                store.write_trial(folder, job, outcome)
            outcomes[job.key] = outcome
            if on_done is not None:
                on_done(outcome, len(outcomes), len(jobs))
    return [outcomes[job.key] for job in jobs], begun


def run_and_report(
    study: Study,
    report: Callable[[Path, store.Loaded], list[Path]],
    folder: Path | None = None,
    *,
    n_workers: int | None = None,
) -> list[Path]:
    """All of a study, and what `report` writes of its folder; the paths that are to be read."""
    opened = open_study(study, folder)
    outcomes, _ = perform(opened, n_workers=n_workers)
    write_tables(opened.folder, outcomes)
    return report(opened.folder, store.load(opened.folder))


def write_tables(folder: Path, outcomes: Iterable[Outcome]) -> list[str]:
    """The tables, courses and failures of a folder; says what could not be written, and why."""
    loaded = store.load(folder)
    tables.write_failures(folder, outcomes)
    return [
        *tables.write_table(folder, tables.rows(loaded)),
        *courses.write_courses(folder, loaded),
    ]


def run_trials(
    configs: Sequence[TrialConfig],
    *,
    n_workers: int | None = None,
    backend: str = "local",
    keep: Keep | None = None,
    on_done: OnDone | None = None,
) -> list[Outcome]:
    """Run trials without a folder; outcomes in the order of `configs`.

    A trial that raises is recorded with its error and the others go on. `n_workers` is by default
    the number of cores. KeyboardInterrupt ends the processes and goes on up.
    """
    outcomes: dict[int, Outcome] = {}
    longest_first = sorted(range(len(configs)), key=lambda k: -workers.cost(configs[k]))
    in_order = [configs[k] for k in longest_first]
    for index, outcome in _each(in_order, n_workers, keep or Keep(), backend):
        outcomes[longest_first[index]] = outcome
        if on_done is not None:
            on_done(outcome, len(outcomes), len(configs))
    return [outcomes[index] for index in range(len(configs))]


def check_backend(name: str) -> None:
    """ValueError for a backend that there is not, or whose library is missing."""
    chosen("backend", [name], BACKENDS, "backend")
    if name == "ray":
        from neurocoord.study import ray_workers

        ray_workers.ray_library()


def _each(
    configs: Sequence[TrialConfig], n_workers: int | None, keep: Keep, backend: str
) -> Iterable[tuple[int, Outcome]]:
    check_backend(backend)
    if n_workers is not None and n_workers < 1:
        raise ValueError(f"workers is {n_workers}; it must be 1 or more")
    if not configs:
        return
    if backend == "ray":
        from neurocoord.study import ray_workers

        found: Iterator[tuple[int, Outcome]] = ray_workers.on_a_cluster(configs, n_workers, keep)
    else:
        n_workers = n_workers or workers.default_workers()
        found = workers.on_this_machine(configs, n_workers, keep)
    with closing(found):  # type: ignore[type-var]
        yield from found
