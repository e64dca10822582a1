"""One muscle that runs on: its pool, its state, and a record of the last seconds."""

from __future__ import annotations

from copy import deepcopy
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocoord import synchrony
from neurocoord.lab import pools
from neurocoord.lab.dials import NEW_POOL, MuscleDials, changed
from neurocoord.lab.rings import Ring
from neurocoord.motorunits import emg, kernel
from neurocoord.motorunits.discharge import drive_ramp
from neurocoord.motorunits.state import capacity_left, unit_force

F64 = NDArray[np.float64]

KEPT_S = 20.0  # of force and EMG, over which figures are taken
SPIKES_S = 2.0
UNITS_S = 1.0
RAMP_TICKS = 4  # in which a new drive is reached, as in a trial's block
SAMPLE_TICKS = 10  # between samples of unit forces
SHOWN_UNITS = (10, 40, 70, 100)  # units whose forces are shown, of 1 .. 120 (choice)
_SHOWN = np.array(SHOWN_UNITS) - 1
FORCE_GAIN_PER_S = 1.5  # by which drive follows a force that is missed (choice)
FEEL_TICKS = 250  # over which force is felt


class Side:
    """A muscle with its own dials, on noise that only `seed` and time decide."""

    def __init__(self, dials: MuscleDials, seed: int) -> None:
        self.dials = dials
        self.seed = seed
        self.restart()

    def restart(self) -> None:
        """Begin at time 0 with rested, silent units."""
        self.params = pools.pool(self.dials)
        self._couple()
        self.scale = 100.0 * float(self.params.max_force[0]) / pools.untrained_maximum()
        self.potentials = emg.potentials(self.params)
        self.state = kernel.init(self.params, 1, self.seed)
        self.drive = 0.0
        self.held_drive = self._drive_of(self.dials.force_percent)
        n, units = round(KEPT_S / kernel.TICK_S), pools.N_UNITS
        self.force_percent = Ring(n)
        self.emg = Ring(n)
        self.spikes = Ring(round(SPIKES_S / kernel.TICK_S), (units,), np.uint8)
        shown = len(SHOWN_UNITS)
        self.unit_percent = Ring(round(UNITS_S / kernel.TICK_S) // SAMPLE_TICKS, (shown,))

    def copy(self) -> Side:
        """A twin that goes on from here by itself."""
        twin = Side.__new__(Side)
        twin.__dict__.update(self.__dict__)
        kept = ("state", "force_percent", "emg", "spikes", "unit_percent")
        twin.__dict__.update({name: deepcopy(getattr(self, name)) for name in kept})
        return twin

    def set_dials(self, dials: MuscleDials) -> bool:
        """Turn dials; True where the muscle is another now, and has to begin anew."""
        turned = changed(self.dials, dials)
        self.dials = dials
        if turned & {"goal", "force_percent"}:
            self.held_drive = self._drive_of(dials.force_percent)
        if turned & {"strategy", "strength"}:
            self._couple()
        return bool(turned & set(NEW_POOL))

    def _couple(self) -> None:
        strategy = synchrony.strategy(self.dials.strategy)
        self.coupling = strategy(self.params, strength=self.dials.strength)

    def _drive_of(self, force_percent: float) -> float:
        """Drive that rested units need for a force (% of the untrained maximum)."""
        curve = self.params.static_active_state[0] * 100.0 * float(self.params.max_force[0])
        curve = curve / pools.untrained_maximum()
        return float(np.interp(force_percent, curve, np.linspace(0.0, 1.0, curve.size)))

    def wanted_drive(self, n_ticks: int) -> float:
        """Drive (0 to 1) to hold what the dials say, over the next `n_ticks`."""
        if self.dials.goal == "drive":
            return self.dials.drive_percent / 100.0
        felt = self.force_percent.last(FEEL_TICKS)
        if felt.size == FEEL_TICKS:
            missing = (self.dials.force_percent - float(felt.mean())) / 100.0
            step = FORCE_GAIN_PER_S * n_ticks * kernel.TICK_S * missing
            self.held_drive = float(np.clip(self.held_drive + step, 0.0, 1.0))
        return self.held_drive

    def ramp(self, wanted: float, n_ticks: int) -> F64:
        """Drive `[tick]` that reaches `wanted` within a few ticks and stays there."""
        rise = drive_ramp(np.array([[self.drive]]), np.array([[wanted]]), RAMP_TICKS)[0, :, 0]
        return np.concatenate([rise, np.full(max(n_ticks - RAMP_TICKS, 0), wanted)])[:n_ticks]

    def advance(self, drive: F64, *, samples: bool = True) -> None:
        """Run over `drive` [tick] (0 to 1); `samples` keeps the forces of units for their plot."""
        first_tick = int(self.state.tick[0])
        forces, rasters, at = [], [], 0
        while at < drive.size:
            to_sample = drive.size - at
            if samples:
                to_sample = SAMPLE_TICKS - (first_tick + at) % SAMPLE_TICKS
            part = drive[None, at : at + to_sample, None]
            self.state, out = kernel.advance(
                self.params, self.coupling, self.state, part, record_spikes=True, out=self.state
            )
            forces.append(out.active_state[0, :, 0])
            rasters.append(out.spikes[0])
            if samples and part.shape[1] == to_sample:
                self.unit_percent.add(100.0 * self.unit_share(_SHOWN)[None])
            at += to_sample
        self.drive = float(drive[-1])
        self.force_percent.add(self.scale * np.concatenate(forces))
        self.spikes.add(np.concatenate(rasters))
        lasting = self.potentials.waveform.shape[1]
        raster = self.spikes.last(drive.size + min(lasting, first_tick))
        self.emg.add(emg.emg(raster, self.potentials)[-drive.size :, 0])

    def unit_share(self, units: NDArray[np.int64] | None = None) -> F64:
        """Force that each unit (or each of `units`) carries now, over its rested tetanic force."""
        chosen = slice(None) if units is None else units
        force = unit_force(self.params, self.state, units)[0]
        return np.asarray(force / self.params.tetanic_force[chosen])

    def rates_hz(self, seconds: float = 1.0) -> F64:
        """Discharge rate of each unit [unit] over the last `seconds`."""
        raster = self.spikes.last(round(seconds / kernel.TICK_S))
        return raster.sum(axis=0) / max(len(raster) * kernel.TICK_S, kernel.TICK_S)

    @property
    def capacity_percent(self) -> float:
        """Share of its rested force that the muscle still has (%)."""
        return 100.0 * float(capacity_left(self.params, self.state.slow)[0, 0])

    @property
    def time_s(self) -> float:
        """Time since the start."""
        return float(self.state.tick[0]) * kernel.TICK_S


class Figures(NamedTuple):
    """What a muscle did over the last seconds."""

    seconds: float
    force_percent: float
    force_sd_percent: float
    force_cv_percent: float
    emg: float  # average rectified value
    active_units: int
    rate_hz: float  # mean of the units that fired


def figures(side: Side, seconds: float) -> Figures | None:
    """Figures over the last `seconds`; None before there is half a second of record."""
    from neurocoord.analysis import emg as amplitude
    from neurocoord.analysis.force import steadiness

    force = side.force_percent.last(round(seconds / kernel.TICK_S))
    if force.size * kernel.TICK_S < 0.5:
        return None
    steady = steadiness(force)
    rates = side.rates_hz()
    active = rates > 0
    return Figures(
        seconds=force.size * kernel.TICK_S,
        force_percent=float(steady.mean_n),
        force_sd_percent=float(steady.sd_n),
        force_cv_percent=100.0 * float(steady.cv),
        emg=float(amplitude.average_rectified_value(side.emg.last(force.size))),
        active_units=int(active.sum()),
        rate_hz=float(rates[active].mean()) if active.any() else float("nan"),
    )
