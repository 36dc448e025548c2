"""The child process that carries pushes, attacked by what it is and by push services that mean harm."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace

import psutil
import pytest

from suhbat.notify.ports import PushRequest, ServiceAnswer
from suhbat.notify.vapid import make_key
from suhbat.runtime.push_carrier import ChildCarrier
from suhbat.runtime.push_child import PushSetup
from tests.notify.push_service import Browser, browser
from tests.outgoing.hosts import Host, Respond, serving
from tests.servers import PATIENCE

from .test_push_carrier import FakeCarrier, to

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs signals")

SILENT = 10.0
"""Seconds. A child needs some of them to start, on a busy machine."""


@asynccontextmanager
async def carrier(**times: float) -> AsyncIterator[ChildCarrier]:
    """A carrier with a real child process, which may reach loopback."""
    key = make_key()
    made = ChildCarrier(lambda: PushSetup(key.public, key.private, None, ("127.0.0.0/8",)), FakeCarrier(), **times)
    try:
        yield made
    finally:
        await made.close()


def process_of(one: ChildCarrier) -> psutil.Process:
    assert one._process is not None and one._process.pid is not None
    return psutil.Process(one._process.pid)


async def test_a_child_that_is_stopped() -> None:
    """SIGSTOP in the middle of pushes: nobody waits for it without end, it is killed, and the next push has another child.
    Closed while it is stopped, it is gone, too."""
    async with carrier(silent_seconds=SILENT) as one, browser() as away:
        assert await one.carry(to(away, b"bir")) == ServiceAnswer(201, "90")
        away.answers.clear()
        waiting = [asyncio.ensure_future(one.carry(to(away, b"ikki"))) for _ in range(20)]
        await away.asked_for(2)
        first = process_of(one)
        first.suspend()
        more = [asyncio.ensure_future(one.carry(to(away, b"x" * 3000))) for _ in range(200)]  # more than a pipe holds
        found = await asyncio.wait_for(asyncio.gather(*waiting, *more), PATIENCE)
        assert set(found) == {"unreachable"} and not first.is_running()
        away.answers.set()
        assert await one.carry(to(away, b"uch")) == ServiceAnswer(201, "90")
        second = process_of(one)
        second.suspend()
        asking = asyncio.ensure_future(one.carry(to(away, b"x")))
        await asyncio.sleep(0)
        await one.close()
        assert await asking == "unreachable" and not second.is_running()


async def test_a_child_that_is_stopped_when_it_is_not_needed() -> None:
    """It ends all the same, and so do the threads that wait for it."""
    async with carrier(idle_seconds=0.2) as one, browser() as away:
        assert await one.carry(to(away, b"bir")) == ServiceAnswer(201, "90")
        first = process_of(one)
        first.suspend()
        async with asyncio.timeout(PATIENCE):
            while first.is_running() and first.status() != psutil.STATUS_ZOMBIE:
                await asyncio.sleep(0.05)
        assert one._process is None


async def test_children_leave_nothing_behind() -> None:
    """However many of them are killed, their pipes are closed and their threads end."""
    async with carrier() as one, browser() as away:
        me = psutil.Process()

        async def die() -> None:
            assert await one.carry(to(away, b"x")) == ServiceAnswer(201, "90")
            away.answers.clear()
            asked = away.asked
            waiting = asyncio.ensure_future(one.carry(to(away, b"x")))
            await away.asked_for(asked + 1)
            process_of(one).kill()
            assert await waiting == "unreachable"
            away.answers.set()

        await die()
        before = me.num_fds()
        for _ in range(3):
            await die()
        async with asyncio.timeout(PATIENCE):
            while me.num_fds() > before or [child for child in me.children() if _is_carrier(child)]:
                await asyncio.sleep(0.02)


def _is_carrier(child: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return "push_child" in " ".join(child.cmdline()) or child.status() == psutil.STATUS_ZOMBIE
    return False


async def endless_headers(head: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 201 Created\r\n")
    while True:
        writer.write(b"x-%d: %b\r\n" % (writer.transport.get_write_buffer_size(), b"a" * 8000))
        await writer.drain()


async def one_endless_header(head: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 201 Created\r\nx: ")
    while True:
        writer.write(b"a" * 65_536)
        await writer.drain()


async def endless_interim_answers(head: bytes, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n" * 100)
        await writer.drain()


async def endless_body(head: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"a" * 65_536 + b"\r\n")
        await writer.drain()


async def garbage(head: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(os.urandom(65_536))


async def slow(head: bytes, writer: asyncio.StreamWriter) -> None:
    for letter in b"HTTP/1.1 201 Created\r\nx: " + b"a" * 1000:
        writer.write(bytes([letter]))
        await asyncio.sleep(1)


async def long_retry(head: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 503 No\r\nretry-after: " + "ў".encode() * 10_000 + b"\r\ncontent-length: 0\r\n\r\n")


HOSTILE: tuple[Respond, ...] = (
    endless_headers,
    one_endless_header,
    endless_interim_answers,
    endless_body,
    garbage,
    slow,
    long_retry,
)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured")
async def test_push_services_that_mean_harm() -> None:
    """Endless, slow and broken answers: each has an end, the child lives and stays small, and a push to an honest service does
    not wait for them."""
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(carrier())
        away = await stack.enter_async_context(browser())
        assert await one.carry(to(away, b"bir")) == ServiceAnswer(201, "90")
        child = process_of(one)
        before = child.memory_info().rss
        hosts = [await stack.enter_async_context(serving(respond)) for respond in HOSTILE]
        asking = [
            asyncio.ensure_future(one.carry(request)) for n in range(8) for request in requests(away, hosts, str(n))
        ]
        while sum(len(host.heads) for host in hosts) < len(HOSTILE):
            await asyncio.sleep(0.02)
        assert await one.carry(to(away, b"ikki")) == ServiceAnswer(201, "90")
        assert not all(task.done() for task in asking)
        found = await asyncio.wait_for(asyncio.gather(*asking), PATIENCE)
        assert len(found) == 8 * len(HOSTILE)
        for answer in found:
            assert answer == "unreachable" or (
                isinstance(answer, ServiceAnswer) and len(answer.retry_after or "") <= 100
            ), answer
        assert process_of(one).pid == child.pid
        assert child.memory_info().rss - before < 40 << 20
        assert await one.carry(to(away, b"uch")) == ServiceAnswer(201, "90")


def requests(away: Browser, hosts: list[Host], owner: str) -> list[PushRequest]:
    return [replace(to(away, b"x"), endpoint=host.url(), owner=f"u{owner}-{n}") for n, host in enumerate(hosts)]
