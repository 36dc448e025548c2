"""Too many connections: from one address, and from all together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.servers import PATIENCE, Server
from tests.system.raw import CLOSE, TEXT, Raw

from .parts import TUTORIAL_ALONE, Everywhere, name, started

OF_ONE = 4
OF_ALL = 6


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everywhere]:
    """Servers with a low limit of connections, which trust a proxy on this machine for client addresses."""
    settings = {"connections_per_address": str(OF_ONE), "connections": str(OF_ALL), "trusted_proxies": "127.0.0.1"}
    with started(tmp_path_factory.mktemp("limited"), **settings) as servers:
        yield Everywhere(servers)


def _open(stack: ExitStack, server: Server, address: str) -> Raw:
    headers, patience = {"X-Forwarded-For": address}, 2.0 if server.kind == "tutorial" else PATIENCE
    return stack.enter_context(Raw(server.port, f"/ws/{name('one')}", headers=headers, patience=patience))


def takes_all_of_one_address(server: Server) -> bool:
    """May one address have one connection more than the limit?"""
    with ExitStack() as stack:
        for _ in range(OF_ONE):
            assert _open(stack, server, "192.0.2.1").status == 101
        last = _open(stack, server, "192.0.2.1")
        assert _open(stack, server, "192.0.2.2").status == 101, "another address is not affected"
        try:
            opcode, payload = last.read()
            if opcode != TEXT or b'"rate_limited"' not in payload or b'"retry_after":30' not in payload:
                return True
            opcode, payload = last.read()
            return opcode != CLOSE or int.from_bytes(payload[:2], "big") != 4029
        except TimeoutError:
            return True


def test_connections_of_one_address_have_a_limit(limited: Everywhere) -> None:
    """One more than `connections_per_address` gets the reason and the time to retry, and is closed with 4029."""
    assert limited(takes_all_of_one_address) == TUTORIAL_ALONE


def takes_all(server: Server) -> bool:
    """May there be one connection more than the limit, from any number of addresses?"""
    with ExitStack() as stack:
        for number in range(OF_ALL):
            assert _open(stack, server, f"192.0.2.{number}").status == 101
        last = _open(stack, server, "192.0.2.99")
        return last.status != 503 or "retry-after: 30" not in last.head.lower()


def test_connections_of_all_have_a_limit(limited: Everywhere) -> None:
    """One more than `connections` is refused before the upgrade: 503 with Retry-After (RFC 9110 §15.6.4)."""
    assert limited(takes_all) == TUTORIAL_ALONE
