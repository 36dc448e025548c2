"""Settings: the order of their sources, and the texts for invalid values."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from suhbat.config import ConfigError, Settings, flag_of, unknown_variables


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and none of the SUHBAT_* variables of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.upper().startswith("SUHBAT_")]:
        monkeypatch.delenv(name)
    return tmp_path


def source_of(settings: Settings, name: str) -> tuple[str, str]:
    (row,) = (row for row in settings.provenance() if row.name == name)
    return row.value, row.source


def test_defaults() -> None:
    """By default a server is reachable from this machine only."""
    settings = Settings()
    assert (settings.host, settings.port, settings.data) == ("127.0.0.1", 8000, Path("data"))
    assert (settings.access, settings.lobby_history, settings.log_level) == ("open", "since_joined", "info")
    assert (settings.announce_limit, settings.connections_per_address, settings.send_rate) == (1000, 2000, 50.0)
    assert (settings.origins, settings.trusted_proxies, settings.workers) == ((), (), 1)
    assert all(row.source == "default" for row in settings.provenance())


def test_a_flag_wins_over_the_environment_over_the_file(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each value comes from the strongest source that has it, and names that source."""
    (directory / "suhbat.toml").write_text("port = 1001\nsend_rate = 1\nhost = '0.0.0.0'\n", encoding="utf-8")
    monkeypatch.setenv("SUHBAT_PORT", "1002")
    monkeypatch.setenv("suhbat_send_rate", "2")
    settings = Settings(port="1003")
    assert source_of(settings, "port") == ("1003", "flag")
    assert source_of(settings, "send_rate") == ("2.0", "SUHBAT_SEND_RATE")
    assert source_of(settings, "host") == ("0.0.0.0", "suhbat.toml")
    assert source_of(settings, "data") == ("data", "default")


@pytest.mark.parametrize(("given", "meant"), [("/chat", "/chat"), ("/a/b-c/", "/a/b-c")])
def test_a_root_path(given: str, meant: str) -> None:
    """The root path begins with a slash; a slash at its end is removed."""
    assert Settings(root_path=given).root_path == meant


@pytest.mark.parametrize("given", ["chat", "/", "/chat?x", "/c d", "https://example.org/chat"])
def test_what_is_no_root_path(given: str) -> None:
    """An invalid root path is refused with a valid example."""
    with pytest.raises(ConfigError, match="/chat"):
        Settings(root_path=given)


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty SUHBAT_PORT= counts as not set, as in compose files."""
    monkeypatch.setenv("SUHBAT_PORT", "")
    assert source_of(Settings(), "port") == ("8000", "default")


def test_lists_are_separated_by_commas_or_are_lists(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list is separated by commas in a variable or a flag, and an array in the file."""
    (directory / "suhbat.toml").write_text('trusted_proxies = ["10.0.0.0/8", "::1"]\n', encoding="utf-8")
    monkeypatch.setenv("SUHBAT_ORIGINS", "https://a.example, http://b.example:81,")
    settings = Settings()
    assert settings.origins == ("https://a.example", "http://b.example:81")
    assert settings.trusted_proxies == ("10.0.0.0/8", "::1")


def test_a_file_from_notepad_is_read(directory: Path) -> None:
    """A byte order mark at the start of the file is accepted."""
    (directory / "suhbat.toml").write_bytes(b"\xef\xbb\xbfport = 1001\r\n")
    assert Settings().port == 1001


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "x"),
        ("port", "65536"),
        ("port", "-1"),
        ("host", ""),
        ("access", "opn"),
        ("log_level", "loud"),
        ("announce_limit", "-1"),
        ("connections_per_address", "1.5"),
        ("send_rate", "nan"),
        ("send_rate", "-0.1"),
        ("origins", "chat.example.org"),
        ("origins", "https://a.example/path"),
        ("origins", "*"),
        ("origins", "https://a.example:port"),
        ("trusted_proxies", "10.0.0.0/8,proxy"),
        ("public_url", "chat.example.org"),
        ("lobby_history", "some"),
        ("workers", "0"),
        ("database_url", "mysql://h/db"),
        ("bus_url", "http://h"),
    ],
)
def test_a_wrong_value_explains_itself(name: str, value: str) -> None:
    """The text gives the name, the value, its source, and what is allowed."""
    with pytest.raises(ConfigError) as refused:
        Settings(**{name: value})
    text = str(refused.value)
    assert flag_of(name) in text and value in text and "from flag" in text and "Allowed: " in text


def test_a_wrong_variable_names_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text names the variable, not only the setting."""
    monkeypatch.setenv("SUHBAT_PORT", "x")
    with pytest.raises(ConfigError, match=r"port = x \(from SUHBAT_PORT\)"):
        Settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prot = 1\n", r"prot \(from suhbat.toml\) is not a setting. Did you mean port\?"),
        ("[server]\nport = 1\n", r"server \(from suhbat.toml\) is not a setting"),
        ("port = \n", "suhbat.toml is not valid TOML"),
        ("port = '\xff\n", "suhbat.toml is not valid TOML"),
    ],
)
def test_a_wrong_file_explains_itself(directory: Path, text: str, message: str) -> None:
    """An unknown key is refused with the most similar known one, and invalid TOML with its position."""
    (directory / "suhbat.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError, match=message):
        Settings()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:secret@db.example/chat",
        "postgresql://me:secret@db.example/chat?password=secret",
        "nats://secret@host",
        "user:secret@host",
    ],
)
def test_passwords_are_never_shown(url: str) -> None:
    """A password is masked even in the text that refuses it."""
    with pytest.raises(ConfigError) as refused:
        Settings(database_url=url, host="")
    assert "secret" not in str(refused.value)


def test_unknown_variables_are_found() -> None:
    """A misspelt variable is found. Variables without the prefix are ignored."""
    found = unknown_variables({"SUHBAT_PROT": "1", "SUHBAT_PORT": "1", "SUHBAT_ZZZZZZ": "", "PATH": ""})
    assert found == {"SUHBAT_PROT": "SUHBAT_PORT", "SUHBAT_ZZZZZZ": ""}


def test_every_setting_is_described() -> None:
    """Every setting has a description in ASCII for the help."""
    for name, field in Settings.model_fields.items():
        assert field.description and field.description.isascii(), name


def test_settings_do_not_change(directory: Path) -> None:
    """Settings are frozen, so nothing changes under a running server."""
    settings: Any = Settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1


@pytest.mark.parametrize(
    ("given", "meant"),
    [("100MB", 100_000_000), ("100 mb", 100_000_000), ("5G", 5 * 10**9), ("2KiB", 2048), ("17", 17), ("0", 0), (9, 9)],
)
def test_sizes(given: object, meant: int) -> None:
    """A size is a number of bytes, or has a unit."""
    assert Settings(file_size=given).file_size == meant


@pytest.mark.parametrize("given", ["", "MB", "-1", "1.5MB", "10 Mbit", "1iB", "٣MB"])
def test_what_is_no_size(given: str) -> None:
    """An invalid size is refused with a valid example."""
    with pytest.raises(ConfigError, match="100MB"):
        Settings(file_size=given)
