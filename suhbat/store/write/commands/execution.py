"""What every command needs in its transaction: its logs, the policy, the limits, the events and the audit log."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, TypeVar

from sqlalchemy import insert, select

from suhbat.chat.bounds import Made
from suhbat.chat.model import PLAIN, Actor, CommandContext, ConversationFacts, Milliseconds
from suhbat.chat.policy import Action, Rank, decide, rank_of
from suhbat.errors import NotFound, SuhbatError
from suhbat.protocol.events import Stored
from suhbat.protocol.objects import Message
from suhbat.store.dialect import AnyRow
from suhbat.store.read.messages import MESSAGE, MESSAGE_AT, shown_to_all, thread_of
from suhbat.store.tables import audit, events
from suhbat.store.write.floors import writer_floor
from suhbat.store.write.limits import crowding_refusal, spend_allowance
from suhbat.store.write.logs import Log, facts_of
from suhbat.store.write.mentions import append_mentioned
from suhbat.store.write.transaction import WriterTransaction

E = TypeVar("E", bound=Stored)


def allow(refusal: SuhbatError | None) -> None:
    """Raise the refusal, unless it is None."""
    if refusal is not None:
        raise refusal


class Execution:
    """One command in its transaction. Events that it appends are published after COMMIT."""

    def __init__(
        self, transaction: WriterTransaction, actor: Actor, at: Milliseconds, context: CommandContext = PLAIN
    ) -> None:
        self.transaction = transaction
        self.connection = transaction.connection
        self.cache = transaction.cache
        self.rules = transaction.rules
        self.actor = actor
        self.at = at
        self.context = context

    @property
    def person(self) -> Actor:
        """The person whom the command names. Only for commands that name exactly one."""
        (person,) = self.context.people
        return person

    def find(self, name: str) -> Log | None:
        """The locked log of a conversation, or None. Does not ask whether the actor may know it."""
        self.cache.load(self.connection, (name,), {}, self.at)
        return self.cache.named.get(name)

    def log(self, name: str, action: Action) -> Log:
        """The locked log of a conversation in which the actor may do this. Raises the refusal."""
        log = self.find(name)
        allow(decide(self.actor, action, None if log is None else self.facts(log)))
        if log is None:
            raise NotFound()
        return log

    def require(self, log: Log, action: Action) -> None:
        """Raise the refusal if the actor may not do this in the log."""
        allow(decide(self.actor, action, self.facts(log)))

    def facts(self, log: Log) -> ConversationFacts | None:
        return facts_of(log, self.actor, self.at)

    def rank(self, log: Log) -> Rank:
        facts = self.facts(log)
        return "stranger" if facts is None else rank_of(self.actor, facts)

    def own_log(self, uid: str) -> Log:
        """The locked own log of a user; made if it does not exist."""
        self.cache.load_own(self.connection, (uid,), self.at)
        return self.cache.own[uid]

    def require_room_for(self, person: Actor, *, exempt: bool = False) -> None:
        """Raise TooManyConversations if this person cannot be in one more conversation."""
        name = None if person.uid == self.actor.uid else person.user_id
        allow(None if exempt else crowding_refusal(self.transaction, person.uid, of=name))

    def spend_allowance(self, what: Made, limit: int, *, exempt: bool = False) -> None:
        """Count one more of what the actor makes in a day. Raises RateLimited."""
        allow(None if exempt else spend_allowance(self.connection, self.actor.uid, what, limit, self.at))

    def message_row(self, log: Log, seq: int) -> AnyRow:
        """The row of a message, with the columns of MESSAGE. Raises NotFound if `seq` is no message, or one that is deleted
        or below the actor's floor."""
        row = self.connection.execute(MESSAGE_AT, {"log_id": log.id, "seq": seq}).one_or_none()
        if row is None or row.deleted or not self.may_read(log, thread_of(row) or seq):
            raise NotFound("not_found.message")
        return row

    def may_read(self, log: Log, seq: int) -> bool:
        """Whether this `seq` is above the actor's floor."""
        return seq > writer_floor(self.connection, self.rules.lobby_history, self.actor, log)

    def last_message(self, log: Log) -> Message | None:
        """The last message as the next event of the log shows it; None if the log has no message, or retention deleted it."""
        last = (events.c.conversation_id == log.id, events.c.ordinal == log.ordinal)
        rows = self.connection.execute(select(*MESSAGE).where(*last)).all()
        return next(iter(shown_to_all(self.connection, log.id, log.name, rows, log.head + 1)), None)

    def append_mentioned(self, log: Log, seq: int, uids: Collection[str]) -> None:
        """Append `mentioned` for people whom the message `seq` mentions, or no longer mentions."""
        append_mentioned(self.transaction, log, seq, uids, self.actor, self.at)

    def append(
        self, log: Log, kind: type[E], *, about: int | None = None, within: int | None = None, **fields: Any
    ) -> E:
        """Append an event of the actor: see `Appender.append`."""
        return self.transaction.appender.append(log, kind, self.actor, self.at, about=about, within=within, **fields)

    def add_users(self, people: Sequence[Actor]) -> None:
        """Give these people rows in `users` with the next `flush`."""
        self.transaction.appender.add_users(people, self.at)

    def audit(self, action: str, log: Log | None, subject: str, data: str = "") -> None:
        """Write an entry of the audit log. `log`: None if it is about no conversation."""
        row: dict[str, Any] = {
            "at": self.at,
            "actor": self.actor.user_id,
            "actor_uid": self.actor.uid,
            "action": action,
            "conversation": "" if log is None else log.name,
            "subject": subject,
            "data": data,
        }
        self.connection.execute(insert(audit), row)

    def flush(self) -> None:
        """Write what was appended; later reads of this transaction see it."""
        self.transaction.appender.flush()
