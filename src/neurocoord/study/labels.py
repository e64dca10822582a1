"""What a person calls the measures that studies and `neurocoord compare` show, by task, in order.

Every other measure of a task is in the tables all the same.
"""

from __future__ import annotations

SHOWN: dict[str, dict[str, str]] = {
    "isometric": {
        "torque_low_nm": "Torque, low hold",
        "torque_high_nm": "Torque, high hold",
        "torque_peak_nm": "Peak torque, ballistic",
        "torque_low_cv": "Torque CV, low hold",
        "torque_high_cv": "Torque CV, high hold",
        "rfd_0_50_ms_per_s": "Rate of rise, 0-50 ms",
        "rfd_50_100_ms_per_s": "Rate of rise, 50-100 ms",
        "rfd_100_200_ms_per_s": "Rate of rise, 100-200 ms",
        "power_low_w": "Metabolic power, low hold",
        "power_high_w": "Metabolic power, high hold",
        "torque_per_power_low_nm_per_w": "Torque/power, low hold",
        "torque_per_power_high_nm_per_w": "Torque/power, high hold",
    },
    "isokinetic": {
        "torque_isometric_nm": "Torque, isometric",
        "torque_isometric_cv": "Torque CV, isometric",
        "torque_concentric_nm": "Torque, concentric",
        "concentric_over_isometric": "Concentric over isometric",
        "work_concentric_j": "Work, concentric",
        "power_concentric_w": "Metabolic power, concentric",
        "efficiency_concentric": "Efficiency, concentric",
        "torque_eccentric_nm": "Torque, eccentric",
        "eccentric_over_isometric": "Eccentric over isometric",
        "power_eccentric_w": "Metabolic power, eccentric",
        "work_enhancement": "Work after a stretch over without",
    },
    "roll": {
        "roll_time_s": "Time to roll",
        "tracking_error_deg": "Tracking error",
        "muscle_force_fluctuation": "Force fluctuation",
        "metabolic_power_w": "Metabolic power",
        "metabolic_energy_j": "Metabolic energy",
        "efficiency": "Efficiency",
    },
    "crawl": {
        "speed_m_per_s": "Speed",
        "tracking_error_deg": "Tracking error",
        "muscle_force_n": "Muscle force, sum",
        "muscle_force_fluctuation": "Force fluctuation",
        "metabolic_power_w": "Metabolic power",
        "efficiency": "Efficiency",
        "cost_of_transport_j_per_kg_m": "Cost of transport",
        "sideways_drift_m": "Sideways drift",
    },
    "balance": {
        "time_held_s": "Time held",
        "sway_m": "Sway",
        "margin_of_stability_m": "Margin of stability",
        "tracking_error_deg": "Tracking error",
        "muscle_force_fluctuation": "Force fluctuation",
        "metabolic_power_w": "Metabolic power",
    },
    "react": {
        "time_held_s": "Time up",
        "displacement_m": "Displacement",
        "displacement_left_m": "Displacement left",
        "least_margin_of_stability_m": "Least margin of stability",
        "drive": "Drive",
        "metabolic_power_w": "Metabolic power",
    },
}

# Of any task, where a study shows them.
MORE = {
    "fell": "Falls",
    "drive": "Drive",
    "emg_rectified": "EMG",
    "tremor_low_nm": "Tremor (8-12 Hz), low hold",
    "tremor_high_nm": "Tremor (8-12 Hz), high hold",
    "endurance_low_share": "Torque left at the end",
    "rolled": "Rolled over",
}


# What a comparison of strategies holds equal in each task.
HELD_EQUAL = {
    "isometric": "drive",
    "isokinetic": "drive",
    "roll": "commanded movement",
    "crawl": "commanded movement",
    "balance": "commanded posture",
    "react": "commanded posture and push",
}


def of(task: str, *names: str) -> dict[str, str]:
    """The labels of some measures of a task, in the order of `names`."""
    known = SHOWN[task] | MORE
    return {name: known[name] for name in names}
