"""Dotted paths into nested frozen dataclasses."""

from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocoord import settings
from neurocoord.settings import flatten, replace_all, replace_path, unknown


@dataclass(frozen=True, kw_only=True)
class Gait:
    frequency_hz: float = 0.95
    pattern: Literal["diagonal", "pace"] = "diagonal"
    beats: int = 2
    is_slow: bool = False
    offsets: tuple[float, ...] = (0.0, 0.5)
    pair: tuple[int, str] = (1, "a")


@dataclass(frozen=True, kw_only=True)
class Settings:
    gait: Gait = field(default_factory=Gait)
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Config:
    name: str = "x"
    settings: Any = field(default_factory=Settings)


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("settings.gait.frequency_hz", "0.9", 0.9),
        ("settings.gait.frequency_hz", "1", 1.0),
        ("settings.gait.frequency_hz", 0.1 + 0.2, 0.1 + 0.2),
        ("settings.gait.pattern", "pace", "pace"),
        ("settings.gait.beats", "4", 4),
        ("settings.gait.beats", 4, 4),
        ("settings.gait.is_slow", "yes", True),
        ("settings.gait.is_slow", False, False),
        ("settings.gait.offsets", "0, 0.25,0.5", (0.0, 0.25, 0.5)),
        ("settings.gait.offsets", [1, 2], (1.0, 2.0)),
        ("settings.gait.pair", "3,b", (3, "b")),
        ("settings.seconds", "2.5", 2.5),
        ("settings.seconds", "none", None),
        ("settings.seconds", None, None),
        ("name", "a=b", "a=b"),
    ],
)
def test_a_value_becomes_its_field_s_type(path: str, text: Any, value: Any) -> None:
    there: Any = replace_path(Config(), path, text)
    for name in path.split("."):
        there = getattr(there, name)
    assert there == value
    assert type(there) is type(value)


def test_nothing_else_changes() -> None:
    before = Config()
    after = replace_path(before, "settings.gait.beats", "3")
    changed = {path for path, value in flatten(after).items() if flatten(before)[path] != value}
    assert changed == {"settings.gait.beats"}
    assert before == Config()


@pytest.mark.parametrize(
    ("path", "value", "parts"),
    [
        ("settings.gait.frequncy_hz", "1", ["did you mean 'settings.gait.frequency_hz'", "beats"]),
        ("setings.gait.beats", "1", ["'setings.gait.beats'", "name, settings"]),
        ("settings.gait", "1", ["group", "frequency_hz"]),
        ("name.first", "1", ["name is a single value"]),
        ("settings.gait.frequency_hz", "nan", ["settings.gait.frequency_hz=nan", "finite", "0.95"]),
        ("settings.gait.frequency_hz", "-inf", ["finite"]),
        ("settings.gait.frequency_hz", "fast", ["=fast", "finite number"]),
        ("settings.gait.beats", "1.5", ["whole number"]),
        ("settings.gait.is_slow", "maybe", ["true or false"]),
        ("settings.gait.pattern", "diagnal", ["did you mean 'diagonal'"]),
        ("settings.gait.pair", "1", ["2 values"]),
        ("settings.gait.offsets", "0,nan", ["finite"]),
        ("settings.seconds", "inf", ["settings.seconds=inf"]),
        ("", "1", ["name, settings"]),
    ],
)
def test_errors_name_what_was_given_and_what_is_there(path: str, value: str, parts: list) -> None:
    with pytest.raises(ValueError) as caught:
        replace_path(Config(), path, value)
    assert "\n" not in str(caught.value)
    for part in parts:
        assert part in str(caught.value)


def test_assignments_in_order() -> None:
    config = replace_all(Config(), ["settings.gait.beats=3", "settings.gait.beats = 5"])
    assert config.settings.gait.beats == 5
    for wrong in ("settings.gait.beats", "=3", ""):
        with pytest.raises(ValueError, match="path=value"):
            replace_all(Config(), [wrong])


def test_flatten_gives_every_leaf_by_path() -> None:
    assert flatten(Config()) == {
        "name": "x",
        "settings.gait.frequency_hz": 0.95,
        "settings.gait.pattern": "diagonal",
        "settings.gait.beats": 2,
        "settings.gait.is_slow": False,
        "settings.gait.offsets": [0.0, 0.5],
        "settings.gait.pair": [1, "a"],
        "settings.seconds": None,
    }


def test_an_unknown_name_is_told_what_is_allowed_and_the_nearest() -> None:
    said = "task 'CRWAL' is unknown; allowed: roll, crawl; did you mean 'crawl'?"
    assert unknown("task", "CRWAL", iter(("roll", "crawl"))) == said
    assert unknown("m", "vas_l", ["VAS_M_l", "VAS_L_r"]).endswith("did you mean 'VAS_M_l'?")
    assert unknown("m", "VAS_L", ["VAS_M_l", "VAS_L_r"]).endswith("did you mean 'VAS_L_r'?")
    assert unknown("m", "ta_r", ["TP_r", "TA_r"]).endswith("did you mean 'TA_r'?")
    said = "body 'zzz' is unknown; allowed: humanoid, or a path"
    assert unknown("body", "zzz", ["humanoid"], ", or a path") == said
    assert unknown("mode", 3, (None,)) == "mode 3 is unknown; allowed: None"
    assert unknown("key", "a", []) == "key 'a' is unknown; allowed: none"


@given(st.text(max_size=9), st.lists(st.text(min_size=1, max_size=9), min_size=1, max_size=9))
def test_whatever_is_given_is_told_names_that_are_allowed(name: str, allowed: list[str]) -> None:
    said = unknown("it", name, allowed)
    start = f"it {name!r} is unknown; allowed: {', '.join(allowed)}"
    assert said in {start, *(f"{start}; did you mean {near!r}?" for near in allowed)}
    assert name not in allowed or "did you mean" in said


def test_a_long_list_is_counted_and_the_nearest_named() -> None:
    names = [f"muscle_{k}" for k in range(settings.MOST_LISTED + 1)]
    said = "muscle 'muscle_' is unknown; allowed: 51 names of b; did you mean 'muscle_"
    assert unknown("muscle", "muscle_", names, " of b").startswith(said)
    assert "muscle_49; did" in unknown("muscle", "muscle_", names[:-1])


def test_names_are_chosen_in_the_order_of_what_is_allowed() -> None:
    assert settings.chosen("only", None, ["a", "b"], "name") == ("a", "b")
    assert settings.chosen("only", ["b", "a"], ["a", "b", "c"], "name") == ("a", "b")
    with pytest.raises(ValueError, match="only names no name; it may name a, b"):
        settings.chosen("only", [], ["a", "b"], "name")
    with pytest.raises(
        ValueError, match="name 'peper' is unknown; allowed: paper, rock; did you mean 'paper'"
    ):
        settings.chosen("only", ["peper"], ["paper", "rock"], "name")
