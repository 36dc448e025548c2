"""A file that a bot names by its address on another server: it is fetched and stored like an upload of the bot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from suhbat.chat.model import StoredFile
from suhbat.outgoing.client import OutgoingLimits
from suhbat.outgoing.errors import OutgoingError
from suhbat.programs.telegram.errors import TelegramError

from ..one_request import READY_SECONDS, nothing_else
from .call import Call

LIMITS = OutgoingLimits(seconds=20, most=5 << 20, redirects=3)
"""5 MB, as with Telegram's photos. The bytes are in memory until they are stored."""


async def fetch(call: Call, url: str) -> StoredFile:
    """Raises TelegramError: one answer whatever fails over there, so that nobody finds out what this server reaches. Raises
    what uploads raise."""
    uploads, actor = call.services.uploads, call.actor
    uploads.limits.check_actor(actor)
    failed = TelegramError("failed to get HTTP URL content")
    try:
        answer = await call.services.telegram.fetching.request("GET", url, limits=LIMITS, owner=actor.uid)
    except OutgoingError:
        raise failed from None
    if answer.status != 200 or answer.is_cut or not answer.body:
        raise failed
    name = PurePosixPath(unquote(urlsplit(answer.url).path, errors="replace")).name
    claimed = answer.headers.get("content-type", "").partition(";")[0]
    file = await uploads.begin(actor, name or "file", claimed, len(answer.body))
    async with nothing_else(actor, file, call.services):
        await uploads.receive(actor, file.id, 0, _whole(answer.body), is_last=True)
    await call.services.processing.wait(file.id, READY_SECONDS)
    return await uploads.find(actor, file.id)


async def _whole(body: bytes) -> AsyncIterator[bytes]:
    yield body
