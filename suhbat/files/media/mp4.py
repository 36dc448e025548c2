"""MP4, M4A, QuickTime and 3GP: the head of the film, or the sum of its fragments, as browsers record them."""

from __future__ import annotations

from typing import NamedTuple

from suhbat.files.boxes import Box, boxes, child
from suhbat.files.window import Window

from .measured import Measured, milliseconds

_SAMPLES = 200_000
"""Samples of fragments that are added up."""


class _Track(NamedTuple):
    is_video: bool
    width: int
    height: int
    timescale: int
    default: int
    """The duration of a sample of a fragment that states none."""


def measure(source: Window, type_: str) -> Measured:
    """The film's or recording's measures. Without a picture in it, the type is that of sound; without a head it is none."""
    moov = next((box for box in boxes(source, 0, source.size) if box.name == b"moov"), None)
    if moov is None:  # it has the form of a film, and nothing to play
        return Measured("application/octet-stream")
    tracks = _tracks(source, moov)
    video = next((track for track in tracks.values() if track.is_video), None)
    if tracks and video is None and type_ != "audio/mp4":
        type_ = "audio/3gpp" if type_ == "video/3gpp" else "audio/mp4"
    duration = _stated(source, moov) or _fragments(source, tracks)
    return Measured(type_, video.width if video else None, video.height if video else None, duration)


def _stated(source: Window, moov: Box) -> int | None:
    """The duration in `mvhd`, or for fragments in `mehd`; both in the units of `mvhd`."""
    head = child(source, moov, b"mvhd")
    if head is None:
        return None
    wide = source.number(head.body, 1) == 1
    timescale = source.number(head.body + (20 if wide else 12), 4)
    length = source.number(head.body + (24 if wide else 16), 8 if wide else 4)
    if length in {0, 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF}:
        extends = child(source, moov, b"mvex")
        stated = child(source, extends, b"mehd") if extends else None
        if stated is None:
            return None
        length = source.number(stated.body + 4, 8 if source.number(stated.body, 1) == 1 else 4)
    return milliseconds(length, timescale)


def _tracks(source: Window, moov: Box) -> dict[int, _Track]:
    """The tracks by their number."""
    extends = child(source, moov, b"mvex")
    defaults = {
        source.number(box.body + 4, 4): source.number(box.body + 12, 4)
        for box in (boxes(source, extends.body, extends.end) if extends else ())
        if box.name == b"trex"
    }
    found: dict[int, _Track] = {}
    for box in boxes(source, moov.body, moov.end):
        if box.name != b"trak":
            continue
        head, media = child(source, box, b"tkhd"), child(source, box, b"mdia")
        if head is None or media is None:
            continue
        handler, times = child(source, media, b"hdlr"), child(source, media, b"mdhd")
        wide = source.number(head.body, 1) == 1
        number = source.number(head.body + (20 if wide else 12), 4)
        matrix = head.body + (52 if wide else 40)
        width, height = source.number(matrix + 36, 2), source.number(matrix + 40, 2)
        if source.number(matrix, 4) == 0 and source.number(matrix + 4, 4):  # turned by a quarter
            width, height = height, width
        timescale = 0
        if times:
            timescale = source.number(times.body + (20 if source.number(times.body, 1) == 1 else 12), 4)
        is_video = handler is not None and source.at(handler.body + 8, 4) == b"vide"
        found[number] = _Track(is_video, width, height, timescale, defaults.get(number, 0))
    return found


def _fragments(source: Window, tracks: dict[int, _Track]) -> int | None:
    """The end of the last fragment of the longest track, in milliseconds."""
    ends: dict[int, int] = {}
    left = _SAMPLES
    for moof in boxes(source, 0, source.size):
        if moof.name != b"moof":
            continue
        for part in boxes(source, moof.body, moof.end):
            head = child(source, part, b"tfhd") if part.name == b"traf" else None
            if head is None:
                continue
            number = source.number(head.body + 4, 4)
            if (track := tracks.get(number)) is None:
                continue
            if time := child(source, part, b"tfdt"):
                ends[number] = source.number(time.body + 4, 8 if source.number(time.body, 1) == 1 else 4)
            default = _default(source, head) or track.default
            for run in boxes(source, part.body, part.end):
                if run.name == b"trun" and left > 0:
                    samples, length = _run(source, run, default, left)
                    left -= samples
                    ends[number] = ends.get(number, 0) + length
    found = [milliseconds(end, tracks[number].timescale) or 0 for number, end in ends.items()]
    return max(found, default=None)


def _default(source: Window, head: Box) -> int:
    """The duration of a sample that `tfhd` states; 0 if it states none."""
    flags = source.number(head.body + 1, 3)
    at = head.body + 8 + (8 if flags & 1 else 0) + (4 if flags & 2 else 0)
    return source.number(at, 4) if flags & 8 else 0


def _run(source: Window, run: Box, default: int, most: int) -> tuple[int, int]:
    """The number of samples of a `trun` that were looked at, and their duration."""
    flags, count = source.number(run.body + 1, 3), source.number(run.body + 4, 4)
    if not flags & 0x100:
        return 1, count * default
    width = 4 * sum(bool(flags & bit) for bit in (0x100, 0x200, 0x400, 0x800))
    at = run.body + 8 + (4 if flags & 1 else 0) + (4 if flags & 4 else 0)
    count = min(count, most, (run.end - at) // width)
    return count, sum(source.number(at + index * width, 4) for index in range(count))
