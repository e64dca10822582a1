"""Trials of a study that were never run: measures are made up, with effects planted in them."""

import zlib
from collections.abc import Callable

import numpy as np

from neurocoord import results, trial
from neurocoord import study as studies


def made_up_trials(
    study: studies.Study,
    factor: Callable[[studies.Job, str], float],
    fell: Callable[[studies.Job], bool] = lambda job: False,
) -> studies.Loaded:
    """Every trial of a study: people differ by 10 %, trials by 0.1 %, and `factor(job, measure)` is
    what is planted."""
    stored = []
    for job in studies.jobs(study):
        known = trial.measures_of(job.config.task)
        rng = np.random.default_rng(zlib.crc32(job.key.encode()))
        values = {}
        for name in known:
            value = 10.0 * (1.0 + 0.1 * (job.subject - 4)) * (1.0 + 0.001 * rng.standard_normal())
            values[name] = value * factor(job, name)
        down = fell(job)
        values |= {"fell": float(down)} | ({"rolled": 1.0} if "rolled" in known else {})
        units = {name: measure.unit for name, measure in known.items()}
        stored.append(
            studies.StoredTrial(
                job.key, job.config.task, job.condition, job.factors, job.subject, job.seed, {},
                values, units, "fell" if down else "", down, "", {}, {},
            )
        )  # fmt: skip
    return studies.Loaded(results.describe(study.name, {}, 0, command=["x"]), stored, [])
