"""`suhbat mail test`: send a mail with the settings, and say how far it came."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import typer

from suhbat.config import Settings

from .flags import argument, group, with_settings
from .terminal import say, stop

ADDRESS = argument("address", "Whom to send the mail to.")


def install(app: typer.Typer) -> None:
    mail = group("Check the mail server.")
    mail.command("test")(with_settings(test, ADDRESS))
    mail.callback()(_group)
    app.add_typer(mail, name="mail")


def _group() -> None:
    """Check the mail server."""


def test(settings: Settings, address: str) -> None:
    """Send a test mail, and say what the mail server answers. No server needs to run."""
    if settings.mail_server is None:
        stop("smtp_url is not set, so this server sends no mails")
    asyncio.run(_send(settings, address))


async def _send(settings: Settings, to: str) -> None:
    import time

    from suhbat.errors import BadRequest
    from suhbat.identity.mail_syntax import normalised
    from suhbat.identity.tokens import random_token, short_id
    from suhbat.mail.letter import Letter
    from suhbat.mail.message import message
    from suhbat.mail.ports import Accepted, NoSuchMailbox, ServerFailed, TryLater
    from suhbat.runtime.mail import mail_servers
    from suhbat.store.errors import UnusableStore
    from suhbat.texts.mail import said

    server = settings.mail_server
    assert server is not None
    try:
        address, servers = normalised(to), mail_servers(settings)
    except BadRequest:
        stop(f"{to} is no address such as ali@example.org")
    except UnusableStore as error:
        stop(str(error))
    named = urlsplit(settings.public_url or "").hostname or ""
    letter = Letter("en", named, said("test.subject", "en", server=named), (said("test.lead", "en", server=named),))
    say(f"Connecting to {server.host}, port {server.port} ...")
    connection = await servers.connect()
    if isinstance(connection, ServerFailed):
        stop(f"the mail server cannot be used: {connection.reason}", code=1)
    say("Logged in." if server.username else "Connected, without a login.")
    try:
        data = message(letter, settings.sender, address, short_id("m", random_token()), time.time_ns() // 1_000_000)
        outcome = await connection.send(address, data)
    finally:
        await connection.close()
    if isinstance(outcome, Accepted):
        say(f"The mail server has taken the mail to {address}. Look whether it arrives, and not among the spam.")
    elif isinstance(outcome, ServerFailed):
        stop(f"the mail server did not take it: {outcome.reason}", code=1)
    elif isinstance(outcome, TryLater):
        stop(f"not now: {outcome.answer}. The server tries such mails again by itself", code=1)
    elif isinstance(outcome, NoSuchMailbox):
        stop(f"there is no such address: {outcome.answer}", code=1)
    else:
        stop(f"the mail server refuses this mail: {outcome.answer}", code=1)
