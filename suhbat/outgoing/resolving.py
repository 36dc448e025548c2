"""Looks up the addresses of a host, in threads of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from ipaddress import ip_address

from .addresses import Address

Resolve = Callable[[str], Awaitable[Sequence[Address]]]
"""All addresses of a host, in the order in which to try them. Raises OSError."""

MOST_LOOKUPS = 16


class SystemResolver:
    """The resolver of the operating system. A look-up that hangs holds a thread: at most MOST_LOOKUPS run at a time. The
    threads are daemons, unlike those of an executor, so that none of them delays the end of the process."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(MOST_LOOKUPS)

    async def __call__(self, host: str) -> Sequence[Address]:
        await self._free.acquire()
        loop = asyncio.get_running_loop()
        found: asyncio.Future[list[Address]] = loop.create_future()

        def finish(addresses: list[Address], error: Exception | None) -> None:
            self._free.release()
            if found.done():  # the caller was cancelled
                return
            if error is not None:
                found.set_exception(error)
            else:
                found.set_result(addresses)

        def look_up() -> None:
            addresses: list[Address] = []
            failure: Exception | None = None
            try:
                addresses = _system_addresses(host)
            except (OSError, ValueError) as error:  # ValueError (UnicodeError): a label that is too long
                failure = error if isinstance(error, OSError) else OSError("the name cannot be looked up")
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                loop.call_soon_threadsafe(finish, addresses, failure)

        threading.Thread(target=look_up, name="suhbat-resolver", daemon=True).start()
        return await found


def _system_addresses(host: str) -> list[Address]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    # A scope (fe80::1%eth0) stays in the text, so that such an address is not taken for a public one.
    return list(dict.fromkeys(ip_address(str(row[4][0])) for row in found))
