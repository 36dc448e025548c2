"""Tickets: they replace the token for a WebSocket of a client that cannot set headers."""

from __future__ import annotations

from pydantic import Field

from suhbat.protocol.types import Schema, Time

from .dependencies import SAFE_WRITE, LoggedIn, Served
from .routing import resource

router = resource("/tickets", tags=["tickets"], dependencies=[SAFE_WRITE])


class Ticket(Schema):
    ticket: str = Field(examples=["a_ticket_for_thirty_seconds"])
    expires_at: Time


@router.post("", status_code=201)
async def issue(login: LoggedIn, services: Served) -> Ticket:
    """Issue a ticket that is valid once, within 30 s: open `/api/v1/ws?ticket=…` with it."""
    ticket, expires_at = await services.tickets.issue(login)
    return Ticket(ticket=ticket, expires_at=expires_at)
