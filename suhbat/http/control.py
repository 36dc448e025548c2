"""For the command line beside the running server: orders from this machine, by who can read a file in the data directory."""

from __future__ import annotations

from hmac import compare_digest

from fastapi import APIRouter, Request

from suhbat.control import HEADER
from suhbat.errors import NotFound
from suhbat.identity.administration import Order, Report, carry_out

from .parts import House
from .security import SAFE_WRITE, is_local

router = APIRouter(include_in_schema=False)


@router.post("/control", dependencies=[SAFE_WRITE])
async def order(request: Request, body: Order, parts: House) -> Report:
    """Carry out an order. From this machine and with the secret; for everybody else there is nothing here."""
    secret, shown = parts.control.secret, request.headers.get(HEADER, "")
    if not is_local(request) or not secret or not compare_digest(secret.encode(), shown.encode()):
        raise NotFound()
    report = await carry_out(body, parts.registration, parts.people)
    if body.verb == "erase":
        parts.erasing()
    return report
