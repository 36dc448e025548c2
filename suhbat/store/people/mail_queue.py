"""Rows of the mails that wait."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping

from sqlalchemy import Connection, and_, delete, func, select, update

from suhbat.chat.bounds import Made
from suhbat.chat.mailboxes import mailbox_key
from suhbat.chat.model import Mail, MailKind, Milliseconds
from suhbat.chat.ports import MailBacklog, MailLimits
from suhbat.errors import Busy
from suhbat.store.dialect import find_rows, insert_new, update_rows
from suhbat.store.tables import mail_addresses, mails
from suhbat.store.write.limits import spend_allowance

_FIELDS = tuple(Mail.__slots__)
_COLUMNS = tuple(mails.c[name] for name in _FIELDS)
_FULL_SECONDS = 60
AWAY: Milliseconds = 15 * 60 * 1000
"""How long after a message that somebody missed they get a digest."""
DIGEST_KEPT: Milliseconds = 3 * 24 * 3600 * 1000
"""For how long a digest is worth sending: nights and weekends are quiet."""
_COUNTED: Mapping[MailKind, Made] = {"confirm": "mails", "invite": "mailed_invites", "reset": "resets"}
"""Anybody can ask for a new password of anybody, so those are counted apart: nobody can use up the other mails of a person."""


def add(connection: Connection, mail: Mail, limits: MailLimits) -> None:
    """See `chat.ports.MailStore.queue_mail`."""
    if connection.execute(select(mails.c.id).where(mails.c.key == mail.key)).first() is not None:
        return
    if connection.execute(select(func.count()).select_from(mails)).scalar_one() >= limits.waiting:
        raise Busy(retry_after=_FULL_SECONDS)
    what = _COUNTED.get(mail.kind)
    if what is not None:
        refusal = spend_allowance(connection, mail.uid, what, limits.account, mail.created_at)
        if refusal is not None:
            raise refusal
        mailbox = mailbox_key(mail.address)
        if spend_allowance(connection, mailbox, what, limits.mailbox, mail.created_at) is not None:
            # Not said: who asks would learn that others asked for this address.
            return
    insert_new(connection, mails, [_row(mail)])


def claim(connection: Connection, most: int, at: Milliseconds, until: Milliseconds) -> list[Mail]:
    """See `chat.ports.MailStore.claim_mails`."""
    free = (mails.c.due_at <= at, mails.c.claimed_until <= at)
    connection.execute(delete(mails).where(mails.c.expires_at <= at, mails.c.claimed_until <= at))
    query = select(*_COLUMNS).where(*free).order_by(mails.c.due_at, mails.c.id).limit(most)
    found = [Mail(*row) for row in connection.execute(query.with_for_update(skip_locked=True))]
    if found:
        ids = [mail.id for mail in found]
        connection.execute(update(mails).where(mails.c.id.in_(ids)).values(claimed_until=until))
    return found


def free(connection: Connection) -> None:
    """See `chat.ports.MailStore.free_mails`."""
    connection.execute(update(mails).where(mails.c.claimed_until > 0).values(claimed_until=0))


def are_due(connection: Connection, at: Milliseconds) -> bool:
    """See `chat.ports.MailStore.mails_due`."""
    return (
        connection.execute(select(mails.c.id).where(mails.c.due_at <= at, mails.c.claimed_until <= at).limit(1)).first()
        is not None
    )


def end(connection: Connection, mail: Mail, again_at: Milliseconds) -> None:
    """See `chat.ports.MailStore.end_mail`."""
    same = and_(mails.c.id == mail.id, mails.c.version == mail.version)
    if connection.execute(delete(mails).where(same)).rowcount == 0:
        anew = {"due_at": again_at, "attempts": 0, "claimed_until": 0}
        connection.execute(update(mails).where(mails.c.id == mail.id).values(anew))


def delay(connection: Connection, waiting: Collection[Mail], due_at: Milliseconds, *, tried: bool) -> None:
    """See `chat.ports.MailStore.delay_mails`."""
    values = {"due_at": due_at, "claimed_until": 0} | ({"attempts": mails.c.attempts + 1} if tried else {})
    connection.execute(update(mails).where(mails.c.id.in_([mail.id for mail in waiting])).values(values))


def ask_digests(connection: Connection, missed: Mapping[str, Milliseconds], now: Milliseconds) -> None:
    """Queue digests for those of these users who want them, AWAY after the first message that they missed. `missed`: by uid,
    when that was sent. A digest that waits keeps its time, and is asked for again: see `end`."""
    wanted = [(uid,) for uid in sorted(missed)]
    columns = ("uid", "address", "digest", "refused_at")
    addresses = {
        uid: address
        for uid, address, is_wanted, refused_at in find_rows(connection, mail_addresses, ("uid",), columns, wanted)
        if address is not None and is_wanted and refused_at is None
    }
    if not addresses:
        return
    keys = [(f"digest:{uid}",) for uid in sorted(addresses)]
    known = {key for (key,) in find_rows(connection, mails, ("key",), ("key",), keys)}
    update_rows(connection, mails, ("key",), ("version",), [(key, 1) for (key,) in keys if key in known], add=True)
    until = now + DIGEST_KEPT
    new = [
        Mail(f"m{secrets.token_hex(13)}", "digest", f"digest:{uid}", uid, address, "", now, missed[uid] + AWAY, until)
        for uid, address in sorted(addresses.items())
        if f"digest:{uid}" not in known
    ]
    insert_new(connection, mails, [_row(mail) for mail in new])


def _row(mail: Mail) -> dict[str, object]:
    return {name: getattr(mail, name) for name in _FIELDS} | {"claimed_until": 0}


def backlog(connection: Connection, at: Milliseconds) -> MailBacklog:
    """See `chat.ports.MailStore.mail_backlog`."""
    waiting = connection.execute(select(func.count()).select_from(mails)).scalar_one()
    oldest = connection.execute(select(func.min(mails.c.due_at)).where(mails.c.due_at <= at)).scalar()
    return MailBacklog(waiting, oldest)
