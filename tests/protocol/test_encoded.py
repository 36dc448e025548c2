"""Frames that are encoded without their class, for speed, equal what the class would encode."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from suhbat.protocol import replies, simple
from suhbat.protocol.events import MessageCreated
from suhbat.protocol.objects import Message
from suhbat.protocol.replies import encode

texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=40)
numbers = st.integers(1, 2**53 - 1)
times = st.integers(0, 4_000_000_000_000)


@given(
    id=st.one_of(numbers, texts),
    conversation=texts,
    seq=numbers,
    ordinal=numbers,
    sent_at=times,
    duplicate=st.booleans(),
)
def test_the_answer_to_a_send(
    id: int | str, conversation: str, seq: int, ordinal: int, sent_at: int, duplicate: bool
) -> None:
    """`sent` equals an encoded `Sent`."""
    written = replies.Sent(
        id=id, conversation=conversation, seq=seq, ordinal=ordinal, sent_at=sent_at, duplicate=duplicate
    )
    assert json.loads(replies.sent(id, conversation, seq, ordinal, sent_at, duplicate)) == json.loads(encode(written))


@given(
    text=texts, name=st.text("abc", min_size=1, max_size=5), to_user=st.text("abc", max_size=5), seq=numbers, at=times
)
def test_a_message(text: str, name: str, to_user: str, seq: int, at: int) -> None:
    """`message` equals an encoded `SimpleMessage`, byte for byte."""
    said = Message(
        conversation="lobby", seq=seq, ordinal=seq, sender=name, sender_uid="u" + name, text=text, sent_at=at
    )
    event = MessageCreated(conversation="lobby", seq=seq, at=at, actor=name, actor_uid="u" + name, message=said)
    shown = simple.SimpleMessage(
        conversation="lobby", seq=seq, from_user=name, from_uid="u" + name, to_user=to_user, message=text, sent_at=at
    )
    assert simple.message(event, to_user) == encode(shown)
