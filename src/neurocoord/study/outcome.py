"""What is kept of one trial."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from neurocoord import trial
from neurocoord.analysis.statistics import Measurement
from neurocoord.motorunits.trains import SpikeTrains
from neurocoord.study import kept
from neurocoord.study.kept import Keep
from neurocoord.tasks.protocol import Series
from neurocoord.trial import TrialConfig

FAILED, DIED = "failed", "died"  # as `ended`: it raised, or took its process with it


class Outcome(NamedTuple):
    """What is kept of one trial: small enough to send between processes."""

    config: TrialConfig
    measures: dict[str, float]
    units: dict[str, str]
    ended: str  # "" when time was up, "done", "fell", what MuJoCo warned of, "failed" or "died"
    fell: bool
    error: str  # "" or, in one line, why there is no outcome
    traces: dict[str, Series]  # by name; empty where neither task nor study keeps any
    spikes: dict[str, SpikeTrains]  # by muscle; empty where the study keeps none


def run_one(config: TrialConfig, keep: Keep | None = None) -> Outcome:
    """One trial as an `Outcome`; what a worker process does."""
    keep = keep or Keep()
    try:
        done = trial.run(config, keep_spikes=bool(keep.spikes))
        body = trial.find_body(done.config)
        return Outcome(
            done.config,
            done.measures,
            done.units,
            done.ended,
            done.fell,
            "",
            kept.series(done, body, keep.series),
            kept.spikes(done, body, keep.spikes),
        )
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1:]
        at = "".join(f" ({os.path.basename(frame.filename)}:{frame.lineno})" for frame in where)
        return without(config, " ".join(f"{type(error).__name__}: {error}".split()) + at)


def without(config: TrialConfig, error: str, ended: str = FAILED) -> Outcome:
    """A trial that has no outcome, and why."""
    return Outcome(config, {}, {}, ended, False, error, {}, {})


def measured(
    config: TrialConfig, measures: Mapping[str, float], units: Mapping[str, str]
) -> list[Measurement]:
    """The rows of the long table that one trial gives; what is not finite is NaN."""
    strategy = config.synchrony.strategy
    finite = {name: v if np.isfinite(v) else float("nan") for name, v in measures.items()}
    return [
        Measurement(config.task, strategy, config.seed, name, value, units[name])
        for name, value in finite.items()
    ]


def measurements(outcomes: Iterable[Outcome]) -> list[Measurement]:
    """The long table of all trials that have an outcome."""
    return [row for o in outcomes for row in measured(o.config, o.measures, o.units)]
