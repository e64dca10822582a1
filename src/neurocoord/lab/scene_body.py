"""A body in three dimensions: see-through skin, muscles coloured by active state, contacts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray

from neurocoord.body.figure import Shapes
from neurocoord.lab import colours
from neurocoord.lab.body import Picture

F64 = NDArray[np.float64]

MUSCLE_RADIUS_M = 0.0055
SKIN = "#c9cbd1"
SKIN_OPACITY = 0.28
MOST_CONTACTS = 64
CONTACT_M = 0.03  # radius of the disc of a contact of 100 N
CAMERA_M = np.array([0.7, -1.75, 0.65])  # from the point looked at
LOOK_AT_M = (0.0, 0.0, 0.25)


class BodyScene:
    """Shapes in a client's scene; the body stays in the middle and the floor moves below it."""

    def __init__(
        self, scene: Any, shapes: Shapes, most_pieces: int, on_muscle: Callable[[int], None]
    ) -> None:
        self._shapes = shapes
        self._muscle = np.zeros(most_pieces, np.int64)
        n, still = len(shapes.radius_m), np.array([1.0, 0.0, 0.0, 0.0])
        has_length = shapes.half_length_m > 0
        self._rods = np.flatnonzero(has_length)
        self._floor = scene.add_grid(
            "/body/floor", width=12, height=12, cell_size=0.25, section_size=1.0, plane="xy"
        )

        def add(name: str, mesh: trimesh.Trimesh, count: int, **more: Any) -> Any:
            return scene.add_batched_meshes_simple(
                f"/body/{name}",
                np.asarray(mesh.vertices),
                np.asarray(mesh.faces),
                np.tile(still, (count, 1)),
                np.zeros((count, 3)),
                batched_scales=np.full((count, 3), 1e-4),
                cast_shadow=False,
                receive_shadow=False,
                lod="off",
                **more,
            )

        ball = trimesh.creation.icosphere(subdivisions=2, radius=1.0)
        rod = trimesh.creation.cylinder(radius=1.0, height=1.0, sections=16)
        thin = trimesh.creation.cylinder(radius=1.0, height=1.0, sections=6)
        skin = {"batched_colors": colours.in_scene(SKIN), "opacity": SKIN_OPACITY}
        self._balls = add("balls", ball, n + len(self._rods), **skin)
        self._skin_rods = add("rods", rod, len(self._rods), **skin)
        colour = np.zeros((most_pieces, 3), np.uint8)
        self._pieces = add("muscles", thin, most_pieces, batched_colors=colour)
        disc = trimesh.creation.cylinder(radius=1.0, height=1.0, sections=24)
        self._contacts = add(
            "contacts", disc, MOST_CONTACTS, batched_colors=colours.in_scene(colours.CONTACT)
        )
        self._pieces.on_click(lambda event: self._click(event, on_muscle))
        self._set_sizes()

    def _click(self, event: Any, on_muscle: Callable[[int], None]) -> None:
        index = event.instance_index
        if index is not None and 0 <= index < self._muscle.size:
            on_muscle(int(self._muscle[index]))

    def _set_sizes(self) -> None:
        radius, half = self._shapes
        ends = np.concatenate([radius, radius[self._rods]])
        self._balls.batched_scales = np.repeat(ends[:, None], 3, axis=1)
        r = radius[self._rods]
        self._skin_rods.batched_scales = np.column_stack([r, r, 2.0 * half[self._rods]])

    def show(self, picture: Picture) -> None:
        """Put everything where it is now."""
        pose = picture.pose
        away = np.array([pose.centre_of_mass_m[0], pose.centre_of_mass_m[1], 0.0])
        self._floor.position = (*(-np.mod(away[:2], 1.0)), 0.0)
        self._show_skin(pose.shape_position_m - away, pose.shape_rotation)
        self._show_muscles(picture, away)
        self._show_contacts(picture, away)

    def _show_skin(self, place: F64, rotation: F64) -> None:
        along = rotation[..., 2]
        half = self._shapes.half_length_m[:, None] * along
        self._balls.batched_positions = np.concatenate(
            [place + half, (place - half)[self._rods]]
        ).astype(np.float32)
        self._skin_rods.batched_positions = place[self._rods].astype(np.float32)
        self._skin_rods.batched_wxyzs = turned_to(along[self._rods]).astype(np.float32)

    def _show_muscles(self, picture: Picture, away: F64) -> None:
        pose, n = picture.pose, len(picture.pose.piece_start_m)
        most = self._muscle.size
        start, end = pose.piece_start_m - away, pose.piece_end_m - away
        length = np.linalg.norm(end - start, axis=1)
        along = (end - start) / np.maximum(length, 1e-9)[:, None]
        place, turn, scale = np.zeros((most, 3)), np.zeros((most, 4)), np.full((most, 3), 1e-4)
        colour = np.zeros((most, 3), np.uint8)
        turn[:, 0] = 1.0
        place[:n], turn[:n] = 0.5 * (start + end), turned_to(along)
        active = picture.active_state[pose.piece_muscle]
        radius = MUSCLE_RADIUS_M * (0.6 + 0.8 * np.clip(active, 0.0, 1.0))
        scale[:n] = np.column_stack([radius, radius, length])
        colour[:n] = colours.in_scene(colours.amount_rgb(active))
        self._muscle[:n] = pose.piece_muscle
        self._pieces.batched_positions = place.astype(np.float32)
        self._pieces.batched_wxyzs = turn.astype(np.float32)
        self._pieces.batched_scales = scale.astype(np.float32)
        self._pieces.batched_colors = colour

    def _show_contacts(self, picture: Picture, away: F64) -> None:
        n = min(len(picture.contact_m), MOST_CONTACTS)
        place, scale = np.zeros((MOST_CONTACTS, 3)), np.full((MOST_CONTACTS, 3), 1e-4)
        place[:n] = picture.contact_m[:n] - away
        radius = CONTACT_M * np.sqrt(np.maximum(picture.contact_force_n[:n], 0.0) / 100.0)
        scale[:n] = np.column_stack([radius, radius, np.full(n, 0.004)])
        self._contacts.batched_positions = place.astype(np.float32)
        self._contacts.batched_scales = scale.astype(np.float32)

    def remove(self) -> None:
        """Take everything out of the scene."""
        for handle in (self._floor, self._balls, self._skin_rods, self._pieces, self._contacts):
            handle.remove()


def turned_to(along: F64) -> F64:
    """Quaternions `[n, 4]` (w, x, y, z) that turn the z axis to unit vectors `[n, 3]`."""
    x, y, z = along.T
    flipped = z < -0.999999
    turn = np.column_stack([1.0 + z, -y, x, np.zeros_like(z)])
    turn[flipped] = (0.0, 1.0, 0.0, 0.0)
    return np.asarray(turn / np.linalg.norm(turn, axis=1, keepdims=True))
