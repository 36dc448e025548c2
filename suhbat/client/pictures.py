"""The pictures of users and rooms."""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote, urlencode

from suhbat.protocol.objects import ConversationState, Person

from .errors import Refused
from .files import FileTransfers


class Pictures:
    """Requests that go on after a failure. The methods raise Refused."""

    def __init__(self, transfers: FileTransfers) -> None:
        self._transfers = transfers

    async def set(self, file: str, conversation: str | None) -> str:
        """The file with this id becomes the picture; its version."""
        answer = await self._transfers.insist("PUT", _place(conversation), {"file": file})
        version: str = answer.body["picture"]
        return version

    async def remove(self, conversation: str | None, of: Person | None = None) -> None:
        place = _place(conversation) if of is None else f"{_of(of)}?{urlencode({'uid': of.uid})}"
        await self._transfers.insist("DELETE", place)

    async def load(self, of: Person | ConversationState, size: Literal[64, 256]) -> bytes | None:
        """The bytes; None if there is no picture, or none any more."""
        if of.picture is None:
            return None
        query = {"size": str(size), "version": of.picture}
        if isinstance(of, Person):
            path, query["uid"] = _of(of), of.uid
        else:
            path = _place(of.conversation)
        try:
            return (await self._transfers.insist("GET", f"{path}?{urlencode(query)}")).data
        except Refused as refused:
            if refused.code == "not_found":
                return None
            raise


def _of(person: Person) -> str:
    return f"/users/{quote(person.user_id, safe='')}/picture"


def _place(conversation: str | None) -> str:
    return "/me/picture" if conversation is None else f"/conversations/{quote(conversation, safe='')}/picture"
