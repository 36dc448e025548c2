"""For those who look after the server: is it alive, is it ready, and its figures."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from suhbat.errors import Busy, NotFound
from suhbat.identity.address import is_loopback
from suhbat.protocol.types import Wire

from .parts import House

router = APIRouter(tags=["health"])


class Health(Wire):
    status: Literal["ok"] = "ok"


@router.get("/healthz")
async def healthz() -> Health:
    """The process is alive and its event loop turns. Asks nothing else: a restart would not help the store."""
    return Health()


@router.get("/readyz")
async def readyz(parts: House) -> Health:
    """The store can be reached and is migrated; else 503."""
    try:
        await parts.store.ready()
    except Exception as error:
        raise Busy(retry_after=1, seconds=1) from error
    return Health()


@router.get("/metrics", response_class=Response)
async def metrics(request: Request, parts: House) -> Response:
    """Figures for Prometheus. From this machine only; 404 for everybody else."""
    if not _is_local(request):
        raise NotFound()
    return Response(generate_latest(parts.registry), media_type=CONTENT_TYPE_LATEST)


def _is_local(request: Request) -> bool:
    """Whether the one who asks is on this machine, and not somebody behind a proxy on it or a page in its browser.

    A proxy shows by its headers, or by the Host it passes on; a page whose DNS points here shows by Host as well.
    """
    if any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-real-ip", "via")):
        return False
    host = urlsplit("//" + request.headers.get("host", "")).hostname or ""
    return (
        request.client is not None and is_loopback(request.client.host) and (host == "localhost" or is_loopback(host))
    )
