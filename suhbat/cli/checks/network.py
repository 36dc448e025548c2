"""Checks of the port and of the workers."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from suhbat.cli import listening
from suhbat.cli.local_server import CommandRefused, ask, running
from suhbat.config import Settings

from .findings import Finding


def port(settings: Settings) -> Finding:
    """Whether the port is free, or in use by the server of this data directory."""
    reason = listening.refusal(settings.host, settings.port)
    if reason is None:
        return Finding("ok", f"port {settings.port} of {settings.host} is free")
    if is_ours(settings):
        return Finding("ok", f"port {settings.port} is in use by this server")
    return Finding("FAIL", reason)


def is_ours(settings: Settings) -> bool:
    """Whether the server of this data directory answers at that port. It is asked with its secret."""
    try:
        found = running(settings)
        if found is None or not found[0].endswith(f":{settings.port}"):
            return False
        with ask(*found, "/control", {"verb": "list"}):
            return True
    except CommandRefused:
        return False


def workers(settings: Settings, platform: str = sys.platform) -> Iterator[Finding]:
    """Whether several workers can run: that needs a PostgreSQL database and a bus, and a system other than Windows."""
    from suhbat.runtime import serving

    if (reason := serving.refusal(settings, platform)) is not None:
        yield Finding("FAIL", reason)
    elif settings.workers > 1:
        yield Finding("ok", f"{settings.workers} workers")
