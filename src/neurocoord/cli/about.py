"""What `neurocoord info` tells."""

from __future__ import annotations

import sys
from typing import Any

from neurocoord import results, synchrony
from neurocoord.body import model as bodies
from neurocoord.tasks import TASKS
from neurocoord.trial import Pools, measures_of


def everything(name: str = "humanoid") -> dict[str, Any]:
    """Versions, the model's size, muscles, units, strategies, tasks with their measures."""
    body = bodies.load(name)
    model = body.model
    return {
        "versions": results.describe("info", {}, 0).versions,
        "model": {
            "name": body.name,
            "nq": model.nq,
            "nv": model.nv,
            "nu": model.nu,
            "bodies": model.nbody - 1,  # the world is none
            "joints": len(body.joints),
            "mass_kg": round(body.mass_kg, 3),
            "sha256": body.model_hash,
        },
        "n_muscles": len(body.muscles),
        "n_units": len(body.muscles) * Pools().n_units,
        "units_per_muscle": Pools().n_units,
        "muscles": list(body.muscles),
        "strategies": {
            name: _first_line(sys.modules[function.__module__].__doc__)
            for name, function in synchrony.STRATEGIES.items()
        },
        "tasks": {
            task.name: {
                "question": task.question,
                "seconds": task.seconds,
                "measures": {key: m._asdict() for key, m in measures_of(task.name).items()},
            }
            for task in TASKS.values()
        },
    }


def muscle(name: str) -> dict[str, Any]:
    """One muscle of the humanoid."""
    body = bodies.load("humanoid")
    index = bodies.muscle_index(body, name)
    table = body.table
    return {
        "muscle": name,
        "full_name": table.full_name[index],
        "chain": table.chain[index],
        "max_force_n": round(float(body.muscle_parameters.max_force_n[index]), 1),
        "mass_kg": round(float(table.mass_kg[index]), 4),
        "type1_share": float(table.type1_share[index]),
        "anatomical_units": int(table.n_units[index]),
        "simulated_units": Pools().n_units,
    }


def print_everything(told: dict[str, Any]) -> None:
    """The same for people."""
    model = told["model"]
    versions = ", ".join(f"{name} {version}" for name, version in told["versions"].items())
    print(f"Versions    {versions}")
    print(
        f"Body        {model['name']}: {told['n_muscles']} muscles, {model['joints']} joints, "
        f"{model['bodies']} bodies, {model['mass_kg']:g} kg"
    )
    print(f"Motor units {told['n_units']}, {told['units_per_muscle']} a muscle")
    print("Strategies")
    for name, line in told["strategies"].items():
        print(f"  {name:14s} {line}")
    print("Tasks")
    for name, task in told["tasks"].items():
        print(f"  {name:14s} {task['question']} ({task['seconds']:g} s)")
        for measure, row in task["measures"].items():
            unit = "" if row["unit"] == "1" else f" [{row['unit']}]"
            print(f"    {measure + unit:38s} {row['meaning']}")
    stems = sorted({name[:-2] for name in told["muscles"]})
    print(f"Muscles     {', '.join(stems)}; each _r and _l")


def _first_line(text: str | None) -> str:
    return (text or "").strip().split("\n")[0]
