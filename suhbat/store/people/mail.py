"""Rows of addresses and mailed codes."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, delete, insert, select, update

from suhbat.chat.mailboxes import folded
from suhbat.chat.model import CodeUse, Mail, MailAddress, MailCode, Milliseconds
from suhbat.chat.ports import MailLimits
from suhbat.errors import NotFound
from suhbat.store import cursors
from suhbat.store.dialect import insert_new
from suhbat.store.tables import accounts, mail_addresses, mail_codes, mails
from suhbat.store.write import push_recipients

from . import mail_queue

KEY = "mail_key"
"""The key in `meta` of the secret that signs the links in mails."""

_FIELDS = tuple(MailAddress.__slots__)
_COLUMNS = tuple(mail_addresses.c[name] for name in _FIELDS)
_OF_CODE = tuple(mail_codes.c[name] for name in MailCode.__slots__)


def of(connection: Connection, uid: str) -> MailAddress | None:
    """See `chat.ports.MailStore.mail_address`."""
    row = connection.execute(select(*_COLUMNS).where(mail_addresses.c.uid == uid)).one_or_none()
    return None if row is None else MailAddress(*row)


def owners(connection: Connection, address: str, most: int) -> list[str]:
    """See `chat.ports.MailStore.mail_owners`."""
    query = select(mail_addresses.c.uid).where(mail_addresses.c.folded == folded(address))
    return list(connection.execute(query.order_by(mail_addresses.c.uid).limit(most)).scalars())


def want(connection: Connection, uid: str, address: str, mail: Mail, limits: MailLimits) -> None:
    """See `chat.ports.MailStore.want_address`."""
    connection.execute(delete(mails).where(mails.c.key == mail.key))  # it would go to the address before
    mail_queue.add(connection, mail, limits)
    _void(connection, uid, "confirm")
    insert_new(connection, mail_addresses, [{"uid": uid}])
    connection.execute(update(mail_addresses).where(mail_addresses.c.uid == uid).values(wanted=address))


def confirm(connection: Connection, code_hash: bytes, at: Milliseconds) -> tuple[MailAddress, MailAddress] | None:
    """See `chat.ports.MailStore.confirm_address`."""
    code = _good(connection, code_hash, "confirm", at)
    before = None if code is None else of(connection, code.uid)
    if code is None or before is None or before.wanted != code.address:
        return None
    _void(connection, code.uid, "confirm")
    # A link to a new password that went to the address before is void with it.
    _void(connection, code.uid, "reset")
    after = replace(before, address=code.address, confirmed_at=at, wanted=None, refused_at=None)
    row = {name: getattr(after, name) for name in _FIELDS if name != "uid"} | {"folded": folded(code.address)}
    connection.execute(update(mail_addresses).where(mail_addresses.c.uid == code.uid).values(row))
    cursors.begin_if_new(connection, push_recipients.NAME)
    return before, after


def forget(connection: Connection, uid: str) -> MailAddress | None:
    """See `chat.ports.MailStore.forget_address`."""
    before = of(connection, uid)
    connection.execute(delete(mail_addresses).where(mail_addresses.c.uid == uid))
    connection.execute(delete(mail_codes).where(mail_codes.c.uid == uid))
    connection.execute(delete(mails).where(mails.c.uid == uid, mails.c.kind.in_(("confirm", "reset", "digest"))))
    return before


def set_digest(connection: Connection, uid: str, on: bool) -> bool:
    """See `chat.ports.MailStore.set_digest`."""
    mine = mail_addresses.c.uid == uid
    if on:
        cursors.begin_if_new(connection, push_recipients.NAME)
    return connection.execute(update(mail_addresses).where(mine).values(digest=on)).rowcount > 0


def digest_sent(connection: Connection, uid: str, at: Milliseconds) -> None:
    """See `chat.ports.MailStore.digest_sent`."""
    connection.execute(update(mail_addresses).where(mail_addresses.c.uid == uid).values(digest_at=at))


def refuse(connection: Connection, uid: str, address: str, at: Milliseconds | None) -> None:
    """See `chat.ports.MailStore.refuse_address`."""
    mine = (mail_addresses.c.uid == uid, mail_addresses.c.address == address)
    other = mail_addresses.c.refused_at.is_(None) if at is not None else mail_addresses.c.refused_at.is_not(None)
    connection.execute(update(mail_addresses).where(*mine, other).values(refused_at=at))


def add_code(connection: Connection, code: MailCode) -> None:
    """See `chat.ports.MailStore.add_code`."""
    if connection.execute(select(accounts.c.uid).where(accounts.c.uid == code.uid)).first() is None:
        raise NotFound()
    connection.execute(insert(mail_codes), {name: getattr(code, name) for name in MailCode.__slots__})


def code(connection: Connection, code_hash: bytes, use: CodeUse, at: Milliseconds) -> MailCode | None:
    """See `chat.ports.MailStore.mail_code`."""
    return _good(connection, code_hash, use, at, locks=False)


def take_code(connection: Connection, code_hash: bytes, use: CodeUse, at: Milliseconds) -> MailCode | None:
    """See `chat.ports.MailStore.take_code`."""
    code = _good(connection, code_hash, use, at)
    if code is not None:
        _void(connection, code.uid, use)
    return code


def drop_codes(connection: Connection, before: Milliseconds) -> None:
    """See `chat.ports.MailStore.drop_codes`."""
    connection.execute(delete(mail_codes).where(mail_codes.c.expires_at <= before))


def void_resets(connection: Connection, uid: str) -> None:
    """Void the links to a new password, because there is a new one."""
    _void(connection, uid, "reset")


def _void(connection: Connection, uid: str, use: CodeUse) -> None:
    connection.execute(delete(mail_codes).where(mail_codes.c.uid == uid, mail_codes.c.use == use))


def _good(
    connection: Connection, code_hash: bytes, use: CodeUse, at: Milliseconds, *, locks: bool = True
) -> MailCode | None:
    mine = (mail_codes.c.hash == code_hash, mail_codes.c.use == use, mail_codes.c.expires_at > at)
    query = select(*_OF_CODE).where(*mine)
    # The lock: of two requests with one code, the second finds it used.
    row = connection.execute(query.with_for_update() if locks else query).one_or_none()
    return None if row is None else MailCode(*row)
