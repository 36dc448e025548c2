"""What a client gets that comes back with cursors: pure arithmetic on `seq` (PROTOCOL §2, "Resume, exactly")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from suhbat.protocol.commands import Resume
from suhbat.protocol.objects import ConversationState
from suhbat.protocol.types import ME

from .model import Actor, Opening

CONVERSATION_LIMIT = 1_000
"""Events of one conversation that are replayed; who is further behind gets its state instead."""
TOTAL_LIMIT = 5_000
"""The same over all conversations."""

NOTHING: Mapping[str, int] = MappingProxyType({})

Reason = Literal["too_far", "retention", "ahead", "interrupted", "new"]


@dataclass(frozen=True, slots=True)
class Plan:
    """From where each log is followed. Log names are as on the wire ("@me" for the user's own).

    `cursors`: replay starts above these; where a cursor is the head there is nothing to replay. `resets`: conversations
    whose state is sent instead, with the reason. `removed`: asked for, but not to be seen.
    """

    resumed: bool
    cursors: Mapping[str, int]
    resets: tuple[tuple[ConversationState, Reason], ...] = ()
    removed: tuple[str, ...] = ()


def opening_plan(
    opening: Opening, actor: Actor, epoch: str, resume: Resume | None, added: Mapping[str, int] = NOTHING
) -> Plan:
    """For `hello`: resume if the cursors are of this store and this user and the own log can be continued; else afresh.

    `added`: the conversations that became the user's above the own log's cursor, with their head then. The client hears of
    them from the replay of its own log, and must get what followed, like one who was here.
    """
    afresh = Plan(resumed=False, cursors=dict(opening.heads))
    if resume is None or resume.epoch != epoch or (resume.uid is not None and resume.uid != actor.uid):
        return afresh
    known = {key: head for key, head in added.items() if key in opening.heads} | dict(resume.cursors)
    plan = sync_plan(opening, known, whole=True)
    own = resume.cursors.get(ME)
    if own is not None and plan.cursors[ME] != own:
        return afresh
    return plan


def sync_plan(opening: Opening, cursors: Mapping[str, int], *, whole: bool = False) -> Plan:
    """For each conversation (cursor, head] whole, or a reset: never a part.

    `whole`: the cursors are all that the client has (a resume), so conversations without one are new to it.
    """
    start = dict(opening.heads)
    resets: list[tuple[ConversationState, Reason]] = []
    total = 0
    own = cursors.get(ME)
    if own is not None and _obstacle(opening, ME, own) is None:
        start[ME] = own
        total += opening.heads[ME] - own
    for state in opening.states:
        key = state.conversation
        cursor = cursors.get(key)
        if cursor is None:
            if whole:
                resets.append((state, "new"))
            continue
        behind = opening.heads[key] - cursor
        obstacle = _obstacle(opening, key, cursor)
        if cursor < state.since:
            obstacle = "interrupted"  # they left, and what was said until they came back is not told
        if obstacle is None and total + behind > TOTAL_LIMIT:
            obstacle = "too_far"
        if obstacle is not None:
            resets.append((state, obstacle))
            continue
        total += behind
        start[key] = cursor
    removed = tuple(key for key in cursors if key not in opening.heads)
    return Plan(resumed=True, cursors=start, resets=tuple(resets), removed=removed)


def _obstacle(opening: Opening, key: str, cursor: int) -> Reason | None:
    """Why a log cannot be continued above `cursor`; None if it can."""
    head = opening.heads[key]
    if cursor > head:
        return "ahead"
    if cursor < opening.oldest.get(key, 0):
        return "retention"
    if head - cursor > CONVERSATION_LIMIT:
        return "too_far"
    return None
