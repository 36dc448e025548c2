"""Moderation: reports, the word filter and the audit log."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Response
from pydantic import Field

from suhbat.chat.model import Actor
from suhbat.chat.moderation import owner_refusal
from suhbat.errors import NotFound
from suhbat.protocol.http_commands import FilterWords, SetFilter, SettleReport
from suhbat.protocol.objects import Message, User
from suhbat.protocol.types import MAX_INTEGER, Schema, Time

from .dependencies import READ, SAFE_WRITE, Caller, Served
from .refusals import refuses
from .routing import resource

router = resource(tags=["order"])

Limit = Annotated[int, Query(ge=1, le=200)]


class OpenReport(Schema, title="Report"):
    __qualname__ = "Report"  # the name in /openapi.json, which does not change

    id: int = Field(examples=[3])
    message: Message
    by: User
    reason: str = Field(examples=["spam"])
    at: Time


class Reports(Schema):
    reports: tuple[OpenReport, ...]


class AuditEntry(Schema):
    """`subject`: the uid of the person concerned, or ""."""

    id: int = Field(examples=[5])
    at: Time
    actor: str = Field(examples=["ali"])
    actor_uid: str = Field(examples=["usrazxgnrfqirgosn73gmg"])
    action: str = Field(examples=["ban"])
    conversation: str = Field(examples=["rqegnj7zdywrwkkgt34yyk"])
    subject: str = Field(examples=["ugdrxjoxvkdea4x2w3wzu2"])
    data: str = Field(examples=["spam"])


class AuditLog(Schema):
    entries: tuple[AuditEntry, ...]


@router.get("/reports", dependencies=[READ])
async def reports(
    actor: Caller, services: Served, after: Annotated[int, Query(ge=0, le=MAX_INTEGER)] = 0, limit: Limit = 50
) -> Reports:
    """Messages that people reported, from the conversations that the caller moderates, oldest first."""
    found = await services.store.reports(actor, after=after, limit=limit)
    return Reports(reports=tuple(OpenReport.model_validate(report, from_attributes=True) for report in found))


@router.delete("/reports/{report}", status_code=204, response_class=Response, dependencies=[SAFE_WRITE])
@refuses(NotFound)
async def settle(
    report: Annotated[int, Path(ge=1, le=MAX_INTEGER, examples=[3])], actor: Caller, services: Served
) -> None:
    """Close a report, so that it is no longer listed. For moderators of its conversation."""
    await services.commands.execute(actor, SettleReport(report=report))


class NewFilter(Schema):
    """Words or phrases that no message may contain, as whole words in any spelling."""

    words: FilterWords


class Filtered(Schema):
    """The words as they are stored: normalised, so that one may be longer than it was sent."""

    words: tuple[str, ...] = Field(examples=[["spam"]])


def require_owner(actor: Actor) -> None:
    """Raises Forbidden for everybody except the owner of the server."""
    if (refusal := owner_refusal(actor)) is not None:
        raise refusal


@router.get("/filter", dependencies=[READ])
async def show_filter(actor: Caller, services: Served) -> Filtered:
    """The words that no message may contain, in the form that search compares. For the owner of the server."""
    require_owner(actor)
    return Filtered(words=await services.store.filtered())


@router.put("/filter", dependencies=[SAFE_WRITE])
async def put_filter(body: NewFilter, actor: Caller, services: Served) -> Filtered:
    """Replace the list of words. A message that contains one of them is refused with the reason."""
    await services.commands.execute(actor, SetFilter(words=body.words))
    return Filtered(words=await services.store.filtered())


@router.get("/audit", dependencies=[READ])
async def audit(
    actor: Caller,
    services: Served,
    before: Annotated[int | None, Query(ge=1, le=MAX_INTEGER)] = None,
    limit: Limit = 50,
) -> AuditLog:
    """The actions of moderators, newest first. For the owner of the server."""
    require_owner(actor)
    found = await services.store.audit(before=before, limit=limit)
    return AuditLog(entries=tuple(AuditEntry.model_validate(entry, from_attributes=True) for entry in found))
