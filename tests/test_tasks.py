"""The owner of background tasks holds them, logs when one fails, and ends them."""

from __future__ import annotations

import asyncio
import gc

from structlog.testing import capture_logs

from suhbat.tasks import Tasks
from tests.servers import PATIENCE


async def test_a_dead_task_is_noticed() -> None:
    """The exception of a failed task is logged, and the other tasks go on."""

    async def dies() -> None:
        raise RuntimeError("on purpose")

    tasks = Tasks()
    with capture_logs() as logs:
        tasks.start(dies())
        tasks.start(asyncio.Event().wait())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert [(line["event"], str(line["exc_info"])) for line in logs] == [("background task failed", "on purpose")]
    assert len(tasks) == 1
    await tasks.close()


async def test_closing_ends_what_runs() -> None:
    """Closing cancels the tasks, waits for them, and does not log them as failed."""
    ended: list[str] = []

    async def works(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(name)

    tasks = Tasks()
    tasks.start(works("one"))
    tasks.start(works("two"))
    await asyncio.sleep(0)
    with capture_logs() as logs:
        await tasks.close()
    assert sorted(ended) == ["one", "two"] and len(tasks) == 0 and logs == []


async def test_who_holds_it_is_the_owner() -> None:
    """A task that nothing else refers to is not garbage-collected while it runs."""
    done: list[bool] = []

    async def works() -> None:
        await asyncio.sleep(0)
        gc.collect()
        await asyncio.sleep(0)
        done.append(True)

    tasks = Tasks()
    tasks.start(works())
    async with asyncio.timeout(PATIENCE):
        while len(tasks):
            await asyncio.sleep(0)
    assert done == [True]
