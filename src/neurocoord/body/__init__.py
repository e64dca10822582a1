"""The body: tables, model, and what can be read of it; the first of the rooms that know MuJoCo."""

import os
from typing import Any

try:
    import mujoco  # noqa: F401
except Exception as failure:
    # With MUJOCO_GL=egl or osmesa and no such library MuJoCo's own import fails, in many ways.
    if not os.environ.get("MUJOCO_GL"):
        raise
    raise ImportError(
        f"mujoco cannot be imported with MUJOCO_GL={os.environ['MUJOCO_GL']} ({failure}): leave it"
        " unset where no pictures are made, or give it what it needs; on Debian or Ubuntu that is"
        " libegl1 libgl1 libgl1-mesa-dri (for MUJOCO_GL=egl) or libosmesa6 (for MUJOCO_GL=osmesa)"
    ) from failure


def __getattr__(name: str) -> Any:
    """`adopt`, loaded when it is asked for."""
    if name != "adopt":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from neurocoord.body.adoption import adopt

    return adopt
