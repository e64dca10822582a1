"""One picture of a body: muscles coloured by their active state, pushes as arrows."""

from __future__ import annotations

import copy
import os
import sys
import weakref
from collections.abc import Iterable
from typing import Any, NamedTuple

import mujoco
import numpy as np

from neurocoord.body.dynamometer import lever_geoms
from neurocoord.body.model import Body

RESTING_RGB = np.array([0.16, 0.28, 0.80])  # choice
FULL_RGB = np.array([0.90, 0.08, 0.08])  # choice
SKIN_ALPHA = 0.30  # the muscles lie under the skin
ROUNDNESS = (16, 8)  # sides of a capsule, rings of a sphere: there are 500 to draw in software
MAX_GEOMS = 4000
PUSH_RGB = (0.95, 0.65, 0.0)  # of an arrow (choice: orange, apart from both ends of the muscles')
PUSH_M_PER_N = 0.4 / 200.0  # length of an arrow (choice)
PUSH_WIDTH_M = 0.02  # choice
NO_GRAPHICS = (
    "pictures need OpenGL, and none could be had here ({why}). Without a screen set MUJOCO_GL=egl"
    " (or MUJOCO_GL=osmesa) before Python starts; on Debian or Ubuntu the libraries are"
    " libegl1 libgl1 libgl1-mesa-dri (for egl) or libosmesa6 (for osmesa)"
)


class NoGraphics(RuntimeError):
    """No OpenGL library or no screen; the message says what to set or install."""


class View(NamedTuple):
    """Where the camera stands; it follows the centre of mass. Angles in degrees."""

    azimuth: float = 115.0  # 90 looks along +y: a body that goes along +x goes to the right
    elevation: float = -16.0
    distance_m: float = 2.3
    height_m: float = 0.05  # of the point looked at, over the centre of mass


def has_screen() -> bool:
    """Whether a window could be opened, as far as the environment tells."""
    return not sys.platform.startswith("linux") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )


def _open_context(width: int, height: int) -> Any:
    """An OpenGL context; without a screen or a choice in MUJOCO_GL it is EGL's."""
    kind: Any
    try:
        if os.environ.get("MUJOCO_GL") or has_screen():
            kind = mujoco.GLContext  # absent where MUJOCO_GL switches it off
        else:
            from mujoco.egl import GLContext as kind  # type: ignore[no-redef]
        context = kind(width, height)
        context.make_current()
    except Exception as failure:  # each library fails in its own way, with its own kind of error
        raise NoGraphics(NO_GRAPHICS.format(why=str(failure) or repr(failure))) from failure
    return context


def drawn_model(body: Body, width: int, height: int) -> mujoco.MjModel:
    """A copy of the body's model made for looking at: thin skin, no multisampling."""
    model = copy.copy(body.model)
    model.vis.quality.offsamples = 0
    model.vis.quality.numslices, model.vis.quality.numstacks = ROUNDNESS
    model.vis.global_.offwidth = width
    model.vis.global_.offheight = height
    skin = (model.geom_bodyid > 0) & ~lever_geoms(model)
    model.geom_rgba[skin, 3] = SKIN_ALPHA
    return model


def muscle_rgb(active_state: np.ndarray) -> np.ndarray:
    """Colour [muscle, 3] of active states [muscle]; below 0 and above 1 as at the ends."""
    share = np.clip(active_state, 0.0, 1.0)[:, None]
    return (1.0 - share) * RESTING_RGB + share * FULL_RGB


def colour_muscles(model: mujoco.MjModel, active_state: np.ndarray) -> None:
    """Colour tendons by the active states [muscle] of the muscles that pull on them."""
    pulled = np.flatnonzero(model.actuator_trntype == mujoco.mjtTrn.mjTRN_TENDON)
    tendons = model.actuator_trnid[pulled, 0]
    model.tendon_rgba[tendons, :3] = muscle_rgb(np.take(active_state, pulled))


class Arrow(NamedTuple):
    """A push on a body, as it is drawn."""

    body: int
    force_n: np.ndarray  # [3], world
    alpha: float  # 1 while it acts


class Painter:
    """Draws one body, off screen. Close it, or use it in a ``with`` statement.

    ``smooth`` draws at twice the size and averages: cheaper in software than multisampling.
    """

    def __init__(
        self,
        body: Body,
        *,
        width: int = 640,
        height: int = 480,
        view: View | None = None,
        smooth: bool = True,
    ) -> None:
        for name, value in (("width", width), ("height", height)):
            if not 16 <= value <= 2048:
                raise ValueError(f"{name}={value} is not allowed; it is 16 to 2048 pixels")
        self.body, self.view = body, view or View()
        self._smooth = smooth
        self._size = (2 * height, 2 * width) if smooth else (height, width)
        self._model = drawn_model(body, self._size[1], self._size[0])
        self._data = mujoco.MjData(self._model)
        self._scene = mujoco.MjvScene(self._model, maxgeom=MAX_GEOMS)
        for flag in (mujoco.mjtRndFlag.mjRND_REFLECTION, mujoco.mjtRndFlag.mjRND_SHADOW):
            self._scene.flags[flag] = False
        self._option = mujoco.MjvOption()
        self._camera = mujoco.MjvCamera()
        self._context = _open_context(self._size[1], self._size[0])
        try:
            scales = mujoco.mjtFontScale
            font = scales.mjFONTSCALE_200 if smooth else scales.mjFONTSCALE_100
            self._canvas = mujoco.MjrContext(self._model, font)
        except mujoco.FatalError as failure:
            raise NoGraphics(NO_GRAPHICS.format(why=failure)) from failure
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._canvas)
        self._release = weakref.finalize(self, _release, self._context, self._canvas)

    def __enter__(self) -> Painter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the graphics memory back; closing twice is allowed."""
        self._release()

    def frame(
        self,
        qpos: np.ndarray,
        active_state: np.ndarray,
        label: str = "",
        pushes: Iterable[Arrow] = (),
    ) -> np.ndarray:
        """Picture uint8[height, width, 3] of a posture [nq] with active states [muscle]."""
        if not self._release.alive:
            raise RuntimeError("this painter is closed; make a new one")
        self._data.qpos[:] = qpos
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_comPos(self._model, self._data)
        mujoco.mj_camlight(self._model, self._data)
        mujoco.mj_tendon(self._model, self._data)
        colour_muscles(self._model, active_state)
        follow(self._camera, self.view, self._data.subtree_com[0])
        self._context.make_current()
        mujoco.mjv_updateScene(
            self._model,
            self._data,
            self._option,
            None,
            self._camera,
            mujoco.mjtCatBit.mjCAT_ALL,
            self._scene,
        )
        for push in pushes:
            self._draw(push)
        height, width = self._size
        window = mujoco.MjrRect(0, 0, width, height)
        mujoco.mjr_render(window, self._scene, self._canvas)
        if label:
            corner = mujoco.mjtGridPos.mjGRID_BOTTOMLEFT
            font = mujoco.mjtFont.mjFONT_NORMAL
            mujoco.mjr_overlay(font, corner, window, label, "", self._canvas)
        pixels = np.empty((height, width, 3), np.uint8)
        mujoco.mjr_readPixels(pixels, None, window, self._canvas)
        return _halved(pixels[::-1]) if self._smooth else np.ascontiguousarray(pixels[::-1])

    def _draw(self, push: Arrow) -> None:
        """An arrow that ends at the body's centre of mass."""
        arrow, to = mujoco.mjtGeom.mjGEOM_ARROW, self._data.xipos[push.body]
        geom = self._scene.geoms[self._scene.ngeom]
        colour = np.array([*PUSH_RGB, push.alpha], np.float32)
        mujoco.mjv_initGeom(geom, arrow, np.zeros(3), np.zeros(3), np.eye(3).ravel(), colour)
        tail = to - PUSH_M_PER_N * push.force_n
        mujoco.mjv_connector(geom, arrow, PUSH_WIDTH_M, tail, to)
        self._scene.ngeom += 1


def _release(context: Any, canvas: Any) -> None:
    context.make_current()
    canvas.free()
    context.free()


def _halved(pixels: np.ndarray) -> np.ndarray:
    total = pixels[0::2].astype(np.uint16) + pixels[1::2]
    return ((total[:, 0::2] + total[:, 1::2] + 2) >> 2).astype(np.uint8)


def follow(camera: Any, view: View, centre_m: np.ndarray) -> None:
    """Turn a camera (``MjvCamera`` or a window's) to a centre of mass [3]."""
    camera.lookat[:] = [centre_m[0], centre_m[1], max(centre_m[2], 0.2) + view.height_m]
    camera.azimuth, camera.elevation = view.azimuth, view.elevation
    camera.distance = view.distance_m
