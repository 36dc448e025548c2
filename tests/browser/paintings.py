"""Landscapes for screenshots: a sky, a sun or a moon, and hills."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .files import File, png

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Landscape:
    """`hills`: from the farthest to the nearest. `sun`: its place and radius, in parts of the width and the height."""

    sky: tuple[Colour, Colour]
    sun: tuple[float, float, float]
    light: Colour
    hills: tuple[Colour, ...]

    def paint(self, name: str, width: int, height: int) -> File:
        ridges = [[self._ridge(number, x / width) * height for x in range(width)] for number in range(len(self.hills))]

        def colour(x: int, y: int) -> Colour:
            for number in reversed(range(len(self.hills))):
                if y > ridges[number][x]:
                    return self.hills[number]
            left, top, radius = self.sun
            apart = math.hypot(x - left * width, y - top * height) / (radius * height)
            sky = _mix(*self.sky, y / (0.75 * height))
            return self.light if apart < 1 else _mix(self.light, sky, min(1.0, 0.55 + (apart - 1) / 3))

        return name, "image/png", png(width, height, colour)

    def _ridge(self, number: int, x: float) -> float:
        """Where a row of hills begins, in parts of the height."""
        wide, narrow = math.sin(4.1 * x + 2.3 * number), math.sin(11.7 * x + 5.1 * number)
        return 0.52 + 0.14 * number + 0.09 * wide + 0.025 * narrow


def _mix(one: Colour, other: Colour, part: float) -> Colour:
    part = min(1.0, max(0.0, part))
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(one, other, strict=True))
    return red, green, blue


DAWN = Landscape(
    sky=((86, 103, 166), (255, 190, 140)),
    sun=(0.68, 0.42, 0.1),
    light=(255, 238, 205),
    hills=((150, 106, 132), (103, 74, 110), (62, 47, 82)),
)
DAY = Landscape(
    sky=((92, 160, 214), (218, 238, 246)),
    sun=(0.25, 0.22, 0.09),
    light=(255, 250, 220),
    hills=((134, 173, 160), (88, 143, 107), (52, 107, 74)),
)
NIGHT = Landscape(
    sky=((13, 20, 48), (52, 68, 112)),
    sun=(0.75, 0.24, 0.08),
    light=(240, 240, 225),
    hills=((38, 54, 92), (26, 40, 70), (15, 25, 48)),
)
