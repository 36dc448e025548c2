"""The Python SDK: a chat as one object, over the v1 dialect.

    async with Suhbat("http://localhost:8000", name="user1") as chat:
        await chat.send("lobby", "salom")
        async for event in chat.events():
            ...

Programs use `chat`. Below it, `lifeline` opens one connection after the other, and `connection` drives one socket.
All decisions are pure code: `state` (what frames mean), `outbox` (commands that await a reply), `gaps`, `pulse`, `backoff`.
The SDK logs as "suhbat.client".
"""

from suhbat.protocol.commands import Resume
from suhbat.protocol.email import Email
from suhbat.protocol.files import File
from suhbat.protocol.replies import Page, Removed, Reset, Sent, Snapshot

from .chat import Suhbat
from .errors import ChatClosed, ClientError, Refused, StreamStopped, Unreachable
from .files import TransferProgress
from .frames import Happening, OtherEvent
from .replay import Missed
from .streaming import StreamedMessage
from .web import ask_for_password, confirm_email, new_guest, people_of, reset_password

__all__ = [
    "ChatClosed",
    "ClientError",
    "Email",
    "File",
    "Happening",
    "Missed",
    "OtherEvent",
    "Page",
    "Refused",
    "Removed",
    "Reset",
    "Resume",
    "Sent",
    "Snapshot",
    "StreamStopped",
    "StreamedMessage",
    "Suhbat",
    "TransferProgress",
    "Unreachable",
    "ask_for_password",
    "confirm_email",
    "new_guest",
    "people_of",
    "reset_password",
]
