"""Effect sizes of paired differences."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from neurocoord.analysis.statistics.intervals import known
from neurocoord.analysis.statistics.records import CONFIDENCE, NAN, EffectSize


def effect_size(difference: ArrayLike, confidence: float = CONFIDENCE) -> EffectSize:
    """Cohen's d_z of paired differences `[pair]`, and Hedges' g_z with its interval.

    d_z = mean / SD (Cohen 1988, Statistical Power Analysis, 2.3.5); g_z = J d_z with Hedges' exact
    J = Gamma(m/2) / (sqrt(m/2) Gamma((m-1)/2)), m = n - 1 (1981, J Educ Stat 6:107-128, eq. 6e).
    The interval is that of the noncentrality of t (Cumming & Finch 2001, Educ Psychol Meas
    61:532-574) over sqrt(n), times J. Runs on the same noise have small SDs, so these sizes are far
    above those of experiments on people and say how reliable a difference is, not how large.
    """
    from scipy import special

    kept = known(np.asarray(difference, float))
    n = kept.size
    if n < 2 or not kept.std() > 1e-12 * np.abs(kept).max():
        return EffectSize(NAN, NAN, NAN, NAN)
    d = float(kept.mean() / kept.std(ddof=1))
    m = n - 1
    # With two pairs Gamma(0) is infinite: J is 0, the bias cannot be taken off.
    j = 0.0 if m < 2 else np.exp(special.gammaln(m / 2) - special.gammaln((m - 1) / 2))
    j /= np.sqrt(m / 2)
    if j == 0.0:
        return EffectSize(d, NAN, NAN, NAN)
    t, tail = d * np.sqrt(n), (1 - confidence) / 2
    low, high = (float(special.nctdtrinc(m, p, t)) for p in (1 - tail, tail))
    scale = float(j / np.sqrt(n))
    return EffectSize(d, float(j * d), low * scale, high * scale)
