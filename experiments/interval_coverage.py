"""How often 95 % intervals of a mean hold the true mean: t, percentile bootstrap, BCa bootstrap.

Prints the table of `docs/statistics.md`:

    python experiments/interval_coverage.py
"""

from __future__ import annotations

import sys

import numpy as np
from scipy import stats

from neurocoord.analysis.statistics import CONFIDENCE, difference_interval

# Law and number of pairs; true mean 1 in both.
CASES = (("normal", 5), ("normal", 20), ("exponential", 20), ("exponential", 40))
N_DRAWS = 3000
N_RESAMPLES = 999
METHODS = {"t": "", "percentile bootstrap": "percentile", "BCa bootstrap": "BCa"}
AT_ONCE = 100  # draws that are resampled together


def coverage(law: str, n: int, method: str, n_draws: int = N_DRAWS, seed: int = 0) -> float:
    """Share of `n_draws` samples of `n` whose interval holds the mean of the law, 1."""
    rng = np.random.default_rng([seed, n])
    draws = (
        rng.exponential(1.0, (n_draws, n))
        if law == "exponential"
        else rng.normal(1, 1, (n_draws, n))
    )
    if not METHODS[method]:
        low, high = np.array([difference_interval(draw)[:2] for draw in draws]).T
        return float(np.mean((low <= 1.0) & (high >= 1.0)))
    held = 0
    for some in np.array_split(draws, max(n_draws // AT_ONCE, 1)):
        interval = stats.bootstrap(
            (some,), np.mean, axis=-1, method=METHODS[method], confidence_level=CONFIDENCE,
            n_resamples=N_RESAMPLES, random_state=rng,
        ).confidence_interval  # fmt: skip
        held += int(np.sum((interval.low <= 1.0) & (interval.high >= 1.0)))
    return held / n_draws


def run(n_draws: int = N_DRAWS) -> str:
    """Coverage of each method in each case, as Markdown."""
    lines = [
        "| 95 % interval covers | " + " | ".join(f"{law}, {n} pairs" for law, n in CASES) + " |"
    ]
    lines.append("|---" * (len(CASES) + 1) + "|")
    for method in METHODS:
        found = (f"{coverage(law, n, method, n_draws):.1%}" for law, n in CASES)
        lines.append(f"| {method} | {' | '.join(found)} |".replace("%", " %"))
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    sys.stdout.write(run() + "\n")


if __name__ == "__main__":
    main()
