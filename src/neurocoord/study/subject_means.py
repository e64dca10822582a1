"""Values to be compared: one for each subject, part, condition and measure of a study."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from neurocoord.analysis.statistics import Measurement
from neurocoord.study.store import Loaded, StoredTrial

FELL, ROLLED = "fell", "rolled"
Place = Callable[[StoredTrial], tuple[str, str] | None]


def by_factors(done: StoredTrial) -> tuple[str, str]:
    """Part and condition of a trial, as its factors `part` and `compared` name them; its task and
    the name of its condition where they do not."""
    return done.factors.get("part", done.task), done.factors.get("compared", done.condition)


def subject_means(
    loaded: Loaded, place: Place = by_factors, *, upright: bool = False
) -> list[Measurement]:
    """Means over the noise seeds of each subject; none where a seed has none.

    `place` says part and condition of a trial, or None for one that is left out. Of the body as it
    is (subject 0) each seed is a pair of its own. With `upright` a trial that fell, or a roll that
    did not get over, tells of that alone: its other measures are NaN, and pairs are those of trials
    that went well.
    """
    values: dict[tuple[str, str, int, str, str], list[float]] = {}
    for done in loaded.trials:
        at = None if done.error else place(done)
        if at is None:
            continue
        failed = done.fell or done.measures.get(ROLLED) == 0.0
        for name, value in done.measures.items():
            lies = upright and failed and name not in (FELL, ROLLED)
            key = (*at, done.subject or -done.seed, name, done.units[name])
            known = np.nan if lies or not np.isfinite(value) else value
            values.setdefault(key, []).append(known)
    most = max(map(len, values.values()), default=0)
    return [
        Measurement(part, condition, who, name, float(np.mean(each)), unit)
        for (part, condition, who, name, unit), each in values.items()
        if len(each) == most
    ]
