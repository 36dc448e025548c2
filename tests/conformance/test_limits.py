"""The limits of the chat over every transport."""

from __future__ import annotations

import pytest

from . import limits
from .case import Case
from .conftest import PortOf
from .deviations import TRANSPORTS, accepted
from .play import check

EVERYWHERE = [
    pytest.param(transport, case, id=f"{transport}-{case.id}")
    for transport in TRANSPORTS
    for case in (*limits.CASES, *(limits.STREAM_CASES if transport != "asgi" else ()))
]


@pytest.mark.parametrize(("transport", "case"), EVERYWHERE)
def test_limit(port_of: PortOf, transport: str, case: Case) -> None:
    """Messages within the limits are answered; exceeding a limit closes the connection with its code."""
    check(accepted(transport, case), port_of(transport, limits="on"))
