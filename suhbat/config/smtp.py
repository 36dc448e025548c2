"""The mail server and the sender of mails, as people write them."""

from __future__ import annotations

from email.utils import parseaddr
from ipaddress import ip_address
from typing import Literal, NamedTuple
from urllib.parse import unquote, urlsplit

Encryption = Literal["tls", "starttls", "offered", "none"]
"""From the first byte; after STARTTLS, which is required; after STARTTLS if the server offers it; never."""

_PORTS = {"smtp": 587, "smtps": 465}


class MailServer(NamedTuple):
    """A server that takes mails. `username`, `password`: "" without a login."""

    host: str
    port: int
    encryption: Encryption
    username: str = ""
    password: str = ""


class Sender(NamedTuple):
    """Whom mails come from. `name`: "" for none."""

    name: str
    address: str


def parse_smtp(text: str) -> MailServer:
    """Parse `smtps://user:password@host` or `smtp://host:25?starttls=off`. Raises ValueError.

    smtp:// needs STARTTLS, because mails contain links that change passwords. On this machine STARTTLS is used if it
    is offered.
    """
    parts = urlsplit(text)
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.fragment:
        raise ValueError("it does not look like smtps://user:password@smtp.example.org")
    if parts.query not in ("", "starttls=off") or (parts.query and parts.scheme == "smtps"):
        raise ValueError("after ? only starttls=off is known, and only for smtp://")
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(username) != bool(password):
        raise ValueError(
            "a login needs a user and a password; signs such as @ / : # in them are written %40 %2F %3A %23"
        )
    encryption: Encryption = "tls"
    if parts.scheme == "smtp":
        encryption = "none" if parts.query else "offered" if _is_here(parts.hostname) else "starttls"
    if encryption == "none" and username and not _is_here(parts.hostname):
        raise ValueError("starttls=off would send the password for everybody on the network to read")
    return MailServer(parts.hostname, parts.port or _PORTS[parts.scheme], encryption, username, password)


def parse_sender(text: str) -> Sender:
    """Parse `chat@example.org` or `Our chat <chat@example.org>`. Raises ValueError."""
    name, address = parseaddr(text)
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or not address.isascii() or any(c in text for c in "\r\n\0") or " " in address:
        raise ValueError("it does not look like Our chat <chat@example.org>")
    return Sender(name, address)


def _is_here(host: str) -> bool:
    """Whether this host is the machine itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
