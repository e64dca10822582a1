"""Draw the figures of the docs into docs/figures/; `make figures` runs this.

    python docs/make_figures.py                               # all of them; compares first
    python docs/make_figures.py --from results/compare-...    # compare.png from a results folder
    python docs/make_figures.py --only crawl roll

Without a screen the pictures of the body need EGL or OSMesa (MUJOCO_GL=egl or MUJOCO_GL=osmesa).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NamedTuple

from neurocoord import film, trial
from neurocoord.film import View
from neurocoord.resources import load_experiment
from neurocoord.results import atomic_path
from neurocoord.study import comparing
from neurocoord.trial import Trial, TrialConfig

FIGURES = Path(__file__).resolve().parent / "figures"
GIF_BYTES = 1_500_000  # no film in the repository is larger


class Scene(NamedTuple):
    """A trial that is drawn, and from where."""

    config: TrialConfig
    view: View
    fps: int


SCENES = {
    "crawl": Scene(TrialConfig(task="crawl", seed=0, seconds=4.0), View(distance_m=1.9), 12),
    # from above, feet to the right: the whole body stays in the picture
    "roll": Scene(
        TrialConfig(task="roll", seed=0), View(azimuth=120.0, elevation=-35.0, distance_m=2.15), 13
    ),
}
NAMES = ("compare", *SCENES)


def draw_compare(folder: Path | None) -> Path:
    """The comparison's figure, out of a results folder; without one the comparison is run."""
    if folder is None:
        folder = comparing.run(None, load_experiment("compare_synchronization").DESIGN).folder
    source, target = folder / "compare.png", FIGURES / "compare.png"
    if not source.is_file():
        raise ValueError(f"{folder} holds no compare.png, as `neurocoord compare` writes it")
    with atomic_path(target) as part:
        part.write_bytes(source.read_bytes())
    return target


def draw_scene(name: str) -> list[Path]:
    """A sheet of twelve moments and a film of one trial."""
    scene = SCENES[name]
    done: Trial = trial.run(scene.config)
    if done.fell:
        print(f"careful: this {name} fell, and the figure shows it", file=sys.stderr)
    sheet = film.contact_sheet(
        done, FIGURES / f"{name}.png", 12, width=320, height=240, view=scene.view
    )
    clip = FIGURES / f"{name}.gif"
    film.film_trial(done, clip, fps=scene.fps, width=320, height=240, view=scene.view)
    if clip.stat().st_size > GIF_BYTES:
        raise RuntimeError(f"{clip} has {clip.stat().st_size} bytes, over {GIF_BYTES}")
    return [sheet, clip]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--from", dest="folder", type=Path, help="results folder of a comparison, to copy from"
    )
    parser.add_argument(
        "--only", nargs="+", choices=NAMES, default=NAMES, metavar="NAME", help=", ".join(NAMES)
    )
    options = parser.parse_args()
    FIGURES.mkdir(exist_ok=True)
    for name in options.only:
        paths = [draw_compare(options.folder)] if name == "compare" else draw_scene(name)
        for path in paths:
            print(f"{path.relative_to(FIGURES.parents[1])}  {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    try:
        main()
    except (ValueError, film.NoGraphics) as failure:
        sys.exit(f"make_figures: {failure}")
