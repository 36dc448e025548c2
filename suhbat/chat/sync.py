"""What a client gets that comes back with cursors: pure arithmetic on `seq` (PROTOCOL §2, "Resume, exactly")."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from suhbat.protocol.commands import Resume
from suhbat.protocol.types import ME

from .model import Actor, Places

CONVERSATION_LIMIT = 1_000
"""Events of one conversation that are replayed; who is further behind gets its state instead."""
TOTAL_LIMIT = 5_000
"""The same over all conversations."""

NOTHING: Mapping[str, int] = MappingProxyType({})

Reason = Literal["too_far", "retention", "ahead", "interrupted", "new"]


@dataclass(frozen=True, slots=True)
class Plan:
    """From where each log is followed. Log names are as on the wire ("@me" for the user's own).

    `cursors`: replay starts above these; where a cursor is the head there is nothing to replay. `resets`: the conversations
    whose state is sent instead, with the reason. `removed`: asked for, but not to be seen. `heads`: where the logs stand.
    """

    resumed: bool
    cursors: Mapping[str, int]
    heads: Mapping[str, int] = field(default_factory=dict)
    resets: Mapping[str, Reason] = field(default_factory=dict)
    removed: tuple[str, ...] = ()


def opening_plan(
    places: Places, actor: Actor, epoch: str, resume: Resume | None, added: Mapping[str, int] = NOTHING
) -> Plan:
    """For `hello`: resume if the cursors are of this store and this user and the own log can be continued; else afresh.

    `added`: the conversations that became the user's above the own log's cursor, with their head then. The client hears of
    them from the replay of its own log, and must get what followed, like one who was here.
    """
    afresh = Plan(resumed=False, cursors=dict(places.heads))
    if resume is None or resume.epoch != epoch or (resume.uid is not None and resume.uid != actor.uid):
        return afresh
    known = {key: head for key, head in added.items() if key in places.heads} | dict(resume.cursors)
    # A cursor of before it became theirs again is of a time that ended: the client will hear that it was theirs no more.
    void = {key for key, head in added.items() if resume.cursors.get(key, head + 1) <= head}
    plan = sync_plan(places, known, whole=True, void=void)
    own = resume.cursors.get(ME)
    if own is not None and plan.cursors[ME] != own:
        return afresh
    return plan


def sync_plan(places: Places, cursors: Mapping[str, int], *, whole: bool = False, void: Collection[str] = ()) -> Plan:
    """For each conversation (cursor, head] whole, or a reset: never a part.

    `whole`: the cursors are all that the client has (a resume), so conversations without one are new to it. `void`: those whose
    cursor is of no use, since they left and came back.
    """
    start = dict(places.heads)
    resets: dict[str, Reason] = {}
    total = 0
    own = cursors.get(ME)
    if own is not None and _obstacle(places, ME, own) is None:
        start[ME] = own
        total += places.heads[ME] - own
    for key, head in places.heads.items():
        if key == ME:
            continue
        cursor = cursors.get(key)
        if cursor is None:
            if whole:
                resets[key] = "new"
            continue
        behind = head - cursor
        obstacle = _obstacle(places, key, cursor)
        if cursor < places.since.get(key, 0) or key in void:
            obstacle = "interrupted"  # they left, and what was said until they came back is not told
        if obstacle is None and total + behind > TOTAL_LIMIT:
            obstacle = "too_far"
        if obstacle is not None:
            resets[key] = obstacle
            continue
        total += behind
        start[key] = cursor
    removed = tuple(key for key in cursors if key not in places.heads)
    return Plan(resumed=True, cursors=start, heads=places.heads, resets=resets, removed=removed)


def _obstacle(places: Places, key: str, cursor: int) -> Reason | None:
    """Why a log cannot be continued above `cursor`; None if it can."""
    head = places.heads[key]
    if cursor > head:
        return "ahead"
    if cursor < places.oldest.get(key, 0):
        return "retention"
    if head - cursor > CONVERSATION_LIMIT:
        return "too_far"
    return None
