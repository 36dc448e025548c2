"""Signed links with which digests end, without a login (RFC 8058). A link belongs to one account and one address."""

from __future__ import annotations

import base64
import hmac
from hashlib import sha256

from suhbat.chat.ports import MailStore

PATH = "/mail/unsubscribe"


class Unsubscribing:
    """`root`: the address of the server. `load` the secret before use."""

    def __init__(self, store: MailStore, root: str) -> None:
        self._store = store
        self._root = root
        self._secret: bytes | None = None

    async def load(self) -> None:
        """Read the secret, which all nodes share. Call once, when the store is open."""
        self._secret = await self._store.mail_secret()

    def link(self, uid: str, address: str) -> str:
        """The link for a mail to this address."""
        return f"{self._root}{PATH}?account={uid}&signature={self._signature(uid, address)}"

    async def allows(self, uid: str, signature: str) -> bool:
        """Whether this is the link of a mail to the address that the account has now."""
        held = await self._store.mail_address(uid)
        if held is None or held.address is None:
            return False
        return hmac.compare_digest(self._signature(uid, held.address).encode(), signature.encode(errors="replace"))

    async def end(self, uid: str) -> None:
        """Send no more digests to this account. Only after `allows`."""
        await self._store.set_digest(uid, False)

    def _signature(self, uid: str, address: str) -> str:
        assert self._secret is not None, "the secret is not loaded"
        made = hmac.new(self._secret, f"unsubscribe {uid} {address}".encode(), sha256).digest()
        return base64.urlsafe_b64encode(made[:18]).decode()
