"""For those who look after the server: is it alive, is it ready, and its figures."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from suhbat.errors import Busy, NotFound
from suhbat.protocol.types import Wire

from .parts import House
from .refusals import refuses
from .security import is_local

router = APIRouter(tags=["health"])


_FIGURES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {"schema": {"type": "string", "examples": ["suhbat_connections 2.0\n"]}}}}
}


class Health(Wire):
    status: Literal["ok"] = "ok"


class Readiness(Wire):
    """`degraded`: it serves, but the bus between the nodes is away, so that news from other nodes takes up to 2 s."""

    status: Literal["ok", "degraded"] = "ok"


@router.get("/healthz")
async def healthz() -> Health:
    """The process is alive and its event loop turns. Asks nothing else: a restart would not help the store."""
    return Health()


@router.get("/readyz")
@refuses(Busy)
async def readyz(parts: House) -> Readiness:
    """The store can be reached and is migrated, and this node is not about to stop; else 503."""
    if parts.draining():
        raise Busy(retry_after=1, seconds=1)
    try:
        await parts.store.ready()
    except Exception as error:
        raise Busy(retry_after=1, seconds=1) from error
    return Readiness(status="degraded" if parts.degraded() else "ok")


@router.get("/metrics", response_class=Response, responses=_FIGURES)
@refuses(NotFound)
async def metrics(request: Request, parts: House) -> Response:
    """Figures for Prometheus. From this machine only; 404 for everybody else."""
    if not is_local(request, parts):
        raise NotFound()
    return Response(generate_latest(parts.registry), media_type=CONTENT_TYPE_LATEST)
