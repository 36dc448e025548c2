"""The quick validators of the most frequent frames: the result and the errors are those of the classes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from suhbat.protocol import commands, quick
from suhbat.protocol.commands import COMMAND, Send
from suhbat.protocol.simple import SimpleSend, send_of
from suhbat.protocol.types import MAX_INTEGER, MAX_TEXT
from suhbat.protocol.v1 import command_of

texts = st.sampled_from(
    ["", " ", "\n", "salom", "@ali", "Салом 🙂", 'a"b\\c', "a\0", "\ud800", "x" * 65, "x" * 129, "x" * (MAX_TEXT + 1)]
)
numbers = st.sampled_from([0, -1, 1, 7, MAX_INTEGER, MAX_INTEGER + 1, 2**70])
values = (
    texts
    | numbers
    | st.sampled_from([None, True, False, 1.5, 1.0, [], {}, ["lobby"], ["f1", "f2"], [""], ["f"] * 11, [5]])
)
NAMES = ("id", "type", "conversation", "to_user", "uid", "text", "client_id", "reply_to", "message", "files", "other")
good: dict[str, Any] = {"type": "send", "id": 5, "conversation": "lobby", "text": "salom", "client_id": "c1"}


@st.composite
def frames(draw: st.DrawFn) -> str:
    """A send, mostly with one or two fields replaced, left out or said twice; with or without escapes; perhaps no JSON."""
    fields = list((good | {"message": "salom"}).items())
    for _ in range(draw(st.integers(0, 3))):
        fields.insert(draw(st.integers(0, len(fields))), (draw(st.sampled_from(NAMES)), draw(values)))
    if draw(st.booleans()):
        del fields[draw(st.integers(0, len(fields) - 1))]
    ascii_ = draw(st.booleans())
    said = ",".join(f"{json.dumps(name)}:{json.dumps(value, ensure_ascii=ascii_)}" for name, value in fields)
    return draw(st.sampled_from(["{", "{ ", "\ufeff{", "{,", "[{"])) + said + "}"


def outcome(decode: Callable[[str], BaseModel], text: str) -> object:
    try:
        made = decode(text)
    except ValidationError as error:
        return repr(error.errors(include_url=False))
    except UnicodeEncodeError:
        return "not UTF-8"
    return type(made), dict(made), made.model_fields_set


@given(text=frames())
@example(text='{"type":"ping","type":"send","text":"a","conversation":"b"}')
@example(text='{"type":"send","type":"ping","text":"a","conversation":"b"}')
@example(text='{"type":"send","text":"a","conversation":"b","to_user":"c"}')
@example(text='{"type":"send","text":"a"}')
@example(text='{"type":"send","conversation":"lobby","text":"a","actions":[[{"label":"a","id":"b"}]]}')
@example(text='{"type":"send","conversation":"lobby","text":"a","actions":[[{"label":"a"}]]}')
@example(
    text='{"type":"send","conversation":"lobby","text":"a","actions":[[{"label":"a","id":"b"},{"label":"a","id":"b"}]]}'
)
def test_a_command(text: str) -> None:
    """A frame is decoded, or refused with the same errors, as by the union of all commands."""
    assert outcome(command_of, text) == outcome(COMMAND.validate_json, text)


@given(text=frames())
@example(text='{"message":"a","to_user":" "}')
@example(text='{"message":"a","to_user":null}')
def test_a_simple_frame(text: str) -> None:
    """The same in the simple dialect."""
    assert outcome(send_of, text) == outcome(SimpleSend.model_validate_json, text)


def test_a_send_is_validated_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """An ordinary send does not need the slow validator."""
    monkeypatch.setattr(commands, "COMMAND", None)
    assert command_of(json.dumps(good)) == Send(**good)


@pytest.mark.parametrize(
    ("model", "known"),
    [
        (Send, {"_scalar", "_storable", "_one_target", "_one_effect", "_link", "_not_too_many"}),
        (SimpleSend, {"_storable", "_not_blank", "strip"}),
    ],
)
def test_what_is_left_out_is_known(model: type[BaseModel], known: set[str]) -> None:
    """The validators in Python are those that `command_of` and `send_of` make up for. A new one must be considered there."""
    schema = model.__pydantic_core_schema__
    assert {call.__name__ for call in calls(schema)} == known
    assert list(calls(quick._without_calls(schema))) == []


def calls(schema: Any) -> Iterator[Any]:
    if isinstance(schema, dict):
        if "function" in schema and schema["type"].startswith("function-"):
            yield schema["function"]["function"]
        for name, part in schema.items():
            if name != "serialization":
                yield from calls(part)
    elif isinstance(schema, list | tuple):
        for part in schema:
            yield from calls(part)
