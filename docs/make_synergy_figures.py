"""Draw the figures of docs/synergies.md and write its tables: one experiment, some minutes.

    python docs/make_synergy_figures.py

It runs `experiments/synergies_crawl.py`.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from drawing import draw_chosen

from neurocoord.analysis import synergy_plots
from neurocoord.analysis.plots import COLOURS, GREY
from neurocoord.analysis.synergies import LEAST_VAF, STRICT_VAF, Extraction
from neurocoord.resources import load_experiment

PAGE = Path(__file__).resolve().parent / "synergies.md"
EXPERIMENT = load_experiment("synergies_crawl")
MARKS = "<!-- {}: docs/make_synergy_figures.py -->", "<!-- end of {} -->"
KINDS = {
    "feedback": ("feedback alone", "#a8a8a8", "s"),
    "mean levels": ("and mean levels", COLOURS[5], "^"),
    "synergies": ("and synergies", COLOURS[1], "o"),
}


@cache
def found() -> Any:
    """The experiment, run once."""
    return EXPERIMENT.run()


def draw_extracted(figure: Any) -> None:
    """How many synergies, and the ones that drive."""
    done = found()
    n = done.synergies.weight.shape[1]
    above, below = figure.subfigures(2, 1, height_ratios=(1.0, 1.35))
    whole, limbs, space = above.subplots(1, 3, width_ratios=(1.3, 1.3, 0.9))
    synergy_plots.how_many(whole, done.whole, LEAST_VAF)
    whole.set_title("all 142 muscles", loc="left", weight="bold")
    whole.axvspan(4, 7, color=COLOURS[5], alpha=0.18, lw=0)
    whole.text(5.5, 0.985, "people, 30 muscles", ha="center", va="top", size=7.5, color=GREY)
    for index, (limb, of_limb) in enumerate(done.limbs.items()):
        limbs.plot(
            range(1, of_limb.vaf.size + 1), of_limb.vaf, color=COLOURS[1 + index // 2],
            ls=("-", "--")[index % 2], marker="o", markersize=3, lw=1.2,
            label={"r": "right ", "l": "left "}[limb[-1]] + {"h": "arm", "k": "leg"}[limb[0]],
        )  # fmt: skip
    limbs.axhline(LEAST_VAF, color=GREY, lw=0.7)
    limbs.axvspan(1.9, 2.1, color=COLOURS[5], alpha=0.3, lw=0)
    limbs.text(2.15, 0.36, "people: 2", size=7.5, color=GREY)
    limbs.set_title("8 surface muscles of a limb", loc="left", weight="bold")
    limbs.set_ylim(0.3, 1.0)
    limbs.set_xlabel("synergies")
    limbs.legend(frameon=False, fontsize=7.5, loc="lower right")
    space.set_axis_off()
    words = (
        "Grey line: the bar, 0.90.\n\n"
        f"Below: the {n} synergies of all\nmuscles, largest first; cycle from\n"
        "touch-down of the right hand and\nleft knee, mean and SD over\n"
        "cycles; the nine strongest\nmuscles of each (weight)."
    )
    space.text(0.0, 1.0, words, transform=space.transAxes, va="top", size=8, color=GREY)
    rows = below.subplots(2, n, height_ratios=(1.0, 1.5), squeeze=False)
    factors = done.whole.factors[n - 1]
    synergy_plots.time_courses(rows[0], factors)
    synergy_plots.strongest(rows[1], factors, done.recording.muscles)
    for axes in rows[0][1:]:
        axes.set_yticklabels([])


def draw_driven(figure: Any) -> None:
    """What the synergies give of the command, and how long a thinned controller lasts."""
    done = found()
    left, right = figure.subplots(1, 2, width_ratios=(1.0, 1.15))
    rows = done.what_drives
    for row, driven in enumerate(rows):
        left.barh(row - 0.17, driven.share, color=COLOURS[1], height=0.34,
                  label="of active state" if row == 0 else None)  # fmt: skip
        left.barh(row + 0.17, driven.share_of_torque, color=COLOURS[6], height=0.34,
                  label="of joint torque" if row == 0 else None)  # fmt: skip
        said = f"fell at {driven.lasted_s:.1f} s" if driven.fell else ""
        left.text(max(driven.share, 0.0) + 0.02, row, said, va="center", size=7.5,
                  color=COLOURS[2])  # fmt: skip
    left.set_yticks(range(len(rows)), [driven.name for driven in rows])
    left.set_ylim(len(rows) - 0.5, -0.5)
    least = min(min(driven.share, driven.share_of_torque) for driven in rows)
    left.set_xlim(min(0.0, 1.1 * least), 1.35)
    left.set_xticks([0, 0.25, 0.5, 0.75, 1.0])
    left.set_xlabel("share of the command that the synergies give")
    left.set_title("what drives", loc="left", weight="bold")
    left.legend(frameon=False, fontsize=7.5, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2,
                borderaxespad=0.1)  # fmt: skip
    names = list(dict.fromkeys(driven.name for driven in done.thinned))
    for place, (by, (word, colour, marker)) in enumerate(KINDS.items()):
        chosen = [driven for driven in done.thinned if driven.by == by]
        at = [names.index(driven.name) + (place - 1) * 0.26 for driven in chosen]
        lasted = [driven.lasted_s for driven in chosen]
        right.hlines(at, 0, lasted, color=colour, lw=2.0, alpha=0.6)
        right.plot([], [], marker, color=colour, markersize=4.5, label=word)
        for fell in (False, True):
            here = [i for i, driven in enumerate(chosen) if driven.fell == fell]
            right.plot(
                [lasted[i] for i in here], [at[i] for i in here], marker, color=colour,
                markersize=4.5, markerfacecolor="white" if fell else colour, clip_on=False,
            )  # fmt: skip
    right.set_yticks(range(len(names)), names)
    right.set_ylim(len(names) - 0.5, -0.5)
    right.set_xlim(0.0, None)
    right.set_xlabel("crawled for (s); open: fell, filled: time was up")
    right.set_title("what the controller sees", loc="left", weight="bold")
    right.legend(frameon=False, fontsize=8, loc="lower right")


DRAWINGS = {"extracted": (draw_extracted, (12.5, 6.4)), "driven": (draw_driven, (10.5, 4.4))}


def _counted(name: str, extraction: Extraction) -> str:
    cells = []
    for bar in (LEAST_VAF, STRICT_VAF):
        reached = extraction.vaf[-1] >= bar
        cells.append(str(extraction.count(bar)) if reached else f"over {extraction.vaf.size}")
    n = extraction.count() if extraction.vaf[-1] >= LEAST_VAF else extraction.vaf.size
    values = (extraction.cross_validated, extraction.out_of_step, extraction.shuffled)
    return " | ".join([f"| {name}", *cells, *(f"{v[n - 1]:.2f}" for v in values)]) + " |"


def counted() -> str:
    """How many synergies, and the controls at that number."""
    done = found()
    rows = [_counted("all muscles", done.whole), _counted("32 surface muscles", done.surface)]
    words = {"h": "arm", "k": "leg"}, {"r": "right", "l": "left"}
    for limb, of_limb in done.limbs.items():
        rows.append(_counted(f"{words[1][limb[-1]]} {words[0][limb[0]]}, 8 muscles", of_limb))
    head = (
        "| record | at VAF 0.90 | at 0.95 | other cycles | moved in time | shuffled |\n"
        "|---|---|---|---|---|---|"
    )
    similar = "; ".join(
        f"{name} {cosine.mean():.2f} (least {cosine.min():.2f})"
        for name, cosine in done.similar.items()
    )
    return (
        "\n".join([head, *rows])
        + f"\n\nMean cosine of the weights with those of another crawl: {similar}. The synergies"
        f" give the mean active states with a VAF of {done.vaf_active_state:.2f}, which lag"
        f" {done.synergies.lag * 100:.0f} % of a cycle behind the EMG."
    )


def _outcome(driven: Any) -> list[str]:
    fell = [d.lasted_s for d in driven if d.fell]
    ended = "no fall" if not fell else "fell at " + ", ".join(f"{t:.1f}" for t in fell) + " s"
    if fell and len(fell) < len(driven):
        ended += f" ({len(fell)} of {len(driven)})"
    speed, error = (np.mean([getattr(d, k) for d in driven])
                    for k in ("speed_m_per_s", "tracking_error_deg"))  # fmt: skip
    return [ended, f"{speed:.2f}", "" if np.isnan(error) else f"{error:.1f}"]


def what_drives() -> str:
    """What drives, and how it went."""
    head = (
        "| what drives | ended | m/s | error (deg) | share | of torque |\n|---|---|---|---|---|---|"
    )
    rows = [
        "| " + " | ".join([d.name, *_outcome([d]), f"{d.share:.2f}", f"{d.share_of_torque:.2f}"])
        + " |" for d in found().what_drives
    ]  # fmt: skip
    return "\n".join([head, *rows])


def thinned() -> str:
    """How movement degrades, without and with synergies."""
    head = (
        "| it sees | feedback alone | error (deg) | and mean levels | error | and synergies |"
        " error | share |\n|---|---|---|---|---|---|---|---|"
    )
    rows = []
    done = found().thinned
    for name in dict.fromkeys(driven.name for driven in done):
        kinds = [[d for d in done if d.name == name and d.by == by] for by in KINDS]
        cells = [cell for kind in kinds for cell in _outcome(kind)[::2]]
        share = np.mean([d.share_of_torque for d in kinds[-1]])
        rows.append("| " + " | ".join([name, *cells, f"{share:.2f}"]) + " |")
    return "\n".join([head, *rows])


TABLES = {"counted": counted, "what drives": what_drives, "thinned": thinned}


def page_with_tables(text: str) -> str:
    """The page with its tables made anew; ValueError where the marks are missing."""
    for name, make in TABLES.items():
        begin, end = (mark.format(name) for mark in MARKS)
        if begin not in text or end not in text:
            raise ValueError(f"{PAGE.name} holds no {begin!r} and {end!r}")
        block = f"{begin}\n\n{make()}\n\n{end}"
        pattern = re.escape(begin) + ".*?" + re.escape(end)
        text = re.sub(pattern, lambda _, b=block: b, text, flags=re.DOTALL)  # type: ignore[misc]
    return text


def main() -> None:
    """The command line."""
    draw_chosen(DRAWINGS, "synergies", __doc__ or "")
    PAGE.write_text(page_with_tables(PAGE.read_text()))
    print(PAGE.relative_to(PAGE.parents[1]))


if __name__ == "__main__":
    main()
