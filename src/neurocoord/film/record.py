"""Films and contact sheets of what a body did."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import imageio.v3 as iio
import numpy as np

from neurocoord.body import model as bodies
from neurocoord.body.model import Body
from neurocoord.film.painter import Arrow, Painter, View
from neurocoord.simulation import BLOCK_S, STEPS_PER_BLOCK
from neurocoord.tasks.protocol import Push
from neurocoord.trial import Trial, find_body

FORMATS = (".mp4", ".gif")
PUSH_FADES_S = 0.4  # how long an arrow is seen after its push (choice)


class Postures(NamedTuple):
    """What a body did, a row for each block of 4 ms."""

    time_s: np.ndarray  # [block]
    qpos: np.ndarray  # [block, nq]
    active_state: np.ndarray  # [block, muscle]
    pushes: tuple[Push, ...] = ()


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
    return find_body(trial.config), Postures(trace.time_s, trace.qpos, by_block, trace.pushes)


def _frames(
    painter: Painter, run: Postures, blocks: np.ndarray, progress: Callable[[float], None] | None
) -> Iterator[np.ndarray]:
    for index, block in enumerate(blocks):
        shown = run.active_state[max(0, block - 5) : block + 5].mean(axis=0)  # or it would flicker
        label = f"{round(float(run.time_s[block]), 2) + 0.0:.2f} s"
        yield painter.frame(run.qpos[block], shown, label, arrows(painter.body, run, block))
        if progress is not None:
            progress((index + 1) / len(blocks))


def arrows(body: Body, run: Postures, block: int) -> list[Arrow]:
    """Pushes that act now, and fading ones that were just over."""
    found = []
    for push in run.pushes:
        since_s = float(run.time_s[block]) - push.start_s
        left = 1.0 - max(0.0, since_s - push.duration_s) / PUSH_FADES_S
        if since_s >= -0.5 * BLOCK_S and left > 0.0:
            found.append(Arrow(body.bodies.index(push.body), np.array(push.force_n), left))
    return found


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
