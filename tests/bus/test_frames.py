"""The messages of the bus: events are split into messages of a bearable size, and none is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from suhbat.bus import frames
from suhbat.protocol.events import DraftChanged, LoggedEvent, MessageDeleted, model_of, own_log, veil, veil_of
from suhbat.protocol.live_message import LiveMessage

from .test_contract import message


@pytest.mark.parametrize("place", [1, 2, 3])
def test_an_event_that_is_larger_than_a_message(place: int) -> None:
    """A very large event (an edited message with 15,000 reactions, for example) has a message of its own. All events
    are there, in order."""
    said = [message(seq, "x" * (2 * frames.LARGEST) if seq == place else "salom") for seq in range(1, 4)]
    made = frames.events(said)
    assert [entry for _, data in made for entry in frames.read(data).entries] == said
    assert sorted(len(frames.read(data).entries) for _, data in made) == ([1, 1, 1] if place == 2 else [1, 2])


_SAID = LiveMessage("lobby", 3, 2, 1_795_000_000_123, "ali", "u-ali", 'o‘g‘il "👍"\n', "k1", 1, everyone=True)


@pytest.mark.parametrize(
    "said", [_SAID, replace(_SAID, client_id=None, reply_to=None, everyone=False), replace(_SAID, at=0)]
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
    for entry in (LoggedEvent(own_log("u-ali"), draft), LoggedEvent("lobby", deleted)):
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
    ],
)
def test_a_message_of_another_form(data: bytes) -> None:
    """A message that this version cannot decode raises ValueError; the events are found in the store."""
    with pytest.raises(ValueError):
        frames.read(data)
