"""Framing, times, and the frames of a dialect as a whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from suhbat.protocol.closes import Close, may_reconnect
from suhbat.protocol.commands import COMMANDS
from suhbat.protocol.events import EVENTS
from suhbat.protocol.framing import text_frames
from suhbat.protocol.notices import NOTICES
from suhbat.protocol.types import format_time, parse_time


def read(data: bytes) -> list[bytes]:
    """The messages that a client of the `websockets` library reads from these bytes."""
    client = ClientProtocol(parse_uri("ws://localhost/"), max_size=None)
    client.state = client.state.__class__.OPEN
    client.parser = client.parse()
    next(client.parser)
    client.reader.feed_data(data)
    client.parser.send(None)
    read: list[bytes] = []
    for event in client.events_received():
        assert isinstance(event, Frame) and event.opcode is Opcode.TEXT and event.fin
        read.append(bytes(event.data))
    return read


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
def test_a_client_reads_what_was_framed(length: int) -> None:
    """Each of the three encodings of a length is right at its limits (RFC 6455 §5.2)."""
    assert read(text_frames([b"a" * length])) == [b"a" * length]


@given(st.lists(st.text(max_size=300).map(str.encode), max_size=20))
def test_joined_frames_are_the_frames_joined(payloads: list[bytes]) -> None:
    """Many frames in one write are read as the same frames in the same order."""
    assert text_frames(payloads) == b"".join(text_frames([payload]) for payload in payloads)
    assert read(text_frames(payloads)) == payloads


@given(st.integers(0, 4_000_000_000_000))
def test_times_survive_the_wire(milliseconds: int) -> None:
    """A time survives formatting and parsing to the millisecond."""
    assert parse_time(format_time(milliseconds)) == milliseconds
    assert format_time(milliseconds).endswith("Z")


def test_types_are_unique() -> None:
    """A `type` has one meaning among the frames of a client, and one among those of the server."""
    for family in (COMMANDS, (*EVENTS, *NOTICES)):
        types = [str(member.model_fields["type"].annotation) for member in family]
        assert len(set(types)) == len(types)


@pytest.mark.parametrize("code", list(Close))
def test_who_may_come_back(code: Close) -> None:
    """Clients reconnect after 4000-4499, not after 4500-4999, and after other codes as docs/reference/close-codes.md says."""
    expected = 4000 <= code < 4500 or code in {1001, 1006, 1011, 1012, 1013}
    assert may_reconnect(code) is expected
