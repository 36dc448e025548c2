"""Which pages may talk to this server (see the setting `origins`). Pure.

A browser lets any page open a WebSocket to `localhost` or to a machine in the local network, with the cookies of that machine;
only `Origin` tells where the page is from. It is not enough that Origin and Host agree: they do on a page of evil.example whose
DNS answer changes to 127.0.0.1 (DNS rebinding). So Host must also be a name that nobody else can point at this server: an IP
literal, a name without dots, *.local, or the name of `public_url`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::(?P<port>[0-9]{1,5}))?"
# Serialised origins only (RFC 6454 §6.2): no path, no user, no white space; names outside ASCII are in xn-- form.
_ORIGIN = re.compile(rf"(?P<scheme>https?)://{_HOST}", re.ASCII)
_AUTHORITY = re.compile(_HOST, re.ASCII)


class Origin(NamedTuple):
    """Scheme, host and port, in lower case and with the default port filled in."""

    scheme: str
    host: str
    port: int


def parse_origin(text: str) -> Origin | None:
    """The parsed Origin header; None if it is not an origin (`null` is not)."""
    match = _ORIGIN.fullmatch(text.lower())
    if match is None:
        return None
    port = int(match["port"] or _DEFAULT_PORTS[match["scheme"]])
    return Origin(match["scheme"], _canonical(match["host"]), port)


def listed(origin: str, origins: Collection[str]) -> bool:
    """Whether an Origin header names one of these origins, which are in the form of the header."""
    asked = parse_origin(origin)
    return asked is not None and any(parse_origin(one) == asked for one in origins)


def allowed(origin: str | None, host: str | None, origins: Collection[str], public_url: str | None) -> bool:
    """Whether a request with these Origin and Host headers may be served.

    `origins`: further allowed origins, in the form of the header. A request without Origin is not from a browser's page and is
    allowed.
    """
    if origin is None:
        return True
    asked = parse_origin(origin)
    if asked is None:
        return False
    if listed(origin, origins):
        return True
    match = _AUTHORITY.fullmatch(host.lower()) if host is not None else None
    if match is None:
        return False
    here = _canonical(match["host"])
    port = int(match["port"] or _DEFAULT_PORTS[asked.scheme])
    if asked.scheme == "http" and _is_https(here, public_url):
        return False  # a page without encryption may have been changed on the way
    return (here, port) == (asked.host, asked.port) and _is_ours(here, public_url)


def _canonical(host: str) -> str:
    """One spelling of an IPv6 literal. Browsers send the shortest one, other clients may not."""
    try:
        return str(ip_address(host.strip("[]")))
    except ValueError:
        return host


def _is_ours(host: str, public_url: str | None) -> bool:
    if "." not in host and not host.startswith("["):
        return True
    if _is_ip(host) or host.endswith(".local"):
        return True
    return public_url is not None and host == (urlsplit(public_url).hostname or "")


def _is_https(host: str, public_url: str | None) -> bool:
    known = urlsplit(public_url or "")
    return known.scheme.lower() == "https" and host == _canonical(known.hostname or "")


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
