"""A wheel works from any folder: models and experiments travel inside it."""

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


def _run(command: list[str], cwd: Path, **environment: str) -> str:
    """Run in a folder of its own, without what this process puts on the path; its output."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, env={**kept, **environment}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    build = ["-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)]
    _run([sys.executable, *build, str(REPOSITORY)], cwd=out)
    (found,) = out.glob("*.whl")
    return found


def test_the_wheel_holds_all_that_is_needed_and_no_litter(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    kinds = (
        ("src/neurocoord", ".py"),
        ("src/neurocoord", ".toml"),
        ("experiments", ".py"),
        ("models", ".xml"),
    )
    for folder, ending in kinds:
        inside = Path("neurocoord") / ("" if folder.startswith("src") else folder)
        for path in (REPOSITORY / folder).rglob(f"*{ending}"):
            assert (inside / path.relative_to(REPOSITORY / folder)).as_posix() in names
    assert any(name.startswith("neurocoord/models/") for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    litter = [n for n in names if "__pycache__" in n or n.startswith(("tests", "docs", "results"))]
    assert litter == []


def test_the_wheel_works_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    target, elsewhere = tmp_path / "target", tmp_path / "elsewhere"
    elsewhere.mkdir()
    zipfile.ZipFile(wheel).extractall(target)  # a pure wheel is installed by unpacking it
    code = """
import json, neurocoord
from neurocoord import resources
import mujoco
models = sorted(resources.models_folder().glob("*.xml"))
for path in models:
    mujoco.MjModel.from_xml_path(str(path))
experiment = resources.load_experiment("compare_synchronization")
print(json.dumps({
    "package": neurocoord.__file__,
    "version": neurocoord.__version__,
    "models": [str(path) for path in models],
    "experiment": experiment.__file__,
    "is_whole": callable(experiment.run) and callable(experiment.main),
}))
"""
    told = json.loads(_run([sys.executable, "-c", code], elsewhere, PYTHONPATH=str(target)))
    assert told["models"]
    for path in (told["package"], told["experiment"], *told["models"]):
        assert Path(path).is_relative_to(target / "neurocoord")
    assert told["is_whole"]
    assert f"-{told['version']}-" in wheel.name
    assert list(elsewhere.iterdir()) == []


@pytest.mark.slow
def test_the_wheel_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    """As a user has it: nothing but the wheel and what it asks for (needs the network)."""
    venv.create(tmp_path / "venv", with_pip=True)
    programs = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    _run([str(programs / "python"), "-m", "pip", "install", "--quiet", str(wheel)], elsewhere)
    neurocoord = str(programs / "neurocoord")
    assert "neurocoord" in json.loads(_run([neurocoord, "info", "--json"], elsewhere))["versions"]
    for task in ("isometric", "roll", "crawl"):
        trial = [neurocoord, "run", task, "--seed", "1", "--seconds", "0.2", "--json"]
        assert json.loads(_run(trial, elsewhere))
