"""Suhbat in another application: what `suhbat.mount` returns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from pydantic import ValidationError

from suhbat.chat.model import Actor, PostResult
from suhbat.config import Settings
from suhbat.errors import BadRequest
from suhbat.identity.external import Authenticate, ExternalPerson
from suhbat.protocol.commands import Send
from suhbat.protocol.machine import reason_of

from .app import ServerApp
from .handlers import EventHandler


class EmbeddedChat(ServerApp):
    """The chat, for the routes, tasks and threads of the application. It works while the application runs."""

    def __init__(self, settings: Settings, authenticate: Authenticate | None = None, path: str = "") -> None:
        super().__init__(settings, authenticate=authenticate, path=path)
        self._loop: asyncio.AbstractEventLoop | None = None

    def on(self, *types: str) -> Callable[[EventHandler], EventHandler]:
        """Call a function with each event of these types (docs/reference/events.md) after it is stored:
        `@chat.on("message.created")`.

        One call after the other, in the order of the store. A function that is not `async` runs in a thread. What it raises is
        logged. With several processes it is called in the one that stored the event, so at most once. Raises ValueError.
        """

        def add(handler: EventHandler) -> EventHandler:
            self.handlers.add(handler, types)
            return handler

        return add

    async def send(
        self,
        conversation: str,
        text: str,
        *,
        sender: str | ExternalPerson,
        client_id: str | None = None,
        reply_to: int | None = None,
        thread: int | None = None,
    ) -> PostResult:
        """Send a message; it is durable on return. `sender`: one of your users, or a name for the application itself, which
        gets an account at the first use. With the same `client_id` a repetition happens once.

        Raises NotFound if the sender may not write there, Forbidden if they are banned from the server, Unauthenticated if
        their account is disabled, and the other errors of a message (suhbat.errors); RuntimeError on another event loop."""
        return await self._send(
            sender, conversation=conversation, text=text, client_id=client_id, reply_to=reply_to, thread=thread
        )

    async def send_to(
        self, user_id: str, text: str, *, sender: str | ExternalPerson, client_id: str | None = None
    ) -> PostResult:
        """The same to one person, in the direct between the two. Raises UserNotFound."""
        return await self._send(sender, to_user=user_id, text=text, client_id=client_id)

    def send_from_thread(
        self, conversation: str, text: str, *, sender: str | ExternalPerson, client_id: str | None = None
    ) -> PostResult:
        """`send` for threads: it blocks until the message is durable. Raises RuntimeError on the event loop itself, which it
        would stop."""
        loop = self._running_loop()
        try:
            on_loop = asyncio.get_running_loop() is loop
        except RuntimeError:
            on_loop = False
        if on_loop:
            raise RuntimeError("this is the event loop: await chat.send(…)")
        work = self.send(conversation, text, sender=sender, client_id=client_id)
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    @asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        async with super().lifespan(app) as state:
            self._loop = asyncio.get_running_loop()
            try:
                yield state
            finally:
                self._loop = None

    async def _send(self, sender: str | ExternalPerson, **fields: Any) -> PostResult:
        """Send a message with these fields of `Send`."""
        if asyncio.get_running_loop() is not self._running_loop():
            raise RuntimeError("this is another event loop: use send_from_thread in a thread")
        try:
            asked = Send(type="send", **fields)
        except ValidationError as invalid:
            raise BadRequest(reason=reason_of(invalid)) from None
        return await self.node.services.messages.post(
            await self._actor(sender),
            text=asked.text,
            conversation=asked.conversation,
            to_user=asked.to_user,
            client_id=asked.client_id,
            reply_to=asked.reply_to,
            thread=asked.thread,
        )

    async def _actor(self, sender: str | ExternalPerson) -> Actor:
        accounts = self.node.external_accounts
        account = await (accounts.of_sender(sender) if isinstance(sender, str) else accounts.of(sender))
        self.node.bans.check(account.actor)
        return account.actor

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            raise RuntimeError("the chat runs only while the application that it is mounted in runs")
        return self._loop
