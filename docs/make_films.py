"""Film the main movements into docs/films/, and write docs/films.md; `make films` runs this.

    python docs/make_films.py                        # all of them, a quarter of an hour on one core
    python docs/make_films.py --only bird_dog react  # some, and the page
    python docs/make_films.py --page                 # the page only

Needs ffmpeg (`pip install -e ".[video]"`). Without a screen the pictures need EGL or OSMesa
(MUJOCO_GL=egl or MUJOCO_GL=osmesa).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NamedTuple

from neurocoord import film, trial
from neurocoord.body.ground import Ground
from neurocoord.film import View
from neurocoord.tasks import balance, crawl, isokinetic, isometric, react, roll
from neurocoord.trial import TrialConfig

DOCS = Path(__file__).resolve().parent
FILMS = DOCS / "films"
BYTES = 600_000  # no film is larger
FPS = 15
SIZE = {"width": 320, "height": 240, "quality": 5}
SIDE = View(distance_m=1.75)
# from above, feet to the right: the whole body stays in the picture
FRONT = View(azimuth=160.0, elevation=-20.0, distance_m=2.0)  # of a push to the side
ABOVE = View(azimuth=120.0, elevation=-35.0, distance_m=2.3)
UPRIGHT = View(azimuth=140.0, elevation=-8.0, distance_m=2.2)
CHAIR = View(azimuth=120.0, elevation=-8.0, distance_m=2.3, height_m=-0.12)


class Scene(NamedTuple):
    """A trial that is filmed, from where, and what a watcher sees."""

    title: str
    command: str  # that films the same; the page adds where to
    config: TrialConfig
    view: View
    slower: float  # 2: half speed
    seen: str


def _crawl(seconds: float, ground: Ground | None = None, **settings: object) -> TrialConfig:
    chosen = crawl.Settings(**settings)  # type: ignore[arg-type]
    return TrialConfig(
        task="crawl",
        seconds=seconds,
        settings=chosen,
        ground=Ground() if ground is None else ground,
    )


def _balance(seconds: float, **settings: object) -> TrialConfig:
    chosen = balance.Settings(**settings)  # type: ignore[arg-type]
    return TrialConfig(task="balance", seconds=seconds, settings=chosen)


RUN = "neurocoord view"
SCENES = {
    "crawl_forward": Scene(
        "Crawling forward, 0.4 m/s", f"{RUN} crawl --seconds 5", _crawl(5.0), SIDE, 1.0,
        "Diagonal limbs go together; trunk and head stay level, the pelvis hardly turns or "
        "sags. Hands reach ahead of the shoulders, elbows bend in swing and stay a little "
        "bent and turned out in stance. Faults: hands are set down turned outward; the knee "
        "that swings is lifted little; the trunk is stiffer than a person's."
    ),
    "crawl_slow": Scene(
        "Crawling slowly, 0.2 m/s",
        f"{RUN} crawl --seconds 6 --set settings.speed_m_per_s=0.2",
        _crawl(6.0, speed_m_per_s=0.2), SIDE, 1.0,
        "The same pattern with longer stance; three or four limbs bear most of the time. "
        "Fault: the knee that swings is lifted little.",
    ),
    "crawl_four_beat": Scene(
        "Crawling slowly, one limb after another, 0.2 m/s",
        f"{RUN} crawl --seconds 7 --set settings.speed_m_per_s=0.2 "
        "--set settings.movement=crawl_four_beat",
        _crawl(7.0, speed_m_per_s=0.2, movement="crawl_four_beat"), SIDE, 1.0,
        "A knee steps, then the hand of its side, then the other side: three limbs bear at any "
        "time, and the trunk stays level. Faults: the hand that swings clears the floor by a "
        "centimetre; steps are short, hands turned outward.",
    ),
    "crawl_pace_like": Scene(
        "Crawling with the limbs of one side together, 0.15 m/s",
        f"{RUN} crawl --seconds 7 --set settings.speed_m_per_s=0.15 "
        "--set settings.movement=crawl_pace_like",
        _crawl(7.0, speed_m_per_s=0.15, movement="crawl_pace_like"), SIDE, 1.0,
        "A knee and at once the hand of its side land, then those of the other side, while the "
        "body sways a little over the side that bears; hands and knees are close together, the "
        "trunk is level, elbows are bent. Faults: limbs in swing clear the floor by a centimetre; "
        "hands are turned outward and slide by some 5 cm as they land; steps are short.",
    ),
    "crawl_fast": Scene(
        "Crawling fast, 0.6 m/s",
        f"{RUN} crawl --seconds 5 --set settings.speed_m_per_s=0.6",
        _crawl(5.0, speed_m_per_s=0.6), SIDE, 1.0,
        "Quicker and shorter steps, trunk still level. Abdominals and shoulder muscles redden "
        "more. Fault: no change of pattern or bend of the trunk with speed, as people would "
        "show.",
    ),
    "crawl_backward": Scene(
        "Crawling backward, 0.2 m/s",
        f"{RUN} crawl --seconds 6 --set settings.speed_m_per_s=-0.2",
        _crawl(6.0, speed_m_per_s=-0.2), SIDE, 1.0,
        "It goes backward, at 0.19 m/s instead of 0.2, in short steps, trunk level. Fault: hands "
        "are set down turned outward, and elbows stay bent more than forward.",
    ),
    "crawl_goal": Scene(
        "Crawling to a place on the left",
        f"{RUN} crawl --seconds 12 --set settings.goal_m=1.5,1.5",
        _crawl(12.0, goal_m=(1.5, 1.5)), View(azimuth=90.0, elevation=-40.0, distance_m=2.6),
        0.5,
        "From above: it turns left in small steps, the whole body along a curve, and arrives "
        "after 5 s. The head does not look ahead into the turn, as a person's would.",
    ),
    "crawl_bumps": Scene(
        "Crawling over 2 cm bumps",
        f"{RUN} crawl --seconds 6 --set ground.bump_m=0.02",
        _crawl(6.0, ground=Ground(bump_m=0.02)), SIDE, 1.0,
        "As on the level; the bumps of up to 2 cm, about 0.3 m across, are hardly to be seen "
        "in the picture, but hands and knees find the floor early or late.",
    ),
    "roll_left": Scene(
        "Rolling to the left, from the back to the front",
        f"{RUN} roll --set settings.side=left",
        TrialConfig(task="roll", settings=roll.Settings(side="left")), ABOVE, 1.5,
        "Arm- and leg-led: the head is lifted, the right thigh is flexed and swung across, "
        "the right arm follows, shoulders and pelvis turn one after the other. Faults: the "
        "leg is thrown in 0.15 s, faster than anyone would; from 1.1 to 1.5 s the body rests "
        "half prone, with its arm under it, before it stretches out.",
    ),
    "roll_right": Scene(
        "Rolling to the right",
        f"{RUN} roll --set settings.side=right",
        TrialConfig(task="roll", settings=roll.Settings(side="right")), ABOVE, 1.5,
        "The mirror image, with the lower arm overhead out of the way. The same throw of the "
        "leg and the same pause at half prone.",
    ),
    "roll_log": Scene(
        "Log roll: thorax and pelvis turn as one",
        f"{RUN} roll --set settings.movement=roll_log",
        TrialConfig(task="roll", settings=roll.Settings(movement="roll_log")), ABOVE, 1.5,
        "The head is lifted, arm and thigh are thrown across together, and shoulders and pelvis go "
        "over side by side, the trunk nearly straight. Faults: the same fast throw of the leg; "
        "the body rests half prone before the arm comes out from under it.",
    ),
    "roll_arm_led": Scene(
        "Rolling led by the arm: thorax first, then pelvis and leg",
        f"{RUN} roll --set settings.movement=roll_arm_led",
        TrialConfig(task="roll", settings=roll.Settings(movement="roll_arm_led")), ABOVE, 1.5,
        "Head and shoulders curl up and the right arm reaches across while the legs lie still "
        "(0.5 s); then the pelvis follows, and the leg comes over last. Faults: the trunk twists "
        "to its limit; the leg still does much of the turning of the pelvis.",
    ),
    "roll_back": Scene(
        "Rolling from the front to the back, over the left side",
        f"{RUN} roll --set settings.movement=roll_prone_to_supine",
        TrialConfig(task="roll", settings=roll.Settings(movement="roll_prone_to_supine")),
        ABOVE, 1.0,
        "The left arm lies overhead, the right hand beside the chest. Hand and knee push until "
        "shoulders and pelvis stand on their side (0.7 s); the arm comes up and over, the leg "
        "follows, and the body goes on to its back. Faults: the pushing elbow is straight before "
        "the body is up; the arm stands straight up while the body turns under it.",
    ),
    "roll_on": Scene(
        "Rolling on along the floor: to the front, to the back, to the front",
        f"{RUN} roll --seconds 9 --set settings.movement=roll_arm_led_arms_overhead "
        "--set settings.then=roll_prone_arms_overhead,roll_leg_led_arms_overhead",
        TrialConfig(
            task="roll",
            seconds=9.0,
            settings=roll.Settings(
                movement="roll_arm_led_arms_overhead",
                then=("roll_prone_arms_overhead", "roll_leg_led_arms_overhead"),
            ),
        ),
        ABOVE, 0.5,
        "Led by the arm over the left side, then over the right, then led by the leg over the left "
        "again. Face down both arms lie stretched overhead, where the body does not lie on them. "
        "Faults: it lies still for half a second face down; on the way to the back the arm stands "
        "straight up for a second, and it comes down to the side before the next roll.",
    ),
    "hands_knees": Scene(
        "Standing on hands and knees",
        f"{RUN} balance --seconds 3", _balance(3.0), SIDE, 1.0,
        "Quiet stance; after the first moment, in which muscles take up the load with a flash "
        "of red, nothing is seen to move. Elbows are bent by some 30 degrees, hands stand "
        "turned outward and ahead of the shoulders.",
    ),
    "bird_dog": Scene(
        "Bird dog: right arm and left leg lifted",
        f"{RUN} balance --seconds 8 --set settings.posture=bird_dog",
        _balance(8.0, posture="bird_dog"), View(azimuth=75.0, distance_m=2.3), 0.67,
        "The weight shifts, then arm and leg rise together and are held to the end without a "
        "wobble to be seen; pelvis and shoulders stay level. Faults: arm (15 degrees) and leg "
        "(9 degrees) end below the trunk's line; the lifted knee stays a little bent, the "
        "foot hangs.",
    ),
    "kneel_tall": Scene(
        "Kneeling upright",
        f"{RUN} balance --seconds 5 --set settings.posture=kneel_tall",
        _balance(5.0, posture="kneel_tall"), UPRIGHT, 1.0,
        "Upright from knee to head, still, and with little muscle activity. Fault: the arms are "
        "held away from the trunk instead of hanging.",
    ),
    "react": Scene(
        "A push on hands and knees",
        f"{RUN} react --seed 3",
        TrialConfig(task="react", seed=3, settings=react.Settings()), FRONT, 1.0,
        "The push (orange: 194 N to the left, 54 N back, at 1.80 s for 0.15 s) shifts the trunk by "
        "a few centimetres; arm and thigh muscles redden at once and the body is back within "
        "half a second. No hand or knee is lifted: it resists and does not step.",
    ),
    "drop": Scene(
        "Falling onto the hands from 5 cm",
        f"{RUN} balance --seconds 1.5 --set settings.drop_height_m=0.05",
        _balance(1.5, drop_height_m=0.05), SIDE, 3.0,
        "The palms meet the floor at about 0.2 s, elbows give way and straighten again, the "
        "trunk sinks a little. The head nods on impact.",
    ),
    "isometric": Scene(
        "Isometric knee extension, two holds and a ballistic effort",
        f"{RUN} isometric", TrialConfig(task="isometric", settings=isometric.Settings()),
        CHAIR, 1.0,
        "The shank is strapped and nothing moves; only the thigh's colour changes: violet "
        "in the first hold, a little redder in the second, red in the "
        "ballistic effort.",
    ),
    "isokinetic": Scene(
        "Isokinetic knee extension, 60 degrees a second",
        f"{RUN} isokinetic", TrialConfig(task="isokinetic", settings=isokinetic.Settings()),
        CHAIR, 1.0,
        "An isometric effort first (red thigh, still lever); then the lever takes the relaxed "
        "leg back, and from there the knee extends at the set speed with the quadriceps at "
        "full drive. All other muscles rest.",
    ),
    "stretch_shortening": Scene(
        "Stretch-shortening cycle of the elbow",
        f"{RUN} isokinetic --set settings.joint=elbow --set settings.direction=flexion"
        " --set settings.action=stretch_shortening",
        TrialConfig(
            task="isokinetic",
            settings=isokinetic.Settings(
                joint="elbow", direction="flexion", action="stretch_shortening"
            ),
        ), CHAIR, 1.0,
        "After an isometric effort the lever straightens the elbow against fully driven "
        "flexors and at once lets them bend it (4.0 to 6.7 s); then, for comparison, the same "
        "bending from an isometric effort at the straight elbow. The upper arm stays strapped "
        "to the trunk.",
    ),
}  # fmt: skip


def draw(name: str) -> list[Path]:
    """Film one scene, and a sheet of eight of its moments."""
    scene = SCENES[name]
    done = trial.run(scene.config)
    if done.fell:
        print(f"careful: {name} fell, and the film shows it", file=sys.stderr)
    clip, strip = FILMS / f"{name}.mp4", FILMS / f"{name}.png"
    film.film_trial(done, clip, fps=FPS, slower=scene.slower, view=scene.view, **SIZE)
    film.contact_sheet(done, strip, 8, columns=4, width=240, height=180, view=scene.view)
    if clip.stat().st_size > BYTES:
        raise RuntimeError(f"{clip} has {clip.stat().st_size} bytes, over {BYTES}")
    print(f"{name}: {trial_story(done)}")
    return [clip, strip]


def trial_story(done: trial.Trial) -> str:
    """How it ended, and when."""
    pushes = "".join(f", push {push}" for push in done.trace.pushes)
    return f"{done.ended or 'time'} at {done.trace.time_s[-1]:.2f} s{pushes}"


def page() -> str:
    """docs/films.md: each film with a sheet of eight moments, its command and what is seen."""
    parts = []
    for name, scene in SCENES.items():
        pace = {1.0: ""}.get(scene.slower, f", at {1.0 / scene.slower:.2g} times real speed")
        parts.append(
            f"## {scene.title}\n\n[film](films/{name}.mp4){pace}:"
            f" `{scene.command} --save {name}.mp4`\n\n"
            f"[![{scene.title}](films/{name}.png)](films/{name}.mp4)\n\n{scene.seen}\n"
        )
    return f"{HEAD}\n" + "\n".join(parts)


HEAD = """# Films

The main movements, done by the built-in controller through motor units. Films and page are made by
`make films`. Muscles are blue at rest and red at full active state. What is seen was written down
from the frames, with a physiotherapist's questions in mind; faults stand there too.

The command beside a film films the same trial, at real speed and from `view`'s own camera. It needs
`python -m pip install -e ".[video]"`; a name in `.gif` does without.
"""


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=SCENES, default=tuple(SCENES), metavar="NAME",
                        help=", ".join(SCENES))  # fmt: skip
    parser.add_argument("--page", action="store_true", help="write the page, film nothing")
    options = parser.parse_args()
    FILMS.mkdir(exist_ok=True)
    (DOCS / "films.md").write_text(page())
    for name in () if options.page else options.only:
        for path in draw(name):
            print(
                f"{path.relative_to(DOCS.parent)}  {path.stat().st_size / 1e3:.0f} kB", flush=True
            )


if __name__ == "__main__":
    try:
        main()
    except (ValueError, film.NoGraphics) as failure:
        sys.exit(f"make_films: {failure}")
