"""A proxy that stands before the server, and that the server does not know."""

from __future__ import annotations

import json
from collections.abc import Iterator

from suhbat.cli.local_server import CommandRefused, ask, running
from suhbat.config import Settings
from suhbat.identity.proxies import ADVICE
from suhbat.runtime.startup import WITHOUT, unknown_proxy

from .findings import Finding


def proxies(settings: Settings) -> Iterator[Finding]:
    """What the running server has seen; or else what the settings alone tell."""
    said = seen(settings) or unknown_proxy(settings)
    if said is not None:
        yield Finding("warn", said)
    elif settings.trusted_proxies:
        yield Finding("ok", f"trusted proxies: {', '.join(settings.trusted_proxies)}")


def seen(settings: Settings) -> str | None:
    """What the running server has seen since its start. None where it has seen no such proxy, or none runs here."""
    try:
        told = running(settings)
        if told is None:
            return None
        with ask(*told, "/control/proxy", {}) as answer:
            peer = json.load(answer)["unknown"]
    except (CommandRefused, OSError, ValueError, KeyError):
        return None  # why the server does not answer is said elsewhere
    if peer is None:
        return None
    return f"a proxy at {peer or 'a UNIX socket'} passes requests on and is not trusted: {WITHOUT}; {ADVICE}"
