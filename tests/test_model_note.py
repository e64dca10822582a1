"""`compare` says where a difference hangs on the energy model."""

from neurocoord.analysis.statistics import Comparison, Pair
from neurocoord.cli import show


def comparison(measure: str, difference: float, unit: str = "W") -> Comparison:
    low, high = difference - 0.1, difference + 0.1
    pair = Pair("independent", "beta", 5, difference, low, high, 0.001, 0.001, True, 0.2)
    pair = pair._replace(finding="more" if difference > 0 else "less")
    return Comparison("crawl", measure, unit, (pair,), "")


def said(capsys, comparisons: list[Comparison]) -> str:
    labels = {"metabolic_power_w": "Metabolic power", "speed_m_per_s": "Speed"}
    show.print_comparison("crawl", "speed", labels, ("independent", "beta"), [], comparisons)
    return " ".join(capsys.readouterr().out.split())


def test_opposite_signs_are_said_after_the_sentence(capsys) -> None:
    told = said(
        capsys,
        [
            comparison("metabolic_power_w", 5.0),
            comparison("metabolic_power_u_w", -2.0),
            comparison("metabolic_power_saturating_w", 9.0),
            comparison("speed_m_per_s", 1.0, "m/s"),
        ],
    )
    assert "Metabolic power: beta is 5 W higher than independent" in told
    assert (
        "Model-dependent: beta against independent is higher by H, H saturating but lower by U."
        in told
    )
    assert told.count("Model-dependent") == 1


def test_agreement_is_not_worth_a_word(capsys) -> None:
    names = ("metabolic_power_w", "metabolic_power_u_w", "metabolic_power_b_w")
    assert "Model-dependent" not in said(capsys, [comparison(name, 5.0) for name in names])
