"""The one form in which e-mail addresses are kept. Pure."""

from __future__ import annotations

import re

import idna

from suhbat.errors import BadRequest

MOST_ADDRESS, _MOST_LOCAL = 254, 64
"""Characters of an address, and of the part before @ (RFC 5321 §4.5.3.1)."""

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
"""A dot-atom (RFC 5322 §3.2.3). Quoted local parts exist, but not in mailboxes of people, and each of their signs is
a risk."""


def normalised(text: str) -> str:
    """One form of an address: the domain in lower case and in ASCII (RFC 5890). Raises BadRequest."""
    local, at, domain = text.strip().rpartition("@")
    try:
        host = idna.encode(domain.lower(), uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        host = ""
    if not at or "." not in host or len(local) > _MOST_LOCAL or not _LOCAL.fullmatch(local):
        raise BadRequest(reason="email.invalid")
    if "=?" in local:  # the beginning of an encoded word (RFC 2047): no two programs read such a header alike
        raise BadRequest(reason="email.invalid")
    if host.rpartition(".")[2].isdecimal() or len(local) + 1 + len(host) > MOST_ADDRESS:
        raise BadRequest(reason="email.invalid")
    return f"{local}@{host}"
