"""Every attack runs on all three paths by which bytes reach a connection."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import running

from .siege import DIRECTS, ROOMS, Siege
from .sizes import FULL

KINDS = ("suhbat", "uvicorn", "hypercorn")
"""`suhbat serve` (native), `uvicorn main:app` (a connection that is taken over), and plain ASGI."""

WHATEVER = pytest.mark.parametrize("siege", KINDS if FULL else KINDS[:1], indirect=True)
"""For attacks on what is the same however bytes arrive: requests over HTTP, and what the store and the hub do with them."""


@pytest.fixture(scope="session", params=KINDS)
def siege(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Siege]:
    kind: str = request.param
    place = tmp_path_factory.mktemp("siege") / kind
    with running(kind, place, rooms_per_day=str(ROOMS), directs_per_day=str(DIRECTS)) as server:
        yield Siege(server)
