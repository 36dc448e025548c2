"""Records what clients asked, were told and received, and checks that one history of the logs explains all of it.

The method is that of Jepsen, but takes linear time: `seq` is dense, so every check compares numbers. All times are of
one clock, the observer's (simulated, or the machine's monotonic one).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from suhbat.protocol.types import ME

from .reading import Frame


class Place(NamedTuple):
    """The place of a message in a log. `ordinal`: None for a reply in a thread."""

    log: str
    seq: int
    ordinal: int | None


class Row(NamedTuple):
    """An event as stored at the end."""

    seq: int
    ordinal: int | None
    type: str
    actor_uid: str
    text: str | None
    client_id: str | None
    deleted: bool
    target: int | None
    data: str | None
    thread: int | None = None
    thread_ordinal: int | None = None
    files: tuple[str, ...] = ()
    """The files that the message shows, in order. See `shown`."""

    @property
    def is_message(self) -> bool:
        return self.type == "message.created"


ROWS = (
    "SELECT c.name, e.seq, e.ordinal, e.type, e.actor_uid, e.text, e.client_id, e.deleted, e.target, e.data, "
    "e.thread, e.thread_ordinal "
    "FROM events e JOIN conversations c ON c.id = e.conversation_id ORDER BY c.name, e.seq"
)
"""Selects the final logs in either database; `logs` groups its rows."""
FILES = (
    "SELECT c.name, f.seq, f.id FROM files f JOIN conversations c ON c.id = f.conversation_id "
    "WHERE f.seq IS NOT NULL ORDER BY c.name, f.seq, f.position"
)
"""Selects which messages show which files."""


def logs(found: Sequence[Sequence[Any]]) -> dict[str, list[Row]]:
    """The rows of ROWS by log."""
    made: dict[str, list[Row]] = defaultdict(list)
    for name, *rest in found:
        made[name].append(Row(*rest))
    return made


def shown(made: Mapping[str, Sequence[Row]], found: Sequence[tuple[str, int, str]]) -> dict[str, list[Row]]:
    """The logs with the files of the rows of FILES."""
    files: dict[tuple[str, int], list[str]] = defaultdict(list)
    for log, seq, id_ in found:
        files[log, seq].append(id_)
    return {
        log: [row._replace(files=tuple(files.pop((log, row.seq), ()))) for row in rows] for log, rows in made.items()
    }


@dataclass(slots=True)
class Said:
    """A message that somebody tried to send. `place`: it was acknowledged; `refused`: the code; neither: the outcome is
    unknown."""

    by: str
    log: str
    """The log it was meant for; "" for a direct by name."""
    text: str
    began: float
    place: Place | None = None
    told: float = 0.0
    refused: str = ""
    doubt: bool = False
    """It was sent before with an unknown outcome, so a later refusal proves nothing about it."""
    thread: int | None = None
    """The root of the thread for which it was meant."""
    files: tuple[str, ...] = ()
    """The ids of the files that it was to show, in this order."""


@dataclass(slots=True)
class Changed:
    """An edit (`text`) or a deletion (None) of the message at (log, target)."""

    log: str
    target: int
    text: str | None
    seq: int | None = None
    """The seq of its event, if it was acknowledged."""
    told: float = 0.0
    refused: bool = False


@dataclass(slots=True)
class Heard:
    """An event that a client received at this time, on a connection that began at `since`."""

    seq: int
    since: float
    at: float
    type: str
    client_id: str | None
    text: str | None
    applied: bool


@dataclass
class History:
    """The history, recorded while it happens. Keys are client_ids, unique over all clients."""

    said: dict[str, Said] = field(default_factory=dict)
    changed: list[Changed] = field(default_factory=list)
    heard: dict[tuple[str, str], list[Heard]] = field(default_factory=lambda: defaultdict(list))
    """By uid and log, in order, including events dropped as known."""
    committed: dict[tuple[str, int], float] = field(default_factory=dict)
    """When each event was committed, if the observer can see that."""
    duplicates: int = 0

    def invoke(self, by: str, key: str, log: str, text: str, now: float, files: Sequence[str] = ()) -> None:
        self.said.setdefault(key, Said(by, log, text, now, files=tuple(files)))

    def acknowledge(self, key: str, place: Place, now: float) -> None:
        """Raises AssertionError if two replies differ."""
        said = self.said[key]
        assert said.place in (None, place), f"{key} was acknowledged at {said.place} and at {place}"
        self.duplicates += said.place is not None
        if said.place is None:
            said.place, said.told = place, now

    def hear(self, uid: str, frame: Frame, since: float, now: float, *, applied: bool) -> None:
        message = frame.get("message")
        if not isinstance(message, dict):
            message = {}  # of some events it is the `seq` of one
        self.heard[uid, frame["conversation"]].append(
            Heard(frame["seq"], since, now, frame["type"], message.get("client_id"), message.get("text"), applied)
        )

    @property
    def acknowledged(self) -> int:
        return sum(said.place is not None for said in self.said.values())


def faults(history: History, final: Mapping[str, Sequence[Row]], uids: Mapping[str, str]) -> Iterator[str]:
    """All contradictions between the history, the final logs and the promises. `uids`: those of the clients' names."""
    for log, rows in final.items():
        yield from _dense(log, rows)
    yield from _messages(history, final, uids)
    yield from _real_time(history)
    texts = _texts(history, final)
    for (uid, log), heard in history.heard.items():
        rows = final.get(f"@me:{uid}" if log == ME else log, ())
        yield from _deliveries(uid, log, heard, rows)
        yield from _contents(history, log, heard, texts)
        if log != ME:
            yield from _strangers(history, uid, log, heard, rows)


def _dense(log: str, rows: Sequence[Row]) -> Iterator[str]:
    """`seq` is 1, 2, 3 …, and so is `ordinal` over messages, and `thread_ordinal` over the replies of each thread."""
    if [row.seq for row in rows] != list(range(1, len(rows) + 1)):
        yield f"{log}: seq is not dense: {[row.seq for row in rows]}"
    ordinals = [row.ordinal for row in rows if row.ordinal is not None]
    if ordinals != list(range(1, len(ordinals) + 1)):
        yield f"{log}: ordinal is not dense: {ordinals}"
    threads: dict[int | None, list[int]] = defaultdict(list)
    for row in rows:
        if row.thread_ordinal is not None:
            threads[row.thread].append(row.thread_ordinal)
    for root, found in threads.items():
        if found != list(range(1, len(found) + 1)):
            yield f"{log}: the ordinals of the thread {root} are not dense: {found}"


def _messages(history: History, final: Mapping[str, Sequence[Row]], uids: Mapping[str, str]) -> Iterator[str]:
    """Every acknowledged message is stored once, at its place, with its text and exactly its files in their order. No refused
    message is stored, and nothing else; no file is shown twice."""
    stored: dict[str, list[tuple[Place, Row]]] = defaultdict(list)
    for log, rows in final.items():
        for row in rows:
            if row.is_message:
                stored[row.client_id or ""].append((Place(log, row.seq, row.ordinal), row))
    edits: dict[tuple[str, int], list[Changed]] = defaultdict(list)
    for change in history.changed:
        edits[change.log, change.target].append(change)
    owners: dict[str, str] = {}
    """The message that shows a file, by the file."""
    for key, said in history.said.items():
        found = stored.pop(key, [])
        if len(found) > 1:
            yield f"{key} is stored {len(found)} times: {[place for place, _ in found]}"
        if said.place is not None and [place for place, _ in found] != [said.place]:
            yield f"{key} was acknowledged at {said.place} and is at {[place for place, _ in found]}"
        if said.refused and not said.doubt and found:
            yield f"{key} was refused as {said.refused} and is at {found[0][0]}"
        for place, row in found:
            for id_ in row.files:
                if (other := owners.setdefault(id_, key)) != key:
                    yield f"{id_} is shown by {other} and by {key}"
            if row.actor_uid != uids[said.by]:
                yield f"{key} of {said.by} is stored as {row.actor_uid}'s"
            if said.log and said.log != place.log:
                yield f"{key} was meant for {said.log} and is in {place.log}"
            if not _is_text(row, said.text, edits[place.log, place.seq]):
                yield f"{key} has another text: {row.text!r}"
            if row.files != (() if row.deleted else said.files):
                yield f"{key} shows {row.files}, not {said.files}{' (it is deleted)' if row.deleted else ''}"
    for key, rest in stored.items():
        yield f"phantom: {key or 'a message without a key'} at {[place for place, _ in rest]}, which nobody wrote"


def _is_text(row: Row, text: str, changes: Sequence[Changed]) -> bool:
    """Whether these changes can have left this text of a message."""
    done = [change for change in changes if change.seq is not None]
    if row.deleted:
        return not row.text and any(change.text is None for change in changes)
    if any(change.text is None for change in done):
        return False
    last = max((change.seq or 0 for change in done), default=0)
    possible = {change.text for change in changes if change.seq == last}
    possible |= {change.text for change in changes if change.seq is None and not change.refused}
    return row.text in (possible if last else possible | {text})


def _real_time(history: History) -> Iterator[str]:
    """G3: a message sent after the acknowledgement of another has a higher seq."""
    moments = [(said.told, 0, key) for key, said in history.said.items() if said.place is not None]
    moments += [(said.began, 1, key) for key, said in history.said.items() if said.place is not None]
    told: dict[str, tuple[int, str]] = {}
    for _, began, key in sorted(moments):
        place = history.said[key].place
        assert place is not None
        above, before = told.get(place.log, (0, ""))
        if not began:
            told[place.log] = max((place.seq, key), (above, before))
        elif place.seq <= above:
            yield f"{key} was sent after {before} was acknowledged at {above}, and got {place.seq}"


def _texts(history: History, final: Mapping[str, Sequence[Row]]) -> dict[tuple[str, str], set[str | None]]:
    """By log and key: the texts that a message may ever have had."""
    texts: dict[tuple[str, str], set[str | None]] = {}
    at: dict[tuple[str, int], set[str | None]] = {}
    for log, rows in final.items():
        for row in rows:
            if row.client_id is not None and row.client_id in history.said:
                at[log, row.seq] = texts[log, row.client_id] = {history.said[row.client_id].text}
    for change in history.changed:
        at.get((change.log, change.target), set()).add(change.text or "")
    return texts


def _deliveries(uid: str, log: str, heard: Sequence[Heard], rows: Sequence[Row]) -> Iterator[str]:
    """Applied events are in the log, once, in its order and with its content."""
    last = 0
    for one in heard:
        if not 1 <= one.seq <= len(rows):
            yield f"{uid} heard {log} {one.seq}, which is not in the log"
            continue
        row = rows[one.seq - 1]
        if (one.type, one.client_id) != (row.type, row.client_id if row.is_message else one.client_id):
            yield f"{uid} heard {log} {one.seq} as {one.type} {one.client_id}; it is {row.type} {row.client_id}"
        if one.applied:
            if one.seq <= last:
                yield f"{uid} applied {log} {one.seq} after {last}"
            last = one.seq


def _contents(
    history: History, log: str, heard: Sequence[Heard], texts: Mapping[tuple[str, str], set[str | None]]
) -> Iterator[str]:
    """Every text was written by somebody. A text deleted before a connection began never comes on that connection."""
    gone = {
        (change.log, change.target): change.told
        for change in history.changed
        if change.text is None and change.seq is not None
    }
    for one in heard:
        if one.type != "message.created":
            continue
        if one.text not in texts.get((log, one.client_id or ""), {None}):
            yield f"{log} {one.seq} was told as {one.text!r}"
        if one.text and gone.get((log, one.seq), one.since) < one.since:
            yield f"{log} {one.seq} was deleted, and a connection that began later was told {one.text!r}"


def _strangers(history: History, uid: str, log: str, heard: Sequence[Heard], rows: Sequence[Row]) -> Iterator[str]:
    """A user receives no event of a room from after they left until they joined again."""
    spans: list[tuple[int, int]] = []
    """The spans from joining to leaving, both included."""
    for row in rows:
        if row.type in ("member.joined", "member.left") and json.loads(row.data or "{}")["user"]["uid"] == uid:
            if row.type == "member.joined":
                spans.append((row.seq, len(rows)))
            else:
                spans[-1:] = [(spans[-1][0] if spans else 0, row.seq)]
    if not spans:
        return
    for one in heard:
        back = any(begin > one.seq and history.committed.get((log, begin), 0.0) <= one.at for begin, _ in spans)
        if not back and not any(begin - 1 <= one.seq <= end for begin, end in spans):
            yield f"{uid} is told of {log} {one.seq}, and is a member in {spans} only"
