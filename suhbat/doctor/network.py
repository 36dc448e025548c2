"""The port, the proxy, the workers."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

from suhbat import fronting, listening
from suhbat.config import Settings
from suhbat.identity.proxies import ADVICE
from suhbat.users import Refused, ask, running

from .findings import Finding


def port(settings: Settings) -> Finding:
    """Whether a server could listen there, or the one of this data directory does."""
    reason = listening.refusal(settings.host, settings.port)
    if reason is None:
        return Finding("ok", f"port {settings.port} of {settings.host} is free")
    if is_ours(settings):
        return Finding("ok", f"port {settings.port} is in use by this server")
    return Finding("FAIL", reason)


def is_ours(settings: Settings) -> bool:
    """Whether the server of this data directory answers at that port: asked with its secret."""
    try:
        told = running(settings)
        if told is None or not told[0].endswith(f":{settings.port}"):
            return False
        with ask(*told, "/control", {"verb": "list"}):
            return True
    except Refused:
        return False


def proxies(settings: Settings) -> Iterator[Finding]:
    """Whether a proxy that is not trusted stands before the server."""
    told = _seen_proxy(settings) or fronting.expected(settings)
    if told is not None:
        yield Finding("warn", told)
    elif settings.trusted_proxies:
        yield Finding("ok", f"trusted proxies: {', '.join(settings.trusted_proxies)}")


def _seen_proxy(settings: Settings) -> str | None:
    """What the running server has seen since its start. None where it has seen no such proxy, or none runs here."""
    try:
        told = running(settings)
        if told is None:
            return None
        with ask(*told, "/control/proxy", {}) as answer:
            peer = json.load(answer)["unknown"]
    except (Refused, OSError, ValueError, KeyError):
        return None  # why the server does not answer is said elsewhere
    if peer is None:
        return None
    return f"a proxy at {peer or 'a UNIX socket'} passes requests on and is not trusted: {fronting.WITHOUT}; {ADVICE}"


def workers(settings: Settings, platform: str = sys.platform) -> Iterator[Finding]:
    """Several need what one does not."""
    from suhbat import serving

    if (reason := serving.refusal(settings, platform)) is not None:
        yield Finding("FAIL", reason)
    elif settings.workers > 1:
        yield Finding("ok", f"{settings.workers} workers")
