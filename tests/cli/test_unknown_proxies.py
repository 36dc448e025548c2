"""A proxy that is not trusted is reported at the start of the server and by `suhbat doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from suhbat.cli import checks
from suhbat.cli.checks import proxies
from suhbat.config import Settings
from suhbat.runtime import startup
from tests.servers import running


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests run in a directory without suhbat.toml."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"public_url": "https://chat.example.org"}, True),
        ({"public_url": "https://chat.example.org", "trusted_proxies": "127.0.0.1"}, False),
        ({"public_url": "http://chat.example.org"}, False),
        ({}, False),
    ],
)
def test_what_the_settings_tell(settings: dict[str, Any], said: bool) -> None:
    """An https `public_url` without trusted proxies gives a warning that says what to set. Other settings give none."""
    given = Settings(**settings)
    printed = "\n".join(startup.welcome_lines(given, "127.0.0.1", 8000))
    assert ("trusted_proxies" in printed) is said
    found = [finding.text for finding in proxies.proxies(given) if finding.level == "warn"]
    assert [("trusted_proxies" in text) for text in found] == ([True] if said else [])


def test_doctor_asks_the_running_server(tmp_path: Path) -> None:
    """After one request through an unknown proxy on this machine `suhbat doctor` reports it, the log reports it once,
    and /metrics answers 404 through it."""
    with running("suhbat", tmp_path / "data") as server:
        settings = Settings(data=tmp_path / "data", port=server.port)

        def warnings() -> list[str]:
            return [
                text for level, text in checks.examine(settings, {}) if level == "warn" and "trusted_proxies" in text
            ]

        assert warnings() == []
        assert server.request("GET", "/metrics")[0] == 200
        for _ in range(2):
            assert server.request("GET", "/metrics", **{"X-Forwarded-Proto": "https"})[0] == 404
            token = server.guest("ali") if not server.printed().count("not trusted") else None
            if token:
                assert server.request("GET", "/api/v1/me", token=token, **{"Via": "1.1 caddy"})[0] == 200
        assert [text[:21] for text in warnings()] == ["a proxy at 127.0.0.1 "]
        assert server.printed().count("proxy: not trusted") == 1
