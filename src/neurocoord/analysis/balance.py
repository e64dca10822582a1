"""Balance: the extrapolated centre of mass against the support, and what a push does.

Hof, Gazendam & Sinke (2005, J Biomech 38:1-8): for an inverted pendulum of length l the place that
must stay over the support is ``x + v / w0``, with ``w0 = sqrt(g / l)``; its least distance from the
boundary of the support is the margin of stability, positive inside.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
GRAVITY_M_PER_S2 = 9.81


def extrapolated_centre_of_mass_m(
    position_m: ArrayLike, velocity_m_per_s: ArrayLike, length_m: ArrayLike
) -> Floats:
    """Horizontal place [..., 2] (m) from position and velocity [..., 2 or 3]; Hof's equation 5.

    ``length_m`` [...] of the pendulum: in a crawl, the height of the centre of mass (choice).
    """
    position, velocity = np.asarray(position_m, float), np.asarray(velocity_m_per_s, float)
    time_s = np.sqrt(np.maximum(np.asarray(length_m, float), 0.0) / GRAVITY_M_PER_S2)
    return position[..., :2] + time_s[..., None] * velocity[..., :2]


def hull(points: ArrayLike) -> Floats:
    """Corners [corner, 2] of the convex hull of points [point, 2], anticlockwise (Andrew 1979)."""
    ordered = np.unique(np.asarray(points, float), axis=0)
    if len(ordered) < 3:
        return ordered

    def chain(rows: Floats) -> list[Floats]:
        kept: list[Floats] = []
        for row in rows:
            while len(kept) > 1 and _cross(kept[-1] - kept[-2], row - kept[-2]) <= 0.0:
                kept.pop()
            kept.append(row)
        return kept[:-1]

    return np.array(chain(ordered) + chain(ordered[::-1]))


def margin_m(place: ArrayLike, points: ArrayLike) -> float:
    """Distance (m) of a place [2] to the boundary of the hull of points [point, 2].

    Positive inside. A hull without area (a line, a point) has no inside. NaN without points.
    """
    at, corners = np.asarray(place, float), hull(points)
    if len(corners) == 0:
        return float("nan")
    ends = np.roll(corners, -1, axis=0)
    edge = ends - corners
    length = np.maximum(np.einsum("ij,ij->i", edge, edge), 1e-30)
    along = np.clip(np.einsum("ij,ij->i", at - corners, edge) / length, 0.0, 1.0)
    distance = np.linalg.norm(at - corners - along[:, None] * edge, axis=1).min()
    inside = len(corners) > 2 and bool(np.all(_cross(edge, at - corners) >= 0.0))
    return float(distance if inside else -distance)


def margins_m(places: ArrayLike, points: ArrayLike) -> Floats:
    """Margin of stability [time] (m): places [time, 2], points [time, point, 2], NaN: not there."""
    found = []
    for place, around in zip(np.asarray(places, float), np.asarray(points, float)):
        found.append(margin_m(place, around[np.isfinite(around).all(axis=1)]))
    return np.array(found)


def displacement_after_push_m(pushed_m: ArrayLike, free_m: ArrayLike) -> float:
    """Farthest horizontal distance (m) of a pushed body from the same one left alone.

    Both [time, 2 or 3], of the centre of mass at the same times, from the push on, on the same
    noise.
    """
    pushed, free = np.asarray(pushed_m, float)[:, :2], np.asarray(free_m, float)[:, :2]
    if pushed.shape != free.shape or len(pushed) == 0:
        raise ValueError(
            f"pushed_m has shape {pushed.shape}, free_m {free.shape}; both must be [time, 2 or 3] "
            "of the same times"
        )
    return float(np.linalg.norm(pushed - free, axis=1).max())


def _cross(a: Floats, b: Floats) -> Floats:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
