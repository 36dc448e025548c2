"""Plain HTTP requests to the addresses of WebSockets."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import JSONResponse

from suhbat.errors import BadRequest

from .problem import problem
from .routing import apart

router = apart(include_in_schema=False)

UPGRADE_REQUIRED = 426
"""RFC 9110 §15.5.22."""


@router.get("/ws/{user_id}")
@router.get("/api/v1/ws")
async def explain(request: Request) -> JSONResponse:
    """Explain how to open the address, which somebody may have put into a browser's address bar."""
    error = BadRequest(reason="this address is for WebSockets, opened with ws:// instead of http://")
    return problem(request, error, UPGRADE_REQUIRED, {"upgrade": "websocket", "connection": "Upgrade"})
