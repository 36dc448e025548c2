"""The calls of `Suhbat` for the e-mail address of the user's account."""

from __future__ import annotations

from suhbat.protocol.email import Email

from .asking import Asking

_PATH = "/me/email"


class AccountCalls(Asking):
    """Part of `Suhbat`. The server refuses these calls (`forbidden`) to guests, and if it sends no mails. See `web` for what
    needs no login."""

    async def email(self) -> Email:
        """The e-mail address of the user. Raises Refused."""
        return Email.model_validate_json((await self._transfers.insist("GET", _PATH)).data)

    async def set_email(self, address: str, current_password: str) -> Email:
        """Set or change the address: the server mails a link there that confirms it. Until then the one before is used. Call it
        again for another link. Raises Refused."""
        body = {"address": address, "current_password": current_password}
        return Email.model_validate_json((await self._transfers.insist("PUT", _PATH, body, waits=False)).data)

    async def set_digest(self, on: bool) -> Email:
        """Whether the server mails what the user missed. Raises Refused."""
        return Email.model_validate_json((await self._transfers.insist("PATCH", _PATH, {"digest": on})).data)

    async def remove_email(self, current_password: str) -> None:
        """Remove the address; it is told of that. Raises Refused."""
        await self._transfers.insist("DELETE", _PATH, {"current_password": current_password}, waits=False)
