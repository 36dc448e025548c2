"""The messages of the bus: events are split into messages of a bearable size, and none is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from suhbat.bus import frames
from suhbat.protocol.event_marks import veil, veil_of
from suhbat.protocol.events import DraftChanged, MessageDeleted
from suhbat.protocol.extras import Extra, HookFace, MessageButton
from suhbat.protocol.files import File
from suhbat.protocol.live_message import LiveMessage
from suhbat.protocol.logged_events import LoggedEvent, model_of, own_log

from .test_contract import message


@pytest.mark.parametrize("place", [1, 2, 3])
def test_an_event_that_is_larger_than_a_message(place: int) -> None:
    """A very large event (an edited message with 15,000 reactions, for example) has a message of its own. All events
    are there, in order."""
    said = [message(seq, "x" * (2 * frames.LARGEST) if seq == place else "salom") for seq in range(1, 4)]
    made = frames.events(said)
    assert [entry for _, data in made for entry in frames.read(data).entries] == said
    assert sorted(len(frames.read(data).entries) for _, data in made) == ([1, 1, 1] if place == 2 else [1, 2])


_PICTURE = File(
    id="f1", name="o‘g‘il.jpg", type="image/jpeg", size=7, kind="image", width=3, duration=1.5, url="/files/f1/x.jpg"
)
_SAID = LiveMessage("lobby", 3, 2, 1_795_000_000_123, "ali", "u-ali", 'o‘g‘il "👍"\n', "k1", 1, everyone=True)


@pytest.mark.parametrize(
    "said",
    [
        _SAID,
        replace(_SAID, client_id=None, reply_to=None, everyone=False),
        replace(_SAID, at=0),
        replace(_SAID, ordinal=None, everyone=False, thread=2, thread_ordinal=1),
        replace(_SAID, ordinal=None, everyone=False, thread=2, thread_ordinal=1, veil=2),
        replace(_SAID, everyone=False, from_thread=2),
        replace(_SAID, text="", files=(_PICTURE, _PICTURE)),
        replace(
            _SAID,
            extra=Extra(
                actions=((MessageButton(label="o‘g‘il", id="1"),), (MessageButton(label="2", url="https://a"),))
            ),
        ),
        replace(_SAID, extra=Extra(hook=HookFace(name="CI", icon="🔥"), streaming=True, cut=True)),
    ],
)
def test_a_new_message(said: LiveMessage) -> None:
    """A new message arrives as it was published, whether a node published the record or, as another version does, the
    model."""
    for published in (said, model_of(said)):
        [(_, data)] = frames.events([LoggedEvent("lobby", published)])
        assert frames.read(data).entries == [LoggedEvent("lobby", said)]


def test_other_events() -> None:
    """Every other event arrives as a model, with the mark of those that some readers may not see."""
    draft = DraftChanged(conversation="@me", seq=1, at=5, actor="ali", actor_uid="u-ali", target="lobby", text="ertaga")
    deleted = MessageDeleted(
        conversation="lobby", seq=4, at=5, actor="ali", actor_uid="u-ali", target=3, ordinal=2, sender_uid="u-ali"
    )
    veil(deleted)
    of_reply = deleted.model_copy(update={"seq": 5})
    veil(of_reply, 1)  # a reply in the thread of the first message
    assert veil_of(of_reply) == 1
    for entry in (
        LoggedEvent(own_log("u-ali"), draft),
        LoggedEvent("lobby", deleted),
        LoggedEvent("lobby", of_reply),
    ):
        [(_, data)] = frames.events([entry])
        [received] = frames.read(data).entries
        assert received == entry and veil_of(received.event) == veil_of(entry.event)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no json",
        b'{"events":[["lobby",{"type":"message.created","conversation":"lobby"}]]}',
        b'{"events":[["lobby",{"type":"of a later version","conversation":"lobby","seq":1}]]}',
        b'{"events":[["lobby"]]}',
        b'{"events":[["lobby",{"type":"message.created","conversation":"lobby","seq":1,"at":null,"actor":"a","actor_uid":"a",'
        b'"message":{"ordinal":1,"text":"a","client_id":null,"reply_to":null}}]]}',
        b"5",
        b'{"notice":5}',
        b'{"changes":[5]}',
        b'{"events":' + b"[" * 100_000,
    ],
)
def test_a_message_of_another_form(data: bytes) -> None:
    """A message that this version cannot decode raises ValueError; the events are found in the store."""
    with pytest.raises(ValueError):
        frames.read(data)


@pytest.mark.parametrize(
    ("field", "other"),
    [
        (b'["lobby"', b"[7"),
        (b'"conversation":"lobby"', b'"conversation":5'),
        (b'"seq":3', b'"seq":"3"'),
        (b'"seq":3', b'"seq":1.5'),
        (b'"seq":3', b'"seq":true'),
        (b'"ordinal":2', b'"ordinal":{}'),
        (b'"at":"2026', b'"at":"yesterday'),
        (b'"actor":"ali"', b'"actor":7'),
        (b'"text":"', b'"text":null,"other":"'),
        (b'"text":"', b'"text":"\\ud800'),
        (b'"client_id":"k1"', b'"client_id":[]'),
        (b'"reply_to":1', b'"reply_to":"1"'),
        (b'"reply_to":1', b'"reply_to":1,"thread":"1"'),
    ],
)
def test_a_new_message_of_another_form(field: bytes, other: bytes) -> None:
    """Each value of a new message has its type, and each text can be encoded. Otherwise the hub would fail later, when it
    writes the events, and other connections would miss theirs."""
    [(_, data)] = frames.events([LoggedEvent("lobby", _SAID)])
    assert field in data
    with pytest.raises(ValueError):
        frames.read(data.replace(field, other, 1))


def test_a_new_message_with_escapes() -> None:
    """Control characters are escaped in JSON; such a message arrives as a model, with the same frame."""
    said = replace(_SAID, text="\x1b[1m\x7f\u2028")
    [(_, data)] = frames.events([LoggedEvent("lobby", said)])
    assert frames.read(data).entries == [LoggedEvent("lobby", model_of(said))]
