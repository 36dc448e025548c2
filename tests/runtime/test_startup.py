"""The lines that start-up prints, and the configurations that it refuses."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from suhbat.config import Settings
from suhbat.runtime import startup
from suhbat.runtime.app import create_app
from suhbat.store.errors import UnusableStore
from suhbat.testing import serving, settings
from tests.servers import PATIENCE, ROOT, Server


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["/venv/bin/uvicorn", "main:app"], ("127.0.0.1", 8000)),
        (["/venv/bin/uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8001", "--reload"], ("0.0.0.0", 8001)),
        (["uvicorn", "main:app", "--port=9"], ("127.0.0.1", 9)),
        (["hypercorn", "main:app", "--bind", "0.0.0.0:46401"], ("0.0.0.0", 46401)),
        (["/site-packages/suhbat/__main__.py", "serve", "--port", "5"], ("127.0.0.1", 8000)),
    ],
)
def test_where_an_asgi_server_listens(argv: list[str], expected: tuple[str, int]) -> None:
    """Host and port come from the command line of the ASGI server; under `suhbat serve` from the settings."""
    assert startup.listening_address(argv, Settings()) == expected


def test_where_a_server_in_a_thread_listens(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """`suhbat.testing.serving` takes a free port: that one is printed, and the command line finds the server there, whatever
    port the settings name."""
    with serving(create_app(settings(tmp_path / "data"))) as server:
        printed = capfd.readouterr().out
        assert f"  Page     {server.url}\n".replace("127.0.0.1", "localhost") in printed and ":8000" not in printed
        assert json.loads((tmp_path / "data" / "control").read_text(encoding="utf-8"))["url"] == server.url
    assert startup.LISTENING.get() is None


def test_urls_and_the_warning() -> None:
    """The URLs can be opened as printed; open guests on a public address cause a warning, on this machine none."""
    said = "\n".join(startup.welcome_lines(Settings(), "0.0.0.0", 8001))
    assert "http://localhost:8001\n" in said and "ws://localhost:8001/ws/user1" in said
    assert "Warning" in said
    assert "Warning" not in "\n".join(startup.welcome_lines(Settings(), "127.0.0.1", 8001))
    assert "Warning" not in "\n".join(startup.welcome_lines(Settings(access="closed"), "0.0.0.0", 8001))
    assert "http://[fd00::1]:80" in "\n".join(startup.welcome_lines(Settings(), "fd00::1", 80))


def test_a_public_url_is_shown_as_it_is() -> None:
    """Behind a proxy the URL is `public_url`, and that of the sockets is wss."""
    said = "\n".join(startup.welcome_lines(Settings(public_url="https://chat.example.org"), "127.0.0.1", 8000))
    assert "https://chat.example.org" in said and "wss://chat.example.org/ws/user1" in said


def test_only_ascii_is_printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """An ASCII console can show every line, whatever the name of the data directory is."""
    monkeypatch.setattr("sys.argv", ["uvicorn", "main:app"])
    startup.print_welcome(Settings(data=Path("маълумот")))
    assert capsys.readouterr().out.isascii()


@pytest.mark.parametrize(
    ("argv", "environ"),
    [(["uvicorn", "main:app", "--workers", "2"], {}), (["uvicorn", "main:app"], {"WEB_CONCURRENCY": "4"})],
)
def test_several_workers_are_refused(argv: list[str], environ: dict[str, str]) -> None:
    """Two workers without a bus do not start, and the reason is printed."""
    with pytest.raises(UnusableStore, match="bus_url"):
        startup.require_one_worker(argv, environ, Settings())
    startup.require_one_worker(["uvicorn", "main:app", "--workers", "1"], {}, Settings())
    shared = Settings(database_url="postgresql://h/db", bus_url="nats://h")
    startup.require_one_worker(argv, environ, shared)


@pytest.mark.parametrize(
    ("argv", "environ", "path"),
    [
        (["uvicorn", "main:app"], {}, None),
        (["uvicorn", "main:app", "--root-path", "/chat"], {}, "/chat"),
        (["uvicorn", "--root-path=/a/b/", "main:app"], {}, "/a/b"),
        (["hypercorn", "--root-path", "chat", "main:app"], {}, "/chat"),
        (["uvicorn", "main:app"], {"UVICORN_ROOT_PATH": "/chat"}, "/chat"),
        (["uvicorn", "main:app", "--root-path", "/"], {}, None),
        (["uvicorn", "main:app", "--root-path", ""], {}, None),
    ],
)
def test_the_path_of_the_server(argv: list[str], environ: dict[str, str], path: str | None) -> None:
    """A server that was told to serve below a path needs no setting for it: links outside of requests have it."""
    assert startup.told_root_path(argv, environ) == path


@pytest.mark.parametrize(("setting", "path"), [("", "/chat"), ("/suhbat", "/suhbat")])
def test_the_application_of_uvicorn(setting: str, path: str, tmp_path: Path) -> None:
    """`main:app` knows the path that uvicorn was told; the setting is used first."""
    argv = ["uvicorn", "main:app", "--root-path", "/chat"]
    code = f"import sys; sys.argv = {argv}; import main; print(main.app.settings.root_path)"
    environ = os.environ | {"SUHBAT_DATA": str(tmp_path / "data")} | ({"SUHBAT_ROOT_PATH": setting} if setting else {})
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=PATIENCE
    )
    assert said.stdout.strip() == path, said.stderr


def test_a_start_on_sqlite_imports_nothing_of_postgresql(tmp_path: Path) -> None:
    """A server on SQLite without a bus loads no code of PostgreSQL or NATS, which took a third of the start."""
    code = (
        "import sys; from suhbat.runtime.app import create_app; from suhbat.config import Settings; "
        f"create_app(Settings(data={str(tmp_path)!r})); "
        "print(*[name for name in sys.modules if 'postgres' in name or 'psycopg' in name or name.startswith('nats')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout.split() == []


def test_the_application_of_a_wheel(tmp_path: Path) -> None:
    """`uvicorn suhbat.main:app` works without a checkout; the page, HTTP and cookies use the root path."""
    command = ("-m", "uvicorn", "suhbat.main:app", "--host", "127.0.0.1", "--port", "{port}")
    server = Server("uvicorn", tmp_path / "data", command=command)
    server.start()
    server.stop()
    served = Server("suhbat", tmp_path / "below", settings={"SUHBAT_ROOT_PATH": "/chat"})
    served.start()
    try:
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE)
        connection.request(
            "POST", "/api/v1/guests", '{"user_id": "ali", "cookie": true}', {"Content-Type": "application/json"}
        )
        answer = connection.getresponse()
        assert answer.status == 201 and "path=/chat" in (answer.headers["set-cookie"] or "").lower()
        answer.read()
        connection.request("GET", "/docs/")
        assert connection.getresponse().headers["location"] == "/chat/docs"
        connection.close()
    finally:
        served.stop()
