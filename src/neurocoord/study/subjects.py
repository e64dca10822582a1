"""Virtual subjects: people who differ as people do, drawn from published spreads.

A spread is one person's standard deviation from the next, and not that of the units or trials of
one. Each is drawn from a stream of its own, by the seed of the draw and the number of the subject:
the same person whatever else is drawn, and however many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from neurocoord import seeds
from neurocoord.settings import flatten
from neurocoord.trial import TrialConfig

FARTHEST_SD = 2.0  # no one is farther from the mean (choice: bodies farther out need other gaits)
RATE_SPAN = 17.0  # excitation from recruitment to peak rate of the last unit, (25 - 8) / 1 (1993)


class Spread(NamedTuple):
    """How far people differ in one thing."""

    sd: float  # between people; of `what`
    what: str
    source: str


SPREADS = {
    "units_scale": Spread(
        0.20,
        "number of motor units of every muscle, over the mean",
        "tibialis anterior of 18 adults, 132 +- 26 units by decomposition (Debenham et al. 2025, "
        "J Electromyogr Kinesiol 103030; 142 +- 22 by compound scan); all muscles alike (choice)",
    ),
    "recruitment_limit_shift": Spread(
        0.05,
        "excitation, over its maximum, at which the last unit is recruited",
        "last recruitment of tibialis anterior at 70 to 90 % of maximal force (De Luca & Hostage "
        "2010, J Neurophysiol 104:1034), read as the mean and 2 SD on either side (choice)",
    ),
    "isi_cv_scale": Spread(
        0.20,
        "CV of interspike intervals, over the mean",
        "(choice) units of 11 young adults have 17.3 +- 8.1 % (Tracy et al. 2005, Muscle Nerve "
        "32:533-540): 0.47 of the mean, of which less than half is taken to lie between people",
    ),
    "strength_scale": Spread(
        0.189,
        "maximal force of every muscle, over the mean",
        "isometric knee extension torque of 73 untrained men (Stebbings et al. 2014, Muscle Nerve "
        "49:879-886); all muscles alike (choice)",
    ),
    "type1_shift": Spread(
        0.138,
        "share of type I mass of every muscle",
        "CV of 0.30 in vastus lateralis, 418 biopsies (Simoneau & Bouchard 1989, Am J Physiol "
        "257:E567), less the 15 % of variance that is sampling error (1995, FASEB J 9:1091), at a "
        "mean share of 0.5; one shift for all muscles (choice: they go together, Vikne et al. "
        "2012, Muscle Nerve 45:527-535)",
    ),
}


class Subject(NamedTuple):
    """One person; the defaults are the body as it is."""

    number: int = 0  # 0: the body as it is; drawn people are counted from 1
    units_scale: float = 1.0
    recruitment_limit_shift: float = 0.0
    isi_cv_scale: float = 1.0
    strength_scale: float = 1.0
    type1_shift: float = 0.0


def draw(seed: int, number: int) -> Subject:
    """Person `number` (1, 2, ...) of the draw `seed`: normal spreads, cut at 2 SD."""
    if number < 1:
        raise ValueError(f"number is {number}; drawn subjects are counted from 1")
    usual = Subject()._asdict()
    drawn = {
        name: float(usual[name] + spread.sd * _normal(seed, number, name))
        for name, spread in SPREADS.items()
    }
    return Subject(number, **drawn)


def of_study(n_subjects: int, seed: int) -> Sequence[Subject]:
    """The people of a study; where none is drawn, the body as it is."""
    return [draw(seed, number) for number in range(1, n_subjects + 1)] or [Subject()]


def applied(subject: Subject, config: TrialConfig) -> TrialConfig:
    """A trial as this person does it, on noise of their own: the same in every condition.

    The seed of subject 0 is the trial's own; a drawn person's is a stream of it.
    """
    if subject.number == 0:
        return config
    pools = config.pools
    changed = replace(
        pools,
        units_scale=pools.units_scale * subject.units_scale,
        recruitment_range=_shifted(pools.recruitment_range, subject.recruitment_limit_shift),
        isi_cv=pools.isi_cv * subject.isi_cv_scale,
        type1_shift=pools.type1_shift + subject.type1_shift,
    )
    return replace(
        config,
        seed=seeds.stream(config.seed, "subject", subject.number),
        strength=config.strength * subject.strength_scale,
        pools=changed,
    )


def differing(config: TrialConfig, subject: Subject) -> dict[str, object]:
    """What of a trial's config the subject decides, by its path."""
    mine, usual = flatten(applied(subject, config)), flatten(config)
    return {path: value for path, value in mine.items() if value != usual[path]}


def _normal(seed: int, number: int, name: str) -> float:
    """A standard normal, cut at `FARTHEST_SD`, by its quantiles."""
    from scipy.special import ndtr, ndtri

    low = ndtr(-FARTHEST_SD)
    uniform = seeds.generator(seed, "subject", number, name).random()
    return float(ndtri(low + (1.0 - 2.0 * low) * uniform))


def _shifted(recruitment_range: float, shift: float) -> float:
    """The range whose last unit is recruited at a share of maximal excitation that is `shift`
    higher: share = range / (range + 17)."""
    share = np.clip(recruitment_range / (recruitment_range + RATE_SPAN) + shift, 0.1, 0.95)
    return float(RATE_SPAN * share / (1.0 - share))
