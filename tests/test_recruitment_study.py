"""The study of recruitment and rate coding: complete, equal in torque, and reported when tiny."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurocoord import study as studies
from neurocoord import trial
from neurocoord.analysis.statistics import interest_in
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
