"""The tools as language models see them, and their arguments."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from suhbat.errors import BadRequest
from suhbat.http.mcp.calls import CALLS
from suhbat.programs.mcp.tools import LIST, READ, SEARCH, SEND, TOOLS, UNREAD, SendMessage, Tool, offered


def test_definitions() -> None:
    """Each tool is carried out, has a name that every client takes, plain types, and a description of each argument. What
    clients pay for all of them in each conversation is bounded."""
    assert {tool.name for tool in TOOLS} == set(CALLS)
    for tool in TOOLS:
        schema = tool.definition["inputSchema"]
        assert re.fullmatch(r"[a-z_]{1,64}", tool.name) and schema["additionalProperties"] is False
        for name, field in schema["properties"].items():
            assert field["type"] in ("string", "integer") and field["description"] and "title" not in field, name
            assert "maxLength" in field or "maximum" in field, name
    assert len(json.dumps([tool.definition for tool in TOOLS])) < 6_000


def test_only_sending_writes() -> None:
    """A server that lets models only read does not offer it, and clients are told which tools only read."""
    assert [tool.name for tool in offered(may_write=False)] == [tool.name for tool in (LIST, READ, SEARCH, UNREAD)]
    assert offered(may_write=True)[-1] is SEND
    for tool in TOOLS:
        hints = tool.definition["annotations"]
        assert hints["readOnlyHint"] is (tool is not SEND) and hints["destructiveHint"] is False


def test_arguments() -> None:
    """Numbers may come as texts, and null is like an argument that is left out."""
    found = READ.parse({"conversation": "lobby", "before": "12", "after": None})
    assert found.model_dump(exclude_none=True) == {"conversation": "lobby", "before": 12, "limit": 30}
    sent = SEND.parse({"text": "salom", "to_user": "vali", "client_id": "a"})
    assert isinstance(sent, SendMessage) and sent.to_user == "vali"
    every = dict.fromkeys(SendMessage.model_fields) | {"text": "salom", "conversation": "lobby"}
    assert SEND.parse(every).model_dump(exclude_none=True) == {"text": "salom", "conversation": "lobby"}
    assert LIST.parse({}).model_dump(exclude_none=True) == {"limit": 50}


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        (READ, {}, '"conversation" is missing'),
        (READ, {"conversation": "lobby", "before": 1, "after": 2}, "at most one of before, after, around"),
        (READ, {"conversation": "lobby", "limit": 101}, '"limit"'),
        (READ, {"conversation": "lobby", "before": 0}, '"before"'),
        (READ, {"conversation": "lobby", "before": 2**53}, '"before"'),
        (READ, {"conversation": "lobby", "channel": "x"}, '"channel"'),
        (READ, {"conversation": ["lobby"]}, '"conversation" is not a string'),
        (READ, {"conversation": "a\0"}, "cannot be stored"),
        (SEARCH, {"query": "a" * 501}, '"query"'),
        (SEND, {"text": "salom"}, "give either conversation or to_user"),
        (SEND, {"text": "salom", "conversation": "lobby", "to_user": "ali"}, "give either conversation or to_user"),
        (SEND, {"text": " \n", "conversation": "lobby"}, "the text is empty"),
        (SEND, {"text": "a" * 4001, "conversation": "lobby"}, "longer than 4,000"),
        (SEND, {"text": "a\0", "conversation": "lobby"}, "cannot be stored"),
        (SEND, {"text": "\ud800", "conversation": "lobby"}, ""),
    ],
)
def test_wrong_arguments(tool: Tool, arguments: dict[str, Any], told: str) -> None:
    """The error says which one is wrong, so that the model can correct it."""
    with pytest.raises(BadRequest) as refused:
        tool.parse(arguments)
    assert told in refused.value.message("en")
