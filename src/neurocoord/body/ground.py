"""What a body stands on, and how strong it is made: the same body under other conditions.

A slope is a tilt of gravity: the floor stays level in the world's frame, and a body that climbs by
10 degrees feels just what it would on a tilted floor. Bumps are a height field.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path

import mujoco
import numpy as np
from scipy.ndimage import gaussian_filter

from neurocoord.body.model import Body, body_path

FIELD_M = (8.0, 3.0)  # half sizes of the bumpy floor, along and across the way (choice)
CELL_M = 0.05  # choice
BUMP_WIDTH_CELLS = 2.0  # SD of the smoothing: bumps about 0.3 m across (choice)
LEVEL_M = 0.7  # around the start the floor is level (choice)
BASE_M = 0.2  # thickness under the lowest point
STEEPEST_DEG = 45.0
MOST_IMPRATIO = 100.0  # beyond, MuJoCo's solver converges slowly (choice)


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What a body stands on. The default is a level floor of dry skin on a mat."""

    friction: float = 1.0  # coefficient of sliding, of the floor and all skin
    uphill_deg: float = 0.0  # slope along +x; negative: downhill
    bump_m: float = 0.0  # from the lowest to the highest point of the floor
    bump_seed: int = 0
    impratio: float = 1.0  # MuJoCo's; above 1: elliptic cones, and skin that sticks creeps less


def on_ground(
    body: Body, ground: Ground, strength: float = 1.0, name: str | Path = "humanoid"
) -> Body:
    """A body on a ground; ``strength`` multiplies every muscle's maximal force.

    ``name``: what `model.load` loaded it by, which bumps need.
    """
    _check(ground, strength)
    if ground == Ground() and strength == 1.0:
        return body
    if ground.bump_m > 0.0 and body.kind != "humanoid":
        raise ValueError(f"bump_m={ground.bump_m} is not allowed for a {body.kind}; it is 0")
    model = _bumpy(name, ground) if ground.bump_m > 0.0 else copy.copy(body.model)
    slope = np.radians(ground.uphill_deg)
    g = float(np.linalg.norm(model.opt.gravity))
    model.opt.gravity[:] = (-g * np.sin(slope), 0.0, -g * np.cos(slope))
    if ground.impratio != 1.0:
        model.opt.cone, model.opt.impratio = mujoco.mjtCone.mjCONE_ELLIPTIC, ground.impratio
    model.geom_friction[:, 0] *= ground.friction / model.geom("floor").friction[0]
    for parameters in (model.actuator_gainprm, model.actuator_biasprm):
        parameters[:, 2] *= strength
    muscles = body.muscle_parameters
    stronger = muscles._replace(max_force_n=muscles.max_force_n * strength)
    return body._replace(model=model, muscle_parameters=stronger)


def _check(ground: Ground, strength: float) -> None:
    allowed = {
        "friction": (ground.friction, 0.0 < ground.friction < np.inf, "above 0"),
        "uphill_deg": (
            ground.uphill_deg,
            abs(ground.uphill_deg) <= STEEPEST_DEG,
            f"-{STEEPEST_DEG:g} to {STEEPEST_DEG:g}",
        ),
        "impratio": (
            ground.impratio,
            1.0 <= ground.impratio <= MOST_IMPRATIO,
            f"1 to {MOST_IMPRATIO:g}",
        ),
        "bump_m": (ground.bump_m, 0.0 <= ground.bump_m <= 0.3, "0 to 0.3"),
        "strength": (strength, 0.0 < strength < np.inf, "above 0"),
    }
    for name, (given, is_allowed, range_) in allowed.items():
        if not is_allowed:
            raise ValueError(f"{name}={given} is not allowed; it is {range_}")


def bumps(ground: Ground) -> np.ndarray:
    """Heights [row, column] (0 to 1) of the bumpy floor, along x by columns; level at the start."""
    shape = [2 * round(half / CELL_M) + 1 for half in reversed(FIELD_M)]
    rng = np.random.default_rng(ground.bump_seed)
    height = gaussian_filter(rng.standard_normal(shape), BUMP_WIDTH_CELLS)
    height = (height - height.min()) / np.ptp(height)
    y, x = (np.linspace(-half, half, n) for half, n in zip(reversed(FIELD_M), shape, strict=True))
    away = np.hypot(*np.meshgrid(x, y))
    return height * np.clip((away - LEVEL_M) / LEVEL_M, 0.0, 1.0)


def _bumpy(name: str | Path, ground: Ground) -> mujoco.MjModel:
    spec = mujoco.MjSpec.from_file(str(body_path(name)))
    height = bumps(ground)
    rows, columns = height.shape
    spec.add_hfield(
        name="bumps",
        size=[*FIELD_M, ground.bump_m, BASE_M],
        nrow=rows,
        ncol=columns,
        userdata=height.ravel(),
    )
    floor = spec.geom("floor")
    floor.type = mujoco.mjtGeom.mjGEOM_HFIELD
    floor.hfieldname = "bumps"
    return spec.compile()
