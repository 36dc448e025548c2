"""Rows of the numbers of users and conversations, and of the commands of bots."""

from __future__ import annotations

from collections.abc import Sequence
from secrets import randbelow

from sqlalchemy import Connection, delete, select

from suhbat.chat.model import Actor
from suhbat.protocol.bots import BotCommand, OfferedCommand
from suhbat.store.dialect import insert_new, insert_rows
from suhbat.store.read.floor import visible
from suhbat.store.tables import accounts, bot_commands, members, numbers

ABOVE = 2**52
"""Numbers are below this, so that every language reads them exactly, and Telegram's libraries take them."""


def number_of(connection: Connection, ref: str) -> int | None:
    """The number of a user or a conversation, if there is one."""
    number: int | None = connection.execute(select(numbers.c.number).where(numbers.c.ref == ref)).scalar()
    return number


def make_number(connection: Connection, ref: str) -> int:
    """The same; made if there is none. Random, so that it tells nothing."""
    while (number := number_of(connection, ref)) is None:
        insert_new(connection, numbers, [{"number": randbelow(ABOVE - 1) + 1, "ref": ref}])
    return number


def ref_of(connection: Connection, number: int) -> str | None:
    """The uid or the conversation with this number."""
    ref: str | None = connection.execute(select(numbers.c.ref).where(numbers.c.number == number)).scalar()
    return ref


def commands_of(connection: Connection, uid: str) -> tuple[BotCommand, ...]:
    """The commands of a bot, in its order."""
    columns = (bot_commands.c.name, bot_commands.c.description, bot_commands.c.usage)
    rows = connection.execute(select(*columns).where(bot_commands.c.uid == uid).order_by(bot_commands.c.position))
    return tuple(BotCommand(**row._asdict()) for row in rows)


def set_commands(connection: Connection, uid: str, commands: Sequence[BotCommand]) -> None:
    """Replace the commands of a bot."""
    connection.execute(delete(bot_commands).where(bot_commands.c.uid == uid))
    rows = [(uid, one.name, position, one.description, one.usage) for position, one in enumerate(commands)]
    insert_rows(connection, bot_commands, rows)


def commands_in(connection: Connection, actor: Actor, conversation: str) -> tuple[OfferedCommand, ...]:
    """See `chat.ports.BotStore`. The lobby has no members, so no bot offers commands there."""
    log = visible(connection, actor, conversation, "read")
    rows = connection.execute(
        select(
            bot_commands.c.name,
            bot_commands.c.description,
            bot_commands.c.usage,
            accounts.c.user_id,
            accounts.c.uid,
            accounts.c.bot_api,
        )
        .join(accounts, accounts.c.uid == bot_commands.c.uid)
        .join(members, members.c.uid == bot_commands.c.uid)
        .where(members.c.conversation_id == log.id)
        .order_by(accounts.c.user_id, bot_commands.c.position)
    )
    return tuple(
        OfferedCommand(
            name=row.name,
            description=row.description,
            usage=row.usage,
            bot=row.user_id,
            bot_uid=row.uid,
            native=row.bot_api == "native",
        )
        for row in rows
    )
