"""What a dynamometer's lever does over time, and how hard the subject tries: segments in a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

RAMP_S = 0.05  # in which the lever comes to its speed, and to rest (choice)
RETURN_DEG_PER_S = 90.0  # the lever between efforts, the subject at rest (choice)
ACTIONS = ("isometric", "concentric", "eccentric", "stretch_shortening")


class Segment(NamedTuple):
    """A stretch of the protocol."""

    name: str  # of the effort; "" between efforts
    start_s: float
    end_s: float
    from_rad: float  # angle of the joint
    to_rad: float
    drive: float

    @property
    def span(self) -> tuple[float, float]:
        """Start and end (s)."""
        return self.start_s, self.end_s

    @property
    def steady(self) -> tuple[float, float]:
        """Start and end (s) of the lever's constant speed."""
        return self.start_s + RAMP_S, self.end_s - RAMP_S


class Course(NamedTuple):
    """What is asked for, in the joint's own angles (rad)."""

    best_rad: float  # where isometric efforts are made
    long_rad: float  # end of the range at which the movers are long
    short_rad: float
    speed_rad_per_s: float
    drive: float
    hold_drives: tuple[float, ...]
    hold_s: float
    rest_s: float
    ready_s: float
    ballistic_s: float


def segments(action: str, course: Course) -> tuple[Segment, ...]:
    """The protocol of one of ``ACTIONS``."""
    made: list[Segment] = []

    def add(name: str, seconds: float, to_rad: float, drive: float) -> None:
        start = made[-1].end_s if made else 0.0
        from_rad = made[-1].to_rad if made else course.best_rad
        made.append(Segment(name, start, start + seconds, from_rad, to_rad, drive))

    def still(name: str, seconds: float, drive: float = 0.0) -> None:
        add(name, seconds, made[-1].to_rad if made else course.best_rad, drive)

    def turn(name: str, to_rad: float, speed: float, drive: float = 0.0) -> None:
        way = abs(to_rad - made[-1].to_rad)
        if way > 0.0:
            add(name, way / speed + RAMP_S, to_rad, drive)

    def move(name: str, to_rad: float) -> None:
        turn(name, to_rad, course.speed_rad_per_s, course.drive)

    def get_ready(at_rad: float) -> None:
        still("", course.rest_s)
        turn("", at_rad, np.radians(RETURN_DEG_PER_S))
        still("", course.rest_s)
        if course.ready_s > 0.0:
            still("ready", course.ready_s, course.drive)

    still("", course.rest_s)
    if action == "isometric":
        for number, drive in enumerate(course.hold_drives, start=1):
            still(f"hold_{number}", course.hold_s, drive)
            still("", course.rest_s)
        still("", course.rest_s)
        still("ballistic", course.ballistic_s, 1.0)
        return tuple(made)
    still("isometric", course.hold_s, course.drive)
    if action == "stretch_shortening":
        get_ready(course.short_rad)
        move("eccentric", course.long_rad)
        move("after_stretch", course.short_rad)
    if action == "eccentric":
        get_ready(course.short_rad)
        move("eccentric", course.long_rad)
    else:
        get_ready(course.long_rad)
        move("concentric", course.short_rad)
    still("", course.rest_s)
    return tuple(made)


def at(protocol: tuple[Segment, ...], time_s: float) -> Segment:
    """The segment of a moment; the first before it, the last after it."""
    for segment in protocol:
        if time_s < segment.end_s:
            return segment
    return protocol[-1]


def angle_rad(protocol: tuple[Segment, ...], time_s: float) -> float:
    """The lever's angle: in each movement its speed ramps up, stays and ramps down."""
    segment = at(protocol, time_s)
    way = segment.to_rad - segment.from_rad
    if way == 0.0:
        return segment.from_rad
    whole = segment.end_s - segment.start_s
    speed = way / (whole - RAMP_S)
    t = float(np.clip(time_s - segment.start_s, 0.0, whole))
    if t < RAMP_S:
        return segment.from_rad + speed * t * t / (2.0 * RAMP_S)
    if t > whole - RAMP_S:
        return segment.to_rad - speed * (whole - t) ** 2 / (2.0 * RAMP_S)
    return segment.from_rad + speed * (t - 0.5 * RAMP_S)


def motion(protocol: tuple[Segment, ...], block_s: float) -> Callable[[float], tuple[float, float]]:
    """Time (s) -> angle (rad) and mean speed (rad/s) of the lever over the block that begins."""

    def of(time_s: float) -> tuple[float, float]:
        now, then = angle_rad(protocol, time_s), angle_rad(protocol, time_s + block_s)
        return now, (then - now) / block_s

    return of
