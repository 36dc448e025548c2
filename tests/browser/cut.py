"""A network that can fail or be slow: a TCP proxy in a thread."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from types import TracebackType


class Cut:
    """Forwards bytes between `port` and the server until `cut`. After `mend` it accepts new connections. `delay`: seconds
    that each piece of data takes in either direction. While it is stalled, connections open, and nothing comes through."""

    def __init__(self, upstream: int, *, delay: float = 0.0) -> None:
        self.delay = delay
        self._upstream = upstream
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._whole = True
        self._flows = threading.Event()
        self._flows.set()
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Cut:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()
        self._flows.set()
        self._listener.close()
        self._thread.join(5)

    def cut(self) -> None:
        """Break every connection and answer no new one."""
        with self._lock:
            self._whole = False
            broken, self._open = self._open, set()
        for one in broken:
            _end(one)

    def stall(self) -> None:
        """Carry nothing more until `mend`, and break nothing."""
        self._flows.clear()

    def mend(self) -> None:
        with self._lock:
            self._whole = True
        self._flows.set()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._upstream), timeout=5)
            except OSError:
                client.close()
                continue
            with self._lock:
                whole = self._whole
                if whole:
                    self._open |= {client, server}
            if not whole:
                client.close()
                server.close()
                continue
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def passed(self, source: socket.socket, data: bytes) -> bytes:
        """What comes out of a piece of data from this end of a connection."""
        return data

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        try:
            source.settimeout(None)
            while data := source.recv(65536):
                self._flows.wait()
                time.sleep(self.delay)
                target.sendall(self.passed(source, data))
        except OSError:
            pass
        for one in (source, target):
            _end(one)


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
