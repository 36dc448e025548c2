"""The client of the mail server, against a real one in a process of its own."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from suhbat.config.smtp import MailServer, parse_smtp
from suhbat.mail.ports import Accepted, MailRefused, NoSuchMailbox, Outcome, ServerFailed, TryLater
from suhbat.mail.smtp import SmtpServers
from tests.servers import free_port

from .parts import MailBox, certificate
from .server import PASSWORD, USER

SENDER = "chat@example.org"
MAIL = b"From: chat@example.org\r\nTo: ali@example.org\r\nSubject: Salom\r\n\r\nSalom\r\n.\r\n..\r\n"


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailBox]:
    """A mail server without TLS."""
    box = MailBox(tmp_path_factory.mktemp("mails"))
    with box.running():
        yield box


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("certificate"))


async def send(server: MailServer, to: str, tls: ssl.SSLContext | None = None) -> Outcome:
    """The outcome of one mail in a connection of its own."""
    connection = await SmtpServers(server, SENDER, "chat.example.org", tls).connect()
    if isinstance(connection, ServerFailed):
        return connection
    try:
        return await connection.send(to, MAIL)
    finally:
        await connection.close()


def at(box: MailBox, scheme: str = "smtp", login: str = "") -> MailServer:
    return parse_smtp(f"{scheme}://{login}127.0.0.1:{box.port}")


async def test_a_mail_arrives(box: MailBox) -> None:
    """It comes from `mail_from`, byte for byte, also with lines that are only dots, from a host with the name of the sender."""
    before = len(box.raw)
    assert await send(at(box), "ali@example.org") == Accepted()
    got = box.raw[before]
    assert (got["from"], got["to"], got["host"]) == (SENDER, ["ali@example.org"], "chat.example.org")
    assert got["data"].encode() == MAIL


@pytest.mark.parametrize(
    ("to", "kind"),
    [
        ("gone@example.org", NoSuchMailbox),
        ("barely@example.org", NoSuchMailbox),
        ("relay@example.org", MailRefused),
        ("spam@example.org", MailRefused),
        ("full@example.org", TryLater),
        ("cut@example.org", ServerFailed),
    ],
)
async def test_what_the_server_answers(box: MailBox, to: str, kind: type[Outcome]) -> None:
    """Only an answer that the mailbox does not exist is about the address; a policy may be about this server."""
    assert isinstance(await send(at(box), to), kind)


async def test_greylisting(box: MailBox) -> None:
    """The first attempt is put off, the second one is taken."""
    outcome = await send(at(box), "grey@example.org")
    assert isinstance(outcome, TryLater) and outcome.answer.startswith("451 4.7.1 Greylisted")
    assert await send(at(box), "grey@example.org") == Accepted()


async def test_the_next_mail_of_the_connection(box: MailBox) -> None:
    """After a refusal the connection is used for the next mail; after it was lost the next one fails as well."""
    connection = await SmtpServers(at(box), SENDER, "chat.example.org").connect()
    assert not isinstance(connection, ServerFailed)
    for to, kind in (
        ("gone@example.org", NoSuchMailbox),
        ("spam@example.org", MailRefused),
        ("a@example.org", Accepted),
    ):
        assert isinstance(await connection.send(to, MAIL), kind)
    for to in ("cut@example.org", "a@example.org"):
        assert isinstance(await connection.send(to, MAIL), ServerFailed)
    await connection.close()


async def test_a_server_that_is_down() -> None:
    """Nobody listens there."""
    outcome = await send(parse_smtp(f"smtp://127.0.0.1:{free_port()}"), "ali@example.org")
    assert isinstance(outcome, ServerFailed)


async def test_a_server_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It accepts the connection and never greets: the wait has an end."""
    monkeypatch.setattr("suhbat.mail.smtp.CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        outcome = await send(parse_smtp(f"smtp://127.0.0.1:{silent.getsockname()[1]}"), "ali@example.org")
    assert outcome == ServerFailed("no answer in time")


async def test_a_server_that_is_slow(box: MailBox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow answer is waited for, but not for ever."""
    monkeypatch.setattr("suhbat.mail.smtp.SEND_SECONDS", 0.2)
    assert await send(at(box), "slow@example.org") == ServerFailed("no answer in time")


async def test_tls(tmp_path: Path, pem: Path) -> None:
    """smtps:// speaks TLS from the first byte and logs in; without trust in the certificate nothing is said."""
    box, trust = MailBox(tmp_path), ssl.create_default_context(cafile=pem)
    right = f"{USER}:p%40ss%2Fword@"
    with box.running("--certificate", str(pem), "--tls", "--login"):
        assert await send(at(box, "smtps", right), "ali@example.org", trust) == Accepted()
        assert [(one["tls"], one["login"]) for one in box.raw] == [(True, True)]
        refused = await send(at(box, "smtps", f"{USER}:wrong@"), "ali@example.org", trust)
        assert isinstance(refused, ServerFailed) and "535" in refused.reason
        foreign = await send(at(box, "smtps", right), "ali@example.org")
        assert isinstance(foreign, ServerFailed) and "certificate" in foreign.reason
        assert PASSWORD not in refused.reason + foreign.reason
    assert len(box.raw) == 1


async def test_starttls(tmp_path: Path, pem: Path) -> None:
    """smtp:// encrypts before it logs in. Where that is required and the server does not offer it, nothing is sent."""
    box, trust = MailBox(tmp_path), ssl.create_default_context(cafile=pem)
    server = MailServer("127.0.0.1", box.port, "starttls", USER, PASSWORD)
    with box.running("--certificate", str(pem), "--starttls", "--login"):
        assert await send(server, "ali@example.org", trust) == Accepted()
        assert isinstance(await send(server, "ali@example.org"), ServerFailed)
    with box.running():
        without = await send(server, "ali@example.org", trust)
        assert isinstance(without, ServerFailed) and "STARTTLS" in without.reason
    assert [(one["tls"], one["login"]) for one in box.raw] == [(True, True)]


async def test_a_cancelled_send(box: MailBox) -> None:
    """Stopping the server does not wait for a slow mail server."""
    sending = asyncio.ensure_future(send(at(box), "slow@example.org"))
    await asyncio.sleep(0)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
