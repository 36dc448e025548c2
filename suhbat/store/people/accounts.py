"""Accounts in the tables."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, delete, insert, select, update

from suhbat.chat.model import Account
from suhbat.errors import NameTaken
from suhbat.protocol.types import LOBBY
from suhbat.store.dialect import insert_new
from suhbat.store.tables import accounts, conversations, guests, users
from suhbat.store.write.marks import add_read_mark

from . import invites

_COLUMNS = tuple(accounts.c[name] for name in Account.__slots__)


def everybody(connection: Connection) -> list[Account]:
    """All accounts, the oldest first."""
    return [Account(*row) for row in connection.execute(select(*_COLUMNS).order_by(accounts.c.created_at))]


def of(connection: Connection, uids: Collection[str]) -> list[Account]:
    """The accounts that there are of these uids."""
    return [Account(*row) for row in connection.execute(select(*_COLUMNS).where(accounts.c.uid.in_(uids)))]


def add(connection: Connection, account: Account, invite: bytes | None) -> str | None:
    """See chat.ports.AccountStore.add_account. What the lobby holds until now counts as read, for who is new to it."""
    conversation = None if invite is None else invites.use(connection, invite, account.created_at)
    taken = connection.execute(select(accounts.c.uid).where(accounts.c.skeleton == account.skeleton)).first()
    if taken is not None:
        raise NameTaken(user_id=account.user_id)
    connection.execute(insert(accounts), _row(account))
    connection.execute(delete(guests).where(guests.c.uid == account.uid))
    user = {"uid": account.uid, "user_id": account.user_id, "kind": "account", "created_at": account.created_at}
    insert_new(connection, users, [user])
    connection.execute(update(users).where(users.c.uid == account.uid).values(kind="account"))
    lobby = connection.execute(select(conversations.c.id).where(conversations.c.name == LOBBY)).scalar_one()
    add_read_mark(connection, lobby, account.uid, account.lobby_from)
    return conversation


def save(connection: Connection, account: Account) -> None:
    """Write over the row of this uid."""
    connection.execute(update(accounts).where(accounts.c.uid == account.uid).values(_row(account)))


def _row(account: Account) -> dict[str, object]:
    return {name: getattr(account, name) for name in Account.__slots__}
