"""Which sources decide what comes out of a trial, as one hash.

A results folder may only be gone on with by the code that began it. Version numbers do not tell
two states of a clone apart, and a change to the command line changes no result: so the hash is of
the files that one file imports, directly or not, and of all tables and models.
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path

from neurocoord.resources import PACKAGE, models_folder

DATA = (".csv", ".json", ".xml")  # of models/


@cache
def sources_sha256(of: str = "neurocoord.trial") -> str:
    """SHA-256, in hexadecimal, of a module, all of the package that it imports, and `models/`."""
    digest = hashlib.sha256()
    models = models_folder()
    data = sorted(path for path in models.rglob("*") if path.suffix in DATA)
    for root, paths in ((PACKAGE, sorted(imported(of))), (models, data)):
        for path in paths:
            digest.update(path.relative_to(root).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def imported(module: str) -> set[Path]:
    """Files of the package that a module's file imports, directly or not, and its own."""
    found: set[Path] = set()
    waiting = [module]
    while waiting:
        path = _file(waiting.pop())
        if path is not None and path not in found:
            found.add(path)
            waiting += _names(path)
    return found


def _names(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in names if name.split(".")[0] == PACKAGE.name]


def _file(module: str) -> Path | None:
    """The file of a module of the package; None where the name is that of something in one."""
    stem = PACKAGE.joinpath(*module.split(".")[1:])
    for path in (stem.with_suffix(".py"), stem / "__init__.py"):
        if path.is_file():
            return path
    return None
