"""Files that are moved: from this server and from nginx, one at a time or many at once as a load."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, NamedTuple

from machine import free_port, pin, rss_bytes, tree

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.uploading import FILES, FileClient

MEGABYTE = 1 << 20
PATIENCE = 60.0
NGINX = """
daemon off;
pid {data}/nginx.pid;
error_log stderr crit;
worker_processes 1;
{user}
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  client_body_temp_path {data}/body; proxy_temp_path {data}/proxy; fastcgi_temp_path {data}/fastcgi;
  uwsgi_temp_path {data}/uwsgi; scgi_temp_path {data}/scgi;
  server {{ listen 127.0.0.1:{port}; root {data}/static; }}
}}
"""


class Source(NamedTuple):
    """Where a file can be downloaded. `pids`: the processes that send it."""

    title: str
    port: int
    request: bytes
    pids: Sequence[int]


def source(title: str, port: int, path: str, token: str, pids: Sequence[int]) -> Source:
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    return Source(title, port, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{authorization}\r\n".encode(), pids)


@contextmanager
def static_files(data: Path, content: bytes, core: int | None) -> Iterator[Source | None]:
    """nginx with the same file, on the core of the server; None if it is not installed."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        yield None
        return
    (place := data / "nginx").mkdir()
    (place / "static").mkdir()
    (place / "static" / "large.bin").write_bytes(content)
    port, user = free_port(), "user root;" if os.geteuid() == 0 else ""  # its worker must read `data`
    config = place / "nginx.conf"
    config.write_text(NGINX.format(data=place, port=port, user=user), encoding="utf-8")
    command = [program, "-e", "stderr", "-p", str(place), "-c", str(config)]
    process = subprocess.Popen(command, preexec_fn=pin(core))
    try:
        limit = time.monotonic() + 30
        while time.monotonic() < limit and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield source("nginx", port, "/large.bin", "", tree(process.pid))
    finally:
        process.terminate()
        process.wait(30)


def download(one: Source, stop: Event | None = None) -> int:
    """Download it, or a part until `stop`; gives the bytes. The kernel throws them away (MSG_TRUNC), so this costs little."""
    buffer, received = bytearray(MEGABYTE), 0
    with socket.create_connection(("127.0.0.1", one.port)) as connection:
        connection.sendall(one.request)
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(1)
        assert head.startswith(b"HTTP/1.1 200"), head
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        while received < length and not (stop and stop.is_set()):
            count = connection.recv_into(buffer, MEGABYTE, socket.MSG_TRUNC)
            assert count, "the connection ended"
            received += count
    return received


def upload(owner: FileClient, name: str, content: bytes) -> str:
    """Upload in one request, until the last byte is acknowledged; returns the id. The file may still be processed then."""
    begun = owner.begin(name, len(content))
    assert begun.status == 201, begun
    id_ = begun.headers["location"].rpartition("/")[2]
    done = owner.send_bytes(id_, 0, content)
    assert done.status == 204, done
    return id_


def remove(owner: FileClient, id_: str) -> None:
    answer = owner.ask("DELETE", f"{FILES}/{id_}")
    assert answer.status == 204, answer


class Load:
    """Moves files from the start of a block to its end, `at_once` at a time, in a process of its own with the lowest priority.
    Afterwards: `bytes` and `seconds`, and `most`, the most memory that the process `pid` had with its children."""

    def __init__(self, pid: int) -> None:
        self.bytes = 0
        self.seconds = 0.0
        self.most = 0
        self._pid = pid

    @contextmanager
    def running(self, target: Source | FileClient | None, content: bytes, at_once: int) -> Iterator[None]:
        """Download from a source, upload `content` as a user, or (None) do nothing."""
        context = get_context("spawn")
        begun, stop, results = context.Event(), context.Event(), context.Queue()
        process = context.Process(target=_hammer, args=(target, content, at_once, begun, stop, results), daemon=True)
        if target is not None:
            process.start()
            assert begun.wait(PATIENCE)
        over = threading.Event()
        watching = threading.Thread(target=self._watch, args=(over,))
        watching.start()
        try:
            yield
        finally:
            over.set()
            watching.join()
            if target is not None:
                stop.set()
                self.bytes, self.seconds = results.get(timeout=PATIENCE)
                process.join(PATIENCE)

    def _watch(self, over: threading.Event) -> None:
        while True:
            self.most = max(self.most, rss_bytes(tree(self._pid)))
            if over.wait(0.2):
                return


def _hammer(target: Source | FileClient, content: bytes, at_once: int, begun: Event, stop: Event, results: Any) -> None:
    os.nice(19)
    moved = [0] * at_once
    start = threading.Barrier(at_once + 1)

    def work(number: int) -> None:
        start.wait()
        while not stop.is_set():
            if isinstance(target, FileClient):
                remove(target, upload(target, f"{number}.bin", content))
                moved[number] += len(content)
            else:
                moved[number] += download(target, stop)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(at_once)]
    for one in threads:
        one.start()
    start.wait()
    began = time.monotonic()
    begun.set()
    for one in threads:
        one.join()
    results.put((sum(moved), time.monotonic() - began))
