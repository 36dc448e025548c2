"""Start-up: what is printed (where to open the server, what its owner should know; ASCII only) and what is refused."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path

import structlog

from suhbat import __version__
from suhbat.config import Settings
from suhbat.identity.control import Control
from suhbat.identity.proxies import ADVICE
from suhbat.store.errors import UnusableStore
from suhbat.store.lock import owned

log = structlog.get_logger("suhbat")

FILES = 100_000
"""Open files asked for: two connections' worth for each that the setting `connections` allows by default."""

WITHOUT = "all its visitors count as one address for the limits"
"""What a proxy that is not trusted means for a server."""
_EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 (compared)  # nosec B104


def welcome(settings: Settings, setup: str | None = None) -> None:
    """Print the lines of `lines` to standard output."""
    host, port = address(sys.argv, settings)
    for line in lines(settings, host, port, setup):
        tell(line)


def tell(line: str) -> None:
    """Print for people; ASCII only."""
    print(line.encode("ascii", "backslashreplace").decode(), flush=True)


def lines(settings: Settings, host: str, port: int, setup: str | None = None) -> list[str]:
    """For people: URLs to open, and warnings. `setup`: the code of the link that makes the first owner."""
    shown = "localhost" if host in (_EVERY_ADDRESS, "::", "127.0.0.1", "::1", "localhost") else host
    shown = f"[{shown}]" if ":" in shown else shown
    url = settings.public_url or f"http://{shown}:{port}"
    said = [
        f"Suhbat {__version__} opens at:",
        f"  Page     {url}",
        f"  Postman  {url.replace('http', 'ws', 1)}/ws/user1",
        f"  API      {url}/docs",
        f"  Data     {Path(settings.data).resolve()}",
    ]
    if setup is not None:
        said.append(f"  Setup    {url}/setup?code={setup}")
    if settings.access == "open" and is_public(host):
        said.append(
            f"  Warning: guests are open and the server listens on {host}: everybody who reaches this machine can "
            "write here. For this machine only: --host 127.0.0.1. For members only: SUHBAT_ACCESS=closed."
        )
    if (unknown := unknown_proxy(settings)) is not None:
        said.append(f"  Warning: {unknown}.")
    return said


def beside(settings: Settings, bound: int | None = None) -> str:
    """Where a program on this machine reaches the server that is starting. `bound`: the port where that is known already."""
    host, port = address(sys.argv, settings)
    port = bound or port
    if host in (_EVERY_ADDRESS, "localhost"):
        host = "127.0.0.1"
    elif host == "::":
        host = "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def controlled(settings: Settings, control: Control, *, shared: bool) -> Iterator[None]:
    """The command line finds this server by its data directory. Of several processes there (`shared`) the first one is found;
    workers of `suhbat serve` were given a secret by their parent, which is found."""
    if control.secret is not None:
        yield
        return
    with ExitStack() as stack:
        try:
            if shared:
                stack.enter_context(owned(settings.data))
            control.begin(beside(settings))
            stack.callback(control.end)
        except (OSError, UnusableStore) as error:
            log.info("the command line does not find this process", reason=str(error))
        yield


def is_public(host: str) -> bool:
    """Whether other machines can reach it."""
    if host == "localhost":
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return True


def address(argv: list[str], settings: Settings) -> tuple[str, int]:
    """Host and port: an ASGI server does not tell them to its application, but its command line does."""
    host, port = settings.host, settings.port
    if "suhbat" not in Path(argv[0]).name and Path(argv[0]).parent.name != "suhbat":
        given = dict(_options(argv[1:]))
        host, port = given.get("--host", host), int(given["--port"]) if given.get("--port", "").isdecimal() else port
        bound_host, _, bound_port = given.get("--bind", given.get("-b", "")).rpartition(":")  # hypercorn
        if bound_port.isdecimal():
            host, port = bound_host or host, int(bound_port)
    return host, port


def many_files() -> None:
    """Let this process have as many open files, so connections, as the system allows it: often only 1,024 are preset."""
    if sys.platform != "win32":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        # macOS says there is no limit, and refuses to set that.
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, FILES) if most > 0 else FILES, most))


def one_worker(argv: list[str], environ: Mapping[str, str], settings: Settings) -> None:
    """Raise UnusableStore if an ASGI server was told to run several processes of this application, on a store for one."""
    if settings.database_url is not None and settings.bus_url is not None:
        return
    asked = dict(_options(argv[1:])).get("--workers") or environ.get("WEB_CONCURRENCY") or "1"
    if asked.isdecimal() and int(asked) > 1:
        raise UnusableStore(
            f"{asked} workers need a bus (the setting bus_url), and database_url: without, people on different workers "
            "would not hear each other at once, and one data directory belongs to one process. "
            "Use one worker; it serves thousands."
        )


def _options(arguments: list[str]) -> list[tuple[str, str]]:
    pairs = [(name, value) for name, value in pairwise(arguments) if name.startswith("-")]
    return pairs + [(name, value) for name, _, value in (argument.partition("=") for argument in arguments) if value]


def unknown_proxy(settings: Settings) -> str | None:
    """What the settings alone tell of a proxy that the server does not know: it speaks no TLS, so before an https address there
    is one."""
    if settings.trusted_proxies or not (settings.public_url or "").startswith("https://"):
        return None
    return (
        f"public_url is https, so a proxy stands before this server, but trusted_proxies is empty: {WITHOUT}; {ADVICE}"
    )
