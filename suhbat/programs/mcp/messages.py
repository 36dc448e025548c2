"""JSON-RPC 2.0, as the Model Context Protocol uses it: one request or notification in a body, one response."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json, to_json

from suhbat.protocol.characters import cut
from suhbat.protocol.types import MAX_INTEGER

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
HEADER_MISMATCH = -32020
UNSUPPORTED_VERSION = -32022

Id = int | str
Json = dict[str, Any]

LONGEST_ID = 256
"""Characters of the id of a request."""


class RpcError(Exception):
    """A request that breaks the protocol. `status`: for HTTP."""

    def __init__(self, code: int, message: str, data: Json | None = None, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data
        self.status = status


@dataclass(frozen=True, slots=True)
class RpcCall:
    """A request, or with `id` None a notification, which gets no response."""

    id: Id | None
    method: str
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def meta(self) -> Mapping[str, Any]:
        """The metadata of the request (`_meta`); empty if there are none."""
        found = self.params.get("_meta")
        return found if isinstance(found, dict) else {}


def read(body: bytes) -> RpcCall:
    """The request or notification in a body. Raises RpcError: also for a batch, which the protocol had for three months only,
    and for a response, because this server asks its clients nothing."""
    try:
        sent = from_json(body, allow_inf_nan=False)
    except ValueError:
        raise RpcError(PARSE_ERROR, "The body is not JSON.") from None
    if not isinstance(sent, dict):
        raise RpcError(INVALID_REQUEST, "The body must be one JSON-RPC request or notification, not a batch.")
    method, params = sent.get("method"), sent.get("params")
    params = {} if params is None else params  # several clients write null where there are none
    if sent.get("jsonrpc") != "2.0" or not isinstance(method, str) or not isinstance(params, dict):
        raise RpcError(INVALID_REQUEST, "The body must be a JSON-RPC 2.0 request or notification.")
    return RpcCall(_id(sent["id"]) if "id" in sent else None, method, params)


def _id(given: object) -> Id:
    if isinstance(given, str) and len(given) <= LONGEST_ID:
        return given
    if isinstance(given, int) and not isinstance(given, bool) and abs(given) <= MAX_INTEGER:
        return given
    raise RpcError(INVALID_REQUEST, f"The id must be an integer, or a string of at most {LONGEST_ID} characters.")


def result(call: RpcCall, found: Json) -> bytes:
    """The response to a request."""
    return to_json({"jsonrpc": "2.0", "id": call.id, "result": found})


def error(refused: RpcError, id: Id | None) -> bytes:
    """The response to a request that was refused. `id`: None if it could not be read."""
    told: Json = {"code": refused.code, "message": refused.message}
    if refused.data is not None:
        told["data"] = refused.data
    return to_json({"jsonrpc": "2.0", "id": id, "error": told})


def quoted(word: object) -> str:
    """A word that a client sent, for an error message."""
    return f'"{cut(word, 64)}"' if isinstance(word, str) else "none"
