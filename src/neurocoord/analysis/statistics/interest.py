"""Smallest differences of interest, fixed before any result was seen.

A difference below them is too small to matter, however surely it is found; a nil is a nil when the
difference lies within them. A measure that stands nowhere here has none, and its nil is then told
by the smallest difference that could have been seen alone.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import NamedTuple


class Interest(NamedTuple):
    """Smallest difference of interest of a class of measures: a share of the first condition's
    mean, or an absolute number in the measure's unit (the other is 0)."""

    of: str  # the class, in words
    share: float
    absolute: float
    reason: str
    measures: tuple[str, ...]  # names, * for any part; the first class that has a name holds it


CHANCES = "falls and other chances"

INTERESTS = (
    Interest(
        CHANCES,
        0.0,
        0.1,
        "one trial in ten (choice)",
        ("fell", "fall_rate", "rolled", "held", "success_rate", "trunk_touched"),
    ),
    Interest(
        "steadiness and tremor",
        0.1,
        0.0,
        "a tenth of the fluctuation (choice)",
        ("*_cv", "*_fluctuation", "tremor_*", "force_sd_*"),
    ),
    Interest(
        "rate of rise",
        0.1,
        0.0,
        "a tenth (choice): below the usual error of two tests of one person",
        ("rfd_*", "rate_of_*"),
    ),
    Interest(
        "cost of movement",
        0.024,
        0.0,
        "2.4 %: what is real and worthwhile in the cost of running (Saunders, Pyne, Telford & "
        "Hawley 2004, Med Sci Sports Exerc 36:1972-1976)",
        (
            "power_*",
            "metabolic_*",
            "heat_w*",
            "cost_of_transport_*",
            "efficiency*",
            "economy_*",
            "torque_per_power_*",
        ),
    ),
    Interest(
        "force, torque and work",
        0.025,
        0.0,
        "2.5 % (choice): half of the 5 % loss that a study must be able to find",
        (
            "torque_*",
            "peak_*_nm",
            "lever_torque_*",
            "muscle_force_*",
            "force_*",
            "work_*",
            "positive_work_*",
            "negative_work_*",
            "*_over_isometric",
        ),
    ),
    Interest(
        "speed and time of a movement",
        0.01,
        0.0,
        "1 %: conditions count as equally fast within it (choice)",
        ("speed_m_per_s", "highest_speed_*", "roll_time_s", "shortest_roll_*", "distance_m"),
    ),
    Interest(
        "torque left after a long hold",
        0.0,
        0.01,
        "a hundredth of the torque at its beginning (choice): about a tenth of what is lost",
        ("endurance_*_share",),
    ),
    Interest(
        "endurance and time held",
        0.1,
        0.0,
        "a tenth (choice)",
        ("endurance_*", "time_held_s", "time_to_*"),
    ),
    Interest(
        "tracking, drive and EMG",
        0.05,
        0.0,
        "a twentieth (choice)",
        ("tracking_error_*", "drive", "emg_*", "largest_push_*"),
    ),
    Interest(
        "sway, drift and stability",
        0.0,
        0.01,
        "1 cm (choice)",
        (
            "sway_m",
            "sideways_drift_m",
            "displacement_*m",
            "margin_of_stability_*",
            "least_margin_of_stability_m",
        ),
    ),
)


def interest_in(measure: str) -> Interest | None:
    """The smallest difference of interest of a measure, or None where none was fixed."""
    for interest in INTERESTS:
        if any(fnmatchcase(measure, name) for name in interest.measures):
            return interest
    return None
