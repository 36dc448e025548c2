"""The addresses of the Bot API. The token is in the path, as libraries send it, so it is masked in every log."""

from __future__ import annotations

import json
from typing import Any

from fastapi import Request, Response

from suhbat.errors import NotFound, RateLimited, Unauthenticated
from suhbat.identity.address import metered
from suhbat.identity.user_directory import Login
from suhbat.programs.telegram.errors import TelegramError
from suhbat.services import Services

from ..dependencies import Served, address_of
from ..downloads import BYTES, answer, headers_of
from ..guesses import guess
from ..routing import apart
from .answers import refusal
from .call import Call, Result
from .methods import BY_NAME, METHODS
from .reading import drop, read
from .sending import original

router = apart(tags=["telegram"], include_in_schema=False)

_USES = frozenset(("getUpdates", "setWebhook", "sendMessage", "sendPhoto", "sendDocument", "setMyCommands"))
"""The calls that make a bot one of Telegram's kind: it gets `/commands` as messages from then on. So do all others for a bot
without commands of its own, because libraries begin with `getMe`, and people with `/start` before the bot asks for updates."""


@router.api_route("/bot{token}/{method}", methods=["GET", "POST"])
async def call(token: str, method: str, request: Request, services: Served) -> Response:
    """A method of the Bot API."""
    name = BY_NAME.get(method.lower())
    request.state.method = name or ""
    try:
        login = await _login(token, request, services)
        if name is None:
            raise TelegramError("Not Found", 404)
        return _answer(await _carry_out(name, login, request, services))
    except TelegramError as error:
        return refusal(request, error)


async def _login(token: str, request: Request, services: Services) -> Login:
    """The bot of a token. Raises Unauthenticated, Forbidden, RateLimited, Busy."""
    async with guess(request, services, Unauthenticated):
        login = await services.people.authenticate(token)
        if login.actor.kind != "bot":
            raise Unauthenticated
    services.bans.check(login.actor)
    meter = services.limits.rates.meter(login.actor.uid, metered(address_of(request, services)))
    if wait := meter.take(services.clock.steady()):
        raise RateLimited(retry_after=wait)
    return login


async def _carry_out(name: str, login: Login, request: Request, services: Services) -> Result:
    services.counts.telegram_calls[name] += 1
    parameters, file = await read(request, login.actor, services)
    made = Call(services, login, parameters, request, file)
    await _become_telegram(name, login.actor.uid, services)
    if name == "getUpdates":
        return await METHODS[name](made)  # it waits, and may not keep others from reading
    try:
        async with services.limits.reads.quick(login.actor.uid, ""):
            return await METHODS[name](made)
    except BaseException:
        if file is not None:
            await drop(file, login.actor, services)
        raise


async def _become_telegram(name: str, uid: str, services: Services) -> None:
    account = services.people.accounts.of_uid(uid)
    if account is None or account.bot_api == "telegram":
        return
    if name in _USES or not await services.store.bot_commands(uid):
        await services.people.accounts.change(uid, bot_api="telegram")


def _answer(result: Any) -> Response:
    body = json.dumps({"ok": True, "result": result}, ensure_ascii=False, separators=(",", ":"))
    return Response(body, media_type="application/json", headers={"cache-control": "no-store"})


@router.get("/file/bot{token}/{file}/{name}", responses=BYTES, response_class=Response)
async def download(
    token: str, file: str, name: str, request: Request, response: Response, services: Served
) -> Response:
    """The bytes of a file, at the `file_path` that `getFile` gave."""
    login = await _login(token, request, services)
    id, _, side = file.partition(".")
    if (id if side else file) != original(file):
        raise NotFound
    found = await services.store.readable_file(login.actor, id)
    opened = await services.downloads.open(found, int(side) if side else None)
    return await answer(request, response, opened, headers_of(found, is_thumbnail=bool(side)))
