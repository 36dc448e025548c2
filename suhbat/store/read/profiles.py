"""The profile of an account."""

from __future__ import annotations

from sqlalchemy import Connection, select

from suhbat.protocol.objects import Profile, UserKind
from suhbat.store.tables import accounts

from .notify import quiet_of


def profile(connection: Connection, uid: str) -> Profile | None:
    """The profile of an account as its owner sees it; None if the account does not exist."""
    row = connection.execute(
        select(
            accounts.c.uid, accounts.c.user_id, accounts.c.display_name, accounts.c.role, accounts.c.locale,
            accounts.c.added_by, accounts.c.picture, accounts.c.quiet, accounts.c.push_text,
            accounts.c.owner_uid,
        ).where(accounts.c.uid == uid)
    ).one_or_none()  # fmt: skip
    if row is None:
        return None
    fields = row._asdict()
    kind: UserKind = "account" if fields.pop("owner_uid") is None else "bot"
    return Profile(kind=kind, **fields | {"quiet": quiet_of(fields["quiet"])})
