"""Ratios, and what they say when there is nothing to divide by."""

import numpy as np

from neurocoord.muscle import efficiency


def test_ratios():
    np.testing.assert_allclose(
        efficiency.positive_work_efficiency([25.0, 10.0], 100.0), [0.25, 0.1]
    )
    np.testing.assert_allclose(efficiency.economy_n_s_per_j(300.0, 100.0), 3.0)
    np.testing.assert_allclose(efficiency.cost_of_transport(4500.0, 75.0, 20.0), 3.0)


def test_nothing_to_divide_by():
    assert np.isnan(efficiency.positive_work_efficiency(1.0, 0.0))
    assert np.isnan(efficiency.economy_n_s_per_j(1.0, 0.0))
    assert np.all(np.isinf(efficiency.cost_of_transport(10.0, 75.0, [0.0, -1.0])))
