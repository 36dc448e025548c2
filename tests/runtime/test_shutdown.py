"""The last steps of a node: in time where another machine may not answer, whole where everything is its own."""

from __future__ import annotations

import asyncio

from structlog.testing import capture_logs

from suhbat.errors import Busy
from suhbat.runtime.shutdown import Stopping


async def test_what_is_not_done_in_time_is_given_up() -> None:
    """All steps share the time since the first; it is said what was given up, and each next one is begun all the same."""
    stopping, begun = Stopping(limited=True), list[str]()
    for name in ("first", "second"):

        async def never(name: str = name) -> None:
            begun.append(name)
            await asyncio.Event().wait()

        with capture_logs() as said:
            async with asyncio.timeout(5):
                await stopping.step(never, 0.01, f"{name} is given up")
        assert [line["event"] for line in said] == [f"{name} is given up"]
    assert begun == ["first", "second"]


async def test_what_is_the_nodes_own_is_waited_for() -> None:
    """A slow disk is no reason to leave a file half written."""
    done: list[bool] = []

    async def slow() -> None:
        for _ in range(3):
            await asyncio.sleep(0)
        done.append(True)

    with capture_logs() as said:
        await Stopping(limited=False).step(slow, 0.0, "given up")
    assert done and not said


async def test_a_step_that_fails_does_not_keep_the_others_from_theirs() -> None:
    """The database is gone: it is said what was not done."""

    async def refused() -> None:
        raise Busy(retry_after=1, seconds=1)

    for limited in (True, False):
        with capture_logs() as said:
            await Stopping(limited=limited).step(refused, 1.0, "given up")
        assert [line["event"] for line in said] == ["given up"]
