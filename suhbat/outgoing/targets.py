"""The address of an outgoing request: parsed, checked, and split into what goes to the socket and what is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import SplitResult, urljoin, urlsplit

import idna

from .errors import AddressRefused

MOST_CHARACTERS = 4096
"""The longest address. Endpoints of push services have a few hundred characters."""

_DEFAULT_PORTS = {"https": 443, "http": 80}
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}\.?")
_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?")
"""A host whose last part is a number is an IPv4 address, or nothing (https://url.spec.whatwg.org/#concept-host-parser)."""


@dataclass(frozen=True, slots=True)
class OutgoingTarget:
    """Where a request goes. `host`: a name in ASCII, or an IP address without brackets. `path`: with the query; it may be a
    secret, so neither `repr` nor `origin` shows it."""

    scheme: str
    host: str
    port: int
    path: str = field(repr=False)

    @property
    def encrypted(self) -> bool:
        """Whether TLS is used."""
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """The value of the header Host."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """The address without path and query, for logs, and as the audience of VAPID."""
        return f"{self.scheme}://{self.authority}"

    @property
    def url(self) -> str:
        """The whole address."""
        return self.origin + self.path

    def redirected(self, location: str) -> OutgoingTarget:
        """The target of a redirect from here. Raises AddressRefused."""
        try:
            return parse_target(urljoin(self.url, location.strip()))
        except ValueError:
            raise AddressRefused("a redirect leads to what is not a web address") from None


@lru_cache(maxsize=256)  # a push is checked, and sent
def parse_target(url: str) -> OutgoingTarget:
    """Parse a web address. Raises AddressRefused unless it is http or https, of at most MOST_CHARACTERS, without a user and a
    password. Which hosts may be reached is decided when connecting, by `AllowedAddresses`."""
    if len(url) > MOST_CHARACTERS:
        raise AddressRefused("the address is too long")
    # Browsers and urlsplit read a backslash, a blank and control characters differently: what was checked must be what is used.
    if not url.isprintable() or re.search(r"[\s\\]", url):
        raise AddressRefused("the address has a character that is not allowed")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused("the address cannot be read") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise AddressRefused("the address begins neither with https:// nor with http://")
    if "@" in parts.netloc:
        raise AddressRefused("the address has a user or a password")
    if port == 0:
        raise AddressRefused("the address has the port 0")
    return OutgoingTarget(parts.scheme, _host(parts), port or _DEFAULT_PORTS[parts.scheme], _path(parts))


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if "[" in parts.netloc or _NUMBER.fullmatch(host):
        # Systems read 127.1, 0x7f.1 and 0177.0.0.1 as addresses, each in its own way; here only 127.0.0.1 is one.
        try:
            return str(ip_address(host))
        except ValueError:
            raise AddressRefused("the address has a host that cannot be read") from None
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii").lower()
        except idna.IDNAError:
            raise AddressRefused("the address has a host that cannot be read") from None
    if not _NAME.fullmatch(host) or _NUMBER.fullmatch(host) or len(host) > 253:
        raise AddressRefused("the address has a host that cannot be read")
    return host


def _path(parts: SplitResult) -> str:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return path if path.isascii() else "".join(c if c.isascii() else _percent(c) for c in path)


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))
