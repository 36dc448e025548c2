"""The page cache reads a page once for many connections, and never keeps text that was deleted."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from suhbat.chat.ports import LogReader
from suhbat.hub import page_cache
from suhbat.hub.page_cache import PAGE, PageCache

from .parts import Log, settle


def cache_over(log: Log) -> PageCache:
    return PageCache(cast(LogReader, log))


async def test_concurrent_callers_share_one_read() -> None:
    """Connections that need the page during or after the read share it, and its encoded frames."""
    log = Log()
    for _ in range(PAGE + 5):
        log.write()
    kept = cache_over(log)
    first, second = await asyncio.gather(kept.above("lobby", 2), kept.above("lobby", 2))
    third = await kept.above("lobby", 2)
    assert first is second is third and log.reads == 1
    assert [event.seq for event in first.events] == list(range(3, PAGE + 3))
    assert len(first.views.whole.payloads) == PAGE


async def test_the_page_at_the_head_is_not_kept() -> None:
    """An empty page at the head is not cached, because events will follow."""
    log = Log()
    kept = cache_over(log)
    assert (await kept.above("lobby", 0)).events == []
    log.write()
    assert [event.seq for event in (await kept.above("lobby", 0)).events] == [1]


async def test_a_forgotten_page_is_read_again() -> None:
    """`forget` drops the pages of one log; others stay."""
    log = Log()
    log.write("lobby")
    log.write("d1")
    kept = cache_over(log)
    lobby, direct = await kept.above("lobby", 0), await kept.above("d1", 0)
    kept.forget("lobby")
    assert await kept.above("lobby", 0) is not lobby
    assert await kept.above("d1", 0) is direct


async def test_a_page_forgotten_during_its_read_is_not_kept() -> None:
    """Waiting callers get the page, but it is not kept, because it may be older than the change."""
    log = Log()
    log.write()
    kept = cache_over(log)
    log.gate.clear()
    asking = asyncio.create_task(kept.above("lobby", 0))
    await settle()
    kept.forget("lobby")
    log.gate.set()
    early = await asking
    assert await kept.above("lobby", 0) is not early


async def test_a_read_that_fails_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """All waiting callers get the error; the next call reads again."""
    log = Log()
    log.write()
    kept = cache_over(log)

    async def fail(*_: object) -> list[object]:
        raise OSError("no disk")

    with monkeypatch.context() as patched:
        patched.setattr(log, "events", fail)
        outcomes = await asyncio.gather(*(kept.above("lobby", 0) for _ in range(3)), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [OSError] * 3
    assert len((await kept.above("lobby", 0)).events) == 1


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the limit the least recently used page is dropped."""
    monkeypatch.setattr(page_cache, "CACHE_BYTES", 1_000)
    log = Log()
    for number in range(5):
        log.write(f"d{number}", text="x" * 200)
    kept = cache_over(log)
    for number in range(5):
        await kept.above(f"d{number}", 0)
    log.reads = 0
    await kept.above("d4", 0)
    assert log.reads == 0
    await kept.above("d0", 0)
    assert log.reads == 1
