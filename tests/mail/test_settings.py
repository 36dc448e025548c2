"""The settings of mails."""

from __future__ import annotations

import pytest

from suhbat.config import ConfigError, Settings
from suhbat.config.smtp import MailServer, Sender, parse_sender, parse_smtp

PUBLIC = {"public_url": "https://chat.example.org", "mail_from": "Suhbat <chat@example.org>"}


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("smtps://ali:p%40ss@mail.example.org", MailServer("mail.example.org", 465, "tls", "ali", "p@ss")),
        ("smtp://ali:secret@mail.example.org", MailServer("mail.example.org", 587, "starttls", "ali", "secret")),
        ("smtp://mail.example.org:25", MailServer("mail.example.org", 25, "starttls")),
        ("smtp://mail.example.org:25?starttls=off", MailServer("mail.example.org", 25, "none")),
        ("smtp://localhost:25", MailServer("localhost", 25, "offered")),
        ("smtp://[::1]:2525", MailServer("::1", 2525, "offered")),
    ],
)
def test_the_server(text: str, server: MailServer) -> None:
    """The scheme says how the connection is encrypted; only on this machine it may be without."""
    assert parse_smtp(text) == server


@pytest.mark.parametrize(
    "text",
    [
        "mail.example.org", "http://mail.example.org", "smtp://", "smtp://mail.example.org/path", "smtps://h?starttls=off",
        "smtp://ali@mail.example.org", "smtp://h?verify=no", "smtp://ali:secret@h?starttls=off", "smtp://h:99999",
    ],
)  # fmt: skip
def test_no_server(text: str) -> None:
    """Anything else is refused at the start, and the password is not repeated."""
    with pytest.raises(ConfigError) as refused:
        Settings(smtp_url=text, **PUBLIC)
    assert "secret" not in str(refused.value)


def test_the_sender() -> None:
    """With a name or without; not more than one line, and one address."""
    assert parse_sender("Bizning suhbat <chat@example.org>") == Sender("Bizning suhbat", "chat@example.org")
    assert parse_sender("chat@example.org") == Sender("", "chat@example.org")
    for text in ("chat", "Suhbat <chat@>", "chat@example.org\r\nBcc: all@example.org", "a b@example.org"):
        with pytest.raises(ValueError):
            parse_sender(text)


@pytest.mark.parametrize("missing", PUBLIC)
def test_a_server_needs_a_sender_and_an_address(missing: str) -> None:
    """The address in links never comes from a request, so it must be set."""
    given = {name: value for name, value in PUBLIC.items() if name != missing}
    with pytest.raises(ConfigError, match="smtp_url needs mail_from and public_url"):
        Settings(smtp_url="smtps://mail.example.org", **given)


def test_the_password_is_masked() -> None:
    """`suhbat config show` shows the server, but not the password."""
    settings = Settings(smtp_url="smtps://ali:secret@mail.example.org", **PUBLIC)
    shown = {one.name: one.value for one in settings.provenance()}
    assert shown["smtp_url"] == "smtps://ali:***@mail.example.org"
