"""Every attack is made on all three ways in which bytes reach a connection."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import running

from .siege import DIRECTS, ROOMS, Siege

KINDS = ("suhbat", "uvicorn", "hypercorn")
"""`suhbat serve` (native), `uvicorn main:app` (a connection that is taken over), and plain ASGI."""


@pytest.fixture(scope="session", params=KINDS)
def siege(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Siege]:
    kind: str = request.param
    place = tmp_path_factory.mktemp("siege") / kind
    with running(kind, place, rooms_per_day=str(ROOMS), directs_per_day=str(DIRECTS)) as server:
        yield Siege(server)
