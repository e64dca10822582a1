"""What travels with the package is found by name, and a wrong name is told the right ones."""

from pathlib import Path

import pytest

from neurocoord import resources


@pytest.fixture(params=["inside", "beside"])
def package(request, tmp_path: Path, monkeypatch) -> Path:
    """A package whose models and experiments lie inside it (a wheel) or beside src/ (a clone)."""
    package = tmp_path / "src" / "neurocoord"
    package.mkdir(parents=True)
    home = package if request.param == "inside" else tmp_path
    (home / "models").mkdir()
    (home / "experiments").mkdir()
    (home / "models" / "humanoid.xml").write_text("<mujoco/>")
    (home / "experiments" / "question.py").write_text(
        "from dataclasses import dataclass\n\n@dataclass\nclass Config:\n    n: int = 3\n"
    )
    (home / "experiments" / "broken.py").write_text("raise RuntimeError('broken')\n")
    monkeypatch.setattr(resources, "PACKAGE", package)
    return package


def test_found_with_and_without_suffix(package: Path) -> None:
    assert resources.model_path("humanoid") == resources.model_path("humanoid.xml")
    assert resources.model_path("humanoid").read_text() == "<mujoco/>"
    assert resources.experiment_path("question").name == "question.py"


def test_an_experiment_is_loaded_by_its_path(package: Path) -> None:
    module = resources.load_experiment("question")
    assert module.Config().n == 3
    assert resources.load_experiment("question.py") is module
    with pytest.raises(RuntimeError, match="broken"):
        resources.load_experiment("broken")
    with pytest.raises(RuntimeError, match="broken"):  # half a module is not kept
        resources.load_experiment("broken")


@pytest.fixture(autouse=True)
def forget_experiments(monkeypatch) -> None:
    for name in ("question", "broken"):
        monkeypatch.delitem(resources.sys.modules, f"neurocoord_experiment_{name}", raising=False)


def test_an_unknown_name_is_told_the_nearest(package: Path) -> None:
    with pytest.raises(
        ValueError, match=r"model 'humanoit' is unknown; allowed: humanoid; did you"
    ):
        resources.model_path("humanoit")
    with pytest.raises(
        ValueError, match=r"experiment '../question' is unknown; allowed: broken, q"
    ):
        resources.experiment_path("../question")


def test_a_package_without_them_says_where_it_looked(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(resources, "PACKAGE", tmp_path / "src" / "neurocoord")
    with pytest.raises(FileNotFoundError, match="models/ is neither in"):
        resources.models_folder()
