"""However wrong a frame or a body is, few errors are made of it: 30,000 of them held up the event loop for 200 ms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from pydantic import TypeAdapter, ValidationError

from suhbat.config import Settings
from suhbat.protocol.bots import NewButtons
from suhbat.protocol.commands import COMMANDS, Resume, Send
from suhbat.protocol.simple import SimpleSend
from suhbat.protocol.types import MAX_CURSORS
from suhbat.runtime.app import create_app

ENOUGH = 4


def inputs() -> Iterator[tuple[str, Any]]:
    """What clients send: the core schemas, by name."""
    for model in (*COMMANDS, SimpleSend):
        yield model.__name__, model.__pydantic_core_schema__
    app = create_app(Settings(data=Path("never-made"))).fastapi
    for context in iter_route_contexts(app.routes):
        body: Any = getattr(context.original_route, "body_field", None)
        if body is not None:
            yield str(context.path), body._type_adapter.core_schema


def collections(schema: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The lists, tuples and objects of any keys in a core schema."""
    if isinstance(schema, dict):
        if schema.get("type") in ("list", "tuple", "set", "frozenset", "dict"):
            yield path, schema
        for key, value in schema.items():
            if key not in ("metadata", "default", "serialization"):
                yield from collections(value, f"{path}.{key}")
    elif isinstance(schema, list | tuple):
        for value in schema:
            yield from collections(value, path)


def test_lists_end_at_the_first_error() -> None:
    """Every list that clients send. Objects of any keys take any values, or are cursors, which have a check of their own."""
    found = [one for name, schema in inputs() for one in collections(schema, name)]
    assert len(found) > 20
    for path, schema in found:
        if schema["type"] == "dict":
            assert schema.get("values_schema", {"type": "any"})["type"] == "any" or "cursors" in path, path
        else:
            assert schema.get("fail_fast"), path


WRONG = {
    "buttons": (NewButtons, "[" + "[1]," * 16_000 + "[1]]"),
    "buttons in a row": (NewButtons, "[[" + "1," * 32_000 + "1]]"),
    "files": (Send, '{"type":"send","conversation":"lobby","text":"x","files":[' + "1," * 32_000 + "1]}"),
    **{
        f"cursors {key!r} {value!r}": (
            Resume, json.dumps({"epoch": "x", "cursors": {f"{key}{number}": value for number in range(3_000)}}),
        )
        for key, value in (("r", "x"), ("r", -1), ("r", 2**53), ("r", True), ("\0", 1), ("r" * 65, 1), ("\u2028", None))
    },
    "many cursors": (Resume, json.dumps({"epoch": "x", "cursors": {str(n): n for n in range(MAX_CURSORS + 1)}})),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_few_errors(name: str) -> None:
    """From JSON, as frames are read, and from Python, as bodies are."""
    type, text = WRONG[name]
    adapter: TypeAdapter[Any] = TypeAdapter(type)
    for validate, given in ((adapter.validate_json, text), (adapter.validate_python, json.loads(text))):
        with pytest.raises(ValidationError) as caught:
            validate(given)
        assert 1 <= caught.value.error_count() <= ENOUGH


def test_the_most_cursors() -> None:
    """As many as are allowed are taken, with the largest numbers and the longest ids."""
    cursors = {f"{number}".rjust(64, "r"): 2**53 - 1 for number in range(MAX_CURSORS - 1)} | {"@me": 0}
    assert Resume.model_validate_json(json.dumps({"epoch": "x", "cursors": cursors})).cursors == cursors
