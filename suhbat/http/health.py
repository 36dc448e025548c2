"""For operators: whether the server is alive, whether it is ready, and its metrics."""

from __future__ import annotations

from hmac import compare_digest
from typing import Any, Literal

from fastapi import Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from suhbat.errors import Busy, Forbidden, NotFound, Unauthenticated
from suhbat.identity.tokens import is_ours
from suhbat.protocol.types import Schema
from suhbat.services import Services

from .dependencies import Served, is_local
from .refusals import refuses
from .routing import apart

router = apart(tags=["health"])


_METRICS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {"schema": {"type": "string", "examples": ["suhbat_connections 2.0\n"]}}}}
}


class Health(Schema):
    status: Literal["ok"] = "ok"


class Readiness(Schema):
    """`degraded`: the node serves, but the bus is disconnected, so events from other nodes take up to 2 s."""

    status: Literal["ok", "degraded"] = "ok"


@router.get("/healthz")
async def healthz() -> Health:
    """The process is alive and its event loop runs. Does not ask the store, which a restart would not repair."""
    return Health()


@router.get("/readyz")
@refuses(Busy)
async def readyz(services: Served) -> Readiness:
    """The store can be reached and is migrated, and this node is not about to stop. 503 otherwise."""
    if services.health.draining:
        raise Busy(retry_after=1, seconds=1)
    try:
        await services.store.ready()
    except Exception as error:
        raise Busy(retry_after=1, seconds=1) from error
    return Readiness(status="degraded" if services.health.degraded else "ok")


@router.get("/metrics", response_class=Response, responses=_METRICS)
@refuses(NotFound, Unauthenticated, Forbidden, Busy)
async def metrics(request: Request, services: Served) -> Response:
    """Metrics for Prometheus. Readable from this machine, or with `metrics_token` or the token of an owner of the server as
    `Authorization: Bearer`. 404 otherwise."""
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        await _require_good(services, shown.strip())
    elif not is_local(request, services):
        raise NotFound()
    return Response(await services.health.metrics(), media_type=CONTENT_TYPE_LATEST)


async def _require_good(services: Services, shown: str) -> None:
    """Raises Unauthenticated, Forbidden, Busy."""
    token = services.settings.metrics_token
    # As bytes: a header may hold non-ASCII characters, which `compare_digest` does not accept as text.
    if token is not None and compare_digest(token.encode(), shown.encode()):
        return
    if not is_ours(shown):
        raise Unauthenticated()
    login = await services.people.authenticate(shown)
    if login.actor.role != "owner":
        raise Forbidden()
