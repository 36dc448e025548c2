"""`suhbat mail test` says how far a mail came, in words for whoever sets the mail server up."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from suhbat import cli
from tests.mail.parts import MailBox, part
from tests.servers import free_port


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailBox]:
    box = MailBox(tmp_path_factory.mktemp("mails"))
    with box.running():
        yield box


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, box: MailBox) -> None:
    """A mail server in the settings, in an empty directory."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.upper().startswith("SUHBAT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SUHBAT_SMTP_URL", f"smtp://127.0.0.1:{box.port}")
    monkeypatch.setenv("SUHBAT_MAIL_FROM", "Our chat <chat@example.org>")
    monkeypatch.setenv("SUHBAT_PUBLIC_URL", "https://chat.example.org")


def sent_to(address: str) -> Result:
    return CliRunner().invoke(cli.build(), ["mail", "test", address])


def test_a_mail_arrives(box: MailBox) -> None:
    """With exit code 0, and a sentence about what to look for. No data directory is made."""
    result = sent_to("Ali@Example.org")
    assert result.exit_code == 0, result.output
    assert "Connected, without a login." in result.output and "not among the spam" in result.output
    mail = box.wait(1)[0]
    assert mail["Subject"] == "A test mail from chat.example.org" and "chat.example.org" in part(mail, "plain")
    assert mail["From"] == "Our chat <chat@example.org>"
    assert not (Path.cwd() / "data").exists()


@pytest.mark.parametrize(
    ("address", "code", "said"),
    [
        ("gone@example.org", 1, "there is no such address: 550 5.1.1"),
        ("relay@example.org", 1, "the mail server refuses this mail: 550 5.7.1"),
        ("spam@example.org", 1, "the mail server refuses this mail: 554 5.7.1"),
        ("full@example.org", 1, "not now: 452 4.2.2 mailbox full. The server tries such mails again by itself"),
        ("ali", 2, "ali is no address such as ali@example.org"),
    ],
)
def test_what_the_mail_server_says(address: str, code: int, said: str) -> None:
    """Its answer, and what it means."""
    result = sent_to(address)
    assert result.exit_code == code and said in result.stderr, result.output
    assert "Traceback" not in result.output


def test_no_mail_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that does not answer, one that asks for a login that is wrong here, and none in the settings."""
    monkeypatch.setenv("SUHBAT_SMTP_URL", f"smtp://127.0.0.1:{free_port()}")
    result = sent_to("ali@example.org")
    assert result.exit_code == 1 and "the mail server cannot be used: " in result.stderr
    monkeypatch.delenv("SUHBAT_SMTP_URL")
    result = sent_to("ali@example.org")
    assert result.exit_code == 2 and "smtp_url is not set" in result.stderr


def test_a_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong password is told without being shown."""
    (tmp_path / "mails").mkdir()
    other = MailBox(tmp_path / "mails")
    with other.running("--login"):
        monkeypatch.setenv("SUHBAT_SMTP_URL", f"smtp://suhbat:p%40ss%2Fword@127.0.0.1:{other.port}")
        assert "Logged in." in sent_to("ali@example.org").output
        monkeypatch.setenv("SUHBAT_SMTP_URL", f"smtp://suhbat:secret@127.0.0.1:{other.port}")
        result = sent_to("ali@example.org")
    assert result.exit_code == 1 and "535" in result.stderr and "secret" not in result.output
