"""The parts of a node that are about webhooks, wired together."""

from __future__ import annotations

from suhbat.chat.model import Actor
from suhbat.identity.tokens import digest, random_token, short_id
from suhbat.identity.user_directory import UserDirectory


class HookMakers:
    """Implements `programs.hooks.incoming_hooks.Makers`."""

    def __init__(self, people: UserDirectory) -> None:
        self._people = people

    async def maker(self, uid: str) -> Actor | None:
        if self._people.accounts.of_uid(uid) is None:
            await self._people.of_uids([uid])  # another node may have made the account a moment ago
        account = self._people.accounts.of_uid(uid)
        return None if account is None or account.disabled else account.actor


class HookTokens:
    """Implements `programs.hooks.incoming_hooks.NewTokens`."""

    def token(self) -> str:
        return random_token()

    def id(self, prefix: str) -> str:
        return short_id(prefix, random_token())

    def digest(self, token: str) -> bytes:
        return digest(token)
