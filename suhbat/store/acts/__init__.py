"""The acts of `chat.acts`, each a unit of work for the writer: locked, asked of the policy, written, told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from suhbat.chat import acts
from suhbat.chat.acts import Act, Done
from suhbat.protocol.events import own_log
from suhbat.protocol.types import ME
from suhbat.store.transaction import WriterTransaction

from . import messages, order, own, people, rooms
from .writing import Writing

WAYS: dict[type[Any], Callable[[Writing, Any], Done]] = {
    acts.Renew: own.renew,
    acts.Edit: messages.edit,
    acts.Delete: messages.delete,
    acts.React: messages.react,
    acts.Pin: messages.pin,
    acts.Report: order.report,
    acts.Mark: own.mark,
    acts.Draft: own.draft,
    acts.Filter: order.filter_words,
    acts.Settle: order.settle,
    acts.Create: rooms.create,
    acts.Meet: rooms.meet,
    acts.Update: rooms.update,
    acts.Erase: rooms.erase,
    acts.Join: people.join,
    acts.Accept: people.accept,
    acts.Leave: people.leave,
    acts.Admit: people.admit,
    acts.Remove: people.remove,
    acts.Ban: order.ban,
    acts.Mute: order.mute,
}
"""How each act is carried out. tests/store/test_acts.py looks that none is missing."""


def touched(act: Act) -> frozenset[str]:
    """The logs that an act is likely to write to: its conversation, and the own logs of those it is about."""
    people = {act.actor.uid, *(getattr(act, "named", None) or ())}
    if (person := getattr(act, "person", None)) is not None:
        people.add(person.uid)
    people.update(one.uid for one in getattr(act, "people", None) or ())
    return frozenset({getattr(act, "conversation", ME), *map(own_log, people)} - {ME})


def carry_out(transaction: WriterTransaction, act: Act) -> Done:
    """See `chat.ports.Store.act`. Raises the refusal, with nothing written that the caller must not roll back."""
    writing = Writing(transaction, act.actor, act.at)
    done = WAYS[type(act)](writing, act)
    writing.flush()
    return done
