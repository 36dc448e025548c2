"""Joint reads: what is read for many users at once is what is read for each of them alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from suhbat.chat.model import Actor
from suhbat.chat.ports import Store
from suhbat.protocol import commands
from suhbat.store.read import positions, states
from suhbat.store.read.few_logs import FEW, own_logs
from suhbat.store.read.floor import LobbyHistory
from suhbat.store.sql import SQLStore
from tests.store.house import House
from tests.store.parts import ALI, BARE, STORES, VALI, Listener
from tests.store.test_fold import HISTORIES, HISTORY, Reader, Step, Theatre

NOBODY = Actor("u-nobody", "hechkim", lobby_from=0)
PAGE = 100


async def read(store: Store, run: Callable[[Connection], Any]) -> Any:
    assert isinstance(store, SQLStore)
    return await store._read(run)


async def compare(store: Store, people: list[Actor], lobby_history: LobbyHistory) -> None:
    """That joint reads for these users return what reads for each of them return."""

    def both(connection: Connection) -> None:
        alone = [states.states(connection, one, lobby_history, None, PAGE) for one in people]
        assert states.states_of_many(connection, people, lobby_history) == alone
        places = [positions.places(connection, one, lobby_history) for one in people]
        assert positions.places_of_many(connection, people, lobby_history) == places

    await read(store, both)


class Both(Theatre):
    """Compares the two ways of reading instead of the fold."""

    async def check(self, reader: Reader) -> None:
        assert self.play is not None
        people = [one.actor for one in self.play.readers]
        bare = replace(people[0], uid="u-bare", lobby_from=None)
        for lobby_history in ("since_joined", "all"):
            await compare(self.store, [*people, bare, NOBODY, people[1]], lobby_history)


@pytest.fixture(scope="module", params=STORES, ids=lambda make: make.__name__)
def theatre(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    theatre = Both(request.param, tmp_path_factory.mktemp("joint") / "data")
    yield theatre
    theatre.close()


@settings(
    max_examples=HISTORIES,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(history=HISTORY, seed=st.integers(0, 2**16))
def test_a_joint_read_returns_what_single_reads_return(theatre: Theatre, history: list[Step], seed: int) -> None:
    """After any commands: the states, the people, the positions and the invitations of members, of a bare guest and of a
    user without a log are equal. A user may be asked for twice."""
    theatre.runner.run(theatre.run(history, seed))


@pytest.fixture
def house(store: Store, listener: Listener) -> House:
    return House(store, listener)


async def test_a_direct_with_oneself_is_alone_in_joint_reads(house: House) -> None:
    """Also beside a direct with somebody else."""
    own = (await house.do(commands.Meet, ALI, people=(ALI,))).conversation
    await house.write(ALI, own)
    await house.do(commands.Meet, ALI, people=(VALI,))
    await compare(house.store, [ALI, VALI], "all")
    assert (await house.store.places(ALI)).alone == {own}
    assert (await house.store.places(VALI)).alone == frozenset()


async def test_users_with_many_conversations_are_left_to_single_reads(house: House) -> None:
    """Joint reads return None for a user with more than FEW conversations and read none of them; the store returns all. A
    user with FEW conversations is read together with others."""
    rooms = [await house.room(ALI, VALI) for _ in range(FEW)]
    await compare(house.store, [VALI, BARE], "all")
    rooms.append(await house.room(ALI))

    def joint(connection: Connection) -> None:
        assert set(own_logs(connection, [ALI.uid, VALI.uid])) == {VALI.uid}
        found = states.states_of_many(connection, [ALI, VALI], "all")
        assert found == [None, states.states(connection, VALI, "all", None, PAGE)]
        places = positions.places_of_many(connection, [ALI, VALI], "all")
        assert places == [None, positions.places(connection, VALI, "all")]

    await read(house.store, joint)
    page = await house.store.states(ALI)
    assert {state.conversation for state in page.states} == {"lobby", *rooms}
    assert set((await house.store.places(ALI)).heads) == {"lobby", "@me", *rooms}


async def test_each_request_is_answered_with_its_own_rights(house: House) -> None:
    """Connections of one user may know different versions of them for a moment: another role, another place in the lobby.
    Neither gets what is read for the other."""
    await house.write(VALI, "lobby")
    others = [replace(ALI, role="moderator"), replace(ALI, lobby_from=None), ALI, replace(ALI, user_id="aliy")]
    for lobby_history in ("since_joined", "all"):
        await compare(house.store, others, lobby_history)


@pytest.mark.parametrize("count", [1, 2, 3, 255, 256, 257, 600])
async def test_any_number_of_users_is_read(store: Store, count: int) -> None:
    """Each user once, whatever the number of parameters that a statement takes."""
    uids = [f"u{number}" for number in range(count)]
    found = await read(store, lambda connection: own_logs(connection, uids))
    assert sorted(found) == sorted(uids)
