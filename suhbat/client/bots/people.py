"""Who the people behind uids are, with a limit on what is kept."""

from __future__ import annotations

from collections import OrderedDict

from suhbat.client.chat import Suhbat
from suhbat.protocol.objects import Person

KEPT = 10_000


class KnownPeople:
    """Asks the server once for each person, as long as they are among those who were needed last."""

    def __init__(self, chat: Suhbat) -> None:
        self._chat = chat
        self._known: OrderedDict[str, Person] = OrderedDict()

    async def find(self, uid: str, user_id: str) -> Person:
        """The person, with the name that the event has. Raises Refused, ChatClosed."""
        if uid not in self._known:
            found = await self._chat.people([uid])
            self._known[uid] = found[0] if found else Person(uid=uid, user_id=user_id, display_name=user_id)
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        self._known.move_to_end(uid)
        return self._known[uid].model_copy(update={"user_id": user_id})
