"""Which request writes to which upload: one at a time. A later one takes over, because its client gave up on the older one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from suhbat.errors import WrongOffset

TAKEN_OVER_SECONDS = 10.0
"""How long a request waits for an older one for the same upload, whose connection is probably dead."""


class Stopped(Exception):
    """A later request for the same upload takes over."""


class Writers:
    """The requests that write on this node, by the id of the file."""

    def __init__(self) -> None:
        self._open: dict[str, WritingRequest] = {}

    def __len__(self) -> int:
        return len(self._open)

    async def stop(self, id: str) -> None:
        """Let the request that writes to this upload acknowledge what it has, and end. Raises WrongOffset if it does not."""
        request = self._open.get(id)
        if request is not None:
            request.stop.set()
            try:
                await asyncio.wait_for(request.ended.wait(), TAKEN_OVER_SECONDS)
            except TimeoutError:
                raise WrongOffset() from None

    @asynccontextmanager
    async def alone(self, id: str) -> AsyncIterator[WritingRequest]:
        """Hold this while writing to the upload. Raises WrongOffset as `stop` does."""
        while id in self._open:
            await self.stop(id)
        request = self._open[id] = WritingRequest()
        try:
            yield request
        finally:
            del self._open[id]
            request.ended.set()


class WritingRequest:
    """A request that writes to an upload. A later one may stop it."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.ended = asyncio.Event()

    async def until_stopped(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The chunks of the body. Raises Stopped when a later request stops this one."""
        stopped = asyncio.ensure_future(self.stop.wait())
        try:
            while True:
                following = asyncio.ensure_future(anext(body, None))
                await asyncio.wait((following, stopped), return_when=asyncio.FIRST_COMPLETED)
                if not following.done():
                    following.cancel()
                    with suppress(asyncio.CancelledError):
                        await following
                    raise Stopped()
                chunk = following.result()
                if chunk is None:
                    return
                yield chunk
        finally:
            stopped.cancel()
