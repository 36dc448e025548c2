"""Start-up: the lines printed for the operator (ASCII only), the configurations that are refused, and how the command line
finds this server."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import structlog

from suhbat import __version__
from suhbat.config import Settings
from suhbat.identity.control import Control
from suhbat.identity.proxies import ADVICE
from suhbat.store.errors import UnusableStore
from suhbat.store.lock import owned
from suhbat.transport.native import uvicorn_address

log = structlog.get_logger("suhbat")

UNTRUSTED_PROXY = "all its visitors count as one address for the limits"
"""The consequence of a proxy that is not in `trusted_proxies`."""
_EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 (compared)  # nosec B104


LISTENING: ContextVar[tuple[str, int] | None] = ContextVar("suhbat_listening", default=None)
"""Host and port on which the server of this context listens. A program that runs its server in a thread sets it before the
lifespan begins, because neither the command line nor the main thread tells them."""


class Worker(NamedTuple):
    """One of several processes that a parent started on a data directory. `number` counts from 0; a replacement has the
    number of the worker that ended. `secret`: what commands of the command line carry (see `identity.control`)."""

    number: int
    secret: str


def print_welcome(settings: Settings, setup: str | None = None, path: str = "") -> None:
    """Print the `welcome_lines` to standard output."""
    host, port = listening_address(sys.argv, settings)
    for line in welcome_lines(settings, host, port, setup, path):
        print_line(line)


def print_line(line: str) -> None:
    """Print to standard output at once, with other characters than ASCII escaped: a console may not show them."""
    print(line.encode("ascii", "backslashreplace").decode(), flush=True)


def welcome_lines(settings: Settings, host: str, port: int, setup: str | None = None, path: str = "") -> list[str]:
    """The URLs to open, and warnings. `setup`: the code of the link that makes the first owner. `path`: below which another
    application has mounted Suhbat."""
    shown = "localhost" if host in (_EVERY_ADDRESS, "::", "127.0.0.1", "::1", "localhost") else host
    shown = f"[{shown}]" if ":" in shown else shown
    url = settings.public_url or f"http://{shown}:{port}{path}"
    said = [
        f"Suhbat {__version__} opens at:",
        f"  Page     {url}",
        f"  Postman  {url.replace('http', 'ws', 1)}/ws/user1",
        f"  API      {url}/docs",
        f"  Data     {Path(settings.data).resolve()}",
    ]
    if setup is not None:
        said.append(f"  Setup    {url}/setup?code={setup}")
    if settings.access == "open" and _is_public(host):
        said.append(
            f"  Warning: guests are open and the server listens on {host}: everybody who reaches this machine can "
            "write here. For this machine only: --host 127.0.0.1. For members only: SUHBAT_ACCESS=closed."
        )
    if (warning := untrusted_proxy(settings)) is not None:
        said.append(f"  Warning: {warning}.")
    return said


def local_url(settings: Settings, bound: int | None = None, path: str = "") -> str:
    """The URL at which a program on this machine reaches the server that is starting. `bound`: the port, if it is known
    already. `path`: as in `welcome_lines`."""
    host, port = listening_address(sys.argv, settings)
    port = bound or port
    if host in (_EVERY_ADDRESS, "localhost"):
        host = "127.0.0.1"
    elif host == "::":
        host = "::1"
    return f"http://[{host}]:{port}{path}" if ":" in host else f"http://{host}:{port}{path}"


@contextmanager
def published_control(settings: Settings, control: Control, path: str, *, shared: bool) -> Iterator[None]:
    """Write into the data directory how the command line reaches this server, for as long as the context lasts.

    `path`: as in `welcome_lines`. `shared`: several processes may use the directory, and only the first one is found. For
    workers of `suhbat serve`, which have a secret, their parent does this.
    """
    if control.secret is not None:
        yield
        return
    with ExitStack() as stack:
        try:
            if shared:
                stack.enter_context(owned(settings.data))
            control.begin(local_url(settings, path=path))
            stack.callback(control.end)
        except (OSError, UnusableStore) as error:
            log.info("startup: the command line cannot find this process", reason=str(error))
        yield


def _is_public(host: str) -> bool:
    """Whether other machines can reach a server that listens on `host`."""
    if host == "localhost":
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return True


def listening_address(argv: list[str], settings: Settings) -> tuple[str, int]:
    """Host and port: those that LISTENING has; under `suhbat serve` those of the settings. Otherwise from the command line of
    the ASGI server, because it does not tell them to its application, or what uvicorn was told by the program that runs it."""
    if (known := LISTENING.get()) is not None:
        return known
    host, port = settings.host, settings.port
    if "suhbat" not in Path(argv[0]).name and Path(argv[0]).parent.name != "suhbat":
        host, port = uvicorn_address() or (host, port)
        given = dict(_options(argv[1:]))
        host, port = given.get("--host", host), int(given["--port"]) if given.get("--port", "").isdecimal() else port
        bound_host, _, bound_port = given.get("--bind", given.get("-b", "")).rpartition(":")  # hypercorn
        if bound_port.isdecimal():
            host, port = bound_host or host, int(bound_port)
    return host, port


def require_one_worker(argv: list[str], environ: Mapping[str, str], settings: Settings) -> None:
    """Raises UnusableStore if the ASGI server was told to run several processes on a store or a bus for one."""
    if settings.database_url is not None and settings.bus_url is not None:
        return
    asked = dict(_options(argv[1:])).get("--workers") or environ.get("WEB_CONCURRENCY") or "1"
    if asked.isdecimal() and int(asked) > 1:
        raise UnusableStore(
            f"{asked} workers need a bus (the setting bus_url) and database_url: without a bus, messages would reach people on "
            "other workers late, and a data directory belongs to one process. "
            "Use one worker; it serves thousands of connections."
        )


def told_root_path(argv: list[str], environ: Mapping[str, str]) -> str | None:
    """The path below which the ASGI server was told to serve (`--root-path`), None for none. Applications are told in requests
    only, but links in frames and in pushes are written outside of them."""
    told = dict(_options(argv[1:])).get("--root-path") or environ.get("UVICORN_ROOT_PATH") or ""
    return f"/{told.strip('/')}" if told.strip("/") else None


def _options(arguments: list[str]) -> list[tuple[str, str]]:
    pairs = [(name, value) for name, value in pairwise(arguments) if name.startswith("-")]
    return pairs + [(name, value) for name, _, value in (argument.partition("=") for argument in arguments) if value]


def untrusted_proxy(settings: Settings) -> str | None:
    """A warning if the settings imply a proxy that is not trusted: the server speaks no TLS, so an https `public_url` needs
    one."""
    if settings.trusted_proxies or not (settings.public_url or "").startswith("https://"):
        return None
    return (
        f"public_url is https, so there is a proxy in front of this server, but trusted_proxies is empty: "
        f"{UNTRUSTED_PROXY}; {ADVICE}"
    )
