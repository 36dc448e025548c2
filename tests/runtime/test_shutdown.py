"""The last steps of a node: with a deadline if another machine may not answer, complete if the store is its own."""

from __future__ import annotations

import asyncio

from structlog.testing import capture_logs

from suhbat.errors import Busy
from suhbat.runtime.shutdown import ShutdownSteps
from tests.servers import PATIENCE


async def test_what_is_not_done_in_time_is_given_up() -> None:
    """The deadlines count from the first step. A late step is logged, and the next one runs all the same."""
    steps, begun = ShutdownSteps(limited=True), list[str]()
    for name in ("first", "second"):

        async def never(name: str = name) -> None:
            begun.append(name)
            await asyncio.Event().wait()

        with capture_logs() as said:
            async with asyncio.timeout(PATIENCE):
                await steps.run(never, 0.01, f"{name} is given up")
        assert [line["event"] for line in said] == [f"{name} is given up"]
    assert begun == ["first", "second"]


async def test_a_store_in_own_files_has_no_deadline() -> None:
    """A slow disk is no reason to leave an incomplete file."""
    done: list[bool] = []

    async def slow() -> None:
        for _ in range(3):
            await asyncio.sleep(0)
        done.append(True)

    with capture_logs() as said:
        await ShutdownSteps(limited=False).run(slow, 0.0, "given up")
    assert done and not said


async def test_a_step_that_fails_does_not_keep_the_others_from_theirs() -> None:
    """If the database is gone, the log says what was not done."""

    async def refused() -> None:
        raise Busy(retry_after=1, seconds=1)

    for limited in (True, False):
        with capture_logs() as said:
            await ShutdownSteps(limited=limited).run(refused, 1.0, "given up")
        assert [line["event"] for line in said] == ["given up"]
