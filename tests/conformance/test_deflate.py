"""permessage-deflate on the transports that have it: Autobahn's groups 12 and 13, and further requirements of RFC 7692."""

from __future__ import annotations

import pytest

from suhbat.protocol.framing import WINDOW_BITS

from . import deflate, deflate_own
from .case import Case
from .conftest import PortOf
from .packing import deflated
from .play import check

COMPRESSING = ("native", "uvicorn")
"""Under another ASGI server, that server compresses."""
KINDS = ((12, 5), (13, 7))
AUTOBAHN = {
    f"{group}.{kind}.{number}" for group, kinds in KINDS for kind in range(1, kinds + 1) for number in range(1, 19)
}


def everywhere(cases: list[Case]) -> list[object]:
    return [pytest.param(transport, case, id=f"{transport}-{case.id}") for transport in COMPRESSING for case in cases]


def worth_it(payload: bytes) -> bool:
    """Whether the message is so long, and so much shorter with the window of the server, that it must be compressed."""
    return len(payload) >= 1024 and len(deflated(payload, WINDOW_BITS)) < 0.9 * len(payload)


def test_the_table_is_whole() -> None:
    """Every case of the two groups is there once."""
    ids = deflate.ids(deflate.CASES)
    assert len(ids) == len(set(ids))
    assert set(ids) == AUTOBAHN


@pytest.mark.parametrize(("transport", "case"), everywhere([*deflate.CASES, *deflate_own.OWN]))
def test_case(port_of: PortOf, transport: str, case: Case) -> None:
    """The negotiated extension, the received messages, the close code and the end are those of the case."""
    outcome = check(case, port_of(transport, compression="on"))
    if not case.agreed:
        assert not outcome.compressed
    elif case.id in AUTOBAHN:
        # Short messages, and those that compression makes longer, are sent uncompressed.
        assert outcome.compressed >= sum(worth_it(payload) for _, payload in case.expects)


@pytest.mark.parametrize(("transport", "case"), everywhere(deflate_own.LIMITS))
def test_limit(port_of: PortOf, transport: str, case: Case) -> None:
    """The limit of 64 KiB holds for the decompressed message, and no larger message is decompressed."""
    check(case, port_of(transport, limits="on", compression="on"))
