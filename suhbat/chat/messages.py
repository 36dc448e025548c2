"""Writing a message: from what a client asked to the log, and back to the one who asked."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Callable

from suhbat.errors import RateLimited, SuhbatError, UserNotFound
from suhbat.protocol.characters import cut

from .model import Actor, Outcome, Post, PostResult
from .naming import named
from .ports import Clock, Directory, PostWriter
from .rate import Rates, naming_cost, weigh


class Messages:
    """The use case. Every dialect and HTTP come through here."""

    def __init__(self, store: PostWriter, directory: Directory, clock: Clock, rates: Rates | None = None) -> None:
        self._store = store
        self._directory = directory
        self._clock = clock
        self._rates = rates or Rates(0)
        self._origin = secrets.token_hex(6)
        self._numbers = itertools.count()

    def recipient(self, to_user: str, uid: str | None = None) -> Actor:
        """Who holds this name; with `uid`, if it is still they. Raises UserNotFound."""
        peer = self._directory.find(to_user)
        if peer is None or uid not in (None, peer.uid):
            raise UserNotFound(user_id=cut(to_user, 64))
        return peer

    async def find_recipient(self, to_user: str, uid: str | None = None) -> Actor:
        """The same, also for who came in on another node a moment ago. Raises UserNotFound, Busy."""
        await self._directory.refresh(to_user)
        return self.recipient(to_user, uid)

    async def repeated(
        self, actor: Actor, error: UserNotFound, *, text: str, client_id: str | None, reply_to: int | None
    ) -> PostResult:
        """The first answer to what is sent again, though nobody holds the recipient's name any more. Raises the error where
        it was not stored; IdempotencyConflict, Busy."""
        if client_id is None:
            raise error
        sent = await self._store.answered(actor.uid, client_id, text, reply_to)
        if sent is None:
            raise error
        return sent

    def send(
        self,
        actor: Actor,
        *,
        text: str,
        done: Callable[[Outcome], None],
        conversation: str | None = None,
        peer: Actor | None = None,
        client_id: str | None = None,
        reply_to: int | None = None,
    ) -> None:
        """Write to a conversation, or to one person; exactly one of the two is given.

        `done` is called once on the event loop: with `PostResult` after the message is flushed to disk, or with the refusal
        (NotFound, IdempotencyConflict, BadRequest, RateLimited, Busy, Internal).
        """
        wait = self._rates.room(conversation or (peer.uid if peer else ""), self._clock.steady())
        if wait:
            done(RateLimited("rate_limited.room", retry_after=wait))
            return
        if cost := naming_cost(text):
            try:
                weigh(self._rates.meter(actor.uid), 1 + cost, self._clock.steady())
            except RateLimited as error:
                done(error)
                return
        self._store.post(
            Post(
                actor=actor,
                conversation=conversation,
                peer=peer,
                text=text,
                key=client_id if client_id is not None else self._new_key(),
                client_id=client_id,
                reply_to=reply_to,
                at=self._clock.wall(),
                done=done,
                named=named(text, self._directory),
            )
        )

    async def post(
        self,
        actor: Actor,
        *,
        text: str,
        conversation: str | None = None,
        to_user: str | None = None,
        client_id: str | None = None,
        reply_to: int | None = None,
    ) -> PostResult:
        """The same for who can wait, and by name. Raises the refusal, or UserNotFound."""
        try:
            peer = None if to_user is None else await self.find_recipient(to_user)
        except UserNotFound as error:
            return await self.repeated(actor, error, text=text, client_id=client_id, reply_to=reply_to)
        answer: asyncio.Future[PostResult] = asyncio.get_running_loop().create_future()

        def done(outcome: Outcome) -> None:
            if answer.done():
                return  # the one who asked has gone; the message is in the log all the same
            if isinstance(outcome, SuhbatError):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)

        self.send(
            actor,
            text=text,
            done=done,
            conversation=conversation,
            peer=peer,
            client_id=client_id,
            reply_to=reply_to,
        )
        return await answer

    def _new_key(self) -> str:
        """A key for a message whose sender gave none, so that a COMMIT with an unknown outcome can be looked up.

        Unguessable by its random origin; ascending, which keeps the index compact.
        """
        return f"~{self._origin}{next(self._numbers):08x}"
