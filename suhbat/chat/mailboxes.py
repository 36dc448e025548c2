"""Which e-mail addresses are one mailbox, and how much of one others may see. Pure."""

from __future__ import annotations

from hashlib import sha256


def folded(address: str) -> str:
    """The address for comparisons. Hardly any server distinguishes the case of the part before @."""
    return address.lower()


def mailbox_key(address: str) -> str:
    """A key for limits: one for all spellings that many servers deliver to one mailbox (`a.li+chat@`, `ali@`). A
    hash, so that a row that only counts holds no address."""
    local, _, domain = folded(address).rpartition("@")
    mailbox = local.partition("+")[0].replace(".", "") or local
    return "mail:" + sha256(f"{mailbox}@{domain}".encode()).hexdigest()[:32]


def masked(address: str) -> str:
    """The address as somebody else may see it: `a***@example.org`."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"
