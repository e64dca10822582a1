"""One pool of motor units held at a drive, or given the spikes of a recording: force and EMG.

    config = PoolConfig(drive=0.3, pool=settings_of("fuglevand_1993"))
    done = run(prepare(config))
    done.measures["force_cv_percent"]

What `neurocoord pool` runs. The settings of the pool are the keywords of its published set.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, make_dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocoord import settings, synchrony
from neurocoord.analysis import emg as amplitude
from neurocoord.analysis import spikes as measures_of
from neurocoord.motorunits import emg, kernel, published, recorded, trains
from neurocoord.motorunits.parameters import ALLOWED, Coupling, PoolParameters
from neurocoord.motorunits.trains import SpikeTrains
from neurocoord.synchrony.recorded import synchronize

F64 = NDArray[np.float64]

# The published sets of one muscle.
SETS: dict[str, Callable[..., PoolParameters]] = {
    "fuglevand_1993": published.fuglevand_1993,
    "potvin_fuglevand_2017": published.potvin_fuglevand_2017,
}
LONGEST_S = 3600.0  # of one run: its spikes are held in memory

# Measure: unit, what it is.
MEASURES = {
    "mean_force_percent": ("% max", "mean force"),
    "force_sd_percent": ("% max", "SD of force"),
    "force_cv_percent": ("%", "CV of force"),
    "active_units": ("units", "units that fired"),
    "mean_rate_hz": ("1/s", "mean discharge rate of the active units"),
    "isi_cv": ("1", "CV of their intervals"),
    "emg_arv": ("1", "average rectified EMG"),
    "emg_cancellation_percent": ("%", "amplitude of EMG lost by cancellation"),
}


@dataclass(frozen=True, kw_only=True)
class PoolSynchrony:
    """How the units share their input."""

    strategy: str = "independent"
    strength: float = 1.0  # dial, 0 to 1; of a recording, the share of rearranged intervals


@dataclass(frozen=True, kw_only=True)
class PoolEmg:
    """Potentials of the units; see `motorunits.emg.potentials`."""

    duration_s: float = emg.DURATION_S
    amplitude_exponent: float = emg.AMPLITUDE_EXPONENT
    depth_exponent: float = emg.DEPTH_EXPONENT
    electrode_gap: float = emg.ELECTRODE_GAP
    seed: int = 0  # of where units lie


def settings_of(name: str) -> Any:
    """The settings of a published set, at their published values: a frozen dataclass."""
    if name not in SETS:
        raise ValueError(settings.unknown("pool", name, SETS))
    return _settings_class(name)()


@dataclass(frozen=True, kw_only=True)
class PoolConfig:
    """Everything that decides a run."""

    pool_set: str = "fuglevand_1993"
    drive: float = 0.4  # share of maximal excitation, held; no part in a recording
    seconds: float = 10.0  # that are measured; no part in a recording
    settle_s: float = 1.0  # before them, not measured: force rises from rest
    seed: int = 0
    synchrony: PoolSynchrony = field(default_factory=PoolSynchrony)
    pool: Any = field(default_factory=lambda: settings_of("fuglevand_1993"))
    emg: PoolEmg = field(default_factory=PoolEmg)


class Prepared(NamedTuple):
    """A checked run that can no longer go wrong."""

    config: PoolConfig
    params: PoolParameters
    coupling: Coupling
    potentials: emg.Potentials
    recording: SpikeTrains | None


class PoolRun(NamedTuple):
    """What came of it; all after the time in which force settled."""

    config: PoolConfig
    spikes: SpikeTrains
    force_percent: F64  # [tick] of the mean force at full drive
    emg: F64  # [tick]
    start_s: float  # time of the first tick
    measures: dict[str, float]  # by the keys of MEASURES


def prepare(config: PoolConfig, recording: SpikeTrains | None = None) -> Prepared:
    """Check a run and build its pool. With `recording`, one train a unit in order of recruitment.

    Raises ValueError naming the setting that is not allowed.
    """
    settings_of(config.pool_set)  # a ValueError names the nearest set
    given = {name: value for name, value in asdict(config.pool).items() if value is not None}
    params = SETS[config.pool_set](**given)
    _check_number("settle_s", config.settle_s, 0.0)
    for name, seed in (("seed", config.seed), ("emg.seed", config.emg.seed)):
        if seed < 0:
            raise ValueError(f"{name} is {seed}; it must be a whole number of 0 or more")
    if recording is None:
        _check_number("seconds", config.seconds, 2 * trains.TICK_S)
        if not 0.0 <= config.drive <= 1.0:
            raise ValueError(f"drive is {config.drive!r}; it must lie in 0..1")
    else:
        _check_recording(config, params, recording)
    strategy = synchrony.strategy(config.synchrony.strategy)
    return Prepared(
        config=config,
        params=params,
        coupling=strategy(params, strength=config.synchrony.strength),
        potentials=emg.potentials(params, **asdict(config.emg)),
        recording=recording,
    )


def run(prepared: Prepared) -> PoolRun:
    """Spikes, force and EMG of a prepared run, and their measures."""
    config = prepared.config
    settle = round(config.settle_s / trains.TICK_S)
    if prepared.recording is None:
        all_spikes, active = _simulate(prepared, settle)
        start_s = 0.0
    else:
        all_spikes = _rearranged(prepared)
        active = recorded.force(all_spikes, prepared.params).active_state[:, 0]
        start_s = config.settle_s
    spikes = trains.crop(all_spikes, settle, all_spikes.n_ticks)
    force = 100.0 * active[settle:]
    signal = emg.emg(all_spikes, prepared.potentials)[settle:, 0]
    whole = emg.emg_without_cancellation(all_spikes, prepared.potentials)[settle:, 0]
    return PoolRun(
        config, spikes, force, signal, start_s, _measures(spikes, force, signal, whole)
    )  # fmt: skip


def _simulate(prepared: Prepared, settle: int) -> tuple[SpikeTrains, F64]:
    n_tick = settle + round(prepared.config.seconds / trains.TICK_S)
    drive = np.full((1, n_tick, 1), prepared.config.drive)
    state = kernel.init(prepared.params, 1, prepared.config.seed)
    _, output = kernel.advance(
        prepared.params, prepared.coupling, state, drive, record_spikes=True, out=state
    )
    return trains.from_raster(output.spikes[0]), output.active_state[0, :, 0]


def _rearranged(prepared: Prepared) -> SpikeTrains:
    assert prepared.recording is not None
    dial, given = prepared.config.synchrony, prepared.recording
    if dial.strategy == "independent":
        return given
    return synchronize(given, share=dial.strength, seed=prepared.config.seed)


def _measures(spikes: SpikeTrains, force: F64, signal: F64, whole: F64) -> dict[str, float]:
    found = measures_of.discharge(spikes)
    mean, sd = float(force.mean()), float(force.std(ddof=1))
    values = (
        mean,
        sd,
        100.0 * sd / mean if mean > 0 else float("nan"),
        float(np.count_nonzero(found.n_spikes)),
        _mean(found.discharge_rate_hz),
        _mean(found.isi_cv),
        float(amplitude.average_rectified_value(signal)),
        100.0 * float(amplitude.amplitude_cancellation(signal, whole)),
    )
    return dict(zip(MEASURES, values, strict=True))


def _mean(values: F64) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


@lru_cache
def _settings_class(name: str) -> type:
    """A frozen dataclass whose fields are the keywords of a published set and all options.

    An option that is None is as the set has it.
    """
    function = SETS[name]
    hints = typing.get_type_hints(function)
    fields: list[tuple[str, Any, Any]] = [
        (key, hints[key], field(default=parameter.default))
        for key, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is not parameter.VAR_KEYWORD
    ]
    named = {key for key, *_ in fields}
    fields += [
        (key, float | None, field(default=None))
        for key, allowed in ALLOWED.items()
        if allowed.default is not None and key not in named
    ]
    return make_dataclass(name, fields, frozen=True, kw_only=True)


def _check_recording(
    config: PoolConfig, params: PoolParameters, recording: SpikeTrains
) -> None:  # fmt: skip
    n = trains.n_units(trains.check(recording))
    if n != params.first_unit[-1]:
        raise ValueError(
            f"the recording holds {n} units and the pool {params.first_unit[-1]}; "
            "pool.n_units must be the number of units recorded"
        )
    length = trains.duration_s(recording)
    if not config.settle_s + 2 * trains.TICK_S <= length:
        raise ValueError(
            f"settle_s is {config.settle_s:g}; it must be below the length of the recording, "
            f"{length:g} s"
        )
    allowed = ("independent", "short_term")
    if config.synchrony.strategy not in allowed:
        raise ValueError(
            f"strategy is {config.synchrony.strategy!r}; of a recording it may be "
            f"independent (as recorded) or short_term (intervals rearranged)"
        )


def _check_number(name: str, value: float, low: float) -> None:
    if not low <= value <= LONGEST_S:
        raise ValueError(f"{name} is {value!r}; it must lie in {low:g}..{LONGEST_S:g}")
