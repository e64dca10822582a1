"""How a muscle's force is split between recruitment and rate coding, in words and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from neurocoord import report as reports
from neurocoord.analysis import force_gain, plots
from neurocoord.analysis.force_gain import ForceGain
from neurocoord.motorunits.parameters import PoolParameters

EXCITATION = np.linspace(0.0, 1.0, 201)
TOLD = (0.1, 0.3, 0.5, 1.0)  # excitations of the tables
DEFINITION = (
    "Recruitment is, by definition here, the force that the units at work would give were each "
    "still at the minimal rate at which it was recruited; rate coding is the rest. The two "
    "mechanisms are those of Milner-Brown, Stein & Yemm 1973 (J Physiol 230:371-390), the pools "
    "those of Fuglevand, Winter & Patla 1993 (J Neurophysiol 70:2470-2488). Forces are expected "
    "ones of rested pools at optimal length; the four parts sum to the pool's force."
)
ALIKE = (
    "Muscles of the body differ in number of units and in fibre types; thresholds, rates and "
    "twitches are spread alike in all of them, and so is the split. It hangs on how a twitch grows "
    "with rate: the moving body has the gain of 1993, the dynamometer, and so the holds below, "
    "twitches that saturate. Excitation is no share of maximal voluntary force: the table of force "
    "at equal excitation tells both."
)
ALT = "A panel for each pool: force over excitation in four stacked parts, and a line."


def of_pool(pools: PoolParameters, muscle: int = 0) -> ForceGain:
    """The split of one muscle over `EXCITATION`."""
    return force_gain.force_gain(pools, muscle, EXCITATION)


def thinned(gain: ForceGain) -> ForceGain:
    """Every fourth excitation: as many as a figure needs."""
    return ForceGain(gain.drive[::4], gain.recruitment[:, ::4], gain.rate_coding[:, ::4])


def answer(gains: Mapping[str, ForceGain]) -> str:
    """Recruitment's share of force at low and full excitation, over the pools, in a sentence."""
    low, full, even = (
        " to ".join(dict.fromkeys(percent(value) for value in (min(found), max(found))))
        for found in (
            [shares(gain, 0.1)[0] for gain in gains.values()],
            [shares(gain, 1.0)[0] for gain in gains.values()],
            [force_gain.even_drive(gain) for gain in gains.values()],
        )
    )
    force = [100.0 * shares(gain, 0.1)[1] for gain in gains.values()]
    return (
        f"Recruitment gives {low} of the force at 10 % of maximal excitation (where force is "
        f"{min(force):.0f} to {max(force):.0f} % of maximum) and {full} at full excitation. Rate "
        f"coding gives more than half of it above {even} of excitation (ranges: over pools and "
        "twitch models)."
    )


def percent(value: float) -> str:
    """A share in percent."""
    return f"{100 * value:.0f} %"


def shares(gain: ForceGain, at: float) -> tuple[float, float]:
    """Share by recruitment, and force over force at full drive, at an excitation."""
    index = int(np.argmin(np.abs(gain.drive - at)))
    whole = float(force_gain.total(gain)[index])
    return float(gain.recruitment.sum(axis=0)[index]) / whole, whole


def section(
    title: str,
    split: Mapping[str, tuple[PoolParameters, ForceGain]],
    figure: plots.Figure,
    tables: Sequence[reports.Table],
) -> reports.Section:
    """Pools and their split by name, as a section; `tables` come after its own."""
    head = ["Pool", "Units", "Slow share of maximum", "Last recruited at"]
    head += [f"By recruitment at {percent(at)}" for at in TOLD]
    head += ["... of slow units at 100 %", "... of fast units at 100 %"]
    rows = []
    for name, (pool, gain) in split.items():
        last = float(pool.recruitment_threshold.max() / pool.max_excitation[0])
        of_fibre = (gain.recruitment + gain.rate_coding)[:, -1]
        told = [of_fibre[0], last, *(shares(gain, at)[0] for at in TOLD)]
        told += list(gain.recruitment[:, -1] / of_fibre)
        rows.append([name, str(pool.twitch_force.size), *map(percent, told)])
    shown = reports.Figure(plots.svg_text(figure), DEFINITION, ALT, "force_gain")
    table = reports.Table("Share of force by recruitment, over excitation", head, rows)
    return reports.Section(title, [ALIKE], [shown], [table, *tables])


def by_name(
    caption: str, kind: str, gains: Mapping[str, ForceGain], note: str = ""
) -> reports.Table:
    """Force and its share by recruitment at the excitations of `TOLD`, a row for each name."""
    head = [kind]
    for at in TOLD:
        head += [f"Force at {percent(at)}", "by recruitment"]
    rows = [
        [name, *(percent(value) for at in TOLD for value in reversed(shares(gain, at)))]
        for name, gain in gains.items()
    ]
    return reports.Table(caption, head, rows, note=note)
