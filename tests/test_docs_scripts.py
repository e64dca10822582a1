"""The scripts that make pages of the docs: pages are as they would write them, parts are sound."""

import shlex
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from neurocoord import cli, envs, film, study, trial
from neurocoord.settings import flatten, replace_path
from neurocoord.tasks import TASKS

DOCS = Path(__file__).resolve().parents[1] / "docs"
NAMES = ("make_films", "make_env_scores", "make_pattern_figures", "make_settings", "drawing")


@pytest.fixture(scope="module")
def scripts() -> Iterator[dict[str, ModuleType]]:
    sys.path.insert(0, str(DOCS))
    yield {name: import_module(name) for name in NAMES}
    sys.path.remove(str(DOCS))
    for name in NAMES:
        sys.modules.pop(name, None)


def test_the_films_stand_on_their_page(scripts) -> None:
    films = scripts["make_films"]
    assert (DOCS / "films.md").read_text() == films.page(), "run python docs/make_films.py --page"
    assert {scene.config.task for scene in films.SCENES.values()} == set(TASKS)
    for name, scene in films.SCENES.items():
        assert 0 < (films.FILMS / f"{name}.mp4").stat().st_size <= films.BYTES
        assert (films.FILMS / f"{name}.png").is_file()
        assert len(scene.seen) > 40, name
        assert trial.complete(replace(scene.config, seconds=0.1)).settings == scene.config.settings


def test_the_commands_of_films_film_the_same(scripts, monkeypatch) -> None:
    films, ran = scripts["make_films"], []
    monkeypatch.setattr(study, "check", lambda configs: None)  # planning takes its time
    monkeypatch.setattr(cli, "_run", lambda config, quiet: ran.append(config))
    monkeypatch.setattr(film, "check", lambda path: None)
    monkeypatch.setattr(film, "film_trial", lambda done, path: path)
    page = (DOCS / "films.md").read_text()
    for name, scene in films.SCENES.items():
        command = page.partition(f"[film](films/{name}.mp4)")[2].split("`")[1]
        assert f"--save {name}.mp4" in command
        assert cli.main([*shlex.split(command)[1:], "--quiet"]) == 0, command
        assert trial.complete(ran[-1]) == trial.complete(scene.config), command
    assert len(ran) == len(films.SCENES)


def test_every_setting_is_in_the_docs(scripts) -> None:
    script = scripts["make_settings"]
    text = (DOCS / "settings.md").read_text()
    assert script.page_with_tables(text) == text, "run python docs/make_settings.py"
    for task in TASKS:
        config = trial.complete(trial.TrialConfig(task=task))
        values = flatten(config)
        for path in script.paths_of(task):
            assert f"| `{path}` | " in text
            given = script.shown(values[path]).replace(script.EMPTY, "")
            assert replace_path(config, path, given) == config, path
        for path in (p for p in script.ALLOWED if p in values):
            assert not values[path] or {values[path]} <= set(script.ALLOWED[path]), path


def test_every_environment_has_its_scores(scripts) -> None:
    scores = scripts["make_env_scores"]
    text = (DOCS / "environments.md").read_text()
    table = text[text.index(scores.BEGIN) : text.index(scores.END)]
    for name in envs.IDS:
        for row in scores.ROWS:
            assert f"| {name[11:-3]} | {row} | " in table


def test_scores_are_of_whole_episodes(scripts) -> None:
    scores = scripts["make_env_scores"]
    env = envs.NeurocoordEnv("isometric", n_units=4, seconds=0.2, expert_action=True)
    by_step = scores.play(env, 1, scores.expert)
    by_block = scores.play_by_block(env, 1)
    assert by_step[1:] == by_block[1:] == (10, "", pytest.approx(0.2))
    assert by_step.total == pytest.approx(by_block.total)  # at rest both drive nothing
    assert scores.play(env, 1, scores.zero).n_steps == 10


def test_published_footfalls_say_where_they_are_from(scripts) -> None:
    rows = scripts["make_pattern_figures"].published()
    for row in rows:
        assert row["tag"] in ("read abstract", "recalled") and row["source"]
        assert float(row["low"]) <= float(row["high"])
    drawn = {quantity for quantity, *_ in scripts["make_pattern_figures"].ROWS}
    assert drawn <= {row["quantity"] for row in rows}


def test_a_page_without_marks_is_refused(scripts) -> None:
    between = scripts["drawing"].between
    assert between("a<x>old<y>b", "<x>", "<y>", "new") == "a<x>\n\nnew\n\n<y>b"
    with pytest.raises(ValueError, match="<y>"):
        between("a<x>", "<x>", "<y>", "new")
