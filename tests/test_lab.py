"""The lab without a page: its muscle, its twin, its dials, records, pace."""

import math
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocoord.lab import colours
from neurocoord.lab.dials import BODY, MUSCLE, BodyDials, Choice, MuscleDials, Span, checked, turned
from neurocoord.lab.muscle import MOST_BURSTS, LiveMuscle
from neurocoord.lab.pace import Pace
from neurocoord.lab.rings import Ring
from neurocoord.motorunits import kernel
from neurocoord.motorunits.state import unit_force
from neurocoord.synchrony import STRATEGIES

# ---- dials ----


@pytest.mark.parametrize("dials", [MuscleDials(), BodyDials()], ids=["muscle", "body"])
def test_every_dial_has_a_control_and_stands_within_it(dials) -> None:
    table = MUSCLE if isinstance(dials, MuscleDials) else BODY
    assert set(table) == set(vars(dials))
    for name, dial in table.items():
        assert checked(name, dial, getattr(dials, name)) == getattr(dials, name)
        assert dial.label and dial.hint


def test_every_strategy_can_be_chosen_and_is_put_in_words() -> None:
    dial = MUSCLE["strategy"]
    assert isinstance(dial, Choice) and set(dial.words) == set(STRATEGIES)
    assert len(set(dial.words.values())) == len(STRATEGIES)
    assert all(":" in words for words in dial.words.values())


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("drive_percent", 101, "0 to 100"),
        ("drive_percent", math.nan, "0 to 100"),
        ("drive_percent", True, "0 to 100"),
        ("drive_percent", "30", "0 to 100"),
        ("strategy", "shortterm", "did you mean 'short_term'"),
        ("strategy", ["independent"], "allowed: independent"),
        ("fatigue", 1, "true or false"),
        ("drive", 3, "did you mean 'drive_percent'"),
    ],
)
def test_what_a_page_may_not_set_is_refused_by_name(name, value, words) -> None:
    with pytest.raises(ValueError, match=words):
        turned(MuscleDials(), name, value)


# ---- records ----


@given(
    st.integers(1, 7),
    st.lists(st.lists(st.integers(0, 99), max_size=9), max_size=12),
    st.integers(1, 9),
)
def test_a_ring_holds_the_last_rows(length, parts, n) -> None:
    ring, every = Ring(length), []
    for part in parts:
        ring.add(np.array(part, float))
        every += part
    kept = every[-length:]
    assert len(ring) == len(kept)
    assert ring.last(n).tolist() == kept[-n:]


def test_colours_get_lighter_all_the_way() -> None:
    rgb = colours.amount_rgb(np.linspace(-0.5, 1.5, 201)).astype(float)
    luminance = rgb @ [0.2126, 0.7152, 0.0722]
    assert np.all(np.diff(luminance) >= -1.0)
    assert luminance[-1] - luminance[0] > 150


def test_the_pace_is_measured_and_what_cannot_be_caught_up_with_is_dropped() -> None:
    pace = Pace(0.0)
    for k in range(1, 41):
        due = pace.due_s(0.1 * k, 2.0)
        assert due <= 2.0 * 0.1 + 1e-9
        pace.did(0.5 * due, 0.1 * k)
    assert 0.9 < pace.measured < 2.0
    pace.hold(10.0)
    assert math.isnan(pace.measured)
    assert pace.due_s(10.0, 1.0) == 0.0


# ---- the muscle ----


def test_unit_forces_add_up_to_the_muscles_force() -> None:
    muscle = LiveMuscle(seed=3)
    for fatigue in (False, True):
        muscle.turn("fatigue", fatigue)
        muscle.advance(500)
        side = muscle.now
        total = unit_force(side.params, side.state)[0].sum() / side.params.max_force[0]
        _, out = kernel.advance(side.params, side.coupling, side.state, np.full((1, 1, 1), 0.3))
        assert abs(total - out.active_state[0, 0, 0]) < 0.02


def test_a_twin_is_the_same_until_a_dial_is_turned() -> None:
    muscle = LiveMuscle(seed=1)
    muscle.advance(300)
    muscle.keep_twin()
    muscle.advance(730)
    assert muscle.twin is not None
    now, twin = muscle.now.force_percent.last(10_000), muscle.twin.force_percent.last(10_000)
    assert np.array_equal(now, twin)
    muscle.turn("strategy", "short_term")
    muscle.advance(500)
    now, twin = muscle.now.force_percent.last(400), muscle.twin.force_percent.last(400)
    assert not np.array_equal(now, twin)
    muscle.turn("strategy", "independent")
    muscle.drop_twin()
    assert muscle.compare().twin is None


def test_the_length_of_a_step_changes_nothing() -> None:
    whole, parts = LiveMuscle(seed=2), LiveMuscle(seed=2)
    whole.advance(1000)
    for _ in range(20):
        parts.advance(50)
    assert np.array_equal(whole.now.force_percent.last(1000), parts.now.force_percent.last(1000))
    assert np.array_equal(whole.now.emg.last(1000), parts.now.emg.last(1000))


def test_synchrony_shows_in_the_fluctuation_and_the_emg_and_not_in_the_mean() -> None:
    muscle = LiveMuscle(seed=1)
    muscle.advance(1000)
    muscle.keep_twin()
    muscle.turn("strategy", "short_term")
    muscle.advance(13_000)
    found = muscle.compare()
    now, twin = found.now, found.twin
    assert now is not None and twin is not None
    assert now.seconds == pytest.approx(11.5)
    assert abs(now.force_percent / twin.force_percent - 1.0) < 0.03
    assert now.force_sd_percent > 1.2 * twin.force_sd_percent
    assert now.emg > 1.15 * twin.emg


def test_more_drive_recruits_more_units_and_more_force() -> None:
    muscle = LiveMuscle(seed=1)
    found = []
    for drive in (10.0, 50.0):
        muscle.turn("drive_percent", drive)
        muscle.advance(3000)
        found.append(muscle.compare().now)
    assert found[1].active_units > found[0].active_units + 20
    assert found[1].force_percent > found[0].force_percent + 20.0


def test_fast_contractions_are_measured_and_kept_within_bounds() -> None:
    muscle = LiveMuscle(seed=1)
    muscle.begin("rest")
    muscle.advance(500)
    muscle.keep_twin()
    for _ in range(3):
        muscle.begin("ballistic")
        muscle.begin("ballistic")  # one at a time
        muscle.advance(1650)
        assert muscle.effort == "rest"
    found = muscle.compare()
    assert found.now_bursts is not None and found.twin_bursts is not None
    assert found.now_bursts.n == found.twin_bursts.n == 3
    assert np.all(found.now_bursts.mean > 100.0)
    assert np.array_equal(found.now_bursts.mean, found.twin_bursts.mean)
    assert all(kept.maxlen == MOST_BURSTS for kept in muscle._bursts.values())


def test_a_force_that_is_held_needs_more_drive_as_the_muscle_tires() -> None:
    muscle = LiveMuscle(seed=1)
    for name, value in (("fatigue", True), ("goal", "force"), ("force_percent", 60.0)):
        muscle.turn(name, value)
    muscle.advance(5000)
    early = muscle.now.held_drive
    muscle.advance(25_000)
    found = muscle.compare().now
    assert found is not None and found.force_percent == pytest.approx(60.0, abs=2.0)
    assert muscle.now.held_drive > early + 0.02
    assert muscle.now.capacity_percent < 95.0


@pytest.mark.parametrize("name", ["order", "training"])
def test_another_pool_begins_anew_with_its_twin(name: str) -> None:
    muscle = LiveMuscle(seed=1)
    muscle.advance(200)
    muscle.keep_twin()
    dial = MUSCLE[name]
    assert isinstance(dial, Choice)
    for word in dial.words:
        if word == getattr(muscle.dials, name):
            continue
        muscle.turn(name, word)
        assert muscle.time_s == 0.0
        assert muscle.twin is not None and muscle.twin.time_s == 0.0
        muscle.advance(150)


def test_memory_stays_the_same_over_a_long_run() -> None:
    def size(muscle: LiveMuscle) -> int:
        rings = (v for v in vars(muscle.now).values() if isinstance(v, Ring))
        return sum(ring._rows.nbytes for ring in rings) + sys.getsizeof(muscle.now.state)

    muscle = LiveMuscle(seed=1)
    muscle.advance(100)
    before = size(muscle)
    muscle.advance(30_000)
    assert size(muscle) == before


def test_a_span_is_never_empty() -> None:
    for table in (MUSCLE, BODY):
        for dial in table.values():
            if isinstance(dial, Span):
                assert dial.low < dial.high and 0 < dial.step <= dial.high - dial.low
