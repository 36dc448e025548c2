"""The lists of messages that concern the user."""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import urlencode

from suhbat.protocol.inbox import Mentions, SavedMessages

from .files import FileTransfers

P = TypeVar("P", Mentions, SavedMessages)


class Lists:
    """Requests that go on after a failure. The methods raise Refused."""

    def __init__(self, transfers: FileTransfers) -> None:
        self._transfers = transfers

    async def mentions(self, cursor: str | None, limit: int) -> Mentions:
        return await self._page("/mentions", Mentions, cursor, limit)

    async def saved(self, cursor: str | None, limit: int) -> SavedMessages:
        return await self._page("/saved", SavedMessages, cursor, limit)

    async def _page(self, path: str, kind: type[P], cursor: str | None, limit: int) -> P:
        query = {"limit": str(limit)} | ({} if cursor is None else {"cursor": cursor})
        return kind.model_validate_json((await self._transfers.insist("GET", f"{path}?{urlencode(query)}")).data)
