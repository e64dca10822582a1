"""Write the tables of docs/settings.md: every path that `--set` takes; `make figures` runs this.

    python docs/make_settings.py

Paths and defaults are those of a complete trial of each task, types those of the fields, meanings
the comments beside them.
"""

from __future__ import annotations

import ast
import inspect
import io
import textwrap
import tokenize
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

from drawing import between

from neurocoord import trial
from neurocoord.coordination import balance, gait, library, roll, strategies
from neurocoord.pools import CHOICES
from neurocoord.settings import flatten
from neurocoord.tasks import TASKS, dynamometry, isokinetic, lever_protocol
from neurocoord.trial import TrialConfig

PAGE = Path(__file__).resolve().parent / "settings.md"
BEGIN, END = "<!-- tables: docs/make_settings.py -->", "<!-- end of tables -->"
DECIDED = ("task", "seed", "synchrony", "settings")  # by options of their own, or told by task
MEANING = {  # by path, in place of the field's comment; by name, of fields that have none
    "seconds": "length of the trial after its start, as `--seconds`; none: the task's own",
    "settings.action": "what the lever does with the joint",
    "settings.allocation": "which muscles work ([control.md](control.md))",
    "settings.direction": "of the ankle `dorsiflexion` or `plantarflexion`, else the first two",
    "settings.gains.effort": "lambda, the weight of effort",
    "settings.gains.joint_torque_weight": "of a torque that a joint misses, 1/Nm",
    "settings.gains.root_force_weight": "of a force that the pelvis misses, 1/N",
    "settings.gains.root_torque_weight": "of a torque that the pelvis misses, 1/Nm",
    "settings.joint": "that is tested",
    "settings.range_deg": "of the joint's angle, low first; none: the joint's own",
    "allocation_joints": "what `co_contraction` and `stabilizers` are about; none: all joints",
    "ballistic_s": "length of the effort as fast as possible",
    "bump_seed": "another one, other bumps",
    "earliest_s": "no push begins earlier",
    "force_excites_in_stance": "whether `force` excites while the limb bears weight",
    "high_drive": "of the second hold",
    "hold_drives": "of the holds of action isometric",
    "hold_s": "length of a hold",
    "friction": "coefficient that the controller trusts",
    "latest_s": "no push begins later",
    "least_force_n": "of the push",
    "length_threshold_lopt": "fibre length (optimal lengths) from which `stretch_length` counts",
    "low_drive": "of the first hold",
    "most_force_n": "of the push",
    "push_s": "how long a push lasts",
    "pushed_body": "the part of the body that is pushed",
    "rest_s": "length of the rest before an effort",
    "speed_deg_per_s": "of the lever",
    "start_noise_rad": "SD of each joint's angle at the start; postures are then put on the floor",
}
WORDS = {bool: "true or false", int: "whole number", float: "number", str: "text"}
EMPTY = "(empty)"

ROLLS, CRAWLS = library.names_of(roll.RollPlan), library.names_of(gait.Gait)
ALLOWED: dict[str, Iterable[str]] = {
    **{f"pools.{name}": allowed for name, allowed in CHOICES.items()},
    "settings.allocation": strategies.STRATEGIES,
    "settings.action": lever_protocol.ACTIONS,
    "settings.direction": sorted({name.split("_")[1] for name in dynamometry.MOVERS}, key=len),
    "settings.gait.pattern": gait.PATTERNS,
    "settings.joint": dict.fromkeys(name.split("_")[0] for name in dynamometry.MOVERS),
    "settings.plan.side": roll.SIDES,
    "settings.posture": balance.POSTURES,
    "settings.side": roll.SIDES,
    "settings.tendons": isokinetic.TENDONS,
    "settings.then": ROLLS,
}
OF_TASK = {("roll", "settings.movement"): ROLLS, ("crawl", "settings.movement"): CRAWLS}


@cache
def comments(record: type) -> Mapping[str, str]:
    """The comment beside each field of a dataclass, its bases' fields too."""
    found: dict[str, str] = {}
    for cls in reversed(record.__mro__):
        if not is_dataclass(cls):
            continue
        source = textwrap.dedent(inspect.getsource(cls))
        body = ast.parse(source).body[0]
        assert isinstance(body, ast.ClassDef)
        beside = {
            token.start[0]: token.string.lstrip("# ")
            for token in tokenize.generate_tokens(io.StringIO(source).readline)
            if token.type == tokenize.COMMENT
        }
        for node in body.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
                said = [beside[line] for line in lines if line in beside]
                found[node.target.id] = " ".join(said)
    return found


def type_of(hint: Any) -> str:
    """What may be given, in words."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return " or ".join("none" if a is type(None) else type_of(a) for a in arguments)
    if origin is tuple:
        kind = type_of(arguments[0])
        if arguments[-1] is Ellipsis:
            mark = ";" if hasattr(arguments[0], "from_text") else ","
            return f"any number of ({kind}), with `{mark}` between"
        return f"{len(arguments)} of ({kind}) with `,` between"
    if hasattr(hint, "from_text"):
        return "`BODY:START:SECONDS:X,Y,Z`"
    return WORDS[hint]


def shown(value: Any) -> str:
    """A value as `--set` takes it."""
    if isinstance(value, tuple | list):
        return ",".join(map(shown, value)) or EMPTY
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return str(value) or EMPTY


def row(record: Any, name: str, path: str, of: str) -> str:
    """A field as a line of a table."""
    allowed = [f"`{one}`" for one in ALLOWED.get(path, OF_TASK.get((of, path), ()))]
    kind = ", ".join(allowed) or type_of(typing.get_type_hints(type(record))[name])
    beside = comments(type(record)).get(name, "").replace("None:", "none:")
    said = MEANING.get(path) or beside or MEANING.get(name, "")
    value = getattr(record, name)
    if allowed and isinstance(value, tuple):
        kind = f"any number of ({kind}), with `,` between"
    default = shown(value)
    default = default if default == EMPTY else f"`{default}`"
    return f"| `{path}` | {default} | {kind} | {said} |".replace("  ", " ")


def told(record: Any) -> str:
    """What a record is, as its docstring says."""
    return " ".join((type(record).__doc__ or "").replace("``", "`").split())


def tables(record: Any, names: Iterable[str], prefix: str, of: str, seen: dict[Any, str]) -> str:
    """What a record holds: a table of its values, then one of each group, told once."""
    groups = {n: v for n in names if is_dataclass(v := getattr(record, n))}
    rows = [row(record, n, f"{prefix}{n}", of) for n in names if n not in groups]
    parts = ["| path | default | may be | meaning |\n|---|---|---|---|\n" + "\n".join(rows)]
    for name, group in groups.items():
        path = f"{prefix}{name}"
        parts.append(f"### {of}: `{path}.*`")
        if (path, group) in seen:
            parts.append(f"The same as of {seen[path, group]}.")
            continue
        seen[path, group] = of
        parts.append(told(group))
        inside = [field.name for field in fields(group)]
        parts.append(tables(group, inside, f"{path}.", of, seen))
    return "\n\n".join(parts)


def page_tables() -> str:
    """All tables of the page."""
    seen: dict[Any, str] = {}
    every = TrialConfig()
    common = [field.name for field in fields(every) if field.name not in DECIDED]
    parts = ["## Every task", tables(every, common, "", "every task", seen)]
    for task in TASKS:
        settings = trial.complete(TrialConfig(task=task)).settings
        names = [field.name for field in fields(settings)]
        parts += [f"## {task}", told(settings), tables(settings, names, "settings.", task, seen)]
    return "\n\n".join(parts)


def paths_of(task: str) -> list[str]:
    """The paths that a trial of a task may set."""
    paths = flatten(trial.complete(TrialConfig(task=task)))
    return [p for p in paths if p.partition(".")[0] not in DECIDED[:3]]


def page_with_tables(text: str) -> str:
    """The page with its tables made anew; ValueError where the marks are missing."""
    return between(text, BEGIN, END, page_tables())


def main() -> None:
    """The command line."""
    PAGE.write_text(page_with_tables(PAGE.read_text()))
    print(PAGE.relative_to(PAGE.parents[1]))


if __name__ == "__main__":
    main()
