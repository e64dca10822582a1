"""Change one value deep inside a configuration by its dotted path: `settings.gait.swing_s=0.35`.

A configuration is a frozen dataclass that holds plain values and further frozen dataclasses.
Nothing here knows which: paths, types and the names in error messages come from the fields.
"""

import difflib
import math
import types
import typing
from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, Literal, TypeVar

Config = TypeVar("Config")

MOST_LISTED = 50  # names in an error message (choice)
TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def replace_path(config: Config, path: str, value: Any) -> Config:
    """A copy of `config` with the value at `path` replaced.

    `value` is text, as from a command line, or already of the field's type; it is turned into the
    field's type, and a float must be finite. ValueError names the path, what is there, and the
    nearest name.
    """
    return _replace(config, path.split("."), value, path)


def replace_all(config: Config, assignments: Iterable[str]) -> Config:
    """`replace_path` for each text of the form `path=value`, in order."""
    for assignment in assignments:
        config = replace_path(config, *split_assignment(assignment))
    return config


def split_assignment(assignment: str) -> tuple[str, str]:
    """Path and value of `path=value`."""
    path, equals, value = assignment.partition("=")
    if not (path.strip() and equals):
        raise ValueError(f"{assignment!r} is not of the form path=value")
    return path.strip(), value.strip()


def flatten(config: Any) -> dict[str, Any]:
    """Every value of a configuration by its dotted path, in the order of the fields."""
    found: dict[str, Any] = {}
    for name, value in _entries(config).items():
        if _is_group(value):
            found.update({f"{name}.{path}": leaf for path, leaf in flatten(value).items()})
        else:
            found[name] = [_plain(v) for v in value] if isinstance(value, tuple) else value
    return found


def _plain(value: Any) -> Any:
    """A record inside a tuple as the text that it can be read from."""
    return str(value) if hasattr(value, "from_text") else value


def unknown(what: str, given: object, allowed: Iterable[object], also: str = "") -> str:
    """`what 'foo' is unknown; allowed: a, b, c; did you mean 'b'?`, for the caller to raise.

    `also` follows the names: what else is allowed, or where. More than `MOST_LISTED` names are
    only counted.
    """
    names = [str(name) for name in allowed]
    listed = ", ".join(names) if len(names) <= MOST_LISTED else f"{len(names)} names"
    return f"{what} {given!r} is unknown; allowed: {listed or 'none'}{also}{nearest(given, names)}"


def nearest(given: object, allowed: Collection[str]) -> str:
    """`; did you mean 'x'?` for the nearest allowed name, or nothing where none is near.

    A name that differs in case alone comes first; then case counts (`VAS_L_r` is the lateral
    vastus), unless no name is near with it.
    """
    for name in allowed:
        if name.lower() == str(given).lower():
            return f"; did you mean {name!r}?"
    for form in (str, str.lower):
        names = {form(name): name for name in allowed}
        near = difflib.get_close_matches(form(str(given)), names, n=1, cutoff=0.5)
        if near:
            return f"; did you mean {names[near[0]]!r}?"
    return ""


def chosen(
    argument: str, given: Sequence[str] | None, allowed: Iterable[str], kind: str
) -> tuple[str, ...]:
    """The names `given`, each of a `kind`, in the order of `allowed`; all of them for None.

    Raises ValueError for an unknown name, with the nearest if one is near, and where `given` is
    empty.
    """
    names = tuple(allowed)
    if given is None:
        return names
    if not given:
        raise ValueError(f"{argument} names no {kind}; it may name {', '.join(names)}")
    for name in given:
        if name not in names:
            raise ValueError(unknown(kind, name, names))
    return tuple(name for name in names if name in given)


def _replace(config: Any, names: Sequence[str], value: Any, path: str) -> Any:
    name, rest = names[0], names[1:]
    entries = _entries(config)
    if name not in entries:
        depth = len(path.split(".")) - len(names)
        above = ".".join(path.split(".")[:depth])
        full = [f"{above}.{entry}" if above else entry for entry in entries]
        inside = [leaf for leaf in flatten(config) if leaf.endswith(f".{path}")]
        if not above and inside:  # the group was left out
            raise ValueError(f"{path!r} is unknown; did you mean {' or '.join(map(repr, inside))}?")
        raise ValueError(
            f"{path!r} is unknown: {above or 'the configuration'} holds {', '.join(entries)}"
            f"{nearest(path, full)}"
        )
    there = entries[name]
    if rest and not _is_group(there):
        here = ".".join(path.split(".")[: -len(rest)])
        raise ValueError(f"{path!r} is unknown: {here} is a single value, {there!r}")
    if rest:
        return replace(config, **{name: _replace(there, rest, value, path)})
    if _is_group(there):
        raise ValueError(
            f"{path!r} is a group and not a value; it holds {', '.join(_entries(there))}"
        )
    hint = typing.get_type_hints(type(config))[name]
    return replace(config, **{name: _convert(value, hint, there, path)})


def _convert(value: Any, hint: Any, there: Any, path: str) -> Any:
    """`value` as the type a field's annotation asks for; `there` is what stands in it now."""
    if hint is Any:
        hint = type(there)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _convert_union(value, arguments, there, path)
    if origin is Literal:
        texts = {str(choice): choice for choice in arguments}
        if str(value) not in texts:
            raise ValueError(unknown(path, value, texts))
        return texts[str(value)]
    if origin is tuple or hint is tuple:
        return _convert_tuple(value, arguments, there, path)
    if hasattr(hint, "from_text"):
        return value if isinstance(value, hint) else hint.from_text(str(value))
    converter = _CONVERTERS.get(hint)
    if converter is None:
        raise ValueError(f"{path} cannot be set by text; it holds {there!r}")
    try:
        return converter(value if isinstance(value, str) else str(value))
    except ValueError:
        raise ValueError(
            f"{path}={value} is not allowed; it must be {_WORDS[hint]} (now {there!r})"
        ) from None


def _convert_union(value: Any, arguments: tuple[Any, ...], there: Any, path: str) -> Any:
    others = [argument for argument in arguments if argument is not type(None)]
    if type(None) in arguments and (value is None or str(value).lower() == "none"):
        return None
    for hint in others[:-1]:
        try:
            return _convert(value, hint, there, path)
        except ValueError:
            continue
    return _convert(value, others[-1], there, path)


def _convert_tuple(value: Any, arguments: tuple[Any, ...], there: Any, path: str) -> Any:
    comma = ";" if arguments and hasattr(arguments[0], "from_text") else ","
    parts = [p for p in value.split(comma) if p.strip()] if isinstance(value, str) else value
    if arguments and arguments[-1] is not Ellipsis:
        if len(parts) != len(arguments):
            raise ValueError(f"{path}={value} is not allowed; it must be {len(arguments)} values")
        return tuple(_convert(p, hint, there, path) for p, hint in zip(parts, arguments))
    hint = arguments[0] if arguments else (type(there[0]) if there else str)
    return tuple(_convert(part, hint, there, path) for part in parts)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError
    return value


def _truth(text: str) -> bool:
    if text.lower() not in TRUE + FALSE:
        raise ValueError
    return text.lower() in TRUE


_CONVERTERS: dict[Any, Any] = {bool: _truth, int: int, float: _finite, str: str}
_WORDS = {bool: "true or false", int: "a whole number", float: "a finite number", str: "text"}


def _is_group(value: Any) -> bool:
    return is_dataclass(value) and not isinstance(value, type)


def _entries(config: Any) -> dict[str, Any]:
    return {field.name: getattr(config, field.name) for field in fields(config)}
