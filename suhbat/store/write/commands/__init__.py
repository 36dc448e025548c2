"""The commands that change stored state, each a unit of work for the writer: lock, ask the rules, write, append events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from suhbat.chat.model import Actor, CommandContext, CommandResult, Milliseconds
from suhbat.protocol import commands, http_commands
from suhbat.protocol.http_commands import StateCommand
from suhbat.protocol.logged_events import own_log
from suhbat.protocol.types import ME
from suhbat.store.write.transaction import WriterTransaction

from . import conversations, growing, membership, messages, moderation, own, programs, read_marks, replies
from .execution import Execution

conversation_of = programs.conversation_of

EXECUTORS: dict[type[Any], Callable[[Execution, Any], CommandResult]] = {
    commands.Edit: messages.edit,
    commands.Delete: messages.delete,
    commands.React: messages.react,
    commands.Pin: messages.pin,
    commands.Report: moderation.report,
    commands.Read: read_marks.read,
    commands.MarkUnread: read_marks.mark_unread,
    commands.SetNotify: own.set_notify,
    commands.ChangeThread: replies.change_thread,
    commands.Draft: own.draft,
    commands.Save: own.save,
    commands.Create: conversations.create,
    commands.Meet: conversations.meet,
    commands.Update: conversations.update,
    commands.Erase: conversations.erase,
    commands.Join: membership.join,
    commands.Leave: membership.leave,
    commands.Admit: membership.admit,
    commands.Remove: membership.remove,
    commands.Ban: moderation.ban,
    commands.Mute: moderation.mute,
    http_commands.TakeOver: growing.take_over,
    http_commands.SaveGrowing: growing.save,
    http_commands.FinishGrowing: growing.finish,
    http_commands.AcceptInvite: membership.accept_invite,
    http_commands.SetFilter: moderation.set_filter,
    http_commands.SettleReport: moderation.settle_report,
    http_commands.AnswerKey: programs.answer_key,
    http_commands.Press: programs.press,
    http_commands.ChangePicture: conversations.change_picture,
}
"""The function that executes each command. tests/store/write/test_commands.py checks that none is missing."""


def touched(actor: Actor, command: StateCommand, context: CommandContext) -> frozenset[str]:
    """The logs to which a command probably writes: its conversation, and the own logs of the people it names."""
    if isinstance(command, http_commands.AnswerKey):
        return frozenset()  # its conversation is not known yet: see `conversation_of`
    people = {actor.uid, *context.mentioned, *(person.uid for person in context.people)}
    return frozenset({getattr(command, "conversation", ME), *map(own_log, people)} - {ME})


def execute(
    transaction: WriterTransaction, actor: Actor, at: Milliseconds, command: StateCommand, context: CommandContext
) -> CommandResult:
    """See `chat.ports.CommandWriter.execute`. Raises the refusal; then the caller must roll back to its savepoint."""
    execution = Execution(transaction, actor, at, context)
    result = EXECUTORS[type(command)](execution, command)
    execution.flush()
    return result
