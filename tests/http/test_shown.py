"""Both documents have an example of everything, and the examples are valid."""

from __future__ import annotations

import itertools
import json
from functools import cache
from typing import Any, get_origin

import jsonschema_rs
import pytest
from fastapi.routing import iter_route_contexts
from pydantic import TypeAdapter

from suhbat.http import asyncapi
from suhbat.http.one_request import Forwarded
from suhbat.protocol.commands import COMMAND, COMMANDS
from suhbat.protocol.events import EVENT, EVENTS
from suhbat.protocol.examples import example
from suhbat.protocol.simple import SimpleSend
from tests.documented import document, operations
from tests.http.conftest import House


@cache
def components() -> dict[str, Any]:
    """The messages of the AsyncAPI document."""
    found: dict[str, Any] = asyncapi.document()["components"]
    return found


def valid(schema: Any, value: Any, described: dict[str, Any]) -> None:
    jsonschema_rs.Draft202012Validator({**schema, "components": described}, validate_formats=True).validate(value)


def test_the_operations() -> None:
    """The parameters in the path, the body and every success have an example that fits the schema. Only 204 and responses that
    are described as empty have no content."""
    described = document()["components"]
    for name, operation in operations().items():
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                valid(parameter["schema"], parameter["example"], described)
        shown = [operation["requestBody"]] if "requestBody" in operation else []
        shown += [answer for status, answer in operation["responses"].items() if status < 400]
        for content in itertools.chain.from_iterable(one.get("content", {}).values() for one in shown):
            valid(content["schema"], content["example"], described)
            assert content["example"] != {}, name


def has_json(operation: dict[str, Any]) -> bool:
    """Whether its body is JSON. That of an upload is a form, which no class reads."""
    return "application/json" in operation.get("requestBody", {}).get("content", {})


def test_bodies_are_taken(house: House) -> None:
    """The class of a body accepts its example, including the checks that a schema cannot express."""
    bodies = 0
    for route in iter_route_contexts(house.app.routes):
        for method in route.methods or ():
            described = operations().get((method, route.path_format or ""))
            if described is not None and has_json(described):
                bodies += 1
                if "/hooks/" in (route.path_format or "") and route.body_field is None:
                    continue  # any JSON object: what other programs send has no class
                # One endpoint also takes bodies that are no JSON, so it reads its own.
                model = Forwarded if route.body_field is None else route.body_field.field_info.annotation
                taken = TypeAdapter(model).validate_python(
                    described["requestBody"]["content"]["application/json"]["example"]
                )
                assert taken
                if isinstance(model, type) and get_origin(model) is None:
                    assert type(taken) is model
    assert bodies == sum(map(has_json, operations().values()))


def test_the_messages() -> None:
    """Every message of both dialects is described, and its example fits its payload."""
    assert components()["messages"]
    for name, message in components()["messages"].items():
        assert message["summary"], name
        ((shown),) = message["examples"]
        valid(message["payload"], shown["payload"], {"schemas": components()["schemas"]})
        assert shown["payload"].get("type", name) == message["name"]


def test_the_server_understands_its_examples() -> None:
    """The example of a command or event decodes as its class."""
    for model in COMMANDS:
        assert type(COMMAND.validate_json(json.dumps(payload(model)))) is model
    for event in EVENTS:
        assert type(EVENT.validate_json(json.dumps(payload(event)))) is event
    SimpleSend.model_validate_json(json.dumps(payload(SimpleSend)))


def payload(model: type) -> Any:
    return components()["messages"][model.__name__]["examples"][0]["payload"]


def test_an_example_is_put_together() -> None:
    """A field uses its own example, or that of its type; null and omission are the last resort."""
    schema = {
        "properties": {
            "of_type": {"$ref": "#/$defs/Name"},
            "own": {"$ref": "#/$defs/Name", "examples": ["vali"]},
            "many": {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/Name"}, {"type": "integer"}]}},
            "on": {"type": "boolean", "default": True},
            "kind": {"enum": ["room", "direct"]},
            "null": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "optional": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "off": {"type": "boolean", "default": False},
        },
        "required": ["of_type", "own", "many", "kind", "null"],
    }
    assert example(schema, {"Name": {"type": "string", "examples": ["ali"]}}) == {
        "of_type": "ali",
        "own": "vali",
        "many": ["ali"],
        "on": True,
        "kind": "room",
        "null": None,
    }


@pytest.mark.parametrize(
    "schema", [{"type": "string"}, {"type": "integer", "minimum": 1}, {"items": {"type": "string"}}]
)
def test_nothing_is_made_up(schema: dict[str, Any]) -> None:
    """A text or a number without an example is a mistake; neither document has one."""
    with pytest.raises(LookupError, match="no example"):
        example(schema, {})
