"""WebM and Matroska (RFC 9559): elements with a number and a length of variable size."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from suhbat.files.window import BLOCK, Window

from .measured import Measured, milliseconds

_SEGMENT, _INFO, _TRACKS, _CLUSTER = 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
_SCALE, _DURATION, _TRACK, _KIND, _VIDEO = 0x2AD7B1, 0x4489, 0xAE, 0x83, 0xE0
_WIDTH, _HEIGHT, _SHOWN_WIDTH, _SHOWN_HEIGHT = 0xB0, 0xBA, 0x54B0, 0x54BA
_TIME, _SIMPLE_BLOCK, _GROUP, _BLOCK_IN_GROUP = 0xE7, 0xA3, 0xA0, 0xA1
_MANY = 20_000
_SECOND_NS = 1_000_000_000


class _Element(NamedTuple):
    name: int
    body: int
    end: int


def measure(source: Window, type_: str) -> Measured:
    """A browser's recording states no duration (it was written while it was recorded): then the last block tells."""
    segment = next((one for one in _elements(source, 0, source.size) if one.name == _SEGMENT), None)
    if segment is None:
        return Measured(type_)
    scale, length, kinds, width, height = 1_000_000, 0.0, set(), 0, 0
    for one in _elements(source, segment.body, segment.end):
        if one.name == _CLUSTER:
            break
        if one.name == _INFO:
            for part in _elements(source, one.body, one.end):
                if part.name == _SCALE:
                    scale = _number(source, part)
                elif part.name == _DURATION:
                    length = _float(source, part)
        elif one.name == _TRACKS:
            for track in _elements(source, one.body, one.end):
                parts = {part.name: part for part in _elements(source, track.body, track.end)}
                if track.name != _TRACK or _KIND not in parts:
                    continue
                kinds.add(_number(source, parts[_KIND]))
                if _VIDEO in parts and not width:
                    width, height = _size(source, parts[_VIDEO])
    if kinds == {2}:
        type_ = {"video/webm": "audio/webm"}.get(type_, "audio/x-matroska")
    duration = milliseconds(length * scale if length < 1e15 else 0, _SECOND_NS)
    if duration is None:
        duration = milliseconds(_last_time(source) * scale, _SECOND_NS)
    return Measured(type_, width or None, height or None, duration)


def _elements(source: Window, at: int, end: int) -> Iterator[_Element]:
    """The elements from `at` to `end`. One of unknown length reaches to the end."""
    for _ in range(_MANY):
        name, name_size = _variable(source, at, keep_mark=True)
        length, length_size = _variable(source, at + name_size, keep_mark=False)
        if not name_size or not length_size or at >= end or source.parts <= 0:
            return
        source.parts -= 1
        body = at + name_size + length_size
        at = end if length == (1 << 7 * length_size) - 1 else body + length
        yield _Element(name, body, min(at, end))


def _variable(source: Window, at: int, *, keep_mark: bool) -> tuple[int, int]:
    """A number of variable size and its size in bytes; (0, 0) if there is none."""
    data = source.at(at, 8)
    size = 9 - data[0].bit_length() if data and data[0] else 0
    if not size or len(data) < size:
        return 0, 0
    value = int.from_bytes(data[:size], "big")
    return value if keep_mark else value & (1 << 7 * size) - 1, size


def _number(source: Window, one: _Element) -> int:
    return source.number(one.body, min(one.end - one.body, 8))


def _float(source: Window, one: _Element) -> float:
    data = source.at(one.body, min(one.end - one.body, 8))
    value: float = struct.unpack({4: ">f", 8: ">d"}[len(data)], data)[0] if len(data) in {4, 8} else 0.0
    return value if 0 < value < 1e15 else 0.0  # neither negative, nor infinite, nor NaN


def _size(source: Window, video: _Element) -> tuple[int, int]:
    found = {part.name: _number(source, part) for part in _elements(source, video.body, video.end)}
    coded = found.get(_WIDTH, 0), found.get(_HEIGHT, 0)
    return found.get(_SHOWN_WIDTH) or coded[0], found.get(_SHOWN_HEIGHT) or coded[1]


def _last_time(source: Window) -> int:
    """The time of the last block, in the units of the file; 0 if the last cluster does not begin near the end."""
    mark = _CLUSTER.to_bytes(4, "big")
    for at in range(max(source.size - BLOCK, 0), max(source.size - 32 * BLOCK, -BLOCK), 3 - BLOCK):
        found = source.at(max(at, 0), BLOCK).rfind(mark)
        if found >= 0:
            cluster = next(_elements(source, max(at, 0) + found, source.size), None)
            return _last_in(source, cluster) if cluster else 0
    return 0


def _last_in(source: Window, cluster: _Element) -> int:
    base = last = 0
    for one in _elements(source, cluster.body, cluster.end):
        if one.name == _TIME:
            base = _number(source, one)
        block: _Element | None = one if one.name == _SIMPLE_BLOCK else None
        if one.name == _GROUP:
            block = next((p for p in _elements(source, one.body, one.end) if p.name == _BLOCK_IN_GROUP), None)
        if block:
            _, size = _variable(source, block.body, keep_mark=True)
            last = max(last, source.number(block.body + size, 2) & 0x7FFF)
    return base + last
