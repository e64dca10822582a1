"""Motor units in three dimensions: a column each, wide where strong, as high as it pulls now."""

from __future__ import annotations

from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray

from neurocoord.lab import colours
from neurocoord.lab.side import Side

F64 = NDArray[np.float64]

TALLEST_M = 0.5  # of a unit at its full force
GOLDEN_ANGLE = np.pi * (3.0 - np.sqrt(5.0))
APART_M = 0.72  # from the middle, of now and of the twin
CAMERA_M = np.array([0.0, -2.6, 2.0])
LOOK_AT_M = (0.0, 0.0, 0.05)


class MuscleScene:
    """The units of now on the left, of the twin on the right."""

    def __init__(self, scene: Any, twitch_force: F64) -> None:
        self._place, self._radius = bed(twitch_force)
        rod = trimesh.creation.cylinder(radius=1.0, height=1.0, sections=20)
        n = self._radius.size
        self._beds, self._labels = [], []
        for name, x in (("now", -APART_M), ("twin", APART_M)):
            self._beds.append(
                scene.add_batched_meshes_simple(
                    f"/units/{name}",
                    np.asarray(rod.vertices),
                    np.asarray(rod.faces),
                    np.tile([1.0, 0.0, 0.0, 0.0], (n, 1)),
                    np.zeros((n, 3)),
                    batched_scales=np.full((n, 3), 1e-4),
                    batched_colors=np.zeros((n, 3), np.uint8),
                    position=(x, 0.0, 0.0),
                    cast_shadow=False,
                    receive_shadow=False,
                    lod="off",
                )
            )
            self._labels.append(scene.add_label(f"/units/{name}_label", name))
            self._labels[-1].position = (x, -0.66, 0.0)

    def show(self, now: Side, twin: Side | None) -> None:
        """Each unit as high as it pulls."""
        for side, columns, label in zip((now, twin), self._beds, self._labels):
            columns.visible = label.visible = side is not None
            if side is None:
                continue
            share = side.unit_share()
            height = 0.004 + TALLEST_M * share
            place = np.column_stack([self._place, 0.5 * height])
            columns.batched_positions = place.astype(np.float32)
            columns.batched_scales = np.column_stack([self._radius, self._radius, height]).astype(
                np.float32
            )
            columns.batched_colors = colours.in_scene(colours.amount_rgb(share))

    def remove(self) -> None:
        """Take everything out of the scene."""
        for handle in (*self._beds, *self._labels):
            handle.remove()


def bed(twitch_force: F64) -> tuple[F64, F64]:
    """Places `[unit, 2]` and radii `[unit]` (m) of columns in a round bed of radius 0.6, the small
    units in the middle; areas go as twitch forces."""
    force = np.maximum(twitch_force, 0.02 * twitch_force.max())
    area = np.cumsum(force) / force.sum()
    middle = area - 0.5 * force / force.sum()
    angle = GOLDEN_ANGLE * np.arange(force.size)
    distance = 0.58 * np.sqrt(middle)
    radius = 0.8 * 0.6 * np.sqrt(force / force.sum())
    return distance[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]), radius
