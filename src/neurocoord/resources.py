"""Finds what travels with the package but is not code of it: `models/` and `experiments/`.

In a wheel both lie inside the package; in a clone they lie beside `src/`.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from neurocoord.settings import unknown

PACKAGE = Path(__file__).resolve().parent


def models_folder() -> Path:
    """Folder of the MJCF models, the tables they are built from and their provenance."""
    return _folder("models")


def experiments_folder() -> Path:
    """Folder of the experiment scripts, one file a question."""
    return _folder("experiments")


def model_path(name: str) -> Path:
    """Path of one model: its name in `models/`, with or without `.xml`."""
    return _file(models_folder(), name, ".xml", "model")


def experiment_path(name: str) -> Path:
    """Path of one experiment script: its name in `experiments/`, with or without `.py`."""
    return _file(experiments_folder(), name, ".py", "experiment")


def load_experiment(name: str) -> ModuleType:
    """Import an experiment by its path, without putting its folder on `sys.path`.

    Work that is sent to other processes must be a function of the package and not of the
    experiment: a new process could not find the experiment by its module's name.
    """
    path = experiment_path(name)
    module_name = f"neurocoord_experiment_{path.stem}"
    if module_name in sys.modules:
        return sys.modules[module_name]
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load the experiment {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[module_name]
        raise
    return module


def _folder(name: str) -> Path:
    inside, beside = PACKAGE / name, PACKAGE.parents[1] / name
    for folder in (inside, beside):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"neurocoord's {name}/ is neither in {inside} nor in {beside}")


def _file(folder: Path, name: str, suffix: str, kind: str) -> Path:
    allowed = sorted(path.stem for path in folder.glob(f"*{suffix}"))
    stem = name.removesuffix(suffix)
    if stem in allowed:
        return folder / f"{stem}{suffix}"
    raise ValueError(unknown(kind, name, allowed))
