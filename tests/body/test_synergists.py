"""Synergists: every muscle has a group, and a group pulls one way."""

import mujoco
import numpy as np
import pytest

from neurocoord import trial
from neurocoord.body import model, synergists


@pytest.fixture(scope="module")
def body():
    return model.load()


def test_every_muscle_is_in_the_table_and_no_other(body) -> None:
    assert {f"{m}_{side}" for m in synergists.table() for side in "rl"} == set(body.muscles)


def test_groups_are_of_one_side(body) -> None:
    group = synergists.groups(body.muscles)
    assert group.min() == 0 and group.max() == len(set(group)) - 1
    of = dict(zip(body.muscles, group, strict=True))
    assert of["VAS_L_r"] == of["VAS_M_r"] == of["RF_r"] != of["VAS_L_l"]
    assert of["BIC_r"] == of["BRA_r"] != of["TRI_LONG_r"]
    mirrored = group[body.mirror_muscle]
    assert not np.any(mirrored == group)
    assert len(set(zip(group.tolist(), mirrored.tolist(), strict=True))) == group.max() + 1


def test_synergists_pull_the_same_way(body) -> None:
    """Moment arms over all joints on hands and knees: alike within groups, unlike between."""
    data = mujoco.MjData(body.model)
    data.qpos[:] = model.keyframe_qpos(body, "hands_knees")
    mujoco.mj_forward(body.model, data)
    arm = np.zeros((len(body.muscles), body.model.nv))
    mujoco.mju_sparse2dense(
        arm, data.actuator_moment, data.moment_rownnz, data.moment_rowadr, data.moment_colind
    )
    arm /= np.linalg.norm(arm, axis=1, keepdims=True)
    alike, group = arm @ arm.T, synergists.groups(body.muscles)
    same = group[:, None] == group
    pairs = np.triu(same, 1)
    assert np.mean(alike[pairs] > 0) > 0.95 and np.median(alike[pairs]) > 0.5
    assert np.median(alike[np.triu(~same, 1)]) < 0.05
    for members in (np.flatnonzero(group == k) for k in range(group.max() + 1)):
        # Wrist flexors deviate to opposite sides, but all flex: one joint that all turn one way.
        turns = np.sign(arm[members]) * (np.abs(arm[members]) > 0.03)
        assert np.any(np.abs(turns.sum(axis=0)) == members.size), [body.muscles[i] for i in members]


def test_unknown_muscles_are_told_the_nearest() -> None:
    for name in ("VAS_LL_r", "VAS_L", "VAS_L_x"):
        with pytest.raises(ValueError, match="did you mean 'VAS_L_"):
            synergists.groups([name])


def test_a_trial_shares_within_groups(body) -> None:
    config = trial.TrialConfig(
        pools=trial.Pools(n_units=3),
        synchrony=trial.Synchrony(strategy="common_drive", scope="synergists"),
    )
    _, coupling = trial.make_pools(config, body)
    group = synergists.groups(body.muscles)
    np.testing.assert_array_equal(coupling.drive_key, group)
