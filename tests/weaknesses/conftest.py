"""The three servers, one process each for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .parts import Everywhere, Servers, started


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with started(tmp_path_factory.mktemp("weaknesses")) as running:
        yield running


@pytest.fixture(scope="session")
def everywhere(servers: Servers) -> Everywhere:
    """`everywhere(probe)`: the result of the probe, by server."""
    return Everywhere(servers)
