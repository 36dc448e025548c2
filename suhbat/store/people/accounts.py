"""Rows of accounts."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from suhbat.chat.bots import most_bots
from suhbat.chat.bounds import PROGRAMS_A_DAY
from suhbat.chat.model import Account
from suhbat.errors import NameTaken, Unauthenticated
from suhbat.store.read.notify import quiet_of
from suhbat.store.tables import accounts, guests, users
from suhbat.store.write.limits import spend_allowance
from suhbat.store.write.marks import add_user

from . import invites, mail

_COLUMNS = tuple(accounts.c[name] for name in Account.__slots__)
_ALL = select(*_COLUMNS).order_by(accounts.c.created_at, accounts.c.uid)


def all_accounts(connection: Connection) -> list[Account]:
    """All accounts, the oldest first."""
    return [_account(row) for row in connection.execute(_ALL)]


def of(connection: Connection, uids: Collection[str]) -> list[Account]:
    """Those of these uids that have accounts."""
    return [_account(row) for row in connection.execute(select(*_COLUMNS).where(accounts.c.uid.in_(uids)))]


def add(connection: Connection, account: Account, invite: bytes | None) -> str | None:
    """See chat.ports.AccountStore.add_account. For a user without a mark in the lobby, its present messages count as read."""
    conversation = None if invite is None else invites.use(connection, invite, account.created_at)
    taken = connection.execute(select(accounts.c.uid).where(accounts.c.skeleton == account.skeleton)).first()
    if taken is not None:
        raise NameTaken(user_id=account.user_id)
    if account.owner_uid is not None:
        _require_owner(connection, account.owner_uid)
        refused = spend_allowance(connection, account.owner_uid, "bots", PROGRAMS_A_DAY, account.created_at)
        if refused is not None:
            raise refused
    connection.execute(insert(accounts), _row(account))
    connection.execute(delete(guests).where(guests.c.uid == account.uid))
    add_user(connection, account.actor, account.created_at, account.lobby_from)
    connection.execute(update(users).where(users.c.uid == account.uid).values(kind=account.kind))
    return conversation


def _require_owner(connection: Connection, uid: str) -> None:
    """An account that gets one more bot. Its row is locked: an erasure waits for the bot and then finds it, and two nodes that
    make bots at once count them one after the other. Raises Unauthenticated if the account is gone, BadRequest for too many."""
    usable = select(accounts.c.uid).where(accounts.c.uid == uid, accounts.c.disabled.is_(False))
    if connection.execute(usable.with_for_update(key_share=True)).first() is None:
        raise Unauthenticated()
    counted = select(func.count()).select_from(accounts).where(accounts.c.owner_uid == uid)
    most_bots(connection.execute(counted).scalar_one())


def save(connection: Connection, account: Account) -> None:
    """Replace the row of this uid. A new password voids the links to one that were mailed."""
    mine = select(accounts.c.password_hash).where(accounts.c.uid == account.uid)
    if connection.execute(mine).scalar() != account.password_hash:
        mail.void_resets(connection, account.uid)
    connection.execute(update(accounts).where(accounts.c.uid == account.uid).values(_row(account)))


def set_picture(connection: Connection, account: Account) -> None:
    """Write the picture of this account."""
    mine = accounts.c.uid == account.uid
    connection.execute(update(accounts).where(mine).values(picture=account.picture))


def _account(row: Row[*tuple[Any, ...]]) -> Account:
    fields = row._asdict()
    return Account(**fields | {"quiet": quiet_of(fields["quiet"])})


def _row(account: Account) -> dict[str, object]:
    """The row without the picture: whoever writes an account may know an older one, whose file is gone."""
    row = {name: getattr(account, name) for name in Account.__slots__ if name != "picture"}
    return row | {"quiet": None if account.quiet is None else account.quiet.model_dump_json()}
