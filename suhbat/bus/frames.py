"""The messages of the bus, as JSON. Events carry their content, so that the other nodes need not read the store."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Annotated, Any

from pydantic import ConfigDict, TypeAdapter

from suhbat.chat.model import Change
from suhbat.chat.ports import GrowthPart
from suhbat.protocol.event_marks import veil, veil_of
from suhbat.protocol.events import EVENT
from suhbat.protocol.extras import Extra, extra_of
from suhbat.protocol.files import File
from suhbat.protocol.live_message import LiveMessage
from suhbat.protocol.logged_events import LoggedEvent
from suhbat.protocol.types import Storable, parse_time
from suhbat.protocol.v1 import encode_event

BUCKETS = 1_024
"""Subjects over which the logs are spread. A subject for each log would cost NATS hundreds of MB at 100,000 logs."""
LARGEST = 512 * 1024
"""Bytes of one message. NATS allows 1 MB by default."""

_FIELDS: TypeAdapter[tuple[Any, ...]] = TypeAdapter(
    tuple[
        str,
        int,
        int | None,
        int,
        str,
        str,
        str,
        str | None,
        int | None,
        bool,
        int | None,
        int | None,
        int | None,
        int | None,
        tuple[File, ...],
        Extra | None,
    ],
    config=ConfigDict(strict=True),
)
"""The fields of a `LiveMessage`."""


_GREW: TypeAdapter[tuple[str, list[GrowthPart]]] = TypeAdapter(
    tuple[str, list[tuple[int, int | None, int, int, Annotated[str, Storable]]]]
)


@dataclass(frozen=True, slots=True)
class BusMessage:
    """One message of the bus, decoded."""

    entries: list[LoggedEvent] = field(default_factory=list)
    notice: tuple[str, bytes, str | None] | None = None
    grew: tuple[str, list[GrowthPart]] | None = None
    growth_asked: tuple[str, int] | None = None
    changes: list[Change] = field(default_factory=list)
    nudge: bool = False


def bucket_of(log: str) -> int:
    """The subject's number for a log. It must be the same on every node and in every version."""
    return int.from_bytes(blake2b(log.encode(), digest_size=4).digest(), "big") % BUCKETS


def events(entries: Iterable[LoggedEvent]) -> list[tuple[int, bytes]]:
    """Encode events as messages of about LARGEST bytes at most, each for one bucket, in order within each log. A larger event
    has a message of its own."""
    made: list[tuple[int, bytes]] = []
    collected: dict[int, list[bytes]] = {}
    sizes: dict[int, int] = {}

    def finish(bucket: int) -> None:
        made.append((bucket, b'{"events":[' + b",".join(collected.pop(bucket)) + b"]}"))
        del sizes[bucket]

    for log, event in entries:
        bucket = bucket_of(log)
        veiled = veil_of(event)
        more = b"" if veiled is None else b",%d" % veiled
        text = b"[" + json.dumps(log).encode() + b"," + encode_event(event) + more + b"]"
        if bucket in collected and sizes[bucket] + len(text) > LARGEST:
            finish(bucket)
        collected.setdefault(bucket, []).append(text)
        sizes[bucket] = sizes.get(bucket, 0) + len(text)
    for bucket in list(collected):
        finish(bucket)
    return made


def notice(log: str, payload: bytes, but: str | None) -> bytes:
    frame = base64.b64encode(payload).decode()
    return json.dumps({"notice": [log, frame, but]}, separators=(",", ":")).encode()


def grew(log: str, parts: Sequence[GrowthPart]) -> bytes:
    return json.dumps({"grew": [log, list(parts)]}, separators=(",", ":")).encode()


def growth_asked(log: str, seq: int) -> bytes:
    return json.dumps({"growth_asked": [log, seq]}, separators=(",", ":")).encode()


def changes(entries: Iterable[Change]) -> bytes:
    return json.dumps({"changes": list(entries)}, separators=(",", ":")).encode()


NUDGE = b'{"nudge":true}'


def read(data: bytes) -> BusMessage:
    """Decode a message of another node. Raises ValueError if it is none, for example one of another version."""
    try:
        return _read(json.loads(data), has_escapes=b"\\u" in data)
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError("a message of another form") from error


def _read(message: dict[str, Any], *, has_escapes: bool) -> BusMessage:
    if "events" in message:
        return BusMessage(entries=[_entry(has_escapes, *entry) for entry in message["events"]])
    if "notice" in message:
        log, frame, but = message["notice"]
        return BusMessage(notice=(log, base64.b64decode(frame), but))
    if "grew" in message:
        return BusMessage(grew=_GREW.validate_python(message["grew"]))
    if "growth_asked" in message:
        log, seq = message["growth_asked"]
        return BusMessage(growth_asked=(log, seq))
    return BusMessage(
        changes=[Change(*change) for change in message.get("changes", ())],
        nudge=bool(message.get("nudge")),
    )


def _entry(has_escapes: bool, log: str, event: dict[str, Any], veiled: int | None = None) -> LoggedEvent:
    if not isinstance(log, str):
        raise TypeError("no log")
    # Only an escape can bring in half a surrogate pair, which nothing can encode. The models refuse it.
    if event["type"] == "message.created" and not has_escapes:
        return LoggedEvent(log, _live_message(event, veiled))
    decoded = EVENT.validate_json(json.dumps(event))
    if veiled is not None:
        veil(decoded, veiled)
    return LoggedEvent(log, decoded)


def _live_message(event: dict[str, Any], veiled: int | None) -> LiveMessage:
    """A new message, which is nearly every event. Only the types of its values are checked: its node has validated it, and a
    model would take thirty times as long."""
    message = event["message"]
    fields = (
        event["conversation"],
        event["seq"],
        message["ordinal"],
        parse_time(event["at"]),
        event["actor"],
        event["actor_uid"],
        message["text"],
        message["client_id"],
        message["reply_to"],
        event.get("everyone", 0) > 0,
        message.get("thread"),
        message.get("thread_ordinal"),
        message.get("from_thread"),
        veiled,
        tuple(map(File.model_validate, message.get("files", ()))),
        extra_of(message),
    )
    return LiveMessage(*_FIELDS.validate_python(fields))
