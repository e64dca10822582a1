"""The house: which room may know which, and what each file must be like.

Every check is a function of a source folder that returns a list of faults, so that each is itself
shown to be able to fail, on a small tree of files made for it.
"""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = REPOSITORY / "src" / "neurocoord"

# Ground floor first. A room may import its own files and rooms of lower floors, nothing else.
FLOORS = (
    ("noise", "seeds", "settings", "threads"),
    ("resources",),
    ("provenance",),
    ("motorunits",),
    ("synchrony",),
    ("muscle",),
    ("body",),
    ("pools", "simulation"),
    ("senses",),
    ("coordination",),
    ("analysis",),
    ("tasks",),
    ("trial",),
    ("difficulty", "film", "observation"),
    ("envs", "report", "results"),
    ("bench", "export", "study", "validation"),
    ("lab",),
    ("cli",),
    ("__main__",),
)
EVERYWHERE = {"numpy", "numba", "scipy"}
# The rooms which may import an outside library; () where none may.
DOORS = {
    "gymnasium": ("envs",),
    "imageio": ("film",),
    "imageio_ffmpeg": ("film",),
    "llvmlite": ("motorunits",),
    "matplotlib": ("analysis.plots",),
    "mujoco": ("body", "simulation", "film"),
    "myo_sim": ("bench",),
    "neo": ("export",),
    "pickle": (),
    "pyarrow": ("study",),
    "pymuscle": ("bench",),
    "quantities": ("export",),
    "ray": ("study",),
    "rich": ("cli",),
    "trimesh": ("lab",),
    "typer": ("cli",),
    "viser": ("lab",),
    "xarray": ("study",),
}
# Folder: the table in its __init__, and files in it that are no entries of the table.
TABLES: dict[str, tuple[str, frozenset[str]]] = {
    "export": ("FORMATS", frozenset({"muscle_spikes"})),
    "synchrony": ("STRATEGIES", frozenset({"recorded"})),
    "tasks": (
        "TASKS",
        frozenset(
            {
                "protocol",
                "movement",
                "body_measures",
                "gait_measures",
                "dynamometry",
                "lever_protocol",
                "lever_measures",
                "steadiness",
            }
        ),
    ),
    "validation": ("PAPERS", frozenset({"protocol"})),
}
MAX_LINES = 400
# A compiled kernel may stay in one file: numba's cache does not see edits of files it calls into.
MAX_KERNEL_LINES = 600
KERNELS = ("coordination.solver", "motorunits.tick")


def sources(package: Path) -> dict[str, Path]:
    """Every file by its dotted name inside the package; "" is the package's own __init__."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(package: Path, name: str, path: Path) -> list[str]:
    """Absolute dotted names of all that a file imports, also inside functions.

    `from a import b` gives `a.b`, whether b is a module or not.
    """
    own = package.name + (f".{name}" if name else "")
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = node.level - (path.name == "__init__.py")
                parents = own.split(".")
                base = ".".join(parents[: len(parents) - up] + ([base] if base else []))
            found += [f"{base}.{alias.name}" for alias in node.names]
    return found


def upward_imports(package: Path) -> list[str]:
    floor = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}
    rooms = {name.split(".")[0] for name in sources(package)} - {""}
    faults = [f"{room} stands on no floor: add it to FLOORS" for room in sorted(rooms - set(floor))]
    for name, path in sources(package).items():
        room = name.split(".")[0]
        for target in imports(package, name, path):
            head, _, rest = target.partition(".")
            other = rest.split(".")[0]
            if head != package.name or other not in floor or other == room:
                continue  # an outside library, the package's own version, or the same room
            if floor[other] >= floor.get(room, -1):
                faults.append(f"{name or package.name} imports {other}, which is not below it")
    return faults


def second_doors(package: Path) -> list[str]:
    faults = []
    for name, path in sources(package).items():
        for target in imports(package, name, path):
            library = target.split(".")[0]
            if library in DOORS:
                doors = DOORS[library]
                if not any(name == door or name.startswith(f"{door}.") for door in doors):
                    where = " and ".join(doors) or "nowhere"
                    faults.append(f"{name} imports {library}, whose door is {where}")
            elif library not in {package.name, *EVERYWHERE, *sys.stdlib_module_names}:
                faults.append(f"{name} imports {library}, which has no door: add it to DOORS")
    return faults


def missing_from_tables(package: Path) -> list[str]:
    faults = []
    for folder, (table, others) in TABLES.items():
        files = {p.stem for p in (package / folder).glob("*.py") if not p.stem.startswith("_")}
        init = package / folder / "__init__.py"
        entries = _table_entries(init, table) if init.exists() else set()
        if not entries:
            faults.append(f"{folder}/__init__.py has no table {table}")
        faults += [f"{folder}/{f}.py is not in {table}" for f in sorted(files - others - entries)]
    return faults


def _table_entries(init: Path, table: str) -> set[str]:
    """Files a table names: as text, as an imported module, or by something imported from it."""
    tree = ast.parse(init.read_text(encoding="utf-8"))
    comes_from: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                module = (node.module or "").split(".")[-1]
                comes_from[alias.asname or alias.name] = {module, alias.name}
        elif isinstance(node, ast.Import):
            for alias in node.names:
                comes_from[alias.asname or alias.name] = {alias.name.split(".")[-1]}
    found: set[str] = set()
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if not any(isinstance(t, ast.Name) and t.id == table for t in targets) or not node.value:
            continue
        for part in ast.walk(node.value):
            if isinstance(part, ast.Name):
                found |= comes_from.get(part.id, set())
            elif isinstance(part, ast.Constant) and isinstance(part.value, str):
                found.add(part.value.split(".")[-1])
    return found


def long_files(package: Path) -> list[str]:
    faults = []
    for name, path in sources(package).items():
        n = len(path.read_bytes().splitlines())
        allowed = MAX_KERNEL_LINES if name in KERNELS else MAX_LINES
        if n > allowed:
            faults.append(f"{name} has {n} lines, over {allowed}")
    return faults


def star_imports(package: Path) -> list[str]:
    return [
        f"{name} imports everything from {target.removesuffix('.*')}"
        for name, path in sources(package).items()
        for target in imports(package, name, path)
        if target.endswith(".*")
    ]


def shapeless_experiments(folder: Path) -> list[str]:
    """Experiments without run() and main(), and those that are missing altogether."""
    faults = [] if any(folder.glob("*.py")) else [f"no experiment in {folder.name}/"]
    for path in sorted(folder.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        faults += [f"{path.name} has no {f}()" for f in ("run", "main") if f not in functions]
    return faults


CHECKS = (upward_imports, second_doors, missing_from_tables, long_files, star_imports)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_house(check) -> None:
    assert check(PACKAGE) == []


def test_the_experiments() -> None:
    assert shapeless_experiments(REPOSITORY / "experiments") == []


# ---- every check can fail ----

SOUND = {
    "__init__.py": '__version__ = "0"\n',
    "noise.py": "import numpy as np\n",
    "motorunits/__init__.py": "from . import kernel\n",
    "motorunits/kernel.py": "from neurocoord import __version__, noise\n",
    "synchrony/__init__.py": (
        "from neurocoord.synchrony import independent\n"
        "from .short_term import coupling as st\n"
        "STRATEGIES = {'independent': independent.coupling, 'st': st}\n"
    ),
    "synchrony/independent.py": "from neurocoord.motorunits.kernel import __version__\n",
    "synchrony/short_term.py": "",
    "synchrony/_shared.py": "",
    "tasks/__init__.py": "TASKS: dict[str, str] = {'roll': 'neurocoord.tasks.roll'}\n",
    "tasks/roll.py": "",
    "validation/__init__.py": "PAPERS = {'a_1993': 'neurocoord.validation.a_1993'}\n",
    "export/__init__.py": "from . import sto\nFORMATS = {'sto': sto.write}\n",
    "export/sto.py": "",
    "body/model.py": "import mujoco\n",
    "simulation.py": "def f():\n    import mujoco.batch\n",
    "analysis/plots.py": "import matplotlib.pyplot as plt\n",
}

UNSOUND = [
    (upward_imports, "motorunits/kernel.py", "from neurocoord import synchrony\n"),
    (upward_imports, "motorunits/kernel.py", "from neurocoord.synchrony import independent\n"),
    (upward_imports, "motorunits/kernel.py", "import neurocoord.body.model\n"),
    (upward_imports, "motorunits/kernel.py", "def f():\n    from ..body import model\n"),
    (upward_imports, "motorunits/__init__.py", "from ..body import model\n"),
    (upward_imports, "noise.py", "from . import seeds\n"),
    (upward_imports, "__init__.py", "from neurocoord import noise\n"),
    (upward_imports, "attic.py", ""),
    (second_doors, "tasks/roll.py", "import mujoco\n"),
    (second_doors, "tasks/roll.py", "def f():\n    from mujoco.batch import Batch\n"),
    (second_doors, "analysis/spikes.py", "import matplotlib.pyplot as plt\n"),
    (second_doors, "simulation_more.py", "import mujoco\n"),
    (second_doors, "noise.py", "import pickle\n"),
    (second_doors, "noise.py", "import pandas\n"),
    (missing_from_tables, "synchrony/common_drive.py", ""),
    (missing_from_tables, "tasks/crawl.py", ""),
    (missing_from_tables, "tasks/__init__.py", "OTHER = {}\nTASKS = {'crawl': 1}\n"),
    (long_files, "noise.py", "\n" * (MAX_LINES + 1)),
    (long_files, "coordination/solver.py", "\n" * (MAX_KERNEL_LINES + 1)),
    (star_imports, "noise.py", "from numpy import *\n"),
]


def _build(folder: Path, files: dict[str, str]) -> Path:
    package = folder / "neurocoord"
    for name, text in files.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    return package


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_sound_house_passes(check, tmp_path: Path) -> None:
    assert check(_build(tmp_path, SOUND)) == []


@pytest.mark.parametrize(("check", "file", "text"), UNSOUND)
def test_an_unsound_house_fails(check, file: str, text: str, tmp_path: Path) -> None:
    assert len(check(_build(tmp_path, {**SOUND, file: text}))) == 1


def test_a_missing_table_fails(tmp_path: Path) -> None:
    package = _build(tmp_path, {**SOUND, "tasks/__init__.py": "OTHER = {'roll': 1}\n"})
    assert missing_from_tables(package)[0] == "tasks/__init__.py has no table TASKS"


def test_an_experiment_without_main_fails(tmp_path: Path) -> None:
    assert shapeless_experiments(tmp_path) != []
    (tmp_path / "question.py").write_text("def run():\n    pass\n")
    assert shapeless_experiments(tmp_path) == ["question.py has no main()"]


# ---- importing ----


def _import(*modules: str) -> subprocess.CompletedProcess[str]:
    """Import modules in a fresh process; the names of all loaded modules come back on stderr."""
    code = f"import sys, {', '.join(modules)}; sys.stderr.write(' '.join(sys.modules))"
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    return subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:neurocoord", "-c", code],
        capture_output=True,
        text=True,
        env=environment,
    )


def test_importing_the_package_is_silent_and_light() -> None:
    done = _import("neurocoord")
    assert (done.returncode, done.stdout) == (0, "")
    assert not {"mujoco", "matplotlib", "numba", "numpy", "scipy"} & set(done.stderr.split())


@pytest.mark.parametrize(
    ("room", "heavy"),
    [
        ("neurocoord.motorunits", {"mujoco", "matplotlib", "gymnasium", "scipy.stats"}),
        ("neurocoord.synchrony", {"mujoco", "matplotlib", "gymnasium", "scipy.stats"}),
        ("neurocoord.coordination", {"mujoco", "matplotlib", "gymnasium", "scipy.stats"}),
        ("neurocoord.analysis.statistics", {"mujoco", "matplotlib", "numba", "scipy.stats"}),
        ("neurocoord.results", {"mujoco", "matplotlib", "numba", "scipy.stats"}),
    ],
)
def test_a_room_does_not_load_what_it_need_not_know(room: str, heavy: set[str]) -> None:
    done = _import(room)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert not heavy & set(done.stderr.split())


def test_importing_every_file_is_silent() -> None:
    names = [f"neurocoord.{name}" for name in sources(PACKAGE) if name and "__main__" not in name]
    names = [name for name in names if not name.startswith("neurocoord.lab")]  # an extra
    done = _import(*names)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "Warning" not in done.stderr.replace("Warnings", "")
