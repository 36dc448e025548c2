"""Limits are for what clients send. What the server sends has none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from annotated_types import BaseMetadata
from fastapi.routing import iter_route_contexts
from pydantic import AfterValidator, BaseModel

from suhbat.chat.model import RoomLine
from suhbat.chat.room_administration import RoomsReply
from suhbat.config import Settings
from suhbat.identity.administration import AccountsReply
from suhbat.protocol.events import EVENTS
from suhbat.protocol.notices import NOTICES
from suhbat.protocol.problem import Problem
from suhbat.protocol.replies import REPLIES, Snapshot
from suhbat.protocol.simple import SIMPLE_FRAMES
from suhbat.protocol.types import Schema
from suhbat.runtime.app import create_app


def answers() -> Iterator[Any]:
    """The classes of the responses over HTTP."""
    app = create_app(Settings(data=Path("never-made"))).fastapi
    for context in iter_route_contexts(app.routes):
        route = getattr(context, "route", context)
        yield getattr(route, "response_model", None) or getattr(context, "response_model", None)
        for response in (getattr(route, "responses", None) or getattr(context, "responses", None) or {}).values():
            yield response.get("model")


def models() -> list[type[BaseModel]]:
    """Every class that is sent, with the classes of its fields."""
    found: dict[type[BaseModel], None] = {}
    waiting: list[Any] = [
        *EVENTS, *NOTICES, *REPLIES, *SIMPLE_FRAMES, Problem, AccountsReply, RoomsReply, RoomLine, *answers(),
    ]  # fmt: skip
    while waiting:
        one = waiting.pop()
        if isinstance(one, type) and issubclass(one, BaseModel):
            if one not in found:
                found[one] = None
                waiting += [field.annotation for field in one.model_fields.values()]
        else:
            waiting += getattr(one, "__args__", ())
    return list(found)


def limits(schema: Any, path: str = "") -> Iterator[str]:
    """The JSON Schema keywords of limits and patterns, wherever they are in a schema."""
    words = {
        "maxLength", "minLength", "maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum", "maxItems", "minItems",
        "maxProperties", "minProperties", "pattern", "multipleOf",
    }  # fmt: skip
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key in words and not isinstance(value, dict):
                yield f"{path}: {key}"
            elif key not in ("examples", "default", "const", "enum"):
                yield from limits(value, f"{path}.{key}")
    elif isinstance(schema, list):
        for value in schema:
            yield from limits(value, path)


def test_they_are_found() -> None:
    """The walk finds events, replies, notices, their parts, and the responses over HTTP."""
    names = {model.__name__ for model in models()}
    assert {
        "MessageCreated",
        "Snapshot",
        "ConversationState",
        "Reaction",
        "Conversations",
        "Members",
        "Posted",
    } <= names
    assert len(names) > 60


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_no_model_that_goes_out_has_a_limit(model: type[BaseModel]) -> None:
    """There is no limit of length, range or pattern: an account at its limits must be able to connect."""
    assert list(limits(model.model_json_schema(mode="validation"), model.__name__)) == []
    for name, field in model.model_fields.items():
        assert not [one for one in field.metadata if isinstance(one, BaseMetadata | AfterValidator)], name


def test_a_full_account_has_a_snapshot() -> None:
    """A snapshot of any number of conversations, with any stored values, can be sent."""
    cursors = {f"r{number}" * 40: -1 for number in range(6_000)}
    assert Snapshot(conversations=(), users=(), cursors=cursors).cursors == cursors
    assert issubclass(Snapshot, Schema)
