"""`suhbat user …`: through the running server, which is asked over loopback, or on the store when none runs."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from getpass import getpass
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from suhbat.config import Settings
from suhbat.identity.control import HEADER, Control

from . import words
from .words import shown

if TYPE_CHECKING:
    from suhbat.runtime.app import Suhbat

DATABASE = "suhbat.db"
PATIENCE = 30.0
"""Seconds that the running server has for an answer."""


class Refused(Exception):
    """The order was not carried out; the text says why and what to do."""


def order(settings: Settings, **fields: Any) -> list[dict[str, Any]]:
    """Carry out an order (see identity.administration.Order); the accounts that it was about. Raises Refused."""
    told = running(settings)
    if told is None:
        return asyncio.run(_alone(settings, fields))
    with ask(*told, "/control", fields) as answer:
        return list(json.load(answer)["accounts"])


def running(settings: Settings) -> tuple[str, str] | None:
    """Address and secret of the server that runs on the data directory; None where none does. Raises Refused."""
    from suhbat.store.lock import DirectoryLock

    if not settings.data.is_dir() or not DirectoryLock(settings.data).is_held():
        return None
    told = Control(settings.data).read()
    if told is None:
        raise Refused(
            f"a server is running on {settings.data.resolve()}, but its file `control` cannot be read: "
            "run this as the same user of the system, or stop the server"
        )
    return told


def ask_password() -> str:
    """From the terminal, twice and without echo; or, where nobody types, the first line of standard input.

    Raises Refused.
    """
    if not sys.stdin.isatty():
        line = sys.stdin.readline().rstrip("\r\n")
        if not line:
            raise Refused("no password on standard input; give it as one line")
        return line
    password = getpass("Password (8 characters or more): ")
    if password != getpass("The same again: "):
        raise Refused("the two are not the same; nothing was changed")
    return password


def find(settings: Settings, name: str) -> dict[str, Any]:
    """The account of this name, however it is spelt. Raises Refused."""
    from suhbat.errors import InvalidName
    from suhbat.identity.names import normalise

    with suppress(InvalidName):
        wanted = normalise(name)
        for account in order(settings, verb="list"):
            if account["user_id"] == wanted:
                return account
    raise Refused(words.no_account(name))


def table(accounts: list[dict[str, Any]]) -> list[str]:
    """A line for each account."""
    if not accounts:
        return ["No accounts yet."]
    names = [shown(account["user_id"]) for account in accounts]
    wide = max(map(len, names))
    return [
        f"{name:{wide}}  {account['role']:9}  {'disabled' if account['disabled'] else 'active':8}"
        f"  since {account['created_at'][:10]}"
        for name, account in zip(names, accounts, strict=True)
    ]


@contextmanager
def ask(url: str, secret: str, path: str, fields: dict[str, Any]) -> Iterator[HTTPResponse]:
    """The running server's answer, to be read. Raises Refused, also for an answer that breaks off."""
    try:
        with _post(url, secret, path, fields) as answer:
            yield answer
    except HTTPError as error:
        code, detail = _problem(error)
        if code == "not_found" and not _obeys(url, secret):
            raise Refused(
                f"what answers at {url} takes no orders from here: it is not the server of this data directory, or it listens "
                "on an address that is not loopback. Give --data of that server, or let it listen on 127.0.0.1 or 0.0.0.0"
            ) from None
        raise Refused(words.explain(code, detail, fields)) from None
    except (URLError, OSError, HTTPException, ValueError) as error:
        raise Refused(f"the running server at {url} does not answer ({error}); stop it and try again") from None


def _post(url: str, secret: str, path: str, fields: dict[str, Any]) -> HTTPResponse:
    sent = {"Content-Type": "application/json", "Accept-Language": "en", HEADER: secret}
    request = Request(f"{url}{path}", json.dumps(fields).encode(), sent)  # noqa: S310 (our own server wrote it down)
    # Without proxies: the secret is for this machine.
    answer: HTTPResponse = build_opener(ProxyHandler({})).open(request, timeout=PATIENCE)
    return answer


def _problem(error: HTTPError) -> tuple[str, str]:
    """Code and text."""
    try:
        told = json.load(error)
        return str(told["code"]), str(told["detail"])
    except (OSError, ValueError, KeyError, TypeError):
        return "", f"the running server answered {error.code}"


def _obeys(url: str, secret: str) -> bool:
    """Whether the server takes orders that carry this secret; without, it answers as if there were nothing."""
    try:
        with _post(url, secret, "/control", {"verb": "list"}):
            return True
    except HTTPError as error:
        error.close()
        return False


async def _alone(settings: Settings, fields: dict[str, Any]) -> list[dict[str, Any]]:
    """The same on the store itself. Only `add` makes a database."""
    if fields["verb"] == "list" and not _is_there(settings):
        return []
    from suhbat.identity.administration import Order, carry_out

    async with alone(settings, fields, make=fields["verb"] == "add") as suhbat:
        report = await carry_out(Order(**fields), suhbat.registration, suhbat.node.people)
    return [line.model_dump(mode="json") for line in report.accounts]


def _is_there(settings: Settings) -> bool:
    return settings.database_url is not None or (settings.data / DATABASE).exists()


@asynccontextmanager
async def alone(settings: Settings, fields: dict[str, Any], *, make: bool = False) -> AsyncIterator[Suhbat]:
    """The parts of a server that is not running; the store's lock keeps one from starting meanwhile. Over PostgreSQL nodes
    elsewhere may run, and hear of what is done. What was begun to be erased is gone at the end. `fields`: the order that it is
    for. Raises Refused."""
    if not make and not _is_there(settings):
        raise Refused(f"there is no database in {settings.data.resolve()}; is --data right?")
    from pydantic import ValidationError

    from suhbat.errors import SuhbatError
    from suhbat.runtime.app import create_app
    from suhbat.store.errors import StoreUnavailable

    suhbat = create_app(settings)
    try:
        await suhbat.node.store.open(lambda entries: None)
        try:
            await suhbat.node.people.load()
            yield suhbat
            while await suhbat.node.store.erase_more(suhbat.node.clock.wall()):
                pass
        finally:
            await suhbat.node.store.close()
            suhbat.passwords.close()
    except SuhbatError as error:
        raise Refused(words.explain(error.code, error.message("en"), fields)) from None
    except ValidationError as error:
        raise Refused(words.unusable(error.errors(include_url=False), fields)) from None
    except StoreUnavailable as error:
        raise Refused(str(error)) from None
