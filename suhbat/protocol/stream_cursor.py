"""The cursor of an event stream: what `id:` carries, and `Last-Event-ID` gives back (docs/reference/event-stream.md). Pure.

It holds the position itself, so it is valid on every node, and after a restart. In 1 KB there is room for about 35
conversations; those written to last come first. One that has no room is `reset` when the stream goes on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pydantic import ValidationError

from .commands import Resume
from .types import ME

LONGEST = 1_024
"""Characters of a cursor, all of them ASCII."""
VERSION = "1"


class StreamCursor(NamedTuple):
    """`resume`: where the client is; None for a cursor that says nothing about it. `poll`: the id of the polled stream to which
    it belongs; "" for none."""

    resume: Resume | None
    poll: str = ""


UNKNOWN = StreamCursor(None)


def cursor_of(epoch: str, uid: str, position: Iterable[tuple[str, int]], poll: str = "") -> str:
    """`position`: the `seq` of each log by its name on the wire, with `@me` first, and the others the sooner the more recently
    they were written to. An empty one makes a cursor that only says to which polled stream it belongs."""
    parts = [VERSION, poll, epoch, uid]
    room = LONGEST - len("~".join(parts)) - 1
    logs: list[str] = []
    for log, seq in position:
        part = f"{log}*{seq:x}"
        room -= len(part) + 1
        if room < 0 or not part.isascii():
            break
        logs.append(part)
    return "~".join((*parts, *logs))


def read_cursor(text: str) -> StreamCursor:
    """UNKNOWN for a text that is no cursor."""
    parts = text.split("~")
    if len(text) > LONGEST or len(parts) < 4 or parts[0] != VERSION:
        return UNKNOWN
    _, poll, epoch, uid, *logs = parts
    try:
        pairs = (one.split("*", 1) for one in logs)
        cursors = {log: int(seq, 16) for log, seq in pairs}
        resume = Resume(epoch=epoch, uid=uid, cursors=cursors) if ME in cursors else None
    except (ValueError, ValidationError):
        return UNKNOWN
    return StreamCursor(resume, poll)
