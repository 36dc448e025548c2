"""Checks of the port and of the workers."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from suhbat.cli import listening
from suhbat.cli.local_server import CommandRefused, ask, running
from suhbat.config import Settings
from suhbat.notify.vapid import subject_of

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


def pushes(settings: Settings) -> Finding:
    """Whether pushes name the server to the push services."""
    subject = subject_of(settings.public_url)
    if subject is not None:
        return Finding("ok", f"pushes name {subject} to the push services")
    return Finding(
        "warn", "pushes name no address, so Apple's push service refuses them: set public_url to one with https"
    )


def workers(settings: Settings, platform: str = sys.platform) -> Iterator[Finding]:
    """Whether several workers can run: that needs a PostgreSQL database and a bus, and a system other than Windows."""
    from suhbat.runtime import serving

    if (reason := serving.refusal(settings, platform)) is not None:
        yield Finding("FAIL", reason)
    elif settings.workers > 1:
        yield Finding("ok", f"{settings.workers} workers")
