"""Decoding frames of the wire."""

from __future__ import annotations

import json

import pytest

from suhbat.client.frames import BadFrame, OtherEvent, decode
from suhbat.protocol.events import ConversationRemoved
from suhbat.protocol.notices import TypingNotice
from suhbat.protocol.replies import CaughtUp, Error, Ok, Removed, Sent, encode

from .parts import added, message, pong, removed, reset, snapshot, welcome, wire


@pytest.mark.parametrize(
    "frame",
    [
        welcome(), snapshot(lobby=3), reset("d1", 4), CaughtUp(), pong(lobby=3), message(1), added(1, "d1", 2),
        removed(2, "d1"), Removed(conversation="d1", removed="d1"),
        TypingNotice(conversation="lobby", user_id="anna", uid="ua"),
    ],
)  # fmt: skip
def test_what_the_server_says_is_read_back(frame: object) -> None:
    """Every kind of frame is decoded to an equal object, times and tuples included."""
    assert wire(frame) == frame


def test_removed_is_an_event_or_a_reply() -> None:
    """`conversation.removed` with a `seq` is an event of the user's own log, without one a reply."""
    assert isinstance(wire(removed(2, "d1")), ConversationRemoved)
    assert isinstance(wire(Removed(conversation="d1", removed="d1")), Removed)


def test_an_error_with_a_scope_of_a_later_server() -> None:
    """It is an error like any other: a server that is newer than the SDK must not end the connection."""
    frame = decode('{"type":"error","id":"1","code":"slow","message":"?","retry_after":3,"scope":"thread"}')
    assert isinstance(frame, Error) and frame.scope == "thread"


def test_ok_is_bare() -> None:
    """An `ok` is decoded without the fields that depend on its command."""
    assert wire(Sent(id=7, conversation="lobby", seq=1, ordinal=1, sent_at=0)) == Ok(id=7)


def test_unknown_events_keep_all_they_say() -> None:
    """An unknown event keeps all its fields. So does a known one whose fields have changed incompatibly."""
    event = decode(b'{"type":"poll.opened","conversation":"lobby","seq":3,"question":"Osh?"}')
    assert isinstance(event, OtherEvent) and event.model_extra == {"question": "Osh?"}
    changed = decode(json.dumps(json.loads(encode(message(1))) | {"message": None}))
    assert isinstance(changed, OtherEvent) and changed.seq == 1


@pytest.mark.parametrize("data", ['{"type":"weather","degrees":41}', '{"kind":1}', '{"type":"typing","user_id":3}'])
def test_what_is_not_known_is_ignored(data: str) -> None:
    """Unknown frames and notices that cannot be decoded are ignored, so that the protocol can grow."""
    assert decode(data) is None


@pytest.mark.parametrize(
    "data",
    [
        "",
        "[]",
        "nonsense",
        "\x00",
        '{"type":"welcome"}',
        '{"type":"snapshot","conversations":1}',
        '{"type":"x","seq":"1"}',
    ],
)
def test_what_cannot_be_done_without(data: str) -> None:
    """A frame that is not a JSON object is refused, and so is a frame of the opening, a reply or an event that cannot
    be decoded."""
    with pytest.raises(BadFrame):
        decode(data)
