"""The script of the table of coverages."""

from neurocoord.resources import load_experiment

EXPERIMENT = load_experiment("interval_coverage")


def test_t_covers_and_a_percentile_bootstrap_of_five_does_not() -> None:
    of_t = EXPERIMENT.coverage("normal", 5, "t", n_draws=1500)
    assert 0.93 < of_t < 0.97
    assert EXPERIMENT.coverage("normal", 5, "percentile bootstrap", n_draws=500) < 0.90


def test_the_table_has_every_method_and_case() -> None:
    lines = EXPERIMENT.run(n_draws=20).splitlines()
    assert len(lines) == 2 + len(EXPERIMENT.METHODS)
    assert {line.count("|") for line in lines} == {len(EXPERIMENT.CASES) + 2}
