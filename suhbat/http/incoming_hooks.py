"""The addresses of incoming webhooks, at which other programs post. The token in the path is the only authority."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Request
from fastapi.responses import PlainTextResponse

from suhbat.errors import InvalidPayload, NoService, RateLimited, SuhbatError

from .dependencies import Served
from .guesses import guess
from .hooks import TOKEN
from .refusals import refuses
from .routing import apart

router = apart(prefix="/hooks", tags=["hooks"])

TokenPath = Annotated[str, Path(examples=[TOKEN])]
_FORM = {"payload": {"type": "string", "examples": ['{"text": "Salom!"}']}}
_BODIES = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object", "examples": [{"text": "*Salom*, hammaga!"}]}},
            "application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": _FORM}},
            "text/plain": {"schema": {"type": "string", "examples": ["Salom!"]}},
        },
    }
}
_OK: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {"schema": {"type": "string", "examples": ["ok"]}}}, "description": "It is posted."}
}


@router.post("/{token}", response_class=PlainTextResponse, responses=_OK, openapi_extra=_BODIES)
@refuses(InvalidPayload, NoService, RateLimited)
async def post(token: TokenPath, request: Request, services: Served) -> PlainTextResponse:
    """Post a message through an incoming webhook: in Slack's format, as JSON or in a form, as plain text, or what GitHub,
    GitLab, Gitea, Alertmanager, Grafana or Sentry send."""
    return await _post(token, request, services, as_slack=False)


@router.post("/{token}/slack", response_class=PlainTextResponse, responses=_OK, openapi_extra=_BODIES)
@refuses(InvalidPayload, NoService, RateLimited)
async def post_as_slack(token: TokenPath, request: Request, services: Served) -> PlainTextResponse:
    """The same; the format is Slack's, whatever the headers say."""
    return await _post(token, request, services, as_slack=True)


async def _post(token: str, request: Request, services: Served, *, as_slack: bool) -> PlainTextResponse:
    is_known = False
    try:
        async with guess(request, services, NoService):
            hook, maker = await services.hooks.find(token)
        is_known = True
        services.hooks.charge(hook, maker)
        # Only now, because a body is large: who knows no address cannot make this server read one.
        await services.hooks.post(hook, maker, await request.body(), request.headers, as_slack=as_slack)
    except SuhbatError as refused:
        services.counts.hook_posts.add(_outcome(refused, is_known=is_known))
        raise
    services.counts.hook_posts.add("posted")
    return PlainTextResponse("ok")


def _outcome(refused: SuhbatError, *, is_known: bool) -> str:
    """What became of a request, for the metrics. `is_known`: there is a webhook with this address."""
    match refused:
        case NoService():
            return "not_allowed" if is_known else "unknown"
        case InvalidPayload():
            return "invalid"
        case RateLimited():
            return "too_fast"
        case _:
            return "failed"
