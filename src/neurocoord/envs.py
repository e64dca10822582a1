"""Gymnasium environments: the tasks with the muscles' drive left open, a thin shell over a trial.

``import neurocoord.envs`` registers what stands in ``IDS`` and does nothing else;
``docs/environments.md`` tells every entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box

from neurocoord.body.ground import Ground
from neurocoord.coordination.library import with_movement
from neurocoord.coordination.reflexes import Reflexes
from neurocoord.difficulty import check_difficulty, harder
from neurocoord.observation import Entry as Entry
from neurocoord.observation import Watch, observation_entries, observe, watch
from neurocoord.settings import unknown
from neurocoord.simulation import BLOCK_S, Block, SimulationFailed
from neurocoord.tasks import task as find_task
from neurocoord.tasks.protocol import Push
from neurocoord.trial import Pools, Runner, Synchrony, TrialConfig

if TYPE_CHECKING:
    from neurocoord.film import Painter, Window

BLOCKS_PER_STEP = 5
STEP_S = BLOCKS_PER_STEP * BLOCK_S
IDS = {
    "neurocoord/Isometric-v0": "isometric",
    "neurocoord/Isokinetic-v0": "isokinetic",
    "neurocoord/Roll-v0": "roll",
    "neurocoord/Crawl-v0": "crawl",
    "neurocoord/Balance-v0": "balance",
    "neurocoord/React-v0": "react",
}
RENDER_MODES = ("human", "rgb_array")


class NeurocoordEnv(gymnasium.Env[np.ndarray, np.ndarray]):
    """One body at one task; a step is 20 ms (5 control blocks) at one drive.

    ``action`` Box(0, 1, [muscle], float32): drive of each muscle, in the order of
    ``env.unwrapped.muscles``; within 4 ms the drive moves from the last one to it. Values outside
    0..1 are clipped; NaN is an error. ``observation`` Box(float32): see ``observation_entries``.
    ``gait`` names one of models/movements of the task's kind; ``body`` is a file that `neurocoord
    build` wrote. ``difficulty`` from 0 to 1 makes start, strength, ground, pushes and speed differ
    by seed (`difficulty.harder`): ``info["difficulty"]`` and ``info["pushes"]`` say what was drawn.
    A field of the task's settings may be given by its name, such as ``posture="bird_dog"``, and
    ``pushes`` from outside; ``info["pushes"]`` has all pushes of the episode, the task's own too.
    ``reflexes`` (``coordination.reflexes.Reflexes``) add to the drive; by default all are off.
    The reward is the plain mean of ``info["reward_terms"]``, each in [0, 1].

    ``reset`` runs the task's lead-in (the time before 0) with the built-in controller. A given
    ``seed`` is the trial's own: ``trial.run`` with it starts the same. The episode terminates when
    the body fell or the task is done (``info["outcome"]``), and is truncated after ``seconds``;
    with ``terminate_when_fallen=False`` a fallen body goes on. A body that has rolled over stays:
    to the end the reward pays lying there, or lying still from the start would return more.

    ``motor_unit_observations=True`` adds what each muscle's motor units do, from their spikes.
    ``expert_action=True`` puts the built-in controller's drive for now into
    ``info["expert_action"]``, at the price of one controller solve a step.
    """

    metadata = {"render_modes": list(RENDER_MODES), "render_fps": round(1.0 / STEP_S)}  # noqa: RUF012

    def __init__(
        self,
        task: str = "crawl",
        *,
        strategy: str = "independent",
        strength: float = 1.0,
        scope: str = "pool",
        body: str | None = None,
        gait: Any = None,
        difficulty: float = 0.0,
        seconds: float | None = None,
        settings: Any = None,
        n_units: int = 120,
        ground: Ground | None = None,
        pushes: Sequence[Push] = (),
        reflexes: Reflexes | None = None,
        motor_unit_observations: bool = False,
        terminate_when_fallen: bool = True,
        expert_action: bool = False,
        render_mode: str | None = None,
        width: int = 640,
        height: int = 480,
        **of_task: Any,
    ) -> None:
        if render_mode not in (None, *RENDER_MODES):
            raise ValueError(unknown("render_mode", render_mode, (None, *RENDER_MODES)))
        wanted = find_task(task).settings
        if settings is not None and not isinstance(settings, wanted):
            raise ValueError(
                f"settings={settings!r} is not allowed; task {task!r} takes None or"
                f" {wanted.__module__}.{wanted.__qualname__}"
            )
        if isinstance(gait, str):
            settings = with_movement(wanted() if settings is None else settings, gait)
        elif gait is not None:
            of_task["gait"] = gait
        if of_task:
            settings = _with_settings(wanted() if settings is None else settings, of_task)
        if isinstance(n_units, bool) or int(n_units) != n_units or n_units < 1:
            raise ValueError(f"n_units={n_units!r} is not allowed; it is an integer of 1 or more")
        self.render_mode = render_mode
        self.difficulty = check_difficulty(difficulty)
        self.drawn: dict[str, float] = {"difficulty": 0.0}  # of this episode
        self.runner = Runner(
            TrialConfig(
                task=task,
                seconds=seconds,
                body=body,
                ground=Ground() if ground is None else ground,
                synchrony=Synchrony(strategy=strategy, strength=strength, scope=scope),
                pools=Pools(n_units=int(n_units)),
                settings=settings,
                pushes=tuple(pushes),
                reflexes=Reflexes() if reflexes is None else reflexes,
            )
        )
        self._config = self.runner.config  # complete, as at difficulty 0
        self.muscles = self.runner.body.muscles
        self.expert_action = expert_action
        self.terminate_when_fallen = terminate_when_fallen
        self.action_space = Box(0.0, 1.0, (len(self.muscles),), np.float32)
        self.motor_unit_observations = bool(motor_unit_observations)
        n_entries = len(observation_entries(self.runner, self.motor_unit_observations))
        self.observation_space = Box(-np.inf, np.inf, (n_entries,), np.float32)
        self._picture_size = (width, height)
        self._painter: Painter | None = None
        self._window: Window | None = None
        self._active_state = np.zeros(len(self.muscles))  # [muscle], the colours of a picture
        self._seen: Watch | None = None  # of spikes; None unless they are observed
        self._trial_seed = 0
        self._over = "before the first reset"

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Start over and run the lead-in; without a seed the next one of the env's own stream."""
        super().reset(seed=seed)
        if options:
            raise ValueError(f"options={options!r} is not allowed; this env takes none")
        drawn = int(self.np_random.integers(2**31))
        self._trial_seed = drawn if seed is None else int(seed)
        if self.difficulty > 0.0:
            self._draw_episode()
        runner = self.runner
        runner.reset(self._trial_seed)
        self._active_state = runner.simulation.expected_active_state()[0]
        self._seen = None
        self._watch()
        outcome = ""
        while runner.time_s < -0.5 * BLOCK_S and not self._ends(outcome):
            drive, _ = runner.command()
            self._active_state = _shown(runner.advance(drive))
            self._watch()
            outcome = runner.outcome()
        self._over = ""
        if self.render_mode == "human":
            self.render()
        return self._observation(), self._info(outcome, {})

    def _draw_episode(self) -> None:
        """Body, ground and plan of this seed at this difficulty; the pools stay what they were."""
        config, self.drawn = harder(self._config, self.difficulty, self._trial_seed)
        self.runner = Runner(config)
        if config.ground.bump_m > 0.0:
            self.close()  # what draws the body has the floor of the episode before

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Drive the muscles for 20 ms, or until the outcome is known."""
        if self._over:
            raise RuntimeError(f"step() was called {self._over}; call reset() first")
        drive = self._drive(action)
        outcome, runner = "", self.runner

        def is_over() -> bool:
            nonlocal outcome
            outcome = runner.outcome()
            return self._ends(outcome)

        try:
            self._active_state = _shown(runner.advance_held(drive, BLOCKS_PER_STEP, is_over))
        except SimulationFailed:
            outcome = "diverged"
        self._watch()
        terms = runner.task.reward_terms(runner.body, runner.plan, runner.reading, 0, drive)
        reward = 0.0 if outcome == "diverged" else float(np.mean(list(terms.values())))
        seconds = runner.config.seconds
        assert seconds is not None  # Runner has filled it in
        terminated = self._ends(outcome)
        truncated = not terminated and runner.time_s > seconds - 0.5 * BLOCK_S
        if terminated or truncated:
            self._over = "after the episode's end"
        if self.render_mode == "human":
            self.render()
        return self._observation(), reward, terminated, truncated, self._info(outcome, terms)

    def render(self) -> np.ndarray | None:  # type: ignore[override]
        """A picture uint8[height, width, 3], or None and a window, by ``render_mode``."""
        if self.render_mode is None:
            return None
        from neurocoord import film

        qpos = self.runner.reading.qpos[0]
        if self.render_mode == "human":
            if self._window is None:
                self._window = film.Window(self.runner.body, fps=self.metadata["render_fps"])
            self._window.show(qpos, self._active_state)
            return None
        if self._painter is None:
            width, height = self._picture_size
            self._painter = film.Painter(self.runner.body, width=width, height=height, smooth=False)
        return self._painter.frame(qpos, self._active_state)

    def close(self) -> None:
        """Let go of the window and the graphics memory."""
        for shown in (self._painter, self._window):
            if shown is not None:
                shown.close()
        self._painter = self._window = None

    def _drive(self, action: np.ndarray) -> np.ndarray:
        drive = np.asarray(action, float)
        if drive.shape != self.action_space.shape:
            raise ValueError(
                f"action has shape {drive.shape}; allowed is {self.action_space.shape}"
            )
        if np.isnan(drive).any():
            named = [self.muscles[index] for index in np.flatnonzero(np.isnan(drive))[:5]]
            raise ValueError(f"action is NaN for {', '.join(named)}; a drive is 0 to 1")
        return np.clip(drive, 0.0, 1.0)

    def _ends(self, outcome: str) -> bool:
        if outcome == "done":
            return not self.runner.task.stays_when_done
        return bool(outcome) and (self.terminate_when_fallen or outcome != "fell")

    def _watch(self) -> None:
        if self.motor_unit_observations:
            self._seen = watch(self.runner, self._seen)

    def _observation(self) -> np.ndarray:
        return observe(self.runner, self._seen).astype(np.float32)

    def _info(self, outcome: str, terms: dict[str, float]) -> dict[str, Any]:
        info: dict[str, Any] = {
            "reward_terms": terms,
            "outcome": outcome,
            "time_s": self.runner.time_s,
            "seed": self._trial_seed,
            "pushes": self.runner.pushes,
            "difficulty": dict(self.drawn),
        }
        if self.expert_action:
            info["expert_action"] = self.runner.command()[0].astype(np.float32)
        return info


def _with_settings(settings: Any, given: dict[str, Any]) -> Any:
    """The task's settings with some of their fields replaced; an unknown name is an error."""
    known = [field.name for field in fields(settings)]
    own = NeurocoordEnv.__init__.__kwdefaults__ or {}
    for name in given:
        if name not in known:
            raise ValueError(unknown("keyword", name, dict.fromkeys([*known, *own])))
    return replace(settings, **given)


def _shown(block: Block) -> np.ndarray:
    return block.step_active_state[0].mean(axis=0)


def observation_names(env: gymnasium.Env) -> tuple[str, ...]:
    """Names of the entries of an env's observation, in order; wrappers are looked through."""
    bare = env.unwrapped
    if not isinstance(bare, NeurocoordEnv):
        raise ValueError(f"env is a {type(bare).__name__}; allowed is a NeurocoordEnv")
    entries = observation_entries(bare.runner, bare.motor_unit_observations)
    return tuple(entry.name for entry in entries)


for _id, _task in IDS.items():
    gymnasium.register(id=_id, entry_point="neurocoord.envs:NeurocoordEnv", kwargs={"task": _task})
