"""Bots: accounts that belong to another account. They have no password. The token of a bot is that of its only login
session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Literal, Protocol

from suhbat.chat.model import Account, Actor
from suhbat.chat.ports import BotStore, Clock, LogReader
from suhbat.errors import Forbidden, NotFound
from suhbat.protocol.bots import BotCommand
from suhbat.protocol.types import LOBBY

from .names import entered, skeleton
from .profile import display_name
from .tokens import random_token, short_id
from .user_directory import UserDirectory

BotMakers = Literal["owner", "moderators", "everyone"]
LABEL = "bot"


class ServedBotStore(BotStore, LogReader, Protocol):
    """The parts of the store that this module uses."""

    async def end_webhook(self, uid: str, *, drop: bool = False) -> None:
        """See `chat.ports.UpdateStore`."""
        ...


class Bots:
    """Makes bots, gives them tokens, erases them. `makers`: the setting `bots`."""

    def __init__(
        self,
        store: ServedBotStore,
        clock: Clock,
        people: UserDirectory,
        makers: BotMakers = "moderators",
        random_token: Callable[[], str] = random_token,
    ) -> None:
        self._store = store
        self._clock = clock
        self._people = people
        self.makers: BotMakers = makers
        self._random_token = random_token
        self._creating = asyncio.Lock()
        self._rotating = asyncio.Lock()

    async def create(self, owner: Actor, name: str, shown: str | None) -> tuple[Account, str]:
        """A new bot and its token. Raises Forbidden (the setting, guests and bots), InvalidName, NameTaken, NameInUse,
        BadRequest (the display name, too many bots), Busy."""
        self._require_maker(owner)
        user_id = entered(name)
        accounts = self._people.accounts
        async with self._creating:
            with accounts.held(user_id):
                self._people.guests.require_free(user_id)
                account = Account(
                    uid=short_id("u", self._random_token()),
                    user_id=user_id,
                    skeleton=skeleton(user_id),
                    display_name=display_name(user_id if shown is None else shown),
                    password_hash=None,
                    role="member",
                    locale=None,
                    disabled=False,
                    lobby_from=(await self._store.heads([LOBBY])).get(LOBBY, 0),
                    created_at=self._clock.wall(),
                    owner_uid=owner.uid,
                    bot_api="native",
                )
                await accounts.add(account)
        return account, await self._new_token(account)

    def of(self, owner: Actor) -> list[Account]:
        """The bots of this account, the oldest first."""
        return self._people.accounts.bots_of(owner.uid)

    def require(self, owner: Actor, name: str) -> Account:
        """The bot with this name. Raises NotFound, also for a bot of another account."""
        account = self._people.accounts.of_name(name)
        if account is None or account.owner_uid != owner.uid:
            raise NotFound()
        return account

    async def set_commands(self, account: Account, commands: Sequence[BotCommand]) -> None:
        """Replace the commands of a bot, which uses this interface from now on. Raises Busy."""
        await self._store.set_bot_commands(account.uid, commands)
        if account.bot_api != "native":
            await self._people.accounts.change(account.uid, bot_api="native")

    async def rotate(self, account: Account) -> str:
        """A new token; the one before is not valid any more, its connections are closed, and the bot has no webhook: whoever
        had that token may have set one, whose answers are carried out as calls of the bot."""
        sessions = self._people.sessions
        async with self._rotating:
            present = [session.id for session in await sessions.of_user(account.uid)]
            token = await self._new_token(account)
            for id in present:
                with suppress(NotFound):  # another node has just done it
                    await sessions.revoke(account.uid, id)
            await self._store.end_webhook(account.uid)
        return token

    async def erase(self, account: Account) -> None:
        """Erase the bot as an account is erased; its messages stay without its name."""
        await self._people.erase(account, self._clock.wall(), with_messages=False)

    async def _new_token(self, account: Account) -> str:
        number = await self._store.number_of(account.uid)
        token = f"{number}:{self._random_token()}"
        await self._people.sessions.create(account.uid, LABEL, token=token)
        return token

    def _require_maker(self, owner: Actor) -> None:
        if owner.kind != "account":
            raise Forbidden("forbidden.bots.account")
        allowed = {"owner": ("owner",), "moderators": ("owner", "moderator")}.get(self.makers)
        if allowed is not None and owner.role not in allowed:
            raise Forbidden("forbidden.bots")
