"""Two nodes that lock the same rows: nobody waits in a circle, and nothing is made behind an erasure."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from suhbat.chat.model import Account, Actor, PostResult
from suhbat.chat.slash import slash_of
from suhbat.errors import Unauthenticated
from suhbat.protocol import commands
from suhbat.protocol.bots import BotCommand
from suhbat.store.dialect import is_contended
from suhbat.store.errors import LogsHeld
from suhbat.store.people import accounts
from suhbat.store.postgres.shared_committer import SharedCommitter
from suhbat.store.postgres.store import PostgresStore
from suhbat.store.write import files, slashes
from tests import engines
from tests.commands import execute
from tests.fakes import FakeClock
from tests.servers import PATIENCE
from tests.store.parts import ALI, VALI, Listener
from tests.store.people.test_people import account

SOLI = Actor("u-soli", "soli", "account", 0)
BOT = Actor("u-bot", "bot", "bot", 0, owner="u-soli")


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A database in which a transaction waits as long as it takes."""
    yield f"{engines.database_of(tmp_path)}?options=-c%20lock_timeout=0%20-c%20idle_in_transaction_session_timeout=0"
    engines.give_back(tmp_path)


@asynccontextmanager
async def two_nodes(url: str) -> AsyncIterator[tuple[PostgresStore, Listener, PostgresStore, Listener]]:
    async with AsyncExitStack() as stack:
        made: list[Any] = []
        for _ in range(2):
            store, listener = PostgresStore(url, clock=FakeClock()), Listener()
            await store.open(listener.committed)
            stack.push_async_callback(store.close)
            made += [store, listener]
        yield made[0], made[1], made[2], made[3]


def wait_for_a_waiter(url: str) -> None:
    """Until a transaction of this database waits for a lock."""
    until = time.monotonic() + PATIENCE
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with psycopg.connect(url.partition("?")[0], autocommit=True) as other:
        while not other.execute(waiting).fetchall():
            assert time.monotonic() < until, "nobody waits"


class Attempts:
    """Counts the attempts of each committer, and how many of them failed for a reason other than LogsHeld."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.failed: list[Exception] = []
        self.begun_anew = 0
        give_up = SharedCommitter._give_up

        def counted(committer: SharedCommitter, error: BaseException) -> None:
            if isinstance(error, LogsHeld):
                self.begun_anew += 1
            elif isinstance(error, Exception):
                self.failed.append(error)
            give_up(committer, error)

        patch.setattr(SharedCommitter, "_give_up", counted)


async def test_a_command_beside_a_mention(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command locks the own log of its bot when it has found the bot; a message that mentions people locks their own logs
    at once, in one order. Neither waits for the other while the other waits for it."""
    async with two_nodes(url) as (one, first, two, second):
        for name in ("soli", "ali", "vali"):
            await one.add_account(account(name))
        await one.add_account(account("bot", owner_uid="u-soli", bot_api="native"))
        await one.set_bot_commands(BOT.uid, [BotCommand(name="eslat", description="Eslatadi")])
        rooms = [(await execute(one, commands.Create, SOLI, 1, title="Xona")).conversation for _ in range(2)]
        for person in (BOT, ALI, VALI):  # the own log of the bot is the first
            for room in rooms:
                await execute(
                    one, commands.Admit, SOLI, 1, conversation=room, person=person, role="member", exempt=True
                )
        attempts, taker_of = Attempts(monkeypatch), slashes.taker_of
        loop, mention = asyncio.get_running_loop(), loop_future()

        def found(*args: Any) -> Any:
            """The command has locked its room and VALI; the mention gets the bot, and waits for VALI."""
            if not mention.done():
                loop.call_soon_threadsafe(
                    lambda: mention.set_result(second.ask(two, ALI, conversation=rooms[1], named=(BOT.uid, VALI.uid)))
                )
                wait_for_a_waiter(url)
            return taker_of(*args)

        monkeypatch.setattr(slashes, "taker_of", found)
        text = "/eslat @vali"
        command = first.ask(one, ALI, text, conversation=rooms[0], named=(VALI.uid,), slash=slash_of(text))
        outcome = await asyncio.wait_for(command, PATIENCE)
        assert isinstance(outcome, PostResult) and outcome.command
        assert isinstance(await asyncio.wait_for(await mention, PATIENCE), PostResult)
        assert (attempts.failed, attempts.begun_anew) == ([], 1)


async def test_work_without_a_log_that_waits_for_another_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried again until the other node is done, as work with a log is. Nobody is told of an internal error."""
    base = engines.database_of(tmp_path)
    store = PostgresStore(f"{base}?options=-c%20lock_timeout=100", clock=FakeClock())
    await store.open(Listener().committed)
    attempts = Attempts(monkeypatch)
    try:
        await store.add_account(account("soli"))
        await store.add_account(account("bot", owner_uid="u-soli", bot_api="telegram"))
        with psycopg.connect(base) as other:
            other.execute("SELECT 1 FROM accounts WHERE uid = 'u-bot' FOR UPDATE")
            asked = [asyncio.ensure_future(store.confirm_updates("u-bot", n)) for n in (1, 2)]
            async with asyncio.timeout(PATIENCE):
                while len(attempts.failed) < 2 and not all(one.done() for one in asked):
                    await asyncio.sleep(0.01)
            other.rollback()
        await asyncio.wait_for(asyncio.gather(*asked), PATIENCE)
        assert attempts.failed and all(map(is_contended, attempts.failed))
    finally:
        await store.close()
        engines.give_back(tmp_path)


def loop_future() -> asyncio.Future[Any]:
    return asyncio.get_running_loop().create_future()


@pytest.mark.parametrize("is_first", [True, False])
async def test_a_bot_that_is_made_while_its_owner_is_erased(
    url: str, monkeypatch: pytest.MonkeyPatch, is_first: bool
) -> None:
    """On another node, a moment before the account is deleted (the bot is erased with it), or a moment after (it is
    refused)."""
    async with two_nodes(url) as (one, _, two, _):
        await one.add_account(account("soli"))
        bot = account("bot", owner_uid="u-soli", bot_api="native")
        loop, other = asyncio.get_running_loop(), loop_future()

        def meanwhile(work: Any) -> None:
            """Begin the work of the other node, and go on when it waits for this one."""
            loop.call_soon_threadsafe(lambda: other.set_result(asyncio.ensure_future(work())))
            wait_for_a_waiter(url)

        if is_first:
            row = accounts._row

            def written(made: Account) -> dict[str, object]:
                meanwhile(lambda: two.erase(SOLI, 1, with_messages=False))
                return row(made)

            monkeypatch.setattr(accounts, "_row", written)
            await one.add_account(bot)
            assert list(await (await other)) == ["u-bot"]
        else:
            drop_loose_of = files.drop_loose_of

            def dropped(*args: Any) -> None:
                if not other.done():
                    meanwhile(lambda: two.add_account(bot))
                drop_loose_of(*args)

            monkeypatch.setattr(files, "drop_loose_of", dropped)
            assert list(await one.erase(SOLI, 1, with_messages=False)) == []
            with pytest.raises(Unauthenticated):
                await (await other)
        assert await one.accounts() == []
