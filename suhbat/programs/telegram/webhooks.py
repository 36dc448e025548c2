"""Webhooks of the Bot API: the address of a bot, to which its updates are sent in their order. They are outgoing webhooks of
another kind, with the same claims, pauses and client, but for what is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Protocol

from suhbat.chat.model import Actor, DueHook, HookDelivery, NoAnswer, OutgoingHook, SettledHook
from suhbat.chat.ports import Clock, UpdateStore
from suhbat.programs.hooks.delivering import (
    LONGEST_PAUSE,
    MOST_EVENTS,
    ReceiverAnswer,
    Receivers,
    pause_of_hook,
)
from suhbat.programs.hooks.incoming_hooks import NewTokens
from suhbat.programs.hooks.outgoing_hooks import MOST_URL

from .errors import TelegramError
from .kinds import ALL_KINDS
from .objects import Json

MOST_SECRET = 256
_SECRET = re.compile(r"[A-Za-z0-9_-]*")
PROOF = "x-telegram-bot-api-secret-token"
"""The header with the secret of a webhook."""


class Webhooks:
    """What bots say of their webhooks. `wake`: makes the dispatcher look at once."""

    def __init__(
        self, store: UpdateStore, receivers: Receivers, clock: Clock, tokens: NewTokens, wake: Callable[[], None]
    ) -> None:
        self._store = store
        self._receivers = receivers
        self._clock = clock
        self._tokens = tokens
        self._wake = wake

    async def put(
        self,
        bot: Actor,
        url: str,
        secret: str,
        kinds: tuple[str, ...] | None,
        session: str | None = None,
        *,
        drop: bool = False,
    ) -> None:
        """Set or replace the webhook of a bot. `kinds`: of updates; None for those of its last webhook. `session`, `drop`: see
        `UpdateStore.set_webhook`. Raises TelegramError, Unauthenticated; then nothing is changed."""
        if len(secret) > MOST_SECRET:
            raise TelegramError("secret token is too long")
        if not _SECRET.fullmatch(secret):
            raise TelegramError("secret token contains unallowed characters")
        if len(url) > MOST_URL or self._receivers.origin(url) is None:
            is_plain = not url.startswith("https://")
            reason = "an HTTPS URL must be provided for webhook" if is_plain else "this address may not be reached"
            raise TelegramError(f"bad webhook: {reason}")
        known = await self._store.webhook(bot.uid)
        if kinds is None:
            kinds = ALL_KINDS if known is None else known.types
        assert bot.owner is not None
        hook = OutgoingHook(
            id=self._tokens.id("k"),
            uid=bot.uid,
            maker_uid=bot.owner,
            name=bot.user_id,
            url=url,
            secret=secret,
            types=kinds,
            conversations=(),
            created_at=self._clock.wall(),
            bot_uid=bot.uid,
        )
        await self._store.set_webhook(hook, session, drop=drop)
        self._wake()

    async def end(self, bot: Actor, *, drop: bool = False) -> None:
        """End the webhook of a bot, if it has one. `drop`: confirm what waits for the bot."""
        if drop or await self.of(bot) is not None:
            await self._store.end_webhook(bot.uid, drop=drop)

    async def of(self, bot: Actor) -> OutgoingHook | None:
        """The webhook of a bot; None if it has none now."""
        known = await self._store.webhook(bot.uid)
        return known if known is not None and known.is_on else None


class BotApi(Protocol):
    """The Bot API as a bot uses it that has a webhook."""

    async def updates(self, bot_uid: str, kinds: Sequence[str], most: int) -> list[Json]:
        """The next updates of a bot that are not confirmed, in their order. None for a bot that may do nothing: it or
        its owner is disabled, banned or gone."""
        ...

    async def carry_out(self, bot_uid: str, update_id: int, answer: ReceiverAnswer) -> None:
        """Call the method that a bot answers an update with, if there is one, with its rights and at its rate. A message is
        sent once for an update. Nobody is told what became of it."""
        ...


class UpdateDelivery:
    """Implements `programs.hooks.delivering.BotDelivery`."""

    def __init__(self, store: UpdateStore, receivers: Receivers, api: BotApi, clock: Clock) -> None:
        self._store = store
        self._receivers = receivers
        self._api = api
        self._clock = clock

    async def deliver(self, item: DueHook, ends: float) -> SettledHook:
        """Send updates until there are none, or one fails, or it is time; each is confirmed before the next is sent. After a
        crash, only the last one comes again, with the same `update_id`."""
        made: list[HookDelivery] = []
        while len(made) < MOST_EVENTS:
            updates = await self._api.updates(item.hook.uid, item.hook.types, MOST_EVENTS - len(made))
            if not updates:
                return SettledHook(item, item.upto, tuple(made))
            for update in updates:
                is_late = bool(made) and self._clock.steady() >= ends
                if is_late or not await self._store.holds(item):  # the bot has another address now, or none
                    return SettledHook(item, item.after, tuple(made))
                answer = await self._send(item.hook, update)
                made.append(self._delivery(item, update, answer, is_first=not made))
                if isinstance(answer, str) or not made[-1].is_done:
                    return self._failed(item, made, 0.0 if isinstance(answer, str) else answer.retry_after)
                await self._api.carry_out(item.hook.uid, update["update_id"], answer)
                await self._store.confirm_updates(item.hook.uid, update["update_id"] + 1)
        return SettledHook(item, item.after, tuple(made))

    async def _send(self, hook: OutgoingHook, update: Json) -> ReceiverAnswer | NoAnswer:
        headers = {"content-type": "application/json"} | ({PROOF: hook.secret} if hook.secret else {})
        body = json.dumps(update, ensure_ascii=False, separators=(",", ":")).encode()
        return await self._receivers.post(hook.url, headers, body, hook.maker_uid)

    def _delivery(
        self, item: DueHook, update: Json, answer: ReceiverAnswer | NoAnswer, *, is_first: bool
    ) -> HookDelivery:
        """`is_first`: it may have been tried before."""
        number, attempts = (item.n, item.attempts + 1) if is_first else (None, 1)
        status, reason = (0, answer) if isinstance(answer, str) else (answer.status, None)
        (kind,) = update.keys() - {"update_id"}
        return HookDelivery(
            number, item.conversation, update["update_id"], kind, status, attempts, self._clock.wall(), reason
        )

    def _failed(self, item: DueHook, made: list[HookDelivery], retry_after: float) -> SettledHook:
        """The updates of a bot wait for each other, so there is one pause for all of them. The webhook stays on: an update
        that is older than a day does not come any more."""
        now = self._clock.wall()
        seconds = max(pause_of_hook(item.failures if len(made) == 1 else 0), min(retry_after, LONGEST_PAUSE))
        again_at = now + round(seconds * 1000)
        return SettledHook(item, item.after, tuple(made), again_at, made[-1].at, again_at)
