"""Controls of a page, drawn from the tables of dials."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from neurocoord.lab.dials import Choice, Dial, Span, Switch

OnTurn = Callable[[str, Any], None]


class Controls:
    """A control for each dial of a table, in the current container; `on_turn` hears of changes.

    What arrives from the browser is handed on as it is: whoever turns the dials checks it.
    """

    def __init__(self, gui: Any, table: Mapping[str, Dial], values: Any, on_turn: OnTurn) -> None:
        self._table = table
        self._told: dict[str, Any] = {}  # what was last shown or heard
        self._handles: dict[str, Any] = {}
        for name, dial in table.items():
            handle = _add(gui, dial, getattr(values, name))
            self._handles[name] = handle
            handle.on_update(lambda _, name=name: self._hear(name, on_turn))
            self._told[name] = getattr(values, name)

    def _hear(self, name: str, on_turn: OnTurn) -> None:
        value = _from_page(self._table[name], self._handles[name].value)
        if value != self._told[name]:
            self._told[name] = value
            on_turn(name, value)

    def show(self, values: Any) -> None:
        """Put the controls where the dials are, without a word to `on_turn`."""
        for name, dial in self._table.items():
            value = getattr(values, name)
            if value != self._told[name]:
                self._told[name] = value
                self._handles[name].value = _to_page(dial, value)

    def visible(self, name: str, is_visible: bool) -> None:
        """Show or hide the control of a dial."""
        if self._handles[name].visible != is_visible:
            self._handles[name].visible = is_visible


def _add(gui: Any, dial: Dial, value: Any) -> Any:
    if isinstance(dial, Switch):
        return gui.add_checkbox(dial.label, bool(value), hint=dial.hint)
    if isinstance(dial, Choice):
        words = tuple(dial.words.values())
        return gui.add_dropdown(dial.label, words, initial_value=dial.words[value], hint=dial.hint)
    return gui.add_slider(
        dial.label,
        min=dial.low,
        max=dial.high,
        step=dial.step,
        initial_value=float(value),
        hint=dial.hint,
    )


def _to_page(dial: Dial, value: Any) -> Any:
    return dial.words[value] if isinstance(dial, Choice) else value


def _from_page(dial: Dial, value: Any) -> Any:
    if isinstance(dial, Choice):
        names = {words: name for name, words in dial.words.items()}
        return names.get(value, value)
    return float(value) if isinstance(dial, Span) else value


def press(gui: Any, label: str, actions: Mapping[str, str], on_press: Callable[[str], None]) -> Any:
    """Buttons in a row, by what is written on them; `on_press` hears the action."""
    group = gui.add_button_group(label, tuple(actions))

    def hear(_: Any) -> None:
        if group.value in actions:
            on_press(actions[group.value])

    group.on_click(hear)
    return group
