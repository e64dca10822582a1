"""The bench: what its rows are like. No test here, or anywhere, asserts a time."""

import json
import sys
from types import SimpleNamespace

import mujoco
import numpy as np
import pytest

from neurocoord import bench, cli
from neurocoord.bench import Row, Size, bodies
from neurocoord.body import pace
from neurocoord.motorunits import kernel, published
from neurocoord.synchrony import STRATEGIES

PEER_BODY = """<mujoco><worldbody><geom type="plane" size="0 0 1"/>
<body><freejoint/><geom type="capsule" size="0.1 0.4"/></body></worldbody></mujoco>"""
TINY = Size(2, 5, seconds=0.01, repeats=1, whole_body=False, fresh_processes=1)


def sound(rows: list[Row]) -> None:
    """Names are single, values are numbers above 0 or None with a reason, and met fits both."""
    assert len({row.name for row in rows}) == len(rows)
    for row in rows:
        assert (row.value is None and row.note) or (row.value and row.value > 0), row
        assert row.met is None if row.target is None or row.value is None else row.met in (0, 1)


def test_throughput_tells_the_whole_range_and_every_strategy() -> None:
    rows = bench.throughput(TINY)
    sound(rows)
    told = " ".join(row.name for row in rows)
    for part in ("5 %", "20 %", "40 %", "60 %", "100 %", *STRATEGIES):
        assert part in told
    (gate,) = [row for row in rows if row.target is not None]
    assert (gate.target, gate.unit) == (450.0, "million/s") and "20 %" in gate.name


def test_silent_units_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "seconds_a_call", lambda *args, **keywords: 0.5)
    params = published.body_pools([5, 7], 0.5)
    assert bench.updates_per_second(params, "independent", 0.0, TINY) == 12 * 10 / 0.5


@pytest.mark.parametrize("mean", [0.0, 0.05, 0.2, 0.6, 0.9, 1.0])
def test_drives_spread_about_their_mean(mean: float) -> None:
    drive = bench.spread_drive(mean, 9)
    assert drive.mean() == pytest.approx(mean)
    assert drive.min() >= 0.0 and drive.max() <= 1.0 + 1e-12
    assert (np.ptp(drive) > 0) == (0 < mean < 1)
    assert bench.spread_drive(mean, 1).shape == (1,)


def test_a_call_steps_the_pools_that_were_given(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    true = kernel.advance
    monkeypatch.setattr(
        kernel, "advance", lambda *given, **k: seen.append((given, k)) or true(*given, **k)
    )
    params = published.body_pools([3, 4], 0.5)
    bench.seconds_a_call(params, "common_drive", 0.3, TINY._replace(repeats=4, seconds=0.03))
    assert len(seen) == 3 * (1 + 4)
    (_, coupling, state, drive), keywords = seen[-1]
    assert drive.shape == (1, bench.TICKS_A_CALL, 2) and keywords["out"] is state
    assert coupling.drive_share[0] == bench.STRENGTH
    assert state.tick[0] == 10 * len(seen)


def test_peers_without_the_peer_say_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "PEER", "no_such_package_here")
    rows = bench.peers(TINY)
    sound(rows)
    assert [row.value for row in rows] == [None, None]
    assert all("neurocoord[peers]" in row.note for row in rows)


def test_peers_measures_the_peer(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = []

    class Muscle:
        max_excitation = 67.0

        def __init__(self, n_units: int) -> None:
            assert n_units == TINY.n_units

        def step(self, excitation: float, step_s: float) -> None:
            steps.append((excitation, step_s))

    monkeypatch.setitem(sys.modules, "pymuscle", SimpleNamespace(PotvinFuglevandMuscle=Muscle))
    monkeypatch.setattr(bench.metadata, "version", lambda name: "0.1.2")
    rows = bench.peers(TINY)
    sound(rows)
    assert rows[1].target == 200.0 and rows[1].met is not None
    assert {step_s for _, step_s in steps} == {0.001}
    assert np.mean([excitation for excitation, _ in steps]) == pytest.approx(0.2 * 67)


def test_one_to_one_is_measured_in_a_process_of_its_own() -> None:
    rows = bench.one_to_one(TINY)
    sound(rows)
    assert "2 muscles, 10 units" in rows[0].note
    assert [row.target for row in rows] == [None, 5.0, None, None, None, 400.0]
    assert rows[-1].unit == "MB" and (rows[-1].value is None or rows[-1].value > 10)


def test_the_whole_body_has_its_own_numbers_of_units() -> None:
    params = bench.body_pools(Size())
    assert 70_000 < params.first_unit[-1] < 78_000
    assert len(set(np.diff(params.first_unit))) > 50


def test_threads_has_a_figure_or_a_reason() -> None:
    rows = bench.threads(TINY)
    sound(rows)
    assert len(rows) == 1 and rows[0].target == 1.8


def test_the_loop_tells_both_crawls_and_what_two_threads_gain() -> None:
    rows = bench.GROUPS["loop"](TINY)
    sound(rows)
    assert [row.target for row in rows] == [5.0, 3.0, 1.8, 0.3, 0.5, 100.0]
    assert "Crawl-v0" in rows[0].name and "controller" in rows[1].name
    assert [row.unit for row in rows] == ["x"] * 3 + ["ms"] * 2 + ["%"]
    assert all(row.value is not None for row in rows)
    assert rows[-1].value == 100.0


def test_startup_starts_with_an_empty_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    caches = []

    def fresh(code: str, **environment: str) -> dict[str, float]:
        compile(code, "child", "exec")
        caches.append(environment.get("NUMBA_CACHE_DIR"))
        return {"load_s": 1.0, "step_s": 30.0 if len(caches) == 1 else 0.1, "s": 0.2}

    monkeypatch.setattr(bench, "_fresh", fresh)
    rows = bench.startup(TINY._replace(fresh_processes=3))
    sound(rows)
    assert caches[0] and caches[:4] == [caches[0]] * 4 and caches[4:] == [None] * 3
    assert [row.value for row in rows] == [30.0, 0.1, 1.0, 0.2]
    assert [row.met for row in rows] == [False, None, None, True]


def test_a_child_that_fails_is_told() -> None:
    assert bench._fresh("print('{\"a\": 1}')") == {"a": 1}
    with pytest.raises(RuntimeError, match="no such luck"):
        bench._fresh("raise SystemExit('no such luck')")


def test_physics_without_the_peer_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PEER", "no_such_package_here")
    rows = bench.physics(TINY)
    sound(rows)
    assert [row.value is None for row in rows] == [False, True, True]
    assert (rows[0].target, rows[0].unit) == (5000.0, "1/s")
    for part in ("142 muscles", "contacts", "wraps", "2 ms a step"):
        assert part in rows[0].note
    assert all("neurocoord[myo]" in row.note for row in rows[1:])


def test_physics_measures_the_peers_lying_down(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def load_spec(name: str) -> mujoco.MjSpec:
        asked.append(name)
        return mujoco.MjSpec.from_string(PEER_BODY)

    monkeypatch.setitem(sys.modules, "myo_sim", SimpleNamespace(load_spec=load_spec))
    monkeypatch.setattr(bodies.metadata, "version", lambda name: "0.2.3")
    rows = bench.physics(TINY)
    sound(rows)
    assert asked == ["myolegs", "myofullbody"]
    assert all("0.2.3: 0 muscles, nv 6" in row.note for row in rows[1:])


def test_a_pace_is_measured_from_the_same_state_each_time() -> None:
    model = mujoco.MjSpec.from_string(PEER_BODY).compile()
    start = pace.lying(model, 0.8)
    assert start[2] == 0.8
    np.testing.assert_allclose(start[3:], [np.sqrt(0.5), -np.sqrt(0.5), 0.0, 0.0], atol=1e-12)
    timed = pace.Pace(model, start, control=0.0, settle_s=0.1)
    ends = []
    for _ in range(2):
        assert timed.steps_per_second(20) > 0
        ends.append(timed.data.qpos.copy())
    np.testing.assert_array_equal(*ends)
    assert ends[0][2] < 0.8 and timed.is_sound()
    timed.data.qpos[0] = np.nan
    assert not timed.is_sound()
    hinged = PEER_BODY.replace("<freejoint/>", '<joint axis="0 1 0"/>')
    with pytest.raises(ValueError, match="no free joint"):
        pace.lying(mujoco.MjSpec.from_string(hinged).compile(), 0.3)


def test_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "_copy_bytes_per_second", lambda n_bytes, repeats: 1e9)
    monkeypatch.setattr(bench, "updates_per_second", lambda *given: 1e6)
    rows = bench.machine(TINY)
    sound(rows)
    by_name = {row.name: row.value for row in rows}
    n_bytes = by_name["bytes per unit-update"]
    assert n_bytes == 12 * 8
    assert by_name["bytes moved over what copying reaches"] == pytest.approx(1e-3 * n_bytes)


def test_copying_and_arithmetic_give_a_rate() -> None:
    assert bench._copy_bytes_per_second(1000, 1) > 0
    assert bench._flops(1, n=16) > 0


# ---- the command ----


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        Row("speed", 2.5, "x", 5.0, False, "slow"),
        Row("size", None, "MB", note="not told: x[y]"),
    ]
    monkeypatch.setattr(bench, "GROUPS", {"all": lambda size: rows, "none": lambda size: []})


def call(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(["bench", *arguments])
    return code, *capfd.readouterr()


def test_json_has_rows_and_nothing_else(fake, capfd) -> None:
    code, out, err = call(capfd, "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert list(told) == ["rows"]
    expected = {"name": "speed", "value": 2.5, "unit": "x", "target": 5.0, "met": False}
    assert told["rows"][0] == {**expected, "note": "slow"}
    assert told["rows"][1]["value"] is None and told["rows"][1]["met"] is None


def test_the_table_says_what_was_met(fake, capfd) -> None:
    code, out, err = call(capfd, "--only", "all", "--quiet")
    assert (code, err) == (0, "")
    for word in ("speed", "2.5", "no", "slow", "none", "not told: x[y]"):
        assert word in out


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [(["--only", "al"], ["'al'", "did you mean 'all'"]), (["--only", ","], ["all, none"])],
)
def test_bad_input_is_one_line_and_code_2(fake, capfd, arguments, parts) -> None:
    code, out, err = call(capfd, *arguments)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1 and err.startswith("neurocoord")
    for part in parts:
        assert part in err


def test_help_names_every_group(capfd) -> None:
    code, out, _ = call(capfd, "--help")
    said = " ".join(out.replace("│", " ").split())
    assert code == 0 and "Example: neurocoord bench" in said
    for name in bench.GROUPS:
        assert name in said
