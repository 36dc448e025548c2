"""Commands about a user's own state: notifications, drafts, saved messages, the profile."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import delete, func, insert, select

from suhbat.chat.marks import saved_refusal
from suhbat.chat.model import Account, Actor, Change, CommandResult, Milliseconds, NewPicture
from suhbat.chat.moderation import sanction_refusal
from suhbat.chat.notify import DEFAULTS, chosen
from suhbat.errors import NotFound
from suhbat.protocol.commands import Draft, Save, SetNotify
from suhbat.protocol.events import DraftChanged, NotifyChanged, Saved, UserUpdated
from suhbat.protocol.objects import Notify
from suhbat.store.people import accounts
from suhbat.store.read.profiles import profile
from suhbat.store.tables import drafts, notify_levels, saved
from suhbat.store.write import pictures, push_queue
from suhbat.store.write.transaction import WriterTransaction

from .execution import Execution, allow


def save_account(transaction: WriterTransaction, account: Account, at: Milliseconds) -> None:
    """Replace the row of an account. If the profile has changed, append `user.updated` to the user's own log."""
    execution = Execution(transaction, account.actor, at)
    before = profile(execution.connection, account.uid)
    accounts.save(execution.connection, account)
    after = profile(execution.connection, account.uid)
    transaction.changes.append(Change("account", account.uid))
    if after is not None and before is not None and after.quiet != before.quiet:
        push_queue.end_quiet(execution.connection, account.uid, at)
    if after is not None and after != before:
        execution.append(execution.own_log(account.uid), UserUpdated, user=after)
    execution.flush()


def set_picture(
    transaction: WriterTransaction,
    uid: str,
    picture: NewPicture | None,
    at: Milliseconds,
    moderator: Actor | None = None,
) -> Account:
    """Change or remove the picture of an account, and append `user.updated` to the user's own log. `moderator`: who does it,
    if that is not the user. Raises NotFound if the account is gone, and the refusal of a moderator."""
    found = accounts.of(transaction.connection, [uid])
    if not found:
        raise NotFound()
    account = replace(found[0], picture=None if picture is None else picture.file)
    if moderator is not None:
        allow(sanction_refusal(moderator, moderator.role, account.actor, account.role))
    if account == found[0]:
        return account
    if moderator is not None:
        Execution(transaction, moderator, at).audit("picture.remove", None, uid)
    execution = Execution(transaction, account.actor, at)
    log = execution.own_log(uid)
    pictures.replace(execution.connection, uid, uid, picture, at)
    accounts.set_picture(execution.connection, account)
    transaction.changes.append(Change("account", uid))
    execution.append(log, UserUpdated, user=profile(execution.connection, uid))
    execution.flush()
    return account


def set_notify(execution: Execution, command: SetNotify) -> CommandResult:
    """Choose of which messages the actor is notified. The default of the kind is kept without a row."""
    log = execution.log(command.conversation, "mark")
    default = DEFAULTS[log.kind]
    wanted = chosen(log.kind, command.level, command.until, execution.at)
    mine = (notify_levels.c.uid == execution.actor.uid, notify_levels.c.conversation_id == log.id)
    row = execution.connection.execute(select(notify_levels.c.level, notify_levels.c.until).where(*mine)).one_or_none()
    before = default if row is None else Notify(level=row.level, until=row.until)
    if wanted == before:
        return CommandResult(log.name, log.head, notify=wanted)
    execution.connection.execute(delete(notify_levels).where(*mine))
    if wanted != default:
        key = {"uid": execution.actor.uid, "conversation_id": log.id}
        execution.connection.execute(insert(notify_levels), key | {"level": wanted.level, "until": wanted.until})
    own = execution.own_log(execution.actor.uid)
    execution.append(own, NotifyChanged, target=log.name, level=wanted.level, until=wanted.until)
    return CommandResult(log.name, log.head, notify=wanted)


def draft(execution: Execution, command: Draft) -> CommandResult:
    """Save a draft for all devices of the user; an empty text deletes it."""
    log = execution.log(command.conversation, "draft" if command.text else "see")
    mine = (drafts.c.uid == execution.actor.uid, drafts.c.conversation_id == log.id)
    before = execution.connection.execute(select(drafts.c.text).where(*mine)).scalar() or ""
    if before == command.text:
        return CommandResult(log.name, log.head)
    execution.connection.execute(delete(drafts).where(*mine))
    if command.text:
        execution.connection.execute(
            insert(drafts), {"uid": execution.actor.uid, "conversation_id": log.id, "text": command.text}
        )
    execution.append(execution.own_log(execution.actor.uid), DraftChanged, target=log.name, text=command.text)
    return CommandResult(log.name, log.head)


def save(execution: Execution, command: Save) -> CommandResult:
    """Save a message for the actor, or no longer. A repetition changes nothing."""
    connection, uid = execution.connection, execution.actor.uid
    log = execution.log(command.conversation, "read")
    if command.on:
        execution.message_row(log, command.seq)
    key = {"uid": uid, "conversation_id": log.id, "seq": command.seq}
    mine = (saved.c.uid == uid, saved.c.conversation_id == log.id, saved.c.seq == command.seq)
    is_saved = connection.execute(select(saved.c.seq).where(*mine)).first() is not None
    if is_saved == command.on:
        return CommandResult(log.name, log.head)
    if command.on:
        count = select(func.count()).select_from(saved).where(saved.c.uid == uid)
        allow(saved_refusal(connection.execute(count).scalar_one()))
        connection.execute(insert(saved), key | {"at": execution.at})
    else:
        connection.execute(delete(saved).where(*mine))
    execution.append(execution.own_log(uid), Saved, target=log.name, message=command.seq, on=command.on)
    return CommandResult(log.name, log.head)
