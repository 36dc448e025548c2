"""`/asyncapi.json`: the frames of the sockets, generated from the classes that encode and decode them (AsyncAPI 3.0)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from inspect import cleandoc
from typing import Any, Literal

from fastapi.responses import JSONResponse
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from suhbat import __version__
from suhbat.protocol import simple
from suhbat.protocol.closes import Close, may_reconnect
from suhbat.protocol.commands import COMMANDS
from suhbat.protocol.events import EVENTS
from suhbat.protocol.examples import example
from suhbat.protocol.notices import NOTICES
from suhbat.protocol.replies import REPLIES

from .routing import apart

router = apart(include_in_schema=False)

Classes = Sequence[type[BaseModel]]
Mode = Literal["validation", "serialization"]

SIMPLE_IN: Classes = (simple.SimpleSend,)
SIMPLE_OUT: Classes = (
    simple.SimpleJoined,
    simple.SimpleLeft,
    simple.SimpleMessage,
    simple.SimpleSent,
    simple.SimpleError,
)
V1_OUT: Classes = (*REPLIES, *EVENTS, *NOTICES)


@router.get("/asyncapi.json")
async def show() -> JSONResponse:
    """Answer with the document."""
    return JSONResponse(document())


@cache
def document() -> dict[str, Any]:
    """The AsyncAPI document. Its operations are from the server's side, as AsyncAPI requires: `receive` means a command."""
    wanted: list[tuple[type[BaseModel], Mode]] = [(model, "validation") for model in (*SIMPLE_IN, *COMMANDS)]
    wanted += [(model, "serialization") for model in (*SIMPLE_OUT, *V1_OUT)]
    references, definitions = models_json_schema(wanted, ref_template="#/components/schemas/{model}")
    schemas = definitions.get("$defs", {})
    messages = {model.__name__: _message(model, references[(model, mode)], schemas) for model, mode in wanted}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Suhbat",
            "version": __version__,
            "description": _closes(),
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "simple": {
                "address": "/ws/{user_id}",
                "description": "The simple dialect: no handshake, no token. Opening it makes you a guest with this name.",
                "parameters": {"user_id": {"description": "Your name: 1-32 letters of one alphabet, digits, _ - ."}},
                "messages": _references((*SIMPLE_IN, *SIMPLE_OUT)),
                "bindings": {"ws": {"method": "GET"}},
            },
            "v1": {
                "address": "/api/v1/ws",
                "description": "Subprotocol suhbat.v1 (optional). Send hello within 10 s.",
                "messages": _references((*COMMANDS, *V1_OUT)),
                "bindings": {"ws": {"method": "GET"}},
            },
        },
        "operations": {
            "receiveSimple": _operation("receive", "simple", SIMPLE_IN, "A message to everybody or to one person."),
            "sendSimple": _operation(
                "send", "simple", SIMPLE_OUT, "Messages, joins and leaves, and the result of a send."
            ),
            "receiveCommand": _operation(
                "receive", "v1", COMMANDS, "The commands of a client; `hello` must be the first."
            ),
            "sendReply": _operation(
                "send", "v1", REPLIES, "Replies to commands, by `id`, and the frames of an opening."
            ),
            "sendEvent": _operation("send", "v1", EVENTS, "Durable events; each log numbers them with a dense `seq`."),
            "sendNotice": _operation("send", "v1", NOTICES, "Ephemeral notices, which may be dropped."),
        },
        "components": {"messages": messages, "schemas": schemas},
    }


def _message(model: type[BaseModel], reference: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    kind = model.model_fields.get("type")
    name = kind.annotation.__args__[0] if kind is not None and kind.annotation is not None else model.__name__
    return {
        "name": name,
        "title": model.__name__,
        "summary": cleandoc(model.__doc__ or ""),
        "payload": reference,
        "examples": [{"payload": example(reference, schemas)}],
    }


def _references(models: Classes) -> dict[str, Any]:
    return {model.__name__: {"$ref": f"#/components/messages/{model.__name__}"} for model in models}


def _operation(action: Literal["send", "receive"], channel: str, models: Classes, summary: str) -> dict[str, Any]:
    return {
        "action": action,
        "summary": summary,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{model.__name__}"} for model in models],
    }


def _closes() -> str:
    lines = (f"- {code.value} {code.name}: {_advice(code)}" for code in Close)
    return "\n".join(("How a connection ends:", "", *lines))


def _advice(code: Close) -> str:
    return "reconnect" if may_reconnect(code) else "do not reconnect"
