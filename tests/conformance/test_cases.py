"""Every case over every transport."""

from __future__ import annotations

import pytest

from . import closing, framing, limits, sizes, utf8
from .case import Case
from .conftest import PortOf
from .deviations import TRANSPORTS, accepted
from .play import check

CASES = [*framing.CASES, *utf8.CASES, *closing.CASES, *sizes.CASES]

AUTOBAHN = {
    **{"1.1": 8, "1.2": 8, "2": 11, "3": 7, "4.1": 5, "4.2": 5, "5": 20},
    **{"6.1": 3, "6.2": 4, "6.3": 2, "6.4": 4, "6.5": 5, "6.6": 11, "6.7": 4, "6.8": 2, "6.9": 4, "6.10": 3, "6.11": 5},
    **{"6.12": 8, "6.13": 5, "6.14": 10, "6.15": 1, "6.16": 3, "6.17": 5, "6.18": 5, "6.19": 5, "6.20": 7, "6.21": 8},
    **{"6.22": 34, "6.23": 7, "7.1": 6, "7.3": 6, "7.5": 1, "7.7": 13, "7.9": 9, "7.13": 2},
    **{"9.1": 6, "9.2": 6, "9.3": 9, "9.4": 9, "9.5": 6, "9.6": 6, "9.7": 6, "9.8": 6, "10.1": 1},
}
"""The number of cases of each kind in Autobahn 25.10. Compression (12 and 13) is in test_deflate.py."""


def test_the_table_is_whole() -> None:
    """Every case of Autobahn is there once, and every deviation belongs to one of them or to a limit."""
    ids = [case.id for case in CASES]
    assert sorted(ids) == sorted(f"{kind}.{n}" for kind, count in AUTOBAHN.items() for n in range(1, count + 1))
    for deviations in TRANSPORTS.values():
        assert deviations.keys() <= {*ids, *(case.id for case in limits.CASES)}


EVERYWHERE = [
    pytest.param(transport, case, id=f"{transport}-{case.id}")
    for transport in TRANSPORTS
    for case in CASES
    # The queue to an ASGI server takes text: the chat sends nothing else, so nothing binary can be echoed there.
    if not (transport == "asgi" and case.binary)
]


@pytest.mark.parametrize(("transport", "case"), EVERYWHERE)
def test_case(port_of: PortOf, transport: str, case: Case) -> None:
    """The received messages, the close code and the end are those of the case, or of its accepted deviation."""
    check(accepted(transport, case), port_of(transport))
