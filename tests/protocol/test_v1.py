"""The v1 dialect without a socket: states, ids, and arbitrary sequences of frames."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suhbat.errors import RateLimited
from suhbat.protocol.closes import Close
from suhbat.protocol.commands import COMMANDS, Hello, Ping, Send
from suhbat.protocol.machine import Answer, Do, End, Unlimited
from suhbat.protocol.replies import encode, refusal
from suhbat.protocol.types import MAX_CURSORS
from suhbat.protocol.v1 import V1Machine, V1State, command_id

HELLO = '{"type": "hello", "id": 1, "token": "t"}'


def machine(*, open: bool = True) -> V1Machine:
    fresh = V1Machine("en", Unlimited())
    if open:
        assert isinstance(fresh.receive(HELLO, 0.0), Do)
    return fresh


def error(action: object) -> dict[str, Any]:
    assert isinstance(action, Answer | End) and action.frame is not None
    answer: dict[str, Any] = json.loads(action.frame)
    assert answer["type"] == "error"
    return answer


def test_hello_opens() -> None:
    """hello is executed once; after it the machine is open."""
    fresh = machine(open=False)
    action = fresh.receive(HELLO, 0.0)
    assert isinstance(action, Do) and isinstance(action.command, Hello)
    assert fresh.state is V1State.OPEN


def test_anything_else_first_is_4501() -> None:
    """Before hello every other command is refused with unauthenticated, and the connection is closed."""
    action = machine(open=False).receive('{"type": "ping", "id": 9}', 0.0)
    assert isinstance(action, End) and action.code is Close.UNAUTHENTICATED
    assert error(action) | {"message": ""} == {"type": "error", "id": 9, "code": "unauthenticated", "message": ""}


def test_nonsense_first_is_answered_and_time_runs_on() -> None:
    """An invalid frame is answered with an error; the connection still waits for hello, and times out with 4501."""
    fresh = machine(open=False)
    assert error(fresh.receive("{}", 0.0))["code"] == "bad_request"
    end = fresh.expire_hello()
    assert end is not None and end.code is Close.UNAUTHENTICATED
    assert fresh.expire_hello() is None


def test_late_is_nothing_once_open() -> None:
    """The deadline of hello does not close a connection that has sent it."""
    assert machine().expire_hello() is None


def test_hello_twice() -> None:
    """A second hello is an error, and the connection stays open."""
    assert error(machine().receive(HELLO, 0.0))["code"] == "bad_request"


@pytest.mark.parametrize(
    "id", [0, -1, 2**53 - 1, 2**53, 1_795_000_000_123_456_789, 2**63 - 1, "", "a", "ў", "x" * 128, "😀"]
)
def test_ids_come_back(id: int | str) -> None:
    """An id is an integer of 64 bits, as a clock in nanoseconds gives, or a string. An error has it as well."""
    action = machine().receive(json.dumps({"type": "ping", "id": id}), 0.0)
    assert action == Do(Ping(type="ping", id=id))
    assert error(machine().receive(json.dumps({"type": "dance", "id": id}), 0.0))["id"] == id


@pytest.mark.parametrize("id", ["true", "1.5", "[]", "{}", str(2**63), "1" * 30, "1e400", "NaN", '"' + "a" * 129 + '"'])
def test_bad_ids(id: str) -> None:
    """Any other id is a bad request, whose answer has no id, and says what an id is without the words of a library."""
    answer = error(machine().receive(f'{{"type": "ping", "id": {id}}}', 0.0))
    assert answer["code"] == "bad_request"
    assert "id" not in answer
    assert "id is a string of up to 128 characters" in answer["message"] or "not JSON" in answer["message"]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"text": "a"},
        {"conversation": "lobby"},
        {"conversation": "lobby", "to_user": "b", "text": "a"},
        {"conversation": "lobby", "text": ""},
        {"conversation": "lobby", "text": "a" * 4001},
        {"conversation": "lobby", "text": "a", "reply_to": 0},
        {"conversation": "lobby", "text": "a", "reply_to": "1"},
        {"conversation": "lobby", "text": "a", "client_id": ""},
        {"conversation": "lobby", "text": "a", "client_id": 4},
        {"conversation": 5, "text": "a"},
        {"conversation": "lobby", "text": "a\0"},
        {"conversation": "lobby", "text": "", "files": []},
        {"conversation": "lobby", "text": "a", "files": "f1"},
        {"conversation": "lobby", "text": "a", "files": ["f"] * 11},
    ],
)
def test_bad_sends(fields: dict[str, object]) -> None:
    """A send without a text, with two targets or with wrong types is a bad request with the reason."""
    answer = error(machine().receive(json.dumps({"type": "send", "id": 3, **fields}), 0.0))
    assert answer["code"] == "bad_request" and answer["id"] == 3
    assert len(answer["message"]) > 20


def test_a_text_may_be_empty_beside_files() -> None:
    """A send with files needs no text, and an edit may remove it."""
    for command in (
        {"type": "send", "conversation": "lobby", "text": "", "files": ["f1"]},
        {"type": "edit", "conversation": "lobby", "seq": 1, "text": ""},
    ):
        assert isinstance(machine(open=True).receive(json.dumps(command), 0.0), Do)


def test_what_only_the_server_sets_is_ignored() -> None:
    """sender, seq and role in a send are unknown fields and ignored."""
    action = machine().receive(
        '{"type":"send","conversation":"lobby","text":"a","sender":"root","seq":1,"role":"owner"}', 0.0
    )
    assert action == Do(Send(type="send", conversation="lobby", text="a"))


def test_binary_and_oversized() -> None:
    """A binary frame closes with 1003, one over 64 KiB with 1009."""
    end = machine().receive(b"{}", 0.0)
    assert isinstance(end, End) and end.code is Close.UNSUPPORTED_DATA
    end = machine().receive(" " * 65_537, 0.0)
    assert isinstance(end, End) and end.code is Close.TOO_BIG


def test_a_flood_is_answered_by_id() -> None:
    """A command that exceeds the rate is refused with its id."""

    class Full:
        def take(self, now: float) -> float:
            return 2.0

        def tolerates(self, now: float) -> bool:
            return True

    flooded = machine()
    flooded.meter = Full()
    answer = error(flooded.receive('{"type": "ping", "id": 6}', 0.0))
    assert answer["code"] == "rate_limited" and answer["id"] == 6 and answer["retry_after"] == 2.0


@pytest.mark.parametrize(
    ("wait", "told", "said"), [(0.0004, 0.001, "0.1 s"), (1.2344, 1.235, "1.3 s"), (2.0, 2.0, "2.0 s")]
)
def test_who_comes_back_when_told_is_not_too_early(wait: float, told: float, said: str) -> None:
    """A wait is rounded up, for programs and for people: a shorter one would end in another refusal."""

    class Full:
        def take(self, now: float) -> float:
            return wait

        def tolerates(self, now: float) -> bool:
            return True

    flooded = machine()
    flooded.meter = Full()
    answer = error(flooded.receive('{"type": "ping", "id": 6}', 0.0))
    assert answer["retry_after"] == told and said in answer["message"]


def test_an_error_says_which_commands_must_wait() -> None:
    """`scope` is there only where not all commands must wait."""
    slowed = refusal(RateLimited(retry_after=9, scope="conversation"), "en", 4)
    assert json.loads(encode(slowed))["scope"] == "conversation"
    assert "scope" not in json.loads(encode(refusal(RateLimited(retry_after=9), "en", 4)))


def test_more_cursors_than_are_taken() -> None:
    """They are refused with a text that states the limit and what happens to the rest. The connection stays as it is: `hello`
    may be sent again, and an open connection goes on."""
    cursors = {f"{number:x}": 1 for number in range(MAX_CURSORS + 1)}
    resume = {"epoch": "e", "cursors": cursors}
    fresh = machine(open=False)
    for asked, frame in (
        (fresh, {"type": "hello", "id": 1, "token": "t", "resume": resume}),
        (machine(), {"type": "sync", "id": 1, "cursors": cursors}),
    ):
        said = json.dumps(frame, separators=(",", ":"))
        was = asked.state
        answer = asked.receive(said, 0.0)
        assert isinstance(answer, Answer) and asked.state is was
        assert (error(answer)["code"], error(answer)["id"]) == ("bad_request", 1)
        assert f"more than {MAX_CURSORS:,} cursors" in error(answer)["message"]
        cursors.popitem()
        assert isinstance(asked.receive(json.dumps(frame, separators=(",", ":")), 0.0), Do)
        cursors["one-more"] = 1


def test_doubled_keys_take_the_last() -> None:
    """Of two equal keys the last one counts, for the command and for its id alike."""
    assert machine().receive('{"type":"hello","type":"ping","id":1,"id":2}', 0.0) == Do(Ping(type="ping", id=2))
    assert command_id('{"id":1,"id":2}') == 2


@pytest.mark.parametrize(
    ("frame", "id"),
    [
        ('{"type":"send","id":7,"conversation":"lobby","text":"\\ud800"}', 7),
        ('{"type":"send","conversation":"lobby","text":"a\\uDFFF","id":"x"}', "x"),
        ('\ufeff{"type":"send","id":8,"conversation":"lobby","client_id":"\\ud83d","text":"a"}', 8),
        ('{"type":"send","id":"\\ud800","conversation":"lobby","text":"a"}', None),
        ('{"type":"send","id":9,"text":"\\ud800"', None),
        ('{"id":9,"x":"\\ud800","y":' + "[" * 20_000, None),
        ('{"type":"ping","id":10,"x":NaN}', 10),
        ('{"type":"ping","id":11,"x":[-Infinity]}', 11),
    ],
)  # fmt: skip
def test_an_error_of_json_carries_the_id(frame: str, id: int | str | None) -> None:
    """A command is refused for half of a surrogate pair, or for a number that JSON does not have, in whatever field; its
    answer has the `id`, so that a client that waits for it is not left waiting."""
    refusal = error(machine().receive(frame, 0.0))
    assert (refusal["code"], refusal.get("id")) == ("bad_request", id)


names = st.sampled_from([command.model_fields["type"].annotation.__args__[0] for command in COMMANDS])
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10) | st.text(max_size=5) | st.sampled_from(["lobby", "@me"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
fields = st.sampled_from(
    ["id", "token", "resume", "conversation", "to_user", "text", "client_id", "seq", "ordinal", "limit", "cursors"]
)
objects = st.builds(lambda name, rest: {"type": name, **rest}, names, st.dictionaries(fields, values, max_size=5))
frames = objects.map(json.dumps) | st.text(max_size=50) | st.binary(max_size=20) | st.just(HELLO)


@given(st.lists(frames, max_size=12))
def test_any_sequence_of_frames(sequence: list[str | bytes]) -> None:
    """Each frame gets exactly one action: no command before hello, at most one hello, nothing after the end."""
    driven = V1Machine("uz", Unlimited())
    hellos = 0
    for frame in sequence:
        was = driven.state
        action = driven.receive(frame, 0.0)
        assert isinstance(action, Do | Answer | End)
        if isinstance(action, Do):
            assert (was is V1State.SILENT) == isinstance(action.command, Hello)
            hellos += isinstance(action.command, Hello)
        if isinstance(action, End):
            assert driven.state is V1State.ENDED
            break
        if isinstance(action, Answer):
            assert json.loads(action.frame)["message"]
            assert driven.state is was
    assert hellos <= 1
