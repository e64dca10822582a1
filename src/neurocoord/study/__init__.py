"""Studies: conditions x virtual subjects x noise seeds, in a folder that survives being killed.

Each trial is decided by its config alone, so results are the same, bit for bit, for any number of
processes, on this machine or a Ray cluster, in any order of finishing, and in one go or in many.
"""

from neurocoord.study.courses import write_courses
from neurocoord.study.design import (
    Condition,
    Job,
    Study,
    check,
    check_study,
    conditions,
    jobs,
    named_conditions,
    of_part,
)
from neurocoord.study.kept import Keep
from neurocoord.study.outcome import Outcome, measured, measurements, run_one
from neurocoord.study.run_study import (
    OnDone,
    Opened,
    open_study,
    perform,
    run_and_report,
    run_trials,
    write_tables,
)
from neurocoord.study.store import Loaded, StoredTrial, load, outcomes
from neurocoord.study.subject_means import by_factors, subject_means
from neurocoord.study.subjects import Subject
from neurocoord.study.tables import Row, read_table, rows, write_failures, write_table, write_units
from neurocoord.study.workers import default_workers
from neurocoord.trial import TrialConfig

__all__ = [
    "Condition",
    "Job",
    "Keep",
    "Loaded",
    "OnDone",
    "Opened",
    "Outcome",
    "Row",
    "StoredTrial",
    "Study",
    "Subject",
    "TrialConfig",
    "by_factors",
    "check",
    "check_study",
    "conditions",
    "default_workers",
    "jobs",
    "load",
    "measured",
    "measurements",
    "named_conditions",
    "of_part",
    "open_study",
    "outcomes",
    "perform",
    "read_table",
    "rows",
    "run_and_report",
    "run_one",
    "run_trials",
    "subject_means",
    "write_courses",
    "write_failures",
    "write_table",
    "write_tables",
    "write_units",
]
