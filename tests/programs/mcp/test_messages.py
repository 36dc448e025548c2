"""Requests of the Model Context Protocol without a server: JSON-RPC, hostile JSON, versions and headers."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suhbat.programs.mcp.messages import RpcCall, RpcError, error, read, result
from suhbat.programs.mcp.versions import (
    CAPABILITIES_KEY,
    HEADERS,
    VERSION_KEY,
    VERSIONS,
    invalid_parameters,
    negotiated,
    unknown_method,
    version_of,
)

NEWEST = "2026-07-28"
_KEYS = ["jsonrpc", "id", "method", "params", "_meta", "name", VERSION_KEY, CAPABILITIES_KEY]


def call(method: str = "tools/list", **params: Any) -> RpcCall:
    return RpcCall(1, method, params)


def stateless(method: str = "tools/list", version: object = NEWEST, **params: Any) -> tuple[RpcCall, dict[str, str]]:
    """A request of the newest version with its headers."""
    made = call(method, **params, _meta={VERSION_KEY: version, CAPABILITIES_KEY: {}})
    headers = {"mcp-protocol-version": str(version), "mcp-method": method}
    return made, headers | ({"mcp-name": str(params["name"])} if "name" in params else {})


def test_requests_and_notifications() -> None:
    """A request has an id, an integer or a string; a notification has none. Both come back as they were sent."""
    for id in (0, -7, "a", "", 2**53 - 1):
        body = json.dumps({"jsonrpc": "2.0", "id": id, "method": "ping", "params": {"a": 1}}).encode()
        found = read(body)
        assert found == RpcCall(id, "ping", {"a": 1})
        assert json.loads(result(found, {"ok": 1})) == {"jsonrpc": "2.0", "id": id, "result": {"ok": 1}}
    assert read(b'{"jsonrpc":"2.0","method":"notifications/initialized"}') == RpcCall(
        None, "notifications/initialized", {}
    )


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\xff", b"salom", b"[" * 60_000, b'{"a":' * 10_000, b"[" * 1000 + b"]" * 1000,
        b'{"a":' * 1000 + b"1" + b"}" * 1000,
        b'{"jsonrpc":"2.0","id":NaN,"method":"ping"}', b'{"jsonrpc":"2.0","id":' + b"9" * 60_000 + b',"method":"ping"}',
        b'{"jsonrpc":"2.0","id":"\\ud800","method":"ping"}', b'{"jsonrpc":"2.0","id":1,"method":"ping"} {}',
    ],
    ids=range(11),
)  # fmt: skip
def test_what_is_not_json(body: bytes) -> None:
    """It is a parse error, with an id of null, however deep or long it is."""
    with pytest.raises(RpcError) as refused:
        read(body)
    assert (refused.value.code, refused.value.status) == (-32700, 400)
    assert json.loads(error(refused.value, None))["id"] is None


@pytest.mark.parametrize(
    "sent",
    [
        [], 5, None, "ping", {}, [{"jsonrpc": "2.0", "id": 1, "method": "ping"}],
        {"jsonrpc": "2.0", "id": 1}, {"jsonrpc": "1.0", "id": 1, "method": "ping"}, {"id": 1, "method": "ping"},
        {"jsonrpc": "2.0", "id": None, "method": "ping"}, {"jsonrpc": "2.0", "id": True, "method": "ping"},
        {"jsonrpc": "2.0", "id": 1.5, "method": "ping"}, {"jsonrpc": "2.0", "id": [1], "method": "ping"},
        {"jsonrpc": "2.0", "id": 2**53, "method": "ping"}, {"jsonrpc": "2.0", "id": "a" * 257, "method": "ping"},
        {"jsonrpc": "2.0", "id": 1, "method": 5}, {"jsonrpc": "2.0", "id": 1, "method": "ping", "params": [1]},
        {"jsonrpc": "2.0", "id": 1, "result": {}},
    ],
)  # fmt: skip
def test_what_is_no_request(sent: Any) -> None:
    """Batches, responses and malformed requests are refused."""
    with pytest.raises(RpcError) as refused:
        read(json.dumps(sent).encode())
    assert (refused.value.code, refused.value.status) == (-32600, 400)


_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(
    _VALUES, st.dictionaries(st.sampled_from(HEADERS), st.sampled_from([*VERSIONS, "tools/call", "", "=?base64?x?="]))
)
def test_anything_at_all(sent: Any, headers: dict[str, str]) -> None:
    """Whatever comes, it is a request or it is refused."""
    try:
        found = read(json.dumps(sent).encode())
        assert version_of(found, headers) in VERSIONS
    except RpcError as refused:
        assert json.loads(error(refused, None))["error"]["code"] == refused.code


def test_versions_with_a_handshake() -> None:
    """A header names the version; without it 2025-03-26 is meant. `initialize` gets the version it asks for, if it is one with
    a handshake, or else the newest such one."""
    assert version_of(call(), {}) == "2025-03-26"
    for version in ("2025-03-26", "2025-06-18", "2025-11-25"):
        assert version_of(call(), {"mcp-protocol-version": version}) == version
        assert negotiated(version) == version
    for headers in ({}, {"mcp-protocol-version": NEWEST}, {"mcp-protocol-version": "1999-01-01"}):
        assert version_of(call("initialize"), headers) == "2025-03-26"
    for asked in (NEWEST, "2024-11-05", "1999-01-01", 5, None):
        assert negotiated(asked) == "2025-11-25"
    notice = RpcCall(None, "notifications/cancelled", {})
    assert version_of(notice, {"mcp-protocol-version": NEWEST}) == NEWEST
    assert unknown_method(call("none"), "2025-11-25").status == invalid_parameters("x", "2025-11-25").status == 200


def test_the_version_without_a_handshake() -> None:
    """The metadata of a request name it, and the headers repeat them. The name of a tool may be in Base64."""
    assert version_of(*stateless()) == NEWEST
    made, headers = stateless("tools/call", name="send_message")
    assert version_of(made, headers) == NEWEST
    encoded = base64.b64encode(b"send_message").decode()
    assert version_of(made, headers | {"mcp-name": f"=?base64?{encoded}?="}) == NEWEST
    assert (unknown_method(call("none"), NEWEST).status, invalid_parameters("x", NEWEST).status) == (404, 400)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mcp-method", None), ("mcp-method", "tools/list"), ("mcp-name", None), ("mcp-name", "read_messages"), ("mcp-name", ""),
        ("mcp-name", "=?base64?c2Vu?="), ("mcp-name", "=?base64?%%%?="), ("mcp-name", "=?base64?/w==?="),
        ("mcp-protocol-version", None), ("mcp-protocol-version", "2025-11-25"), ("mcp-protocol-version", "1999-01-01"),
    ],
)  # fmt: skip
def test_headers_that_differ_from_the_body(name: str, value: str | None) -> None:
    """They are refused: a proxy may have decided by them."""
    made, headers = stateless("tools/call", name="send_message")
    changed = {key: one for key, one in (headers | {name: value}).items() if one is not None}
    with pytest.raises(RpcError) as refused:
        version_of(made, changed)
    assert (refused.value.code, refused.value.status) == (-32020, 400)


@pytest.mark.parametrize("version", ["1999-01-01", "2027-01-01", "x" * 5000])
def test_unknown_versions(version: str) -> None:
    """The refusal lists those that this server speaks, whether the header or the body names the unknown one."""
    for made, headers in (stateless(version=version), (call(), {"mcp-protocol-version": version})):
        with pytest.raises(RpcError) as refused:
            version_of(made, headers)
        assert (refused.value.code, refused.value.status) == (-32022, 400)
        told = json.loads(error(refused.value, 1))["error"]["data"]
        assert told == {"supported": list(VERSIONS), "requested": version[:64]}


@pytest.mark.parametrize(
    "meta",
    [
        None, {VERSION_KEY: NEWEST}, {VERSION_KEY: 5, CAPABILITIES_KEY: {}}, {VERSION_KEY: NEWEST, CAPABILITIES_KEY: 5},
        {VERSION_KEY: "2025-11-25", CAPABILITIES_KEY: {}}, "x",
    ],
)  # fmt: skip
def test_metadata_that_are_not_whole(meta: Any) -> None:
    """A request of the newest version must have them; a version with a handshake has none there."""
    version = meta[VERSION_KEY] if isinstance(meta, dict) and isinstance(meta[VERSION_KEY], str) else NEWEST
    with pytest.raises(RpcError) as refused:
        version_of(call(_meta=meta), {"mcp-protocol-version": version, "mcp-method": "tools/list"})
    assert (refused.value.code, refused.value.status) == (-32602, 400)
