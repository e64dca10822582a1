"""Running amplitude of the EMG against the whole record's."""

import numpy as np
import pytest

from neurocoord.analysis import running_emg
from neurocoord.analysis.emg import average_rectified_value
from neurocoord.motorunits import published
from neurocoord.motorunits.emg import emg, potentials


@pytest.mark.parametrize("blocks", [(4,) * 50, (200,), (1, 7, 92, 100)])
def test_any_blocks_give_what_the_whole_gives(blocks) -> None:
    pools = published.fuglevand_1993(30)
    rng = np.random.default_rng(1)
    raster = (rng.random((200, 30)) < 0.05).astype(np.uint8)
    sums, first = running_emg.start(pools, 0.001), 0
    for n in blocks:
        running_emg.add_spikes(sums, raster[first : first + n])
        first += n
    whole = average_rectified_value(emg(raster, potentials(pools)))
    assert running_emg.average_rectified_value(sums) == pytest.approx(whole)
    assert whole[0] > 0.0


def test_synchronous_units_have_more_of_it_than_units_in_turn() -> None:
    pools = published.fuglevand_1993(20)
    together, spread = np.zeros((2, 400, 20), np.uint8)
    together[::40] = 1
    spread[np.arange(200) * 2, np.arange(200) % 20] = 1
    assert together.sum() == spread.sum()
    found = []
    for raster in (together, spread):
        sums = running_emg.start(pools, 0.001)
        running_emg.add_spikes(sums, raster)
        found.append(float(running_emg.average_rectified_value(sums)[0]))
    assert found[0] > found[1]
