from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from suhbat.chat.ports import Store

from .parts import AFTERWARDS, STORES, Listener, opened


@pytest.fixture(params=STORES, ids=lambda make: make.__name__)
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Store]]:
    """Makes a store of each kind, in the directory of the test."""
    yield request.param
    AFTERWARDS[request.param](tmp_path)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
async def store(make: Callable[..., Store], tmp_path: Path, listener: Listener) -> AsyncIterator[Store]:
    """An open store, empty, heard by `listener`."""
    async with opened(make(tmp_path / "data"), listener) as store:
        yield store
