"""The calls of `Suhbat` for bots. `suhbat.client.bots` is the convenient way to use them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote, urlencode

from suhbat.protocol.bots import NewCommand
from suhbat.protocol.objects import Person

from .asking import Asking, new_key


class BotCalls(Asking):
    """Part of `Suhbat`. All raise Refused, and go on after a failure that may pass."""

    async def set_commands(self, commands: Sequence[NewCommand]) -> None:
        """Tell the server which commands this bot has; those of before are forgotten."""
        body = [command.model_dump() for command in commands]
        await self._transfers.insist("PUT", f"/bots/{quote(self.user.user_id, safe='')}/commands", body)

    async def reply_to_command(self, key: str, text: str, *, private: bool = False) -> None:
        """Answer the command with this key; `private`: only the person who gave it sees the answer."""
        body = {"text": text, "private": private} | ({} if private else {"client_id": new_key()})
        await self._transfers.insist("POST", f"/command-replies/{quote(key, safe='')}", body)

    async def people(self, uids: Iterable[str]) -> list[Person]:
        """The users with these uids, at most 50, also those who have left. Unknown ones are left out."""
        answer = await self._transfers.insist("GET", f"/users?{urlencode([('uid', uid) for uid in uids])}")
        return [Person.model_validate(one) for one in answer.body["users"]]
