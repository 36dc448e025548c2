"""Incoming webhooks: made, listed, removed, and posted through. What a payload becomes is in `incoming`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from suhbat.chat.bans import Bans
from suhbat.chat.messages import Messages
from suhbat.chat.model import Actor, IncomingHook
from suhbat.chat.ports import Clock, HookStore
from suhbat.chat.rate import Gcra, LruDict, Rates
from suhbat.errors import BadRequest, Forbidden, InvalidPayload, NoService, NotFound, RateLimited
from suhbat.protocol.extras import Extra, HookFace

from .incoming.payload import HookPost, translate
from .incoming.shapes import name as shown_name

OF_CONVERSATION, OF_MAKER = 10, 50
"""Incoming webhooks of one conversation, and of one account, at most."""
MOST_NAME = 40
"""Code points of a name."""
RATE, BURST = 1.0, 30
"""Messages a second of one webhook, and at once. They count for its maker as well."""
CHARGED_BYTES = 65_536
"""So many bytes of a body, above the first ones, count as a message."""


class Makers(Protocol):
    """The accounts that made webhooks."""

    async def maker(self, uid: str) -> Actor | None:
        """The account; None if it is erased or disabled."""
        ...


class NewTokens(Protocol):
    """Makes random tokens, ids and the hashes of tokens."""

    def token(self) -> str: ...

    def id(self, prefix: str) -> str: ...

    def digest(self, token: str) -> bytes: ...


class HookMeters:
    """How fast webhooks post, incoming ones and the answers to outgoing ones. `rates`: of users."""

    def __init__(self, clock: Clock, rates: Rates) -> None:
        self._clock = clock
        self._rates = rates
        self._meters: LruDict[Gcra] = LruDict(lambda: Gcra(RATE, BURST))

    def charge(self, id: str, maker: Actor, messages: int = 1) -> None:
        """Count messages of this webhook, which count for its maker as well. Raises RateLimited."""
        now = self._clock.steady()
        for _ in range(messages):
            wait = self._meters[id].take(now) or self._rates.meter(maker.uid).take(now)
            if wait:
                raise RateLimited(retry_after=wait)


class IncomingHooks:
    """`address`: under which this server is reached, without a slash at its end; may be a path or empty."""

    def __init__(
        self,
        store: HookStore,
        messages: Messages,
        makers: Makers,
        bans: Bans,
        clock: Clock,
        meters: HookMeters,
        tokens: NewTokens,
        address: str,
    ) -> None:
        self._store = store
        self._messages = messages
        self._makers = makers
        self._bans = bans
        self._clock = clock
        self._meters = meters
        self._tokens = tokens
        self._address = address

    async def make(self, actor: Actor, conversation: str, name: str) -> tuple[IncomingHook, str]:
        """A new webhook, and its address, which nobody can find out later. Raises BadRequest for an empty name, Forbidden,
        NotFound, TooManyHooks."""
        token, at = self._tokens.token(), self._clock.wall()
        ids = self._tokens.id("h"), self._tokens.id("u")
        hook = IncomingHook(*ids, conversation, actor.uid, checked_name(name), at, self._tokens.digest(token))
        await self._store.add_hook(actor, hook, at, of_conversation=OF_CONVERSATION, of_maker=OF_MAKER)
        return hook, f"{self._address}/hooks/{token}"

    async def of(self, actor: Actor, conversation: str) -> list[IncomingHook]:
        """The webhooks of a conversation, the oldest first. Raises Forbidden, NotFound."""
        return await self._store.hooks_of(actor, conversation)

    async def remove(self, actor: Actor, conversation: str, id: str) -> None:
        """Remove a webhook; its address answers NoService at once. Raises Forbidden, NotFound."""
        await self._store.end_hook(actor, conversation, id, self._clock.wall())

    async def find(self, token: str) -> tuple[IncomingHook, Actor]:
        """The webhook with this token, and who made it. Raises NoService: there is none, or its maker is gone; the answer and
        the work are the same."""
        hook = await self._store.hook_by_token(self._tokens.digest(token))
        maker = None if hook is None else await self._makers.maker(hook.maker_uid)
        if hook is None or maker is None:
            raise NoService()
        return hook, maker

    def charge(self, hook: IncomingHook, maker: Actor) -> None:
        """Count a message; see `HookMeters`. Raises RateLimited."""
        self._meters.charge(hook.id, maker)

    async def post(
        self, hook: IncomingHook, maker: Actor, body: bytes, headers: Mapping[str, str], *, as_slack: bool
    ) -> None:
        """Post what this body says; a message is counted already. Raises InvalidPayload; NoService if the maker may not write
        there now; RateLimited, Busy."""
        self._meters.charge(hook.id, maker, len(body) // CHARGED_BYTES)
        said = translate(body, headers, as_slack=as_slack)
        try:
            self._bans.check(maker)
            await self._messages.post(
                speaker(hook.uid, hook.user_id, maker),
                conversation=hook.conversation,
                text=said.text,
                extra=Extra(hook=face(hook.name, said)),
            )
        except (Forbidden, NotFound):
            raise NoService() from None
        except BadRequest:  # the word filter
            raise InvalidPayload() from None


def speaker(uid: str, user_id: str, maker: Actor) -> Actor:
    """The identity of a webhook, which may do what its maker may."""
    return Actor(uid, user_id, "hook", maker.lobby_from, maker.role, maker.uid)


def face(name: str, said: HookPost) -> HookFace:
    """How a message of a webhook with this name is shown."""
    return HookFace(name=said.name or name, icon=said.icon)


def checked_name(name: str) -> str:
    """The name without what could deceive. Raises BadRequest if nothing is left, or too much."""
    found = shown_name(name)
    if not found or len(found) > MOST_NAME:
        raise BadRequest(reason="hook_name")
    return found
