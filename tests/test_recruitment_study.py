"""The study of recruitment and rate coding: complete, equal in torque, and reported when tiny."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurocoord import study as studies
from neurocoord import trial
from neurocoord.analysis.endurance import endurance_s
from neurocoord.analysis.statistics import interest_in
from neurocoord.body import model as bodies
from neurocoord.body.model import muscle_index
from neurocoord.motorunits.parameters import PRIMARY, build, of_muscle
from neurocoord.pools import body_pools, full_drive_fraction
from neurocoord.resources import load_experiment
from neurocoord.study.catalog import STUDIES
from neurocoord.tasks import TASKS, isometric
from neurocoord.trial import Pools, TrialConfig

STUDY = load_experiment("recruitment_and_rate_coding")
TINY = STUDY.Config(
    n_subjects=2, n_units=8, hold_s=0.6, tiring_hold_s=0.7, crawl_s=0.2,
)  # fmt: skip


def test_every_order_has_all_its_conditions() -> None:
    assert "recruitment_and_rate_coding" in STUDIES
    for quick in (True, False):
        made = STUDY.study(quick)
        studies.check_study(made)
        told = {(c.config.task, *c.factors.values()) for c in made.conditions}
        orders = ("size", "rotation", "reversed")
        parts = (("isometric", "no"), ("isometric", "yes"), ("crawl", "no"))
        assert told == {(task, order, tired) for task, tired in parts for order in orders}
        for condition in made.conditions:
            pools = condition.config.pools
            assert pools.order == condition.factors["order"]
            assert pools.fatigue == (condition.factors["fatigue"] == "yes")
    for part, labels in STUDY.MEASURES.items():
        assert [m for m in labels if interest_in(m) is None] == []
        if part != "endurance":
            assert set(labels) - {"fell"} <= set(TASKS[part.removesuffix("_tiring")].measures)


@pytest.mark.slow
def test_the_orders_are_compared_at_equal_torque() -> None:
    torque = {}
    for order, drives in STUDY.Config().drives.items():
        settings = isometric.Settings(
            low_drive=drives.low, high_drive=drives.high, ballistic_s=0.02
        )
        config = TrialConfig(task="isometric", pools=Pools(order=order), settings=settings)
        found = [trial.run(replace(config, seed=seed)).measures for seed in (0, 1)]
        names = ("torque_low_nm", "torque_high_nm")
        torque[order] = np.mean([[one[name] for name in names] for one in found], axis=0)
    for order in ("rotation", "reversed"):
        np.testing.assert_allclose(torque[order], torque["size"], rtol=0.02)


@pytest.mark.slow
def test_a_tiny_run_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(STUDY, "LONGEST_S", 0.5)
    paths = STUDY.run(TINY, out=tmp_path / "out", n_workers=1)
    assert all(path.exists() for path in paths)
    page = paths[0].read_text(encoding="utf-8")
    for words in ("Recruitment gives", "Milner-Brown", "Rested holds, reversed against size"):
        assert words in page
    assert "Endurance, rotation against size" in page and "Crawling, rotation against size" in page
    measured = (paths[0].parent / "trials.csv").read_text(encoding="utf-8")
    for part in STUDY.MEASURES:
        assert f"\n{part},reversed," in measured
    loaded = studies.load(tmp_path / "out")
    assert len(loaded.trials) == 2 * 9 and {t.error for t in loaded.trials} == {""}


def test_what_the_notes_say_of_weaker_fibres_and_of_adaptation_is_so() -> None:
    for name, said in (("dynamometer", 7 / 8), ("humanoid", 3 / 4)):
        body = bodies.load(name)
        size, reversed_ = (
            np.asarray(full_drive_fraction(body_pools(Pools(order=order), body)))
            for order in ("size", "reversed")
        )
        assert np.median(size / reversed_) == pytest.approx(said, abs=0.01)
    body = bodies.load("dynamometer")
    pools = body_pools(Pools(n_units=60, fatigue=True), body)
    pool = of_muscle(pools, muscle_index(body, STUDY.ONE_MUSCLE))
    fields = {field: np.array(getattr(pool, field)) for field in PRIMARY[1:]}
    fields["fatigue_rate_per_s"] *= 0.0
    adapting = build(first_unit=pool.first_unit, **fields)
    assert endurance_s(adapting, 0.70, 120.0) == 120.0 > endurance_s(adapting, 0.76, 120.0)
    assert abs(STUDY.TURNS_FROM_S - 166.4) < 0.1
