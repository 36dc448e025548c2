"""The replay for a client that reconnects with cursors: pure arithmetic on `seq` (docs/reference/v1.md, "Resume")."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from suhbat.protocol.commands import Resume
from suhbat.protocol.types import ME

from .model import Actor, Places

CONVERSATION_LIMIT = 1_000
"""Events of a conversation that are replayed; a client that is further behind gets its state instead."""
TOTAL_LIMIT = 5_000
"""The same over all conversations."""

NOTHING: Mapping[str, int] = MappingProxyType({})

Reason = Literal["too_far", "retention", "ahead", "interrupted", "new"]


@dataclass(frozen=True, slots=True)
class Plan:
    """The cursor at which the replay of each log starts. Log names are as on the wire ("@me" for the user's own).

    `cursors`: events above these are replayed; none if the cursor is the head. `resets`: the conversations whose state is sent
    instead, with the reason. `removed`: conversations that the client named and may not see. `heads`: of the logs.
    """

    resumed: bool
    cursors: Mapping[str, int]
    heads: Mapping[str, int] = field(default_factory=dict)
    resets: Mapping[str, Reason] = field(default_factory=dict)
    removed: tuple[str, ...] = ()


def opening_plan(
    places: Places, actor: Actor, epoch: str, resume: Resume | None, added: Mapping[str, int] = NOTHING
) -> Plan:
    """The plan for `hello`: a resume if the cursors are of this epoch and this user and the user's own log can be continued,
    else a fresh start.

    `added`: the conversations that the user joined above the cursor of the own log, with their head at that time. The client
    learns of them from the replay of its own log, and must get all later events, as if it had been connected.
    """
    afresh = Plan(resumed=False, cursors=dict(places.heads))
    if resume is None or resume.epoch != epoch or (resume.uid is not None and resume.uid != actor.uid):
        return afresh
    known = {key: head for key, head in added.items() if key in places.heads} | dict(resume.cursors)
    # A cursor below the head at which the user rejoined is from the earlier membership, whose end is in the replay.
    void = {key for key, head in added.items() if resume.cursors.get(key, head + 1) <= head}
    plan = sync_plan(places, known, whole=True, void=void)
    own = resume.cursors.get(ME)
    if own is not None and plan.cursors[ME] != own:
        return afresh
    return plan


def sync_plan(places: Places, cursors: Mapping[str, int], *, whole: bool = False, void: Collection[str] = ()) -> Plan:
    """The plan for `sync`: for each conversation all events in (cursor, head], or a reset, but never a part.

    `whole`: the client has no other cursors (a resume), so conversations without one are new to it. `void`: conversations whose
    cursor is invalid, because the user left and rejoined.
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
            obstacle = "interrupted"  # events from the time between leaving and rejoining are not for this user
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
    """The reason why a log cannot be continued above `cursor`; None if it can."""
    head = places.heads[key]
    if cursor > head:
        return "ahead"
    if cursor < places.oldest.get(key, 0):
        return "retention"
    if head - cursor > CONVERSATION_LIMIT:
        return "too_far"
    return None
