"""Colours that eyes of every kind tell apart.

Lines: the palette of Okabe & Ito (2008), made for people who are colour blind. Amounts: cividis
(Nunez, Anderton & Renslow 2018, PLoS ONE 13:e0199239), which runs from dark blue to yellow and
gets lighter all the way, so that it also reads in grey.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NOW = "#0072B2"  # blue
TWIN = "#D55E00"  # vermillion
GREEN = "#009E73"
PURPLE = "#CC79A7"
ORANGE = "#E69F00"
SKY = "#56B4E9"
UNITS = (NOW, ORANGE, GREEN, PURPLE)  # small to large
CONTACT = "#D55E00"

# cividis at 0, 0.1 .. 1 (from matplotlib 3.10)
_CIVIDIS = np.array(
    [
        (0, 34, 78),
        (8, 51, 112),
        (53, 69, 108),
        (79, 87, 108),
        (102, 105, 112),
        (125, 124, 120),
        (148, 142, 119),
        (174, 163, 113),
        (200, 184, 102),
        (229, 207, 82),
        (254, 232, 56),
    ],
    float,
)


def amount_rgb(share: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Colours `[n, 3]` of amounts `[n]`, 0 to 1; beyond that as at the ends."""
    at = np.clip(np.nan_to_num(share), 0.0, 1.0) * (len(_CIVIDIS) - 1)
    low = np.minimum(at.astype(int), len(_CIVIDIS) - 2)
    rest = (at - low)[..., None]
    return np.rint((1.0 - rest) * _CIVIDIS[low] + rest * _CIVIDIS[low + 1]).astype(np.uint8)


def in_scene(rgb: NDArray[np.uint8] | str) -> NDArray[np.uint8]:
    """Colours `[.., 3]` (or "#rrggbb") as viser's batched meshes take them: linear, not sRGB."""
    given = np.frombuffer(bytes.fromhex(rgb[1:]), np.uint8) if isinstance(rgb, str) else rgb
    share = given.astype(float) / 255.0
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return np.rint(255.0 * linear).astype(np.uint8)
