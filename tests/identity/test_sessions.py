"""Login sessions: how long they live, how they end, and that a changed token locks nobody out."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import cast

import pytest

from suhbat.chat.model import Session
from suhbat.chat.ports import Store
from suhbat.errors import Busy, NotFound, Unauthenticated
from suhbat.identity.live_sessions import FORGOTTEN, GRACE, SESSION_KEPT, TOUCH
from suhbat.identity.sessions import MAX_LABEL, MOST_SESSIONS, ROTATED, Sessions
from tests.fakes import CountingTokens, FakeClock, FakeListener, FakeStore

DAYS_30 = SESSION_KEPT / 1000
MINUTE = GRACE / 1000


class Scene:
    def __init__(self) -> None:
        self.clock, self.store, self.tokens = FakeClock(), FakeStore(), CountingTokens()
        self.restart()

    def restart(self) -> Sessions:
        listener = FakeListener()
        self.sessions = Sessions(cast(Store, self.store), self.clock, listener, self.tokens)
        self.ended = listener.sessions
        return self.sessions

    async def good(self, token: str) -> bool:
        try:
            await self.sessions.authenticate(token)
        except Unauthenticated:
            return False
        return True

    async def begin(self, uid: str = "u-ali") -> tuple[str, str]:
        session, token = await self.sessions.create(uid, "Firefox")
        return session.id, token


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_a_token_is_its_session_over_restarts(scene: Scene) -> None:
    """A token begins with ss_, only its hash is stored, and it is valid in another process too."""
    session, token = await scene.sessions.create("u-ali", "x" * 1_000)
    assert token.startswith("ss_") and len(session.label) == MAX_LABEL
    (row,) = scene.store.logins.values()
    assert len(row.token_hash) == 32 and token.encode() not in row.token_hash
    assert await scene.sessions.authenticate(token) == session
    assert (await scene.restart().authenticate(token)).id == session.id


@pytest.mark.parametrize("token", ["", "ss_", "ss_unknown", "token-1", "\ud800", "ss_" + "x" * 100_000])
async def test_an_unknown_token_is_unauthenticated(scene: Scene, token: str) -> None:
    """Any unknown token has the same error."""
    await scene.begin()
    assert not await scene.good(token)


async def test_a_known_token_needs_no_store(scene: Scene) -> None:
    """A session in memory is valid even if the store is down."""
    _, token = await scene.begin()
    scene.store.broken = Busy()
    assert await scene.good(token)


async def test_thirty_days_after_the_last_use_it_is_over(scene: Scene) -> None:
    """Each use extends the session, in memory and in the store."""
    _, token = await scene.begin()
    for _ in range(3):
        scene.clock.advance(DAYS_30 - 1)
        assert await scene.good(token)
        await scene.sessions.flush()
        assert await Scene.good(scene, token)
    scene.clock.advance(DAYS_30)
    assert not await scene.good(token)
    scene.restart()
    assert not await scene.good(token)
    await scene.sessions.sweep()
    assert scene.store.logins == {}


async def test_a_clock_that_was_set_back_ends_no_session(scene: Scene) -> None:
    """A use at a time before the last use does not shorten the session."""
    _, token = await scene.begin()
    scene.clock.advance(DAYS_30 - 1)
    assert await scene.good(token)
    scene.clock.advance(1 - DAYS_30)
    assert await scene.good(token)
    scene.clock.advance(DAYS_30 + 1)
    assert await scene.good(token)


async def test_there_are_so_many_and_no_more(scene: Scene) -> None:
    """One more revokes the least recently used session of the account, which is reported; other accounts are not affected."""
    _, first_token = await scene.begin()
    scene.clock.advance(1)
    second, second_token = await scene.begin()
    for _ in range(MOST_SESSIONS - 2):
        scene.clock.advance(1)
        await scene.begin()
    assert await scene.good(first_token)  # which is a use
    scene.clock.advance(1)
    _, token = await scene.begin()
    assert await scene.good(token) and await scene.good(first_token)
    assert not await scene.good(second_token)
    assert scene.ended == [second]
    assert len(await scene.sessions.of_user("u-ali")) == MOST_SESSIONS


async def test_a_connected_session_does_not_expire(scene: Scene) -> None:
    """A session is in use while a connection lasts; the thirty days begin at its end."""
    id, token = await scene.begin()
    scene.sessions.attach(id)
    scene.clock.advance(2 * DAYS_30)
    await scene.sessions.flush()
    assert scene.sessions.is_alive(id)
    scene.sessions.detach(id)
    scene.clock.advance(DAYS_30 - 1)
    assert await scene.good(token)


async def test_uses_are_written_rarely(scene: Scene) -> None:
    """The last use is written at most every five minutes, and before the store closes."""
    id, token = await scene.begin()
    began = scene.clock.wall()
    scene.clock.advance(60)
    assert await scene.good(token)
    await scene.sessions.flush()
    assert scene.store.logins[id].last_used_at == began
    scene.clock.advance(TOUCH / 1000)
    assert await scene.good(token)
    await scene.sessions.flush()
    assert scene.store.logins[id].last_used_at == scene.clock.wall()
    scene.clock.advance(1)
    assert await scene.good(token)
    await scene.sessions.flush(everything=True)
    assert scene.store.logins[id].last_used_at == scene.clock.wall()
    assert scene.store.logins[id].expires_at == scene.clock.wall() + SESSION_KEPT


async def test_who_is_away_leaves_memory(scene: Scene) -> None:
    """After an hour without use a session is read from the store again."""
    id, token = await scene.begin()
    scene.clock.advance(FORGOTTEN / 1000)
    await scene.sessions.flush()
    await scene.sessions.sweep()
    assert not scene.sessions.is_alive(id)
    assert await scene.good(token) and scene.sessions.is_alive(id)


async def test_one_is_ended(scene: Scene) -> None:
    """Only that one is revoked, and reported when that is durable. A session of another account is not found."""
    (one, token), (two, other) = await scene.begin(), await scene.begin()
    theirs, _ = await scene.begin("u-vali")
    for id in (theirs, "unknown"):
        with pytest.raises(NotFound):
            await scene.sessions.revoke("u-ali", id)
    await scene.sessions.revoke("u-ali", one)
    assert scene.ended == [one] and not scene.sessions.is_alive(one)
    assert not await scene.good(token) and await scene.good(other)
    assert scene.store.logins.keys() == {two, theirs}


async def test_all_are_ended_but_one(scene: Scene) -> None:
    """All others are revoked, also those that are not in memory."""
    tokens = [await scene.begin() for _ in range(3)]
    scene.restart()
    keep = tokens[1][0]
    assert await scene.good(tokens[0][1])
    await scene.sessions.revoke_all("u-ali", but=keep)
    assert set(scene.ended) == {tokens[0][0], tokens[2][0]}
    assert [await scene.good(token) for _, token in tokens] == [False, True, False]
    await scene.sessions.revoke_all("u-ali")
    assert not await scene.good(tokens[1][1])


async def test_a_session_that_begins_while_all_end_does_not_live(scene: Scene) -> None:
    """A login with the old password cannot slip through a change of the password."""
    gate = asyncio.Event()
    add = scene.store.add_session

    async def slow(session: Session) -> None:
        await gate.wait()
        await add(session)

    scene.store.add_session = slow
    beginning = asyncio.ensure_future(scene.begin())
    await asyncio.sleep(0)
    await scene.sessions.revoke_all("u-ali")
    gate.set()
    with pytest.raises(Unauthenticated):
        await beginning
    assert scene.store.logins == {}


async def test_what_was_read_before_the_end_is_read_again(scene: Scene) -> None:
    """A look-up that overlaps a revocation does not bring the session back."""
    id, token = await scene.begin()
    scene.restart()
    gate, look = asyncio.Event(), scene.store.session_by_token

    async def slow(token_hash: bytes) -> Session | None:
        found = await look(token_hash)
        await gate.wait()
        return found

    scene.store.session_by_token = slow
    asking = asyncio.ensure_future(scene.good(token))
    await asyncio.sleep(0)
    await scene.sessions.revoke("u-ali", id)
    gate.set()
    assert await asking is False and not scene.sessions.is_alive(id)


async def test_a_failed_end_lets_nobody_in(scene: Scene) -> None:
    """If the store fails, the session is invalid on this node all the same, and revoking it can be repeated."""
    id, token = await scene.begin()
    scene.store.broken = None
    end = scene.store.end_sessions

    async def refuse(ids: object) -> None:
        raise Busy()

    scene.store.end_sessions = refuse
    with pytest.raises(Busy):
        await scene.sessions.revoke("u-ali", id)
    assert not await scene.good(token) and scene.ended == []
    scene.store.end_sessions = end
    await scene.sessions.revoke("u-ali", id)
    assert scene.ended == [id]


async def test_a_failed_beginning_leaves_nothing(scene: Scene) -> None:
    """A session that could not be written does not exist."""
    scene.store.broken = Busy()
    with pytest.raises(Busy):
        await scene.begin()
    scene.store.broken = None
    assert await scene.sessions.of_user("u-ali") == []


class TestRotation:
    async def test_a_young_token_stays(self, scene: Scene) -> None:
        """A token is not changed before it is a day old."""
        id, token = await scene.begin()
        scene.clock.advance(ROTATED / 1000 - 1)
        assert await scene.sessions.rotate(id, token) is None

    async def test_the_old_token_is_good_for_a_minute_after_the_new_was_used(self, scene: Scene) -> None:
        """Then it is invalid, in memory and in the store; the session is the same."""
        id, token = await scene.begin()
        scene.clock.advance(ROTATED / 1000)
        fresh = await scene.sessions.rotate(id, token)
        assert fresh is not None and fresh != token
        assert await scene.sessions.rotate(id, token) is None, "once a day"
        assert await scene.good(fresh)
        scene.clock.advance(MINUTE - 1)
        assert await scene.good(token)
        scene.clock.advance(1)
        assert not await scene.good(token) and await scene.good(fresh)
        await scene.sessions.flush()
        assert scene.store.logins[id].previous_hash is None
        assert not await scene.good(token)
        scene.restart()
        assert not await scene.good(token) and (await scene.sessions.authenticate(fresh)).id == id

    async def test_an_answer_that_got_lost_locks_nobody_out(self, scene: Scene) -> None:
        """Until the new token is used the previous one is valid, also after a restart; the next day it is changed again."""
        id, token = await scene.begin()
        scene.clock.advance(ROTATED / 1000)
        lost = await scene.sessions.rotate(id, token)
        scene.clock.advance(10 * MINUTE)
        await scene.sessions.flush()
        assert await scene.good(token)
        scene.restart()
        scene.clock.advance(ROTATED / 1000)
        assert await scene.good(token)
        fresh = await scene.sessions.rotate(id, token)
        assert fresh is not None and lost is not None
        assert await scene.good(fresh) and not await scene.good(lost)

    async def test_of_two_requests_at_once_one_gets_a_new_token(self, scene: Scene) -> None:
        """The other one continues with the previous token."""
        id, token = await scene.begin()
        scene.clock.advance(ROTATED / 1000)
        given = await asyncio.gather(*(scene.sessions.rotate(id, token) for _ in range(2)))
        assert sum(one is not None for one in given) == 1

    async def test_both_tokens_end_with_the_session(self, scene: Scene) -> None:
        """Revoking a session invalidates both of its tokens."""
        id, token = await scene.begin()
        scene.clock.advance(ROTATED / 1000)
        fresh = await scene.sessions.rotate(id, token)
        await scene.sessions.revoke("u-ali", id)
        assert fresh is not None and not await scene.good(fresh) and not await scene.good(token)


async def test_the_list_knows_the_last_use(scene: Scene) -> None:
    """The list has last uses that are not written yet, and no expired sessions."""
    id, token = await scene.begin()
    scene.clock.advance(100)
    assert await scene.good(token)
    (shown,) = await scene.sessions.of_user("u-ali")
    assert shown.id == id and shown.last_used_at == scene.clock.wall()
    assert shown.expires_at == scene.clock.wall() + SESSION_KEPT
    scene.clock.advance(DAYS_30)
    assert await scene.sessions.of_user("u-ali") == []


class TestOtherNodes:
    """Several nodes share the store; each reloads sessions that the others changed or revoked."""

    @pytest.fixture
    def other(self, scene: Scene) -> Sessions:
        return Sessions(cast(Store, scene.store), scene.clock, FakeListener(), scene.tokens)

    async def test_revoked_while_it_is_looked_up(self, scene: Scene, other: Sessions) -> None:
        """A look-up whose read began before a revocation, and returns after all nodes were told, does not authenticate."""
        id, token = await scene.begin()
        scene.restart()
        gate, look = asyncio.Event(), scene.store.session_by_token

        async def slow(token_hash: bytes) -> Session | None:
            found = await look(token_hash)
            await gate.wait()
            return found

        scene.store.session_by_token = slow
        asking = asyncio.ensure_future(scene.good(token))
        await asyncio.sleep(0)
        await other.revoke("u-ali", id)
        await scene.sessions.reload([id])
        gate.set()
        assert await asking is False and not await scene.good(token)

    async def test_what_ended_elsewhere_is_over(self, scene: Scene, other: Sessions) -> None:
        """A revoked session is reported once, also if it is not in memory. Other sessions continue, with their new tokens."""
        (one, token), (two, kept) = await scene.begin(), await scene.begin()
        scene.restart()
        assert await scene.good(kept)
        scene.clock.advance(ROTATED / 1000)
        await other.authenticate(kept)
        fresh = await other.rotate(two, kept)
        await other.revoke("u-ali", one)
        await scene.sessions.reload([one, two])
        assert scene.ended == [one] and not await scene.good(token)
        assert fresh is not None and await scene.good(fresh)

    async def test_nobody_knows_which(self, scene: Scene, other: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
        """If it is unknown what changed, all sessions in memory and of connections are reloaded, in groups."""
        monkeypatch.setattr("suhbat.identity.lookups.AT_ONCE", 2)
        made = [await scene.begin() for _ in range(4)]
        scene.restart()
        assert all([await scene.good(token) for _, token in made[:3]])
        await other.revoke_all("u-ali", but=made[1][0])
        await scene.sessions.reload_all({made[3][0]})
        assert sorted(scene.ended) == sorted(id for id, _ in (made[0], made[2], made[3]))
        assert scene.sessions.is_alive(made[1][0])

    async def test_it_is_known_here_when_a_ticket_says_so(self, scene: Scene) -> None:
        """A session that is in use on another node is loaded, which is a use. Those of other accounts, revoked and expired ones
        are refused."""
        (id, token), (gone, _), (old, _) = await scene.begin(), await scene.begin(), await scene.begin()
        await scene.sessions.revoke("u-ali", gone)
        scene.clock.advance(DAYS_30 - 1)
        assert await scene.good(token)
        await scene.sessions.flush()
        scene.clock.advance(2)
        scene.restart()
        for _ in range(2):
            await scene.sessions.load(id, "u-ali")
            assert scene.sessions.is_alive(id)
        for unknown, uid in ((id, "u-vali"), (gone, "u-ali"), (old, "u-ali"), ("none", "u-ali")):
            with pytest.raises(Unauthenticated):
                await scene.sessions.load(unknown, uid)

    async def test_revoked_while_a_ticket_is_redeemed(self, scene: Scene, other: Sessions) -> None:
        """As with tokens: a read from before the revocation is repeated."""
        id, _ = await scene.begin()
        scene.restart()
        gate, look = asyncio.Event(), scene.store.sessions

        async def slow(ids: Collection[str]) -> list[Session]:
            found = await look(ids)
            await gate.wait()
            return found

        scene.store.sessions = slow
        recalling = asyncio.ensure_future(scene.sessions.load(id, "u-ali"))
        await asyncio.sleep(0)
        await other.revoke("u-ali", id)
        renewing = asyncio.ensure_future(scene.sessions.reload([id]))
        await asyncio.sleep(0)
        gate.set()
        await renewing
        with pytest.raises(Unauthenticated):
            await recalling
        assert not scene.sessions.is_alive(id)
