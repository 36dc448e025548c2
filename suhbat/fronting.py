"""A proxy stands before the server, and the server does not know: said at start-up, in the log and by `suhbat doctor`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Literal

from suhbat.config import Settings
from suhbat.identity.proxies import ADVICE

WITHOUT = "all its visitors count as one address for the limits"


def expected(settings: Settings) -> str | None:
    """What the settings alone tell: this server speaks no TLS, so before an https address there is a proxy."""
    if settings.trusted_proxies or not (settings.public_url or "").startswith("https://"):
        return None
    return (
        f"public_url is https, so a proxy stands before this server, but trusted_proxies is empty: {WITHOUT}; {ADVICE}"
    )


def seen(settings: Settings) -> str | None:
    """What the running server has seen since its start. None where it has seen no such proxy, or none runs here."""
    from suhbat.users import Refused, ask, running

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
    return f"a proxy at {peer or 'a UNIX socket'} passes requests on and is not trusted: {WITHOUT}; {ADVICE}"


def findings(settings: Settings) -> Iterator[tuple[Literal["ok", "warn"], str]]:
    """For `suhbat doctor`: level and text."""
    said = seen(settings) or expected(settings)
    if said is not None:
        yield "warn", said
    elif settings.trusted_proxies:
        yield "ok", f"trusted proxies: {', '.join(settings.trusted_proxies)}"
