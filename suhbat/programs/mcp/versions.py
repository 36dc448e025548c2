"""The versions of the Model Context Protocol, and how a request says which one it speaks.

Up to 2025-11-25 a client first sends `initialize`, and a header names the version afterwards. From 2026-07-28 on there is no
handshake: each request names its version in `_meta` and in a header, and repeats its method and the name of the tool in
headers, so that proxies can route it. A server may speak both at one address. Without sessions, neither needs state here.
https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from suhbat.protocol.characters import cut

from .messages import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    UNSUPPORTED_VERSION,
    Json,
    RpcCall,
    RpcError,
    quoted,
)

STATELESS = ("2026-07-28",)
WITH_HANDSHAKE = ("2025-11-25", "2025-06-18", "2025-03-26")
VERSIONS = (*STATELESS, *WITH_HANDSHAKE)
"""The newest first."""
ASSUMED = "2025-03-26"
"""That of a request without the header, which did not exist then."""

VERSION_HEADER = "mcp-protocol-version"
METHOD_HEADER = "mcp-method"
NAME_HEADER = "mcp-name"
HEADERS = (VERSION_HEADER, METHOD_HEADER, NAME_HEADER)
VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities"
SERVER_KEY = "io.modelcontextprotocol/serverInfo"


def version_of(call: RpcCall, headers: Mapping[str, str]) -> str:
    """The version that a request speaks. Raises RpcError.

    `headers`: by name in lower case. What they repeat must equal the body: a proxy may have decided by them.
    """
    stated = headers.get(VERSION_HEADER)
    if VERSION_KEY not in call.meta:
        if call.method == "initialize" or stated is None:
            return ASSUMED
        if stated in WITH_HANDSHAKE:
            return stated
        _require_known(stated)
        if call.id is None:
            return stated  # a notification, for which the newest version has no rules
    _check_metadata(call)
    _check_headers(call, headers)
    version: str = call.meta[VERSION_KEY]
    _require_known(version)
    if version not in STATELESS:
        raise RpcError(INVALID_PARAMS, f"{VERSION_KEY} is not part of {version}: begin with initialize.")
    return version


def negotiated(asked: object) -> str:
    """The version for a client that sent `initialize`: the one it asked for, or else the newest one with a handshake."""
    return asked if isinstance(asked, str) and asked in WITH_HANDSHAKE else WITH_HANDSHAKE[0]


def is_stateless(version: str) -> bool:
    return version in STATELESS


def unknown_method(call: RpcCall, version: str) -> RpcError:
    """The refusal of a method that does not exist."""
    message = f"There is no method {quoted(call.method)}."
    return RpcError(METHOD_NOT_FOUND, message, status=404 if is_stateless(version) else _OK)


def invalid_parameters(message: str, version: str) -> RpcError:
    """The refusal of parameters."""
    return RpcError(INVALID_PARAMS, message, status=400 if is_stateless(version) else _OK)


_OK = 200
"""Before 2026-07-28, an error of HTTP was one of the connection; 404 meant that a session had ended."""


def _require_known(version: str) -> None:
    if version not in VERSIONS:
        data: Json = {"supported": list(VERSIONS), "requested": cut(version, 64)}
        raise RpcError(UNSUPPORTED_VERSION, "This version of the protocol is not supported.", data)


def _check_metadata(call: RpcCall) -> None:
    for key, kind in ((VERSION_KEY, str), (CAPABILITIES_KEY, dict)):
        if not isinstance(call.meta.get(key), kind):
            raise RpcError(INVALID_PARAMS, f"_meta needs {key}.")


def _check_headers(call: RpcCall, headers: Mapping[str, str]) -> None:
    expected: dict[str, object] = {VERSION_HEADER: call.meta[VERSION_KEY], METHOD_HEADER: call.method}
    if call.method == "tools/call":
        expected[NAME_HEADER] = call.params.get("name")
    for name, value in expected.items():
        found = headers.get(name)
        if (_decoded(found) if name == NAME_HEADER else found) != value:
            raise RpcError(HEADER_MISMATCH, f"The header {name} is missing, or differs from the body.")


def _decoded(value: str | None) -> str | None:
    """A header whose value may be in Base64 (`=?base64?…?=`); None if it is missing or invalid."""
    if value is None or not (value.startswith("=?base64?") and value.endswith("?=")):
        return value
    try:
        return base64.b64decode(value[len("=?base64?") : -len("?=")], validate=True).decode()
    except (binascii.Error, ValueError):
        return None
