"""Proxies that block WebSockets: nginx where it is installed, else a relay. They remove `Upgrade`, as some companies' do."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.browser.cut import Cut

from .servers import PATIENCE, free_port

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")

CONFIGURATION = """
daemon off;
master_process off;
error_log {place}/error.log;
pid {place}/nginx.pid;
events {{ }}
http {{
    access_log {place}/access.log;
    client_body_temp_path {place}/body;
    proxy_temp_path {place}/proxy;
    fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi;
    scgi_temp_path {place}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{upstream};
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Connection "";
        }}
    }}
}}
"""


class Nginx:
    """As it is without settings for WebSockets."""

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._place = Path(tempfile.mkdtemp())
        self.port = free_port()

    def __enter__(self) -> Self:
        assert NGINX is not None
        file = self._place / "nginx.conf"
        file.write_text(
            CONFIGURATION.format(place=self._place, port=self.port, upstream=self._upstream), encoding="utf-8"
        )
        self._process = subprocess.Popen([NGINX, "-c", str(file), "-e", str(self._place / "error.log")])
        until = time.monotonic() + PATIENCE
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5):
                return self
            assert self._process.poll() is None and time.monotonic() < until, "nginx did not start"
            time.sleep(0.02)

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)
        shutil.rmtree(self._place, ignore_errors=True)

    def asked(self) -> str:
        """The requests that came through it."""
        return (self._place / "access.log").read_text(encoding="utf-8")


class Blocking(Cut):
    """The relay. It lets WebSockets through once `allows` is true. `holds`: no byte of an event stream comes through."""

    def __init__(self, upstream: int, *, holds: bool = False) -> None:
        super().__init__(upstream)
        self.allows = False
        self._holds = holds
        self._held: set[socket.socket] = set()
        self._asked: list[str] = []

    def asked(self) -> str:
        return "\n".join(self._asked)

    def passed(self, source: socket.socket, data: bytes) -> bytes:
        if data.startswith((b"GET ", b"POST ")):
            self._asked.append(data.partition(b"\r\n")[0].decode("latin-1"))
            if not self.allows:
                data = data.replace(b"\r\nUpgrade: websocket", b"\r\nX-Removed: websocket")
        if self._holds and b"\r\ncontent-type: text/event-stream" in data:
            self._held.add(source)
        return b"" if source in self._held else data


def blocking(upstream: int, *, holds: bool = False) -> Nginx | Blocking:
    """Only the relay holds streams back for ever."""
    return Blocking(upstream, holds=holds) if holds or not NGINX else Nginx(upstream)
