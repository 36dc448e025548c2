"""ThumbHash (evanw.github.io/thumbhash): a picture in some 25 bytes, to be shown while the real one loads.

It holds the lowest frequencies of the picture's brightness (l), of two colour differences (p: yellow to blue, q: red to
green) and of its opacity (a), each with 4 bits."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, floor, pi

LARGEST = 100
"""The format allows no larger width or height."""


def thumbhash(width: int, height: int, rgba: bytes) -> bytes:
    """The hash of a picture of at most 100 × 100 pixels: four bytes each, row after row, not premultiplied."""
    if not (0 < width <= LARGEST and 0 < height <= LARGEST and len(rgba) == 4 * width * height):
        raise ValueError(f"{width} × {height} pixels in {len(rgba)} bytes")
    opacity = [value / 255 for value in rgba[3::4]]
    total = sum(opacity)
    red, green, blue = (_over_average(rgba[channel::4], opacity, total) for channel in range(3))
    has_alpha = total < width * height
    most = 5 if has_alpha else 7
    across = max(1, _round(most * width / max(width, height)))
    down = max(1, _round(most * height / max(width, height)))

    l_dc, l_ac, l_scale = _encoded(
        [(r + g + b) / 3 for r, g, b in zip(red, green, blue, strict=True)], width, height, max(3, across), max(3, down)
    )
    p_dc, p_ac, p_scale = _encoded(
        [(r + g) / 2 - b for r, g, b in zip(red, green, blue, strict=True)], width, height, 3, 3
    )
    q_dc, q_ac, q_scale = _encoded([r - g for r, g in zip(red, green, strict=True)], width, height, 3, 3)

    is_landscape = width > height
    head = _round(63 * l_dc) | _round(31.5 + 31.5 * p_dc) << 6 | _round(31.5 + 31.5 * q_dc) << 12
    head |= _round(31 * l_scale) << 18 | has_alpha << 23
    head |= (down if is_landscape else across) << 24 | _round(63 * p_scale) << 27 | _round(63 * q_scale) << 33
    found = bytearray((head | is_landscape << 39).to_bytes(5, "little"))
    frequencies = l_ac + p_ac + q_ac
    if has_alpha:
        a_dc, a_ac, a_scale = _encoded(opacity, width, height, 5, 5)
        found.append(_round(15 * a_dc) | _round(15 * a_scale) << 4)
        frequencies += a_ac
    nibbles = [_round(15 * value) for value in frequencies] + [0]
    found += bytes(low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=False))
    return bytes(found)


def _over_average(channel: bytes, opacity: Sequence[float], total: float) -> list[float]:
    """A colour from 0 to 1, laid over its average where the picture is transparent."""
    average = sum(value / 255 * alpha for value, alpha in zip(channel, opacity, strict=True)) / (total or 1)
    return [average * (1 - alpha) + alpha / 255 * value for value, alpha in zip(channel, opacity, strict=True)]


def _encoded(channel: list[float], width: int, height: int, across: int, down: int) -> tuple[float, list[float], float]:
    """The average of a channel, its lowest frequencies as parts of the largest (0 to 1), and that largest one.

    A cosine transform: first along the rows, then down the columns."""
    rows = [channel[start : start + width] for start in range(0, width * height, width)]
    waves = [[cos(pi / width * cx * (x + 0.5)) for x in range(width)] for cx in range(across)]
    along = [[sum(map(float.__mul__, row, wave)) for row in rows] for wave in waves]
    found: list[float] = []
    for cy in range(down):
        wave = [cos(pi / height * cy * (y + 0.5)) for y in range(height)]
        most = -(-across * (down - cy) // down)  # the corner of the low frequencies
        found += [sum(map(float.__mul__, along[cx], wave)) / (width * height) for cx in range(most)]
    scale = max(map(abs, found[1:]), default=0.0)
    return found[0], [0.5 + 0.5 / scale * value if scale else value for value in found[1:]], scale


def _round(value: float) -> int:
    return floor(value + 0.5)
