"""Finds the server that runs on a data directory and sends it a command over loopback, or opens the store if none runs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from suhbat.config import Settings
from suhbat.identity.control import HEADER, Control

from . import explanations

if TYPE_CHECKING:
    from suhbat.runtime.app import ServerApp

DATABASE = "suhbat.db"
PATIENCE = 30.0
"""Seconds that the running server has to answer."""


class CommandRefused(Exception):
    """The command was not carried out. The text says why, and what to do."""


def running(settings: Settings) -> tuple[str, str] | None:
    """Address and secret of the server that runs on the data directory; None if none does.

    Raises CommandRefused if a server runs and its address cannot be read.
    """
    from suhbat.store.lock import DirectoryLock

    if not settings.data.is_dir() or not DirectoryLock(settings.data).is_held():
        return None
    found = Control(settings.data).read()
    if found is None:
        raise CommandRefused(
            f"a server is running on {settings.data.resolve()}, but its file `control` cannot be read: "
            "run this as the same user of the system, or stop the server"
        )
    return found


@contextmanager
def ask(url: str, secret: str, path: str, fields: dict[str, Any]) -> Iterator[HTTPResponse]:
    """Post a command to the running server; gives the answer, to be read. `fields`: those of the command.

    Raises CommandRefused, also if the answer ends early.
    """
    try:
        with _post(url, secret, path, fields) as answer:
            yield answer
    except HTTPError as error:
        code, detail = _problem(error)
        if code == "not_found" and not _accepts(url, secret):
            raise CommandRefused(
                f"the server at {url} accepts no commands from here: it is not the server of this data directory, or it "
                "listens on an address that is not loopback. Give --data of that server, or let it listen on 127.0.0.1 "
                "or 0.0.0.0"
            ) from None
        raise CommandRefused(explanations.explain(code, detail, fields)) from None
    except (URLError, OSError, HTTPException, ValueError) as error:
        raise CommandRefused(f"the running server at {url} does not answer ({error}); stop it and try again") from None


def _post(url: str, secret: str, path: str, fields: dict[str, Any]) -> HTTPResponse:
    headers = {"Content-Type": "application/json", "Accept-Language": "en", HEADER: secret}
    request = Request(f"{url}{path}", json.dumps(fields).encode(), headers)  # noqa: S310 (our own server wrote the address)
    # No proxy: the secret must not leave this machine.
    answer: HTTPResponse = build_opener(ProxyHandler({})).open(request, timeout=PATIENCE)
    return answer


def _problem(error: HTTPError) -> tuple[str, str]:
    """The code and the detail of a problem document. Closes it."""
    try:
        with error:
            problem = json.load(error)
        return str(problem["code"]), str(problem["detail"])
    except (OSError, ValueError, KeyError, TypeError):
        return "", f"the running server answered {error.code}"


def _accepts(url: str, secret: str) -> bool:
    """Whether the server accepts this secret. If it does not, it answers 404, as for an unknown address."""
    try:
        with _post(url, secret, "/control", {"verb": "list"}):
            return True
    except HTTPError as error:
        error.close()
        return False


def has_database(settings: Settings) -> bool:
    return settings.database_url is not None or (settings.data / DATABASE).exists()


@asynccontextmanager
async def alone(settings: Settings, fields: dict[str, Any], *, make: bool = False) -> AsyncIterator[ServerApp]:
    """The parts of a server, with the store open and nothing listening. The store's lock keeps a server from starting.

    With PostgreSQL, other nodes may run, and are told of each change. At the end the erasure of messages is completed.
    `fields`: those of the command, for the text of a refusal. `make`: create the database if there is none.
    Raises CommandRefused.
    """
    if not make and not has_database(settings):
        raise CommandRefused(f"there is no database in {settings.data.resolve()}; is --data right?")
    from pydantic import ValidationError

    from suhbat.chat.erasing import erase_all
    from suhbat.errors import SuhbatError
    from suhbat.runtime.app import create_app
    from suhbat.store.errors import UnusableStore

    suhbat = create_app(settings)
    try:
        await suhbat.node.store.open(lambda entries: None)
        try:
            await suhbat.node.people.load()
            yield suhbat
            await erase_all(suhbat.node.store, suhbat.node.clock)
        finally:
            await suhbat.node.store.close()
            suhbat.node.passwords.close()
    except SuhbatError as error:
        raise CommandRefused(explanations.explain(error.code, error.message("en"), fields)) from None
    except ValidationError as error:
        raise CommandRefused(explanations.invalid(error.errors(include_url=False), fields)) from None
    except UnusableStore as error:
        raise CommandRefused(str(error)) from None
