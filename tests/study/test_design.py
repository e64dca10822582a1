"""What a study asks for, before any work: its trials, its people, and what it may not ask."""

from dataclasses import replace

import numpy as np
import pytest

from neurocoord import study
from neurocoord.study import subjects
from neurocoord.study.catalog import STUDIES, load_study
from neurocoord.trial import Pools, Synchrony, TrialConfig

TEMPLATE = TrialConfig(task="isometric", seconds=0.5, pools=Pools(n_units=6))


def condition(name: str, **changes) -> study.Condition:
    config = replace(TEMPLATE, synchrony=Synchrony(strategy=name), **changes)
    return study.Condition(name=name, config=config, factors={"strategy": name})


def asked(**changes) -> study.Study:
    usual = {
        "name": "s",
        "question": "?",
        "conditions": (condition("independent"), condition("short_term")),
        "n_subjects": 3,
        "seeds": (0, 5),
    }
    return study.Study(**{**usual, **changes})


def test_conditions_x_subjects_x_seeds_paired_on_the_same_noise() -> None:
    jobs = study.check_study(asked())
    assert len(jobs) == len({job.key for job in jobs}) == 2 * 3 * 2
    assert {(job.subject, job.seed) for job in jobs} == {(s, n) for s in (1, 2, 3) for n in (0, 5)}
    by_noise: dict[tuple[int, int], set[int]] = {}
    for job in jobs:
        by_noise.setdefault((job.subject, job.seed), set()).add(job.config.seed)
    assert all(len(seeds) == 1 for seeds in by_noise.values())
    assert len(set.union(*by_noise.values())) == 6  # and no two pairs share any
    first, second = jobs[0].config, jobs[6].config
    assert replace(first, synchrony=second.synchrony) == second


def test_without_subjects_the_body_is_as_it_is() -> None:
    jobs = study.check_study(asked(n_subjects=0))
    assert {(job.subject, job.seed, job.config.seed) for job in jobs} == {(0, 0, 0), (0, 5, 5)}
    assert jobs[0].config.pools == TEMPLATE.pools and jobs[0].config.strength == 1.0


def test_a_subject_is_the_same_person_however_many_are_drawn() -> None:
    assert subjects.of_study(5, 1)[:3] == subjects.of_study(3, 1)
    assert subjects.draw(1, 2) != subjects.draw(2, 2)
    with pytest.raises(ValueError, match="counted from 1"):
        subjects.draw(0, 0)


def test_people_spread_as_they_are_said_to() -> None:
    people = np.array(subjects.of_study(2000, 0))[:, 1:]
    usual = np.array(subjects.Subject())[1:]
    sd = np.array([subjects.SPREADS[name].sd for name in subjects.Subject._fields[1:]])
    z = (people - usual) / sd
    assert np.abs(z).max() <= subjects.FARTHEST_SD
    np.testing.assert_allclose(z.mean(axis=0), 0.0, atol=0.08)
    np.testing.assert_allclose(z.std(axis=0), 0.88, atol=0.04)  # of a normal cut at 2 SD
    together = np.corrcoef(z.T)[np.triu_indices(z.shape[1], 1)]
    np.testing.assert_allclose(together, 0.0, atol=0.08)
    assert all(spread.source for spread in subjects.SPREADS.values())


def test_a_subject_changes_a_trial_as_said() -> None:
    person = subjects.Subject(7, 1.5, 0.05, 1.2, 0.8, -0.1)
    config = subjects.applied(person, TEMPLATE)
    assert config.strength == 0.8
    assert config.pools.units_scale == 1.5
    assert config.pools.isi_cv == pytest.approx(0.18)
    assert config.pools.type1_shift == -0.1
    share = config.pools.recruitment_range / (config.pools.recruitment_range + 17.0)
    assert share == pytest.approx(30 / 47 + 0.05)
    assert set(subjects.differing(TEMPLATE, person)) == {
        "seed",
        "strength",
        "pools.units_scale",
        "pools.recruitment_range",
        "pools.isi_cv",
        "pools.type1_shift",
    }


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"conditions": ()}, "no condition"),
        ({"seeds": (0, 1, 0)}, "seeds names 0 twice"),
        ({"seeds": ()}, "seeds names none"),
        ({"seeds": (-1,)}, "seeds names -1"),
        ({"n_subjects": -2}, "n_subjects is -2"),
        ({"measures": {"isometric": ("torque_lo_nm",)}}, "did you mean 'torque_low_nm'"),
        ({"measures": {"crawl": ("speed_m_per_s",)}}, "no condition"),
        ({"keep": study.Keep(series=("drives",))}, "did you mean 'drive'"),
        ({"keep": study.Keep(spikes=("VAS_L",))}, "did you mean 'VAS_L_r'"),
        ({"conditions": (condition("independent"),) * 2}, "is there twice"),
    ],
)
def test_what_cannot_be_done_is_named_in_one_line(change: dict, part: str) -> None:
    with pytest.raises(ValueError) as caught:
        study.check_study(asked(**change))
    assert part in str(caught.value) and "\n" not in str(caught.value)


def test_a_condition_that_there_is_not_is_named() -> None:
    only = study.named_conditions(asked(), ["short_term"])
    assert [c.name for c in only.conditions] == ["short_term"]
    with pytest.raises(ValueError, match="did you mean 'short_term'"):
        study.named_conditions(asked(), ["short_trem"])
    for name, factors in (("a/b", {}), ("ab", {"seed": "1"})):
        bad = study.Condition(name=name, config=TEMPLATE, factors=factors)
        with pytest.raises(ValueError, match="is not allowed"):
            study.check_study(asked(conditions=(bad,)))


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_can_begin_at_both_sizes(name: str) -> None:
    module = load_study(name)
    full, quick = (module.study(quick=quick) for quick in (False, True))
    assert full.name == quick.name == name and full.question.endswith("?")
    assert 0 < len(study.check_study(quick)) < len(study.check_study(full))
    assert full.n_subjects >= 20


def test_an_unknown_study_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean 'compare_synchronization'"):
        load_study("compare_synchronisation")
