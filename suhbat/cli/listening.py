"""Whether a port is free, and which program listens on it. Used by `suhbat serve` and `suhbat doctor`."""

from __future__ import annotations

import errno
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

_LISTEN = "0A"  # TCP_LISTEN in the kernel's tables


def refusal(host: str, port: int) -> str | None:
    """Why this process cannot listen on the port, or None if it can. Port 0 means any free port."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            if sys.platform != "win32":  # on Windows this option would let two servers share the port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror:
        return f"{host} is not an address of this machine; --host 127.0.0.1 or --host 0.0.0.0 always is"
    except OSError as error:
        return _explain(error, host, port)
    return None


def _explain(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        found = holder(port)
        used = f"in use by {found}" if found else f"already in use; this shows by which program: {command(port)}"
        other = port + 1 if port < 65535 else 8000
        return f"port {port} is {used}. Stop that program, or take another port: --port {other}"
    if error.errno == errno.EACCES:
        return f"this user may not listen on port {port}; take one above 1023: --port 8000"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine; --host 127.0.0.1 or --host 0.0.0.0 always is"
    return f"port {port} of {host} cannot be used: {error.strerror}"


def command(port: int) -> str:
    """The command of this system that shows which program listens on a port."""
    if sys.platform == "win32":
        return f"netstat -ano | findstr :{port}"
    if sys.platform == "linux":
        return f"ss -ltnp 'sport = :{port}'"
    return f"lsof -nP -iTCP:{port} -sTCP:LISTEN"


def holder(port: int, proc: Path = Path("/proc")) -> str | None:
    """The program that listens on a port, as "name (pid 123)". None if that cannot be seen: on systems other than Linux, or
    for another user's process."""
    sockets = _listening(port, proc)
    if not sockets:
        return None
    for process in proc.glob("[0-9]*"):
        # Another user's process shows nothing, and any process may end meanwhile.
        with suppress(OSError):
            for descriptor in (process / "fd").iterdir():
                with suppress(OSError):
                    if os.readlink(descriptor) in sockets:  # noqa: PTH115 (Path.readlink is slower here)
                        return f"{(process / 'comm').read_text(encoding='utf-8').strip()} (pid {process.name})"
    return None


def _listening(port: int, proc: Path) -> set[str]:
    found = set()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (proc / "net" / table).read_text(encoding="ascii").splitlines()[1:]:
                columns = line.split()
                if columns[3] == _LISTEN and int(columns[1].rpartition(":")[2], 16) == port:
                    found.add(f"socket:[{columns[9]}]")
    return found
