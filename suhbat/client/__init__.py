"""The Python SDK: a chat as one object, over the v1 dialect.

    async with Suhbat("http://localhost:8000", name="user1") as chat:
        await chat.send("lobby", "salom")
        async for event in chat.events():
            ...

`chat` is what a program uses; under it `connection` drives one socket, and everything that decides is pure: `state`
(what frames mean), `outbox` (what awaits an answer), `gaps`, `pulse`, `backoff`. Logs as "suhbat.client".
"""

from suhbat.protocol.replies import Page, Removed, Reset, Sent, Snapshot

from .chat import Suhbat
from .errors import ChatClosed, ClientError, Refused
from .frames import Happening, OtherEvent
from .web import new_guest

__all__ = [
    "ChatClosed",
    "ClientError",
    "Happening",
    "OtherEvent",
    "Page",
    "Refused",
    "Removed",
    "Reset",
    "Sent",
    "Snapshot",
    "Suhbat",
    "new_guest",
]
