"""A trial in files of other programs, each opened by the program itself where it is installed."""

import gzip
import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from neurocoord import export, trial
from neurocoord.body import model as bodies
from neurocoord.export import opensim
from neurocoord.export.muscle_spikes import muscle_spikes
from neurocoord.motorunits import trains
from neurocoord.trial import Pools, TrialConfig

MUSCLE = "VAS_L_r"


@pytest.fixture(scope="module")
def hold() -> trial.Trial:
    config = TrialConfig(task="isometric", seconds=1.2, pools=Pools(n_units=10))
    return trial.run(config, keep_spikes=True)


@pytest.fixture(scope="module")
def crawl() -> trial.Trial:
    return trial.run(TrialConfig(task="crawl", seconds=0.2, pools=Pools(n_units=6)))


@pytest.fixture(scope="module")
def spikes(hold: trial.Trial):
    return muscle_spikes(hold, trial.find_body(hold.config), MUSCLE)


def written(done: trial.Trial, folder: Path, name: str) -> list[Path]:
    return export.write(done, folder, [name], [MUSCLE])


def test_only_units_that_fired_are_told_with_the_force_on_the_same_ticks(hold, spikes) -> None:
    body = trial.find_body(hold.config)
    m = list(body.muscles).index(MUSCLE)
    first, last = hold.first_unit[m], hold.first_unit[m + 1]
    np.testing.assert_array_equal(
        trains.counts(spikes.trains), hold.discharge.n_spikes[first:last][spikes.unit]
    )
    assert 0 < spikes.unit.size < 10 and np.all(trains.counts(spikes.trains) > 0)
    assert spikes.force_n.shape == (spikes.trains.n_ticks,) == (1200,)
    np.testing.assert_array_equal(spikes.force_n[::2], hold.trace.muscle_force_n[:, m])


def test_the_file_for_openhdemg_is_of_its_form(hold, spikes, tmp_path: Path) -> None:
    (path,) = written(hold, tmp_path, "openhdemg")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        told = {name: json.loads(text) for name, text in json.load(file).items()}
    assert told["SOURCE"] == "CUSTOMCSV" and told["FSAMP"] == 1000.0
    assert told["MUPULSES"][0] == trains.of_unit(spikes.trains, 0).tolist()
    table = told["BINARY_MUS_FIRING"]
    np.testing.assert_array_equal(np.array(table["data"]), trains.raster(spikes.trains))
    assert table["columns"] == list(range(spikes.unit.size))


def test_openhdemg_opens_it(hold, spikes, tmp_path: Path) -> None:
    if find_spec("openhdemg") is None:
        pytest.skip("needs openhdemg, which pins older libraries: pip install openhdemg")
    library = pytest.importorskip("openhdemg.library", exc_type=ImportError)
    (path,) = written(hold, tmp_path, "openhdemg")
    opened = library.emg_from_json(str(path))
    assert opened["NUMBER_OF_MUS"] == spikes.unit.size
    assert opened["FSAMP"] == 1000.0 and opened["EMG_LENGTH"] == 1200
    for unit, pulses in enumerate(opened["MUPULSES"]):
        np.testing.assert_array_equal(pulses, trains.of_unit(spikes.trains, unit))
    np.testing.assert_array_equal(opened["BINARY_MUS_FIRING"], trains.raster(spikes.trains))
    np.testing.assert_allclose(opened["REF_SIGNAL"][0], spikes.force_n, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(opened["EXTRAS"]["unit"], spikes.unit)
    # and works with it: the mean rate of its own, over intervals, is ours
    rates = library.compute_idr(opened)[0]["idr"]
    intervals = np.diff(trains.of_unit(spikes.trains, 0)) * 0.001
    np.testing.assert_allclose(rates.dropna(), 1.0 / intervals)


def test_neo_opens_it(hold, spikes, tmp_path: Path) -> None:
    if not export.neo.is_there():
        with pytest.raises(ValueError, match=r"pip install 'neurocoord\[neo\]'"):
            written(hold, tmp_path, "neo")
        pytest.skip("needs neo and nixio: pip install 'neurocoord[neo]'")
    import neo

    (path,) = written(hold, tmp_path, "neo")
    with neo.NixIO(str(path), mode="ro") as io:
        block = io.read_block()
        segment = block.segments[0]
        assert [train.annotations["unit"] for train in segment.spiketrains] == list(spikes.unit)
        for unit, train in enumerate(segment.spiketrains):
            ticks = train.rescale("s").magnitude / float(train.annotations["tick_s"])
            np.testing.assert_allclose(ticks, trains.of_unit(spikes.trains, unit), atol=1e-6)
            assert float(train.t_stop.rescale("s")) == pytest.approx(1.2)
        (force,) = segment.analogsignals
        assert str(force.units.dimensionality) == "N"
        np.testing.assert_allclose(force.magnitude[:, 0], spikes.force_n)
        assert json.loads(block.annotations["neurocoord_config"])["task"] == "isometric"


def storage(path: Path) -> tuple[dict[str, str], list[str], np.ndarray]:
    """A storage file, read by the rules of its documentation."""
    lines = path.read_text().splitlines()
    end = lines.index("endheader")
    head = dict(line.split("=") for line in lines[1:end])
    values = np.array([line.split("\t") for line in lines[end + 2 :]], float)
    return head, lines[end + 1].split("\t"), values


def test_storage_files_hold_the_trial(crawl, tmp_path: Path) -> None:
    body = bodies.load("humanoid")
    paths = {path.name: path for path in export.write(crawl, tmp_path, ["opensim"])}
    assert set(paths) == {"motion.mot", "states.sto", "forces.sto", "ground_forces.mot"}
    for path in paths.values():
        head, labels, values = storage(path)
        assert int(head["nRows"]), int(head["nColumns"]) == values.shape
        assert labels[0] == "time" and len(labels) == values.shape[1] == len(set(labels))
        np.testing.assert_allclose(values[:, 0], crawl.trace.time_s, atol=1e-9)
        assert np.isfinite(values).all()
    _, labels, values = storage(paths["motion.mot"])
    at = dict(zip(labels, values.T))
    np.testing.assert_allclose(at["pelvis_ty"], crawl.trace.qpos[:, 2], rtol=1e-9)  # up
    np.testing.assert_allclose(at["pelvis_tz"], -crawl.trace.qpos[:, 1], rtol=1e-9)  # right
    joint = body.joints[3]
    np.testing.assert_allclose(
        at[joint], np.degrees(crawl.trace.qpos[:, body.joint_qpos[3]]), rtol=1e-9
    )
    _, labels, values = storage(paths["states.sto"])
    at = dict(zip(labels, values.T))
    np.testing.assert_allclose(
        at[f"/forceset/{MUSCLE}/activation"],
        crawl.trace.active_state[::2, list(body.muscles).index(MUSCLE)],
        rtol=1e-9,
    )
    length = at[f"/forceset/{MUSCLE}/fiber_length"]
    assert np.all((length > 0.02) & (length < 0.3))


@pytest.mark.parametrize(
    ("axis", "label", "sign"),
    [("z", "pelvis_rotation", 1.0), ("y", "pelvis_tilt", -1.0), ("x", "pelvis_list", 1.0)],
)
def test_the_root_turns_about_the_axes_of_opensim(
    crawl, axis: str, label: str, sign: float
) -> None:
    """Left about up, nose down (a negative tilt) and to the right side, by 30 degrees each."""
    qpos = crawl.trace.qpos[:1].copy()
    qpos[0, 3:7] = np.cos(np.pi / 12), *(np.sin(np.pi / 12) * np.eye(3)["xyz".index(axis)])
    turned = crawl._replace(trace=crawl.trace._replace(qpos=qpos))
    labels, values = opensim.motion(turned, bodies.load("humanoid"))
    at = dict(zip(labels[:3], values[0, :3]))
    assert at.pop(label) == pytest.approx(sign * 30.0)
    assert list(at.values()) == pytest.approx([0.0, 0.0], abs=1e-9)


def test_the_floor_carries_the_body(crawl) -> None:
    """Upward is +y, as in OpenSim, and its mean is the weight; sideways forces balance."""
    body = bodies.load("humanoid")
    labels, values = opensim.ground_forces(crawl, body)
    up = sum(values[:, i] for i, name in enumerate(labels) if name.endswith("_force_vy"))
    assert up.mean() == pytest.approx(body.mass_kg * 9.81, rel=0.15)
    heights = [values[:, i] for i, name in enumerate(labels) if name.endswith("_force_py")]
    assert np.abs(heights).max() < 0.03  # the floor is at 0


def test_opensim_opens_them(crawl, hold, tmp_path: Path) -> None:
    if find_spec("opensim") is None:
        pytest.skip("needs OpenSim: pip install opensim")
    import opensim as osim

    for done, folder in ((crawl, tmp_path / "c"), (hold, tmp_path / "h")):
        for path in export.write(done, folder, ["opensim"]):
            table = osim.TimeSeriesTable(str(path))
            _, labels, values = storage(path)
            assert list(table.getColumnLabels()) == labels[1:]
            assert table.getNumRows() == len(values)
            last = table.getRowAtIndex(len(values) - 1).to_numpy()
            np.testing.assert_allclose(last, values[-1, 1:], rtol=1e-12)
            degrees = table.getTableMetaDataString("inDegrees")
            assert degrees == ("yes" if path.name == "motion.mot" else "no")


def test_what_cannot_be_exported_is_named(hold, tmp_path: Path) -> None:
    body = trial.find_body(hold.config)
    with pytest.raises(ValueError, match="did you mean 'opensim'"):
        export.check(["opensin"], None, body)
    with pytest.raises(ValueError, match="did you mean 'VAS_L_r'"):
        export.check(None, ["VAS_Lr"], body)
    assert {"openhdemg", "opensim"} <= set(export.check(None, None, body))
    with pytest.raises(ValueError, match="kept no spikes"):
        muscle_spikes(hold._replace(spikes=None), body, MUSCLE)
