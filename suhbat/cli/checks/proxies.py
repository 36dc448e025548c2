"""Checks for a proxy in front of the server that is not in `trusted_proxies`."""

from __future__ import annotations

import json
from collections.abc import Iterator

from suhbat.cli.local_server import CommandRefused, ask, running
from suhbat.config import Settings
from suhbat.identity.proxies import ADVICE
from suhbat.runtime.startup import UNTRUSTED_PROXY, untrusted_proxy

from .findings import Finding


def proxies(settings: Settings) -> Iterator[Finding]:
    """A proxy that the running server has seen; otherwise one that the settings alone imply."""
    warning = seen(settings) or untrusted_proxy(settings)
    if warning is not None:
        yield Finding("warn", warning)
    elif settings.trusted_proxies:
        yield Finding("ok", f"trusted proxies: {', '.join(settings.trusted_proxies)}")


def seen(settings: Settings) -> str | None:
    """The warning about a proxy that the running server has seen since its start. None if there is no such proxy or no server
    runs."""
    try:
        found = running(settings)
        if found is None:
            return None
        with ask(*found, "/control/proxy", {}) as answer:
            peer = json.load(answer)["unknown"]
    except (CommandRefused, OSError, ValueError, KeyError):
        return None  # another check says why the server does not answer
    if peer is None:
        return None
    return f"a proxy at {peer or 'a UNIX socket'} passes requests on and is not trusted: {UNTRUSTED_PROXY}; {ADVICE}"
