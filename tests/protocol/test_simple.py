"""The simple dialect without a socket: a frame in, an action out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suhbat.protocol import simple
from suhbat.protocol.closes import Close
from suhbat.protocol.events import MessageCreated
from suhbat.protocol.files import File
from suhbat.protocol.machine import Answer, Do, End, Unlimited
from suhbat.protocol.objects import Message


def link_to(file: File) -> str:
    """A link, as a server makes it."""
    return f"https://chat.example{file.url}?signed"


class Strict:
    """A meter that lets `allowed` frames pass and tolerates `patience` more."""

    def __init__(self, allowed: int, patience: int) -> None:
        self.allowed, self.left = allowed, patience

    def take(self, now: float) -> float:
        self.allowed -= 1
        return 0.0 if self.allowed >= 0 else 1.5

    def tolerates(self, now: float) -> bool:
        self.left -= 1
        return self.left >= 0


def machine(language: Any = "en") -> simple.SimpleMachine:
    return simple.SimpleMachine(language, Unlimited())


def refused(frame: str) -> dict[str, Any]:
    """The error in the answer to this frame. The connection must stay open."""
    action = machine().receive(frame, 0.0)
    assert isinstance(action, Answer)
    answer: dict[str, Any] = json.loads(action.frame)
    assert answer["type"] == "error"
    return answer


@pytest.mark.parametrize("to_user", ["", None])
def test_everybody(to_user: str | None) -> None:
    """An empty or null to_user means everybody, as in the first README."""
    action = machine().receive(json.dumps({"message": "Salom hammaga!", "to_user": to_user}), 0.0)
    assert isinstance(action, Do)
    assert action.command.message == "Salom hammaga!"
    assert not action.command.to_user


def test_missing_to_user_and_unknown_fields() -> None:
    """to_user may be missing, and unknown fields are ignored."""
    action = machine().receive('{"message": "salom", "later": [1, {"a": null}]}', 0.0)
    assert action == Do(simple.SimpleSend(message="salom"))


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "salom",
        "[]",
        "1",
        "null",
        '"text"',
        "{}",
        '{"to_user": "user2"}',
        '{"message": 5}',
        '{"message": null}',
        '{"message": ""}',
        '{"message": "  "}',
        '{"message": "a", "to_user": 7}',
        '{"message": "a", "to_user": ["b"]}',
        '{"message": "\\ud800"}',
        '{"message": "a\\u0000b"}',
        '{"message": NaN}',
        '{"message": "a", "later": NaN}',
        '\ufeff{"message": "a", "later": [-Infinity]}',
        json.dumps({"message": "a" * 4001}),
        "[" * 20_000,
        '{"message": ' + "9" * 5_000 + "}",
        '{"message": "a"',
    ],
)
def test_bad_frames_are_answered(frame: str) -> None:
    """Every invalid frame is answered with bad_request and a correct example, and the connection stays open."""
    answer = refused(frame)
    assert answer["code"] == "bad_request"
    assert '{"message": "Salom hammaga!", "to_user": ""}' in answer["message"]


def test_words_that_are_no_numbers_pass() -> None:
    """Only numbers that JSON does not have are refused, not texts about them."""
    said = "NaN, Infinity"
    assert machine().receive(json.dumps({"message": said}), 0.0) == Do(simple.SimpleSend(message=said))


def test_longest_message_passes() -> None:
    """A message may have 4,000 characters, even of four bytes each."""
    assert isinstance(machine().receive(json.dumps({"message": "🙂" * 4000}, ensure_ascii=False), 0.0), Do)


@pytest.mark.parametrize(("language", "word"), [("uz", "boʻsh"), ("ru", "пуст"), ("en", "empty")])
def test_errors_speak_the_readers_language(language: Any, word: str) -> None:
    """The text depends on the language, the code does not."""
    action = machine(language).receive('{"message": ""}', 0.0)
    assert isinstance(action, Answer)
    assert word in json.loads(action.frame)["message"]
    assert json.loads(action.frame)["code"] == "bad_request"


def test_binary_and_oversized_frames_close() -> None:
    """A binary frame closes with 1003, one over 64 KiB with 1009."""
    end = machine().receive(b"salom", 0.0)
    assert isinstance(end, End) and end.code is Close.UNSUPPORTED_DATA
    end = machine().receive("é" * 40_000, 0.0)
    assert isinstance(end, End) and end.code is Close.TOO_BIG


def test_a_flood_is_answered_and_then_ended() -> None:
    """A flood is answered with rate_limited and retry_after, then closed with 4029 after a last error."""
    flooded = simple.SimpleMachine("en", Strict(allowed=1, patience=1))
    assert isinstance(flooded.receive('{"message": "a"}', 0.0), Do)
    answer = flooded.receive('{"message": "a"}', 0.0)
    assert isinstance(answer, Answer)
    assert json.loads(answer.frame) | {"message": ""} == {
        "type": "error", "code": "rate_limited", "message": "", "retry_after": 1.5,
    }  # fmt: skip
    end = flooded.receive("not even JSON", 0.0)
    assert isinstance(end, End) and end.code is Close.RATE_LIMITED and end.frame is not None


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_every_frame_gets_exactly_one_action(frame: str | bytes) -> None:
    """No frame raises an exception or is left without an action."""
    assert isinstance(machine().receive(frame, 0.0), Do | Answer | End)


def created(text: str = "salom", *, deleted: bool = False, conversation: str = "lobby") -> MessageCreated:
    message = Message(
        conversation=conversation, seq=7, ordinal=3, sender="user1", sender_uid="u1", text=text,
        sent_at=1_700_000_000_123, deleted=deleted,
    )  # fmt: skip
    return MessageCreated(
        conversation=conversation, seq=7, at=1_700_000_000_123, actor="user1", actor_uid="u1", message=message
    )


class Viewer:
    def __init__(self, uid: str, user_id: str) -> None:
        self.uid, self.user_id = uid, user_id


def test_frames_are_as_the_contract_says() -> None:
    """Message, joined and left have the fields of docs/reference/simple.md, with the uid beside every name."""
    frame = simple.message_for(created(), Viewer("u1", "user1"), link_to, echo=True)
    assert frame is not None
    assert json.loads(frame) == {
        "type": "message", "conversation": "lobby", "seq": 7, "from_user": "user1", "from_uid": "u1", "to_user": "",
        "message": "salom", "sent_at": "2023-11-14T22:13:20.123Z",
    }  # fmt: skip
    assert json.loads(simple.joined("user1", "u1", 0))["message"] == "User user1 joined the chat"
    assert json.loads(simple.left("user1", "u1", 0))["message"] == "User user1 left the chat"


def test_a_private_message_is_for_its_reader_only() -> None:
    """In a direct, to_user is the reader's own name; the sender gets no copy, except of a note to themselves."""
    event = created(conversation="d1")
    frame = simple.message_for(event, Viewer("u2", "user2"), link_to, echo=False)
    assert frame is not None and json.loads(frame)["to_user"] == "user2"
    assert simple.message_for(event, Viewer("u1", "user1"), link_to, echo=False) is None
    assert simple.message_for(event, Viewer("u1", "user1"), link_to, echo=True) is not None


def test_deleted_messages_are_not_shown() -> None:
    """A deleted message is never sent again."""
    assert simple.message(created(deleted=True), "", link_to) is None
