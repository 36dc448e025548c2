"""The use case of sending a message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from suhbat.errors import Busy, RateLimited, SuhbatError, UserNotFound
from suhbat.protocol.characters import cut
from suhbat.protocol.extras import Extra

from .bots import buttons_refusal
from .growing_messages import GrowingMessages
from .mentions import mentioned_uids
from .model import Actor, Outcome, Post, PostResult
from .ports import Clock, Directory, PostWriter
from .rate import Rates, charge, mention_cost
from .slash import slash_of


class Messages:
    """Checks rates, resolves names and mentions, and passes posts to the store. All dialects and HTTP call it."""

    def __init__(
        self,
        store: PostWriter,
        directory: Directory,
        clock: Clock,
        growing: GrowingMessages,
        rates: Rates | None = None,
    ) -> None:
        self._store = store
        self._directory = directory
        self._clock = clock
        self._growing = growing
        self._rates = rates or Rates(0)

    def recipient(self, to_user: str, uid: str | None = None) -> Actor:
        """The user with this name; with `uid`, it must be this user. Raises UserNotFound."""
        peer = self._directory.find(to_user)
        if peer is None or uid not in (None, peer.uid):
            raise UserNotFound(user_id=cut(to_user, 64))
        return peer

    async def find_recipient(self, to_user: str, uid: str | None = None) -> Actor:
        """The same, also for a user whom another node made a moment ago. Raises UserNotFound, Busy."""
        await self._directory.refresh(to_user)
        return self.recipient(to_user, uid)

    async def repeated(
        self,
        actor: Actor,
        error: UserNotFound,
        *,
        text: str,
        client_id: str | None,
        reply_to: int | None,
        files: tuple[str, ...] = (),
        extra: Extra | None = None,
    ) -> PostResult:
        """The result of a repeated message whose recipient's name does not exist any more. Raises `error` if it was not stored
        the first time; IdempotencyConflict, Busy."""
        if client_id is None:
            raise error
        sent = await self._store.answered(actor.uid, client_id, text, reply_to, files, extra)
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
        thread: int | None = None,
        also: bool = False,
        files: tuple[str, ...] = (),
        extra: Extra | None = None,
        attended: bool = False,
        slash: bool = False,
    ) -> None:
        """Send a message to a conversation or to a user; exactly one of the two is given.

        `done` is called once on the event loop: with a `PostResult` after the message was flushed to disk, or with the refusal
        (NotFound, IdempotencyConflict, BadRequest, RateLimited, Busy, Internal). `thread`: the `seq` of the message below which
        it is a reply; `also`: the conversation gets it, too, and it counts as two messages. `files`: the ids of the sender's
        files that it shows. `extra`: its rare fields. `attended`: it comes over a connection (see `chat.growing_messages`).
        `slash`: a text such as `/name` may be a command of a bot; then it is no message, and `command` of the result is set.
        """
        wait = self._rates.room(conversation or (peer.uid if peer else ""), self._clock.steady())
        if wait:
            done(RateLimited("rate_limited.room", retry_after=wait, scope="conversation"))
            return
        if extra is not None and (refused := buttons_refusal(actor, extra.actions)) is not None:
            done(refused)
            return
        named: tuple[str, ...] = ()
        growing: Mapping[tuple[str, int], int] | None = None
        if "@" in text or also:
            if cost := mention_cost(text) + also:
                try:
                    charge(self._rates.meter(actor.uid), 1 + cost, self._clock.steady())
                except RateLimited as error:
                    done(error)
                    return
            named = mentioned_uids(text, self._directory)
        if extra is not None and extra.streaming:
            named = ()  # whom it mentions is known when it is finished
            try:
                done = self._growing.beginning(actor, text, thread, done, attended=attended)
            except Busy as error:
                done(error)
                return
            growing = self._growing.lengths(conversation) if text else None
        at = self._clock.wall()
        command = slash_of(text) if slash else None
        self._store.post(
            Post(
                actor,
                conversation,
                peer,
                text,
                client_id,
                reply_to,
                at,
                done,
                named,
                thread,
                also,
                files,
                extra,
                command,
                growing=growing,
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
        thread: int | None = None,
        also: bool = False,
        files: tuple[str, ...] = (),
        extra: Extra | None = None,
        slash: bool = False,
    ) -> PostResult:
        """The same as a coroutine, and to a user by name. Raises the refusal, or UserNotFound."""
        try:
            peer = None if to_user is None else await self.find_recipient(to_user)
        except UserNotFound as error:
            return await self.repeated(
                actor, error, text=text, client_id=client_id, reply_to=reply_to, files=files, extra=extra
            )
        answer: asyncio.Future[PostResult] = asyncio.get_running_loop().create_future()

        def done(outcome: Outcome) -> None:
            if answer.done():
                return  # the caller was cancelled; the message is stored all the same
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
            thread=thread,
            also=also,
            files=files,
            extra=extra,
            slash=slash,
        )
        return await answer
