"""How segments lie to the way and to gravity, from their rotations.

A segment's own axes are those of the body at rest on its feet: x forward, y to the left, z upward.
Rotations are [..., 3, 3], their columns these axes in the world, whose z points up.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def elevation_deg(axis: ArrayLike) -> Floats:
    """Angle (degrees) of an axis [..., 3] above the horizontal."""
    given = np.asarray(axis, float)
    return np.degrees(np.arctan2(given[..., 2], np.hypot(given[..., 0], given[..., 1])))


def tilt_deg(rotation: ArrayLike) -> Floats:
    """Angle [...] (degrees) of the left-right axis from the horizontal: 0 level, + left side up."""
    return elevation_deg(np.asarray(rotation, float)[..., :, 1])


def turn_deg(rotation: ArrayLike, way: ArrayLike) -> Floats:
    """Angle [...] (degrees) by which a segment is turned out of the way [2], horizontal.

    0 where its left-right axis is square to the way, whatever its pitch; signed, -90 to 90.
    """
    left = np.asarray(rotation, float)[..., :2, 1]
    along = np.asarray(way, float) / max(float(np.linalg.norm(way)), 1e-12)
    across = np.array([-along[1], along[0]])
    return np.degrees(np.arctan2(-(left @ along), np.abs(left @ across)))
