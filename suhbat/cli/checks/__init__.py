"""The checks of `suhbat doctor`: the requirements of a server, and what to do about those that are not met. They change
nothing."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec

from suhbat.config import Settings
from suhbat.store import permissions

from . import cluster, data, files, machine, mail, network, proxies
from .findings import Finding

__all__ = ["Finding", "examine"]


def examine(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Run the checks for everything that is configured, in order."""
    yield machine.python_version(sys.version_info[:3])
    yield machine.sqlite_version(sqlite3.sqlite_version_info)
    yield machine.event_loop(sys.platform, find_spec("uvloop") is not None)
    yield from machine.variables(environ)
    yield from data.data_directory(settings.data)
    yield from (Finding(*found) for found in permissions.findings(settings.data))
    yield data.lock(settings.data)
    if settings.database_url is None:
        yield data.clock(settings.data)
        yield from data.schema(settings.data)
    yield from cluster.database(settings)
    yield from cluster.bus(settings)
    yield from files.stores(settings)
    yield from mail.server(settings)
    yield network.port(settings)
    yield network.pushes(settings)
    yield from proxies.proxies(settings)
    yield from network.workers(settings)
