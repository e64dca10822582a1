"""Pictures of a body: muscles coloured by their active state, from blue (rest) to red (full).

Without a screen MuJoCo draws through EGL or OSMesa; everything else in the package needs neither.
"""

from __future__ import annotations

import copy
import os
import sys
import tempfile
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import neurocoord.body  # noqa: F401  first: it puts a failing import of mujoco in plain words

# isort: split
import imageio.v3 as iio
import mujoco
import numpy as np

from neurocoord.body import model as bodies
from neurocoord.body.dynamometer import lever_geoms
from neurocoord.body.model import Body
from neurocoord.simulation import BLOCK_S, STEPS_PER_BLOCK
from neurocoord.trial import Trial, find_body

FORMATS = (".mp4", ".gif")
RESTING_RGB = np.array([0.16, 0.28, 0.80])  # choice
FULL_RGB = np.array([0.90, 0.08, 0.08])  # choice
SKIN_ALPHA = 0.30  # the muscles lie under the skin
ROUNDNESS = (16, 8)  # sides of a capsule, rings of a sphere: there are 500 to draw in software
MAX_GEOMS = 4000
NO_GRAPHICS = (
    "pictures need OpenGL, and none could be had here ({why}). Without a screen set MUJOCO_GL=egl"
    " (or MUJOCO_GL=osmesa) before Python starts; on Debian or Ubuntu the libraries are"
    " libegl1 libgl1 libgl1-mesa-dri (for egl) or libosmesa6 (for osmesa)"
)


class NoGraphics(RuntimeError):
    """No OpenGL library or no screen; the message says what to set or install."""


class View(NamedTuple):
    """Where the camera stands; it follows the centre of mass. Angles in degrees."""

    azimuth: float = 115.0  # 90 looks along +y: a body that goes along +x goes to the right
    elevation: float = -16.0
    distance_m: float = 2.3
    height_m: float = 0.05  # of the point looked at, over the centre of mass


class Postures(NamedTuple):
    """What a body did, a row for each block of 4 ms."""

    time_s: np.ndarray  # [block]
    qpos: np.ndarray  # [block, nq]
    active_state: np.ndarray  # [block, muscle]


def has_screen() -> bool:
    """Whether a window could be opened, as far as the environment tells."""
    return not sys.platform.startswith("linux") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )


def _open_context(width: int, height: int) -> Any:
    """An OpenGL context; without a screen or a choice in MUJOCO_GL it is EGL's."""
    kind: Any
    try:
        if os.environ.get("MUJOCO_GL") or has_screen():
            kind = mujoco.GLContext  # absent where MUJOCO_GL switches it off
        else:
            from mujoco.egl import GLContext as kind  # type: ignore[no-redef]
        context = kind(width, height)
        context.make_current()
    except Exception as failure:  # each library fails in its own way, with its own kind of error
        raise NoGraphics(NO_GRAPHICS.format(why=str(failure) or repr(failure))) from failure
    return context


def drawn_model(body: Body, width: int, height: int) -> mujoco.MjModel:
    """A copy of the body's model made for looking at: thin skin, no multisampling."""
    model = copy.copy(body.model)
    model.vis.quality.offsamples = 0
    model.vis.quality.numslices, model.vis.quality.numstacks = ROUNDNESS
    model.vis.global_.offwidth = width
    model.vis.global_.offheight = height
    skin = (model.geom_bodyid > 0) & ~lever_geoms(model)
    model.geom_rgba[skin, 3] = SKIN_ALPHA
    return model


def muscle_rgb(active_state: np.ndarray) -> np.ndarray:
    """Colour [muscle, 3] of active states [muscle]; below 0 and above 1 as at the ends."""
    share = np.clip(active_state, 0.0, 1.0)[:, None]
    return (1.0 - share) * RESTING_RGB + share * FULL_RGB


def colour_muscles(model: mujoco.MjModel, active_state: np.ndarray) -> None:
    """Colour tendons by the active states [muscle] of the muscles that pull on them."""
    pulled = np.flatnonzero(model.actuator_trntype == mujoco.mjtTrn.mjTRN_TENDON)
    tendons = model.actuator_trnid[pulled, 0]
    model.tendon_rgba[tendons, :3] = muscle_rgb(np.take(active_state, pulled))


class Painter:
    """Draws one body, off screen. Close it, or use it in a ``with`` statement.

    ``smooth`` draws at twice the size and averages: cheaper in software than multisampling.
    """

    def __init__(
        self,
        body: Body,
        *,
        width: int = 640,
        height: int = 480,
        view: View | None = None,
        smooth: bool = True,
    ) -> None:
        for name, value in (("width", width), ("height", height)):
            if not 16 <= value <= 2048:
                raise ValueError(f"{name}={value} is not allowed; it is 16 to 2048 pixels")
        self.view = view or View()
        self._smooth = smooth
        self._size = (2 * height, 2 * width) if smooth else (height, width)
        self._model = drawn_model(body, self._size[1], self._size[0])
        self._data = mujoco.MjData(self._model)
        self._scene = mujoco.MjvScene(self._model, maxgeom=MAX_GEOMS)
        for flag in (mujoco.mjtRndFlag.mjRND_REFLECTION, mujoco.mjtRndFlag.mjRND_SHADOW):
            self._scene.flags[flag] = False
        self._option = mujoco.MjvOption()
        self._camera = mujoco.MjvCamera()
        self._context = _open_context(self._size[1], self._size[0])
        try:
            scales = mujoco.mjtFontScale
            font = scales.mjFONTSCALE_200 if smooth else scales.mjFONTSCALE_100
            self._canvas = mujoco.MjrContext(self._model, font)
        except mujoco.FatalError as failure:
            raise NoGraphics(NO_GRAPHICS.format(why=failure)) from failure
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._canvas)
        self._release = weakref.finalize(self, _release, self._context, self._canvas)

    def __enter__(self) -> Painter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the graphics memory back; closing twice is allowed."""
        self._release()

    def frame(self, qpos: np.ndarray, active_state: np.ndarray, label: str = "") -> np.ndarray:
        """Picture uint8[height, width, 3] of a posture [nq] with active states [muscle]."""
        if not self._release.alive:
            raise RuntimeError("this painter is closed; make a new one")
        self._data.qpos[:] = qpos
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_comPos(self._model, self._data)
        mujoco.mj_camlight(self._model, self._data)
        mujoco.mj_tendon(self._model, self._data)
        colour_muscles(self._model, active_state)
        follow(self._camera, self.view, self._data.subtree_com[0])
        self._context.make_current()
        mujoco.mjv_updateScene(
            self._model,
            self._data,
            self._option,
            None,
            self._camera,
            mujoco.mjtCatBit.mjCAT_ALL,
            self._scene,
        )
        height, width = self._size
        window = mujoco.MjrRect(0, 0, width, height)
        mujoco.mjr_render(window, self._scene, self._canvas)
        if label:
            corner = mujoco.mjtGridPos.mjGRID_BOTTOMLEFT
            font = mujoco.mjtFont.mjFONT_NORMAL
            mujoco.mjr_overlay(font, corner, window, label, "", self._canvas)
        pixels = np.empty((height, width, 3), np.uint8)
        mujoco.mjr_readPixels(pixels, None, window, self._canvas)
        return _halved(pixels[::-1]) if self._smooth else np.ascontiguousarray(pixels[::-1])


def _release(context: Any, canvas: Any) -> None:
    context.make_current()
    canvas.free()
    context.free()


def _halved(pixels: np.ndarray) -> np.ndarray:
    total = pixels[0::2].astype(np.uint16) + pixels[1::2]
    return ((total[:, 0::2] + total[:, 1::2] + 2) >> 2).astype(np.uint8)


def follow(camera: Any, view: View, centre_m: np.ndarray) -> None:
    """Turn a camera (``MjvCamera`` or a window's) to a centre of mass [3]."""
    camera.lookat[:] = [centre_m[0], centre_m[1], max(centre_m[2], 0.2) + view.height_m]
    camera.azimuth, camera.elevation = view.azimuth, view.elevation
    camera.distance = view.distance_m


class Window:
    """A live window on one body; needs a screen. Shows at most ``fps`` postures a second."""

    def __init__(self, body: Body, *, fps: float = 50.0, view: View | None = None) -> None:
        if not has_screen():
            raise NoGraphics(
                "a window needs a screen, and neither DISPLAY nor WAYLAND_DISPLAY is set;"
                " without one use render_mode='rgb_array', or save a film"
            )
        self.view = view or View()
        self._model = drawn_model(body, 640, 480)
        self._data = mujoco.MjData(self._model)
        try:
            from mujoco.viewer import launch_passive

            self._viewer = launch_passive(
                self._model, self._data, show_left_ui=False, show_right_ui=False
            )
        except Exception as failure:  # glfw, X11, Wayland and macOS each raise their own
            raise NoGraphics(NO_GRAPHICS.format(why=failure)) from failure
        follow(self._viewer.cam, self.view, body.model.qpos0[:3])
        self._interval_s = 1.0 / fps
        self._next_s = time.monotonic()

    def show(self, qpos: np.ndarray, active_state: np.ndarray) -> bool:
        """Show a posture [nq]; False once a person has closed the window."""
        if not self._viewer.is_running():
            return False
        with self._viewer.lock():
            self._data.qpos[:] = qpos
            mujoco.mj_forward(self._model, self._data)
            colour_muscles(self._model, active_state)
            self._viewer.cam.lookat[:2] = self._data.subtree_com[1][:2]
        self._viewer.sync()
        time.sleep(max(0.0, self._next_s - time.monotonic()))
        self._next_s = time.monotonic() + self._interval_s
        return True

    def close(self) -> None:
        """Close the window."""
        self._viewer.close()


def film_trial(trial: Trial, path: str | Path, **options: Any) -> Path:
    """Write a trial as ``.mp4`` or ``.gif``; ``options`` as ``film_run`` has them."""
    return film_run(*_recorded(trial), path, **options)


def film_run(
    body: Body,
    run: Postures,
    path: str | Path,
    *,
    fps: int = 25,
    slower: float = 1.0,
    quality: int = 8,
    width: int = 640,
    height: int = 480,
    view: View | None = None,
    progress: Callable[[float], None] | None = None,
) -> Path:
    """Write what a body did, ``slower`` 2 at half speed, ``quality`` (1 to 10) of an ``.mp4``."""
    path = _checked_path(path)
    ranges = {"fps": (fps, 1, 50), "slower": (slower, 0.05, 100), "quality": (quality, 1, 10)}
    for name, (value, low, high) in ranges.items():
        if not low <= value <= high:
            raise ValueError(f"{name}={value} is not allowed; it is {low} to {high}")
    if path.suffix.lower() == ".mp4" and (width % 2 or height % 2):
        raise ValueError(f"width={width}, height={height}: an .mp4 needs even numbers")
    shown = np.arange(run.time_s[0], run.time_s[-1] + 0.5 * BLOCK_S, 1.0 / (fps * slower))
    blocks = np.clip(np.searchsorted(run.time_s, shown - 0.5 * BLOCK_S), 0, run.time_s.size - 1)
    with _whole(path) as part, Painter(body, width=width, height=height, view=view) as painter:
        frames = _frames(painter, run, blocks, progress)
        if path.suffix.lower() == ".gif":
            iio.imwrite(part, list(frames), duration=1000.0 / fps, loop=0)
        else:
            _write_mp4(part, frames, fps, quality, (width, height))
    return path


def contact_sheet(
    trial: Trial,
    path: str | Path,
    n: int = 12,
    *,
    columns: int = 4,
    width: int = 400,
    height: int = 300,
    view: View | None = None,
) -> Path:
    """Write ``n`` moments of a trial, evenly spaced, as one ``.png``, row by row."""
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise ValueError(f"path={str(path)!r} is not allowed; it ends in .png")
    for name, value in (("n", n), ("columns", columns)):
        if value < 1:
            raise ValueError(f"{name}={value} is not allowed; it is 1 or more")
    blocks = np.linspace(0, trial.trace.time_s.size - 1, n).round().astype(int)
    columns, gap = min(columns, n), 4
    size = (-(-n // columns) * (height + gap) + gap, columns * (width + gap) + gap, 3)
    sheet = np.full(size, 255, np.uint8)
    body, run = _recorded(trial)
    with _whole(path) as part:
        with Painter(body, width=width, height=height, view=view) as painter:
            for index, picture in enumerate(_frames(painter, run, blocks, None)):
                row, column = divmod(index, columns)
                top, left = gap + row * (height + gap), gap + column * (width + gap)
                sheet[top : top + height, left : left + width] = picture
        iio.imwrite(part, sheet)
    return path


def _recorded(trial: Trial) -> tuple[Body, Postures]:
    trace = trial.trace
    by_block = trace.active_state.reshape(trace.time_s.size, STEPS_PER_BLOCK, -1).mean(axis=1)
    return find_body(trial.config), Postures(trace.time_s, trace.qpos, by_block)


def _frames(
    painter: Painter, run: Postures, blocks: np.ndarray, progress: Callable[[float], None] | None
) -> Iterator[np.ndarray]:
    for index, block in enumerate(blocks):
        shown = run.active_state[max(0, block - 5) : block + 5].mean(axis=0)  # or it would flicker
        label = f"{round(float(run.time_s[block]), 2) + 0.0:.2f} s"
        yield painter.frame(run.qpos[block], shown, label)
        if progress is not None:
            progress((index + 1) / len(blocks))


def check(path: str | Path) -> None:
    """Raise now what ``film_trial`` would only raise after the trial that it films.

    ValueError for a wrong path or a missing ffmpeg, `NoGraphics` where nothing can be drawn.
    """
    path = _checked_path(path)
    with _whole(path, keep=False):
        pass
    Painter(bodies.load("humanoid"), width=16, height=16).close()


def _checked_path(path: str | Path) -> Path:
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise ValueError(f"path={str(path)!r} is not allowed; it ends in {' or '.join(FORMATS)}")
    if suffix == ".mp4":
        try:
            import imageio_ffmpeg  # noqa: F401
        except ImportError as failure:
            raise ValueError(
                "an .mp4 needs ffmpeg: python -m pip install 'neurocoord[video]', or write a .gif"
            ) from failure
    return path


def _write_mp4(
    path: Path, frames: Iterable[np.ndarray], fps: int, quality: int, size: tuple[int, int]
) -> None:
    import imageio_ffmpeg as ffmpeg

    writer = ffmpeg.write_frames(str(path), size, fps=fps, quality=quality, macro_block_size=2)
    writer.send(None)
    try:
        for frame in frames:
            writer.send(np.ascontiguousarray(frame))
    finally:
        writer.close()


@contextmanager
def _whole(path: Path, *, keep: bool = True) -> Iterator[Path]:
    """A file beside ``path`` that takes its place when all went well, and else goes."""
    if path.is_dir():
        raise ValueError(f"path={str(path)!r} is a folder")
    if not path.parent.is_dir():
        raise ValueError(f"path={str(path)!r}: the folder {str(path.parent)!r} does not exist")
    try:
        handle, name = tempfile.mkstemp(suffix=path.suffix.lower(), dir=path.parent)
    except OSError as failure:
        raise ValueError(f"path={str(path)!r} cannot be written: {failure.strerror}") from failure
    os.close(handle)
    part = Path(name)
    try:
        yield part
        if keep:
            part.chmod(0o644)
            os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
