"""For those who keep order: what was reported, and what was done."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from suhbat.errors import Forbidden
from suhbat.protocol.objects import Message, User
from suhbat.protocol.types import MAX_INTEGER, Time, Wire

from .parts import House
from .security import Caller

router = APIRouter(tags=["order"])

Limit = Annotated[int, Query(ge=1, le=200)]


class Report(Wire):
    id: int
    message: Message
    by: User
    reason: str
    at: Time


class Reports(Wire):
    reports: tuple[Report, ...]


class AuditEntry(Wire):
    """`subject`: the uid of whom it was done to."""

    id: int
    at: Time
    actor: str
    actor_uid: str
    action: str
    conversation: str
    subject: str
    data: str


class AuditLog(Wire):
    entries: tuple[AuditEntry, ...]


@router.get("/reports")
async def reports(
    actor: Caller, parts: House, after: Annotated[int, Query(ge=0, le=MAX_INTEGER)] = 0, limit: Limit = 50
) -> Reports:
    """Messages that people reported, from the conversations where the caller keeps order, oldest first."""
    found = await parts.store.reports(actor, after=after, limit=limit)
    return Reports(
        reports=tuple(Report(id=one.id, message=one.message, by=one.by, reason=one.reason, at=one.at) for one in found)
    )


@router.get("/audit")
async def audit(
    actor: Caller,
    parts: House,
    before: Annotated[int | None, Query(ge=1, le=MAX_INTEGER)] = None,
    limit: Limit = 50,
) -> AuditLog:
    """What those who keep order did, newest first. Only the owner of the server reads it."""
    if actor.role != "owner":
        raise Forbidden()
    found = await parts.store.audit(before=before, limit=limit)
    return AuditLog(
        entries=tuple(
            AuditEntry(
                id=one.id,
                at=one.at,
                actor=one.actor,
                actor_uid=one.actor_uid,
                action=one.action,
                conversation=one.conversation,
                subject=one.subject,
                data=one.data,
            )
            for one in found
        )
    )
