"""What a comparison of conditions can say, and what it could not have seen.

Conditions run on the same virtual subjects and the same noise, so they are compared pair by pair:
subjects are the random factor, noise seeds are averaged within a subject first.
`docs/statistics.md` says how to read a verdict.
"""

from neurocoord.analysis.statistics.chances import EXACT
from neurocoord.analysis.statistics.comparisons import (
    compare,
    compare_all,
    compare_pair,
    holm,
    over_measures,
    summarise,
)
from neurocoord.analysis.statistics.effects import effect_size
from neurocoord.analysis.statistics.equivalence import equivalence_p
from neurocoord.analysis.statistics.interest import INTERESTS, Interest, interest_in
from neurocoord.analysis.statistics.intervals import (
    difference_interval,
    mean_interval,
    percent_interval,
)
from neurocoord.analysis.statistics.power import n_subjects_for, power_of, smallest_detectable
from neurocoord.analysis.statistics.records import (
    CONFIDENCE,
    POWER,
    Comparison,
    EffectSize,
    Interval,
    Measurement,
    Pair,
    Summary,
)
from neurocoord.analysis.statistics.subjects import SubjectMeans, average_over_seeds
from neurocoord.analysis.statistics.verdicts import (
    FINDINGS,
    model_dependence,
    verdict,
)

__all__ = [
    "CONFIDENCE",
    "EXACT",
    "FINDINGS",
    "INTERESTS",
    "POWER",
    "Comparison",
    "EffectSize",
    "Interest",
    "Interval",
    "Measurement",
    "Pair",
    "SubjectMeans",
    "Summary",
    "average_over_seeds",
    "compare",
    "compare_all",
    "compare_pair",
    "difference_interval",
    "effect_size",
    "equivalence_p",
    "holm",
    "interest_in",
    "mean_interval",
    "model_dependence",
    "n_subjects_for",
    "over_measures",
    "percent_interval",
    "power_of",
    "smallest_detectable",
    "summarise",
    "verdict",
]
