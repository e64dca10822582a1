"""A live window on a body."""

from __future__ import annotations

import time

import mujoco
import numpy as np

from neurocoord.body.model import Body
from neurocoord.film.painter import (
    NO_GRAPHICS,
    NoGraphics,
    View,
    colour_muscles,
    drawn_model,
    follow,
    has_screen,
)


class Window:
    """A live window on one body; needs a screen. Shows at most ``fps`` postures a second."""

    def __init__(self, body: Body, *, fps: float = 50.0, view: View | None = None) -> None:
        if not has_screen():
            raise NoGraphics(
                "a window needs a screen, and neither DISPLAY nor WAYLAND_DISPLAY is set;"
                " without one use render_mode='rgb_array', or save a film"
            )
        self.view = view or View()
        self._model = drawn_model(body, 640, 480)
        self._data = mujoco.MjData(self._model)
        try:
            from mujoco.viewer import launch_passive

            self._viewer = launch_passive(
                self._model, self._data, show_left_ui=False, show_right_ui=False
            )
        except Exception as failure:  # glfw, X11, Wayland and macOS each raise their own
            raise NoGraphics(NO_GRAPHICS.format(why=failure)) from failure
        follow(self._viewer.cam, self.view, body.model.qpos0[:3])
        self._interval_s = 1.0 / fps
        self._next_s = time.monotonic()

    def show(self, qpos: np.ndarray, active_state: np.ndarray) -> bool:
        """Show a posture [nq]; False once a person has closed the window."""
        if not self._viewer.is_running():
            return False
        with self._viewer.lock():
            self._data.qpos[:] = qpos
            mujoco.mj_forward(self._model, self._data)
            colour_muscles(self._model, active_state)
            self._viewer.cam.lookat[:2] = self._data.subtree_com[1][:2]
        self._viewer.sync()
        time.sleep(max(0.0, self._next_s - time.monotonic()))
        self._next_s = time.monotonic() + self._interval_s
        return True

    def close(self) -> None:
        """Close the window."""
        self._viewer.close()
