"""How the scene looks: sky, light, floor."""

from __future__ import annotations

import mujoco


def add_looks(spec: mujoco.MjSpec) -> None:
    """Sky, light, and the floor's chequers: nothing here moves anything."""
    spec.visual.quality.shadowsize = 2048
    spec.visual.global_.offwidth, spec.visual.global_.offheight = 1280, 960
    spec.visual.headlight.ambient = [0.34, 0.34, 0.34]
    spec.visual.headlight.diffuse = [0.34, 0.34, 0.34]
    spec.visual.headlight.specular = [0.05, 0.05, 0.05]
    spec.visual.rgba.haze = [0.90, 0.93, 0.96, 1.0]
    spec.visual.map.haze = 0.35
    spec.worldbody.add_light(
        pos=[0, 0, 4],
        dir=[0.25, 0.35, -1],
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
        diffuse=[0.5, 0.49, 0.47],
        specular=[0.1, 0.1, 0.1],
    )
    spec.add_texture(
        name="sky",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=[0.52, 0.66, 0.82],
        rgb2=[0.90, 0.93, 0.96],
        width=128,
        height=768,
    )
    spec.add_texture(
        name="grid",
        type=mujoco.mjtTexture.mjTEXTURE_2D,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_CHECKER,
        rgb1=[0.80, 0.82, 0.84],
        rgb2=[0.68, 0.72, 0.76],
        width=256,
        height=256,
    )
    material = spec.add_material(name="floor", texrepeat=[2, 2], texuniform=True, reflectance=0)
    textures = list(material.textures)
    textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = "grid"
    material.textures = textures


# name, centre (m), half sizes (m) of the dynamometer's chair: choices, under the seated body
CHAIR = (
    ("chair_seat", (0.04, 0.0, 0.742), (0.22, 0.21, 0.020)),
    ("chair_back", (-0.225, 0.0, 1.04), (0.018, 0.19, 0.30)),
    ("chair_post", (0.0, 0.0, 0.36), (0.05, 0.05, 0.36)),
)


def add_chair(spec: mujoco.MjSpec, scale: float = 1.0) -> None:
    """What the strapped body sits on, made to its size; to be seen only, nothing touches it."""
    for name, centre_m, half_size_m in CHAIR:
        spec.worldbody.add_geom(
            name=name,
            type=mujoco.mjtGeom.mjGEOM_BOX,
            pos=[scale * value for value in centre_m],
            size=[scale * value for value in half_size_m],
            contype=0,
            conaffinity=0,
            group=1,
            rgba=(0.30, 0.33, 0.38, 1.0),
        )
