"""Films and sheets: the files themselves where OpenGL can be had, the errors everywhere.

What draws runs in processes of its own, since MuJoCo chooses its OpenGL when it is imported.
"""

import os
import subprocess
import sys
from pathlib import Path

import imageio.v3 as iio
import mujoco
import numpy as np
import pytest

from neurocoord import film, trial
from neurocoord.analysis import running
from neurocoord.body import model as bodies
from neurocoord.film import painter, record
from neurocoord.tasks.protocol import Push, Trace

SOURCE = Path(__file__).resolve().parents[1] / "src"
PROBE = """
from neurocoord import film
from neurocoord.body import model
body = model.load("humanoid")
with film.Painter(body, width=32, height=32, smooth=False) as painter:
    painter.frame(body.model.qpos0, [0.0] * len(body.muscles))
"""
DRAW = """
import glob
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
import gymnasium
import imageio.v3 as iio
import test_film
from neurocoord import film
from neurocoord.body import model
from neurocoord.film.painter import Arrow

crawl = test_film.made_up_trial()
film.check("crawl.gif")
assert not glob.glob("*")
film.film_trial(crawl, "crawl.gif", fps=20, width=160, height=120)
film.contact_sheet(crawl, "sheet.png", n=3, columns=2, width=160, height=120)
try:
    film.film_trial(crawl, "crawl.mp4", fps=20, width=160, height=120)
except ValueError as failure:
    assert "neurocoord[video]" in str(failure)
body = model.load("humanoid")
with film.Painter(body, width=160, height=120) as painter:
    for name, level in (("rest", 0.0), ("full", 1.0)):
        posture = model.keyframe_qpos(body, "hands_knees")
        iio.imwrite(f"{name}.png", painter.frame(posture, np.full(len(body.muscles), level)))
    push = Arrow(body.bodies.index("thorax"), np.array([0.0, 0.0, -300.0]), 1.0)
    iio.imwrite("push.png", painter.frame(posture, np.ones(len(body.muscles)), "", [push]))
painter.close()
name = "neurocoord.envs:neurocoord/Isometric-v0"
env = gymnasium.make(name, render_mode="rgb_array", n_units=5, width=96, height=64)
env.reset(seed=0)
iio.imwrite("env.png", env.render())
env.close()
"""


def made_up_trial() -> trial.Trial:
    """A trial of 0.1 s that was never run: a body on hands and knees that floats forward."""
    body = bodies.load("humanoid")
    n = 26
    qpos = np.tile(bodies.keyframe_qpos(body, "hands_knees"), (n, 1))
    qpos[:, 0] = np.linspace(0.0, 0.5, n)
    nothing = {name: np.zeros(0) for name in Trace._fields}
    known = {
        "time_s": 0.004 * np.arange(n),
        "qpos": qpos,
        "active_state": np.tile(np.linspace(0, 1, 2 * n)[:, None], len(body.muscles)),
    }
    config = trial.TrialConfig(task="crawl")
    discharge = running.discharge(running.start(0, 0), 0.001)
    first_unit = np.zeros(1, np.int64)
    trace = Trace(**{**nothing, **known})
    return trial.Trial(config, {}, {}, trace, "", False, discharge, first_unit)


def _python(code: str, *arguments: str, gl: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "PYOPENGL_PLATFORM"}
    environment.update(MUJOCO_GL=gl, PYTHONPATH=str(SOURCE))
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        cwd=folder,
    )


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    """A folder with everything drawn in it."""
    folder = tmp_path_factory.mktemp("drawn")
    reasons = []
    for gl in ("egl", "osmesa"):
        probe = _python(PROBE, gl=gl, folder=folder)
        if probe.returncode == 0:
            done = _python(DRAW, str(Path(__file__).parent), gl=gl, folder=folder)
            assert done.returncode == 0, done.stderr
            return folder
        reasons.append(probe.stderr.strip().splitlines()[-1])
        plain = ("NoGraphics: ", "ImportError: mujoco cannot be imported with MUJOCO_GL=")
        assert any(error in reasons[-1] for error in plain), probe.stderr  # no other excuse
    pytest.skip("no OpenGL here: " + "; ".join(reason[:120] for reason in reasons))


def test_a_gif_has_its_frames(drawn) -> None:
    frames = iio.imread(drawn / "crawl.gif")
    assert frames.shape == (3, 120, 160, 3)
    assert np.ptp(frames) > 100
    assert not np.array_equal(frames[0], frames[-1])


def test_a_sheet_is_a_grid_of_moments(drawn) -> None:
    sheet = iio.imread(drawn / "sheet.png")
    assert sheet.shape == (2 * 124 + 4, 2 * 164 + 4, 3)
    assert (sheet[128:248, 168:328] == 255).all()  # the fourth place is empty
    assert np.ptp(sheet[4:124, 4:164]) > 100


def test_an_mp4_is_written_where_ffmpeg_is(drawn) -> None:
    pytest.importorskip("imageio_ffmpeg")
    assert (drawn / "crawl.mp4").stat().st_size > 1000


def test_muscles_turn_from_blue_to_red(drawn) -> None:
    rest, full = (iio.imread(drawn / f"{name}.png").astype(int) for name in ("rest", "full"))
    changed = np.abs(full - rest).sum(axis=-1) > 60
    assert changed.sum() > 100
    towards_red = (full - rest)[changed]
    assert (towards_red[:, 0] > 0).mean() > 0.9
    assert (towards_red[:, 2] < 0).mean() > 0.9


def test_a_push_is_an_orange_arrow_from_where_it_comes(drawn) -> None:
    full, pushed = (iio.imread(drawn / f"{name}.png").astype(int) for name in ("full", "push"))
    changed = np.abs(pushed - full).sum(axis=-1) > 60
    assert 30 < changed.sum() < 0.1 * changed.size
    red, green, blue = pushed[changed].mean(axis=0)
    assert red > green > blue + 60
    rows = np.flatnonzero(changed.any(axis=1))
    above = np.abs(full - iio.imread(drawn / "rest.png")).sum(axis=-1) > 60
    assert rows.min() < np.flatnonzero(above.any(axis=1)).min()  # it comes from above the body


@pytest.mark.parametrize(
    ("time_s", "alpha"), [(0.99, None), (1.0, 1.0), (1.1, 1.0), (1.3, 0.5), (1.5, None)]
)
def test_an_arrow_is_seen_while_it_pushes_and_fades(time_s, alpha) -> None:
    body = bodies.load("humanoid")
    push = Push(body="thorax", start_s=1.0, duration_s=0.1, force_n=(0.0, 50.0, 0.0))
    run = film.Postures(np.array([time_s]), np.zeros((1, 1)), np.zeros((1, 1)), (push,))
    arrows = record.arrows(body, run, 0)
    assert [arrow.alpha for arrow in arrows] == ([] if alpha is None else [pytest.approx(alpha)])


def test_the_sky_is_not_black_and_the_floor_not_white(drawn) -> None:
    picture = iio.imread(drawn / "rest.png").mean(axis=-1)
    assert picture[:10].mean() > 100
    assert 60 < picture[-20:].mean() < 230


def test_an_env_draws_itself(drawn) -> None:
    picture = iio.imread(drawn / "env.png")
    assert picture.shape == (64, 96, 3)
    assert np.ptp(picture) > 100


def test_nothing_but_the_files_is_left(drawn) -> None:
    names = {path.name for path in drawn.iterdir()}
    expected = {"crawl.gif", "sheet.png", "rest.png", "full.png", "push.png", "env.png"}
    assert names - {"crawl.mp4"} == expected


def test_colours_end_at_rest_and_full() -> None:
    colours = painter.muscle_rgb(np.array([-0.5, 0.0, 1.0, 1.4]))
    np.testing.assert_allclose(colours[:2], [painter.RESTING_RGB] * 2)
    np.testing.assert_allclose(colours[2:], [painter.FULL_RGB] * 2)


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda t, folder: film.film_trial(t, folder / "a.avi"), r"ends in \.mp4 or \.gif"),
        (lambda t, folder: film.film_trial(t, folder / "a.gif", fps=0), "fps=0"),
        (lambda t, folder: film.film_trial(t, folder / "a.gif", slower=0), "slower=0"),
        (lambda t, folder: film.film_trial(t, folder / "a.gif", quality=11), "quality=11"),
        (lambda t, folder: film.film_trial(t, folder / "no" / "a.gif"), "does not exist"),
        (lambda t, folder: film.film_trial(t, folder / "a.gif", width=5), "width=5"),
        (lambda t, folder: film.check(folder / "a.avi"), r"ends in \.mp4 or \.gif"),
        (lambda t, folder: film.check(folder / "no" / "a.gif"), "does not exist"),
        (lambda t, folder: film.contact_sheet(t, folder / "a.jpg"), r"ends in \.png"),
        (lambda t, folder: film.contact_sheet(t, folder / "a.png", n=0), "n=0"),
    ],
)
def test_a_wrong_argument_is_named_and_nothing_is_written(write, message, tmp_path) -> None:
    with pytest.raises(ValueError, match=message):
        write(made_up_trial(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_ffmpeg_the_extra_is_named(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(ValueError, match=r"neurocoord\[video\]"):
        film.film_trial(made_up_trial(), tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []


def test_without_opengl_the_message_says_what_to_do(tmp_path, monkeypatch) -> None:
    def missing(width: int, height: int) -> None:
        raise ImportError("Unable to load EGL library")

    monkeypatch.setenv("MUJOCO_GL", "egl")
    monkeypatch.setattr(mujoco, "GLContext", missing, raising=False)
    with pytest.raises(film.NoGraphics, match=r"MUJOCO_GL=egl.*osmesa.*libegl1.*libosmesa6"):
        film.film_trial(made_up_trial(), tmp_path / "a.gif")
    with pytest.raises(film.NoGraphics, match="Unable to load EGL library"):
        film.check(tmp_path / "a.gif")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere a screen is assumed")
def test_a_window_without_a_screen_says_so(monkeypatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(film.NoGraphics, match=r"DISPLAY.*rgb_array"):
        film.Window(bodies.load("humanoid"))


def test_a_failure_half_way_keeps_the_old_file(tmp_path, monkeypatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("half way")

    monkeypatch.setattr(record, "Painter", broken)
    path = tmp_path / "a.gif"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="half way"):
        film.film_trial(made_up_trial(), path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
