"""Commands about messages that grow: the node that takes the appends takes over, writes the text so far, and finishes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import select

from suhbat.chat.growing import final_refusal, stop_refusal
from suhbat.chat.model import Actor, CommandResult, TakenMessage
from suhbat.errors import Finished, Forbidden, NotFound
from suhbat.protocol.events import MessageFinished
from suhbat.protocol.http_commands import FinishGrowing, SaveGrowing, TakeOver
from suhbat.store.dialect import AnyRow
from suhbat.store.message_data import changed_json, has_files, is_streaming
from suhbat.store.read.messages import thread_of
from suhbat.store.tables import IS_MESSAGE, events
from suhbat.store.write import growing, word_filter
from suhbat.store.write.logs import Log, hides_past

from .execution import Execution, allow
from .messages import rewrite


def take_over(execution: Execution, command: TakeOver) -> CommandResult:
    """This node takes the appends of a message from now on. Raises NotFound, Forbidden, Finished."""
    log = execution.log(command.conversation, "edit")
    row = execution.message_row(log, command.seq)
    if row.actor_uid != execution.actor.uid:
        raise Forbidden("forbidden.author")
    version = growing.take_over(execution.connection, log.id, row.seq) if is_streaming(row.data) else None
    if version is None:
        raise Finished()
    veil = thread_of(row) or row.seq if hides_past(log) else None
    return CommandResult(log.name, log.head, taken=TakenMessage(row.text, version, veil))


def save(execution: Execution, command: SaveGrowing) -> CommandResult:
    """Write the text so far, so that little is lost if this node dies. Raises Finished if this node has lost the message, and
    the refusal if its sender may not write there any more, or the text is not allowed."""
    log = execution.find(command.conversation)
    if log is None or not growing.move_on(execution.connection, log.id, command.seq, command.version):
        raise Finished()
    execution.require(log, "edit")
    if command.text is not None:
        allow(word_filter.refusal(execution.connection, execution.cache, command.text))
        growing.store_text(execution.connection, log.id, command.seq, command.text)
    return CommandResult(log.name, log.head)


def finish(execution: Execution, command: FinishGrowing) -> CommandResult:
    """Finish a message with its whole text. Finishing again with the same text changes nothing.

    Its sender gives the text, and may leave out what this node knows. Others only stop it, and it is cut. The server stops it
    without asking the policy, and cannot be refused: a text that is not allowed is cut to what was stored before. It mentions
    those whom the text of the command mentions, if it is that text."""
    log, row = (_forced if command.forced else _asked)(execution, command)
    if command.forced:
        # The sender as they are called now: the account may have been erased since the message began.
        execution.actor = Actor(row.actor_uid, row.actor)
    if not is_streaming(row.data):
        if command.forced or command.text in (None, row.text):
            return CommandResult(log.name, log.head)
        raise Finished()
    is_authors = not command.forced and row.actor_uid == execution.actor.uid
    known = command.known if command.known is not None and command.known.startswith(row.text) else row.text
    text = known if command.text is None or not is_authors else command.text
    is_cut = command.cut or not is_authors
    refused = final_refusal(text, has_files=has_files(row.data), is_cut=is_cut) or word_filter.refusal(
        execution.connection, execution.cache, text
    )
    if refused is not None and is_authors:
        raise refused
    if refused is not None:
        text = row.text
    if text != (command.known if command.text is None else command.text):
        execution.context = replace(execution.context, mentioned=())
    growing.forget(execution.connection, log.id, row.seq)
    changed: dict[str, Any] = {"text": text, "data": changed_json(row.data, streaming=None, cut=is_cut or None)}
    return rewrite(execution, log, row, changed, MessageFinished, is_refusable=is_authors)


def _asked(execution: Execution, command: FinishGrowing) -> tuple[Log, AnyRow]:
    """The message, if the actor may finish it. Raises the refusal."""
    log = execution.log(command.conversation, "read")
    row = execution.message_row(log, command.seq)
    if row.actor_uid == execution.actor.uid:
        execution.require(log, "edit")
        return log, row
    if command.text is not None:
        raise Forbidden("forbidden.author")
    facts = execution.facts(log)
    assert facts is not None
    is_asker = _asker(execution, log, row) == execution.actor.uid
    allow(stop_refusal(kind=facts.kind, rank=execution.rank(log), is_asker=is_asker))
    return log, row


def _forced(execution: Execution, command: FinishGrowing) -> tuple[Log, AnyRow]:
    log = execution.find(command.conversation)
    place = None if log is None else (events.c.conversation_id == log.id, events.c.seq == command.seq, IS_MESSAGE)
    row = None if place is None else execution.connection.execute(select(events).where(*place)).one_or_none()
    if log is None or row is None or row.deleted:
        raise NotFound("not_found.message")
    return log, row


def _asker(execution: Execution, log: Log, row: AnyRow) -> str | None:
    """The uid of the author of the message to which this one replies."""
    if row.reply_to is None:
        return None
    place = (events.c.conversation_id == log.id, events.c.seq == row.reply_to, IS_MESSAGE)
    uid: str | None = execution.connection.execute(select(events.c.actor_uid).where(*place)).scalar()
    return uid
