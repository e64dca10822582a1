"""The search for a movement at toy size: it writes a movement, goes on from it, and repeats."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurocoord.coordination.library import movement_from, movement_names
from neurocoord.resources import load_experiment
from neurocoord.synchrony import STRATEGIES

pytest.importorskip("cma", reason="the search needs CMA-ES: pip install 'neurocoord[tune]'")
TUNE = load_experiment("tune_movement")
MOVEMENTS = [name for name in movement_names() if TUNE.kind_of(name) in TUNE.SECONDS]
TOY = TUNE.Config(
    movement="roll_supine_to_prone",
    generations=1,
    seed=3,
    units=4,
    trials=1,
    population=2,
    check_trials=0,
    seconds=0.1,
)


@pytest.mark.parametrize("movement", MOVEMENTS)
def test_the_kept_movement_lies_inside_the_space(movement: str) -> None:
    found, space = TUNE.plain(movement), TUNE.space_of(movement)
    start = TUNE.read(found, space)
    assert len({p.path for p in space}) == len(space)
    outside = [p.path for p, share in zip(space, start) if not 0 <= share <= 1]
    assert outside == []


@pytest.mark.parametrize("movement", MOVEMENTS)
def test_a_point_is_written_and_read_again(movement: str) -> None:
    found, space = TUNE.plain(movement), TUNE.space_of(movement)
    before = json.dumps(found)
    point = np.linspace(0.05, 0.95, len(space))
    other = TUNE.written(found, space, point)
    assert json.dumps(found) == before
    np.testing.assert_allclose(TUNE.read(other, space), point, atol=1e-3)
    movement_from(other)


def test_trials_take_strategies_in_turn_and_new_seeds() -> None:
    n = len(STRATEGIES)
    trials = TUNE.configs_of(TOY, TUNE.plain("roll_supine_to_prone"), "tune", 1, 2 * n)
    taken = [t.synchrony.strategy for t in trials]
    assert set(taken[:n]) == set(STRATEGIES) and taken[n:] == taken[:n]
    assert len({t.seed for t in trials}) == 2 * n


def test_a_search_goes_on_from_its_file(tmp_path: Path) -> None:
    config = replace(TOY, out=tmp_path / "movement.json")
    first = TUNE.run(config)
    assert first["search"]["generation"] == 1
    assert json.loads(config.out.read_text()) == first
    assert TUNE.run(replace(config, out=tmp_path / "again.json")) == first
    second = TUNE.run(replace(config, check_trials=1))
    assert second["search"]["generation"] == 2
    assert second["search"]["mean"] != first["search"]["mean"]
    assert set(second["search"]["check"]) == {"kept", "mean", "best"}
    movement_from(json.loads(config.out.read_text()))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.json", "movement.json"]


def test_a_search_goes_on_with_its_own_options_alone(tmp_path: Path) -> None:
    config = replace(TOY, out=tmp_path / "movement.json", strategies=("beta",))
    TUNE.run(config)
    kept = config.out.read_bytes()
    with pytest.raises(ValueError, match=r"begun with other options .*beta.*independent"):
        TUNE.run(replace(config, strategies=("independent",)))
    assert config.out.read_bytes() == kept


def test_a_file_of_something_else_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "movement.json"
    for text in ("not JSON", json.dumps(TUNE.plain("roll_supine_to_prone"))):
        path.write_text(text)
        with pytest.raises(ValueError, match=r"movement\.json is no file of this search"):
            TUNE.run(replace(TOY, out=path))
        assert path.read_text() == text


def test_a_wrong_movement_is_told_the_right_ones() -> None:
    with pytest.raises(ValueError, match="did you mean 'crawl_hands_knees'"):
        TUNE.run(replace(TOY, movement="crawl_hands_kness"))
    with pytest.raises(ValueError, match="'balance_postures' is a balance; allowed: crawl, roll"):
        TUNE.run(replace(TOY, movement="balance_postures"))


def test_trials_are_spread_over_speed_strength_and_friction() -> None:
    config = replace(TOY, movement="crawl_hands_knees")
    trials = TUNE.configs_of(config, TUNE.plain(config.movement), "tune", 0, 12)
    for k, t in enumerate(trials):
        low, high = TUNE.SPEEDS_M_PER_S[k % len(TUNE.SPEEDS_M_PER_S)]
        assert low <= t.settings.speed_m_per_s <= high
        assert TUNE.STRENGTH[0] <= t.strength <= TUNE.STRENGTH[1]
        assert TUNE.FRICTION[0] <= t.ground.friction <= TUNE.FRICTION[1]
    assert len({(t.strength, t.ground.friction) for t in trials}) == len(trials)


def test_a_gait_can_be_tuned_under_one_strategy_at_one_speed_in_few_parameters() -> None:
    named = ("gains.effort", "plan.swing_s")
    config = replace(
        TOY, movement="crawl_hands_knees", strategies=("beta",), speed=0.35, parameters=named
    )
    trials = TUNE.configs_of(config, TUNE.plain(config.movement), "tune", 0, 3)
    assert {t.synchrony.strategy for t in trials} == {"beta"}
    assert {t.settings.speed_m_per_s for t in trials} == {0.35}
    space = TUNE.space_of(config.movement, config.parameters)
    assert {p.path for p in space} == set(named)
    found = TUNE.plain(config.movement)
    other = TUNE.written(found, space, np.zeros(2))
    changed = {name for name in found["plan"] if found["plan"][name] != other["plan"][name]}
    assert changed == {"swing_s"}
    made_by = TUNE._made_by(config, 3)
    assert "--strategies beta --speed 0.35 --parameters gains.effort,plan.swing_s" in made_by
    assert made_by.endswith(" (3 generations)")


def test_what_a_movement_leaves_open_is_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = TUNE.load_movement("crawl_hands_knees")
    as_forward = kept._replace(plan=replace(kept.plan, backward_hand_width_m=None))
    monkeypatch.setattr(TUNE, "load_movement", lambda name: as_forward)
    space = TUNE.space_of("crawl_hands_knees")
    assert "plan.backward_hand_width_m" not in {p.path for p in space}
    assert np.isfinite(TUNE.read(TUNE.plain("crawl_hands_knees"), space)).all()


def test_a_wrong_strategy_or_parameter_is_told_the_right_ones() -> None:
    for change, said in (
        ({"strategies": ("betta",)}, "strategy 'betta' is unknown.*did you mean 'beta'"),
        ({"speed": 0.3}, "speed=0.3 is of crawls"),
        ({"movement": "crawl_hands_knees", "speed": float("nan")}, "speed=nan is not allowed"),
        ({"movement": "crawl_hands_knees", "speed": 9.0}, "up to 1.5 m/s"),
        ({"parameters": ("plan.wait",)}, "parameter 'plan.wait' is unknown.*'plan.wait_deg'"),
    ):
        with pytest.raises(ValueError, match=said):
            TUNE.run(replace(TOY, **change))
