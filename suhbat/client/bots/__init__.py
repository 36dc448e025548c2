"""Bots in Python, on `suhbat.client`, with the names of aiogram (docs/how-to/bots.md, docs/reference/python-bots.md).

    bot = Bot("http://localhost:8000", token)

    @bot.command("hi")
    async def hi(command):
        await command.answer(f"Salom, {command.from_user.display_name}!")

    bot.run()

`bot` has the class, `running` one run of it. `router` and `filters` find the handler, `updates` are what it gets, `conveyor`
decides who works when; `progress`, `states`, `stores` and `keeping` are what outlives a restart. The logger is "suhbat.bot".
"""

from suhbat.client.errors import ChatClosed, ClientError, Refused

from .bot import Bot
from .filters import F
from .router import BotRouter as Router
from .states import BotState as State
from .states import ChatState, StatesGroup
from .stores import BotFileStore as FileStore
from .stores import BotMemoryStore as MemoryStore
from .stores import BotStorage
from .updates import BotMessage as Message
from .updates import ButtonPress as Press
from .updates import EventUpdate, Invocation, button

__all__ = [
    "Bot",
    "BotStorage",
    "ChatClosed",
    "ChatState",
    "ClientError",
    "EventUpdate",
    "F",
    "FileStore",
    "Invocation",
    "MemoryStore",
    "Message",
    "Press",
    "Refused",
    "Router",
    "State",
    "StatesGroup",
    "button",
]
