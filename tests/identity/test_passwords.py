"""Passwords: right and wrong ones, refusals before any work, and the bound of the work."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher, extract_parameters
from hypothesis import given
from hypothesis import strategies as st

from suhbat.errors import BadRequest, Busy
from suhbat.identity.fair_queue import FairQueue
from suhbat.identity.passwords import Passwords, Verdict
from tests.servers import PATIENCE

PASSWORD = "togʻda bahor"


def cheap(time_cost: int = 1) -> PasswordHasher:
    return PasswordHasher(time_cost=time_cost, memory_cost=8, parallelism=1)


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    made = Passwords(cheap())
    yield made
    made.close()


class Held(PasswordHasher):
    """Blocks every hash until it is released, and counts them."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.go = threading.Event()
        self.hashed = 0

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.go.wait(PATIENCE)
        self.hashed += 1
        return super().hash(password, salt=salt)


async def test_a_password_is_right_and_another_is_not(passwords: Passwords) -> None:
    """Only the hashed password is right, and two hashes of it differ."""
    stored = await passwords.hash(PASSWORD)
    assert stored.startswith("$argon2id$") and PASSWORD not in stored
    assert stored != await passwords.hash(PASSWORD)
    assert await passwords.verify(PASSWORD, stored) == Verdict(True)
    for wrong in (PASSWORD + " ", PASSWORD.upper(), "", "x" * 1_000_000, "\ud800" * 10):
        assert await passwords.verify(wrong, stored) == Verdict(False)


async def test_a_password_is_the_same_from_every_keyboard(passwords: Passwords) -> None:
    """Composed and decomposed letters are the same (RFC 8265)."""
    assert (await passwords.verify("cafe\u0301 cafe\u0301", await passwords.hash("caf\xe9 caf\xe9"))).right


@pytest.mark.parametrize("password", ["", "1234567", "x" * 257, "x" * 1_000_000, "abcdefgh\0", "abcdefgh\ud800"])
async def test_what_can_be_no_password_is_refused_before_any_work(password: str) -> None:
    """Only 8 to 256 characters that can be encoded reach the threads."""
    hasher = Held()
    with pytest.raises(BadRequest):
        await Passwords(hasher).hash(password)
    assert hasher.hashed == 0


@pytest.mark.parametrize("password", ["12345678", "x" * 256, "🙂" * 256])
async def test_the_limits_are_allowed(passwords: Passwords, password: str) -> None:
    """8 and 256 characters are allowed, however many bytes they have."""
    assert (await passwords.verify(password, await passwords.hash(password))).right


async def test_nobodys_password_is_never_right_but_costs_the_same(passwords: Passwords) -> None:
    """Without a hash the same work is done, with the same parameters."""
    assert await passwords.verify(PASSWORD, None) == Verdict(False)
    default = Passwords()
    own = extract_parameters(default._dummy)
    assert own == extract_parameters(default._hasher.hash(PASSWORD))
    assert (own.memory_cost, own.time_cost, own.parallelism) == (19 * 1024, 2, 1)


async def test_an_old_hash_is_made_anew_when_its_password_comes(passwords: Passwords) -> None:
    """After the parameters have changed, the next right password gives a hash with the current ones; a wrong one does not."""
    old = cheap(time_cost=3).hash(PASSWORD)
    verdict = await passwords.verify(PASSWORD, old)
    assert verdict.right and verdict.rehashed is not None
    assert extract_parameters(verdict.rehashed).time_cost == 1
    assert await passwords.verify(PASSWORD, verdict.rehashed) == Verdict(True)
    assert await passwords.verify("another one", old) == Verdict(False)


@pytest.mark.parametrize("stored", ["", "nonsense", "$argon2id$v=19$m=8,t=1,p=1$x"])
async def test_a_broken_hash_fits_nothing(passwords: Passwords, stored: str) -> None:
    """No password is right for a malformed hash, and it causes no error."""
    assert await passwords.verify(PASSWORD, stored) == Verdict(False)


async def test_addresses_take_turns() -> None:
    """An address with very many requests fills the queue with its own and loses the newest of them to others, who wait for at
    most one request of each address."""
    hasher = Held()
    passwords = Passwords(hasher, threads=1, queue_limit=4)
    order: list[str] = []

    async def ask(address: str) -> None:
        try:
            await passwords.hash(PASSWORD, address)
            order.append(address)
        except Busy:
            order.append(f"{address} is busy")

    async with asyncio.TaskGroup() as asked:
        for address in ("many", "many", "many", "many", "many", "many", "one", "two", "many"):
            asked.create_task(ask(address))
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        hasher.go.set()
    assert order == ["many is busy"] * 4 + ["many", "many", "one", "two", "many"][:5]
    passwords.close()


@given(st.integers(1, 20), st.lists(st.one_of(st.none(), st.sampled_from("abcdef")), max_size=200))
def test_a_line_is_bounded_and_fair(limit: int, steps: list[str | None]) -> None:
    """The queue has no more items than the limit, loses and invents none, keeps the order of each key, and refuses no key while
    another one has two more items."""
    line: FairQueue[tuple[str, int]] = FairQueue(limit)
    waiting: list[tuple[str, int]] = []
    for number, key in enumerate(steps):
        if key is None:
            popped = line.pop()
            assert (popped is None) is (not waiting)
            if popped is not None:
                assert popped == next(one for one in waiting if one[0] == popped[0])
                waiting.remove(popped)
        else:
            refused = line.put(key, (key, number))
            waiting.append((key, number))
            if refused is not None:
                waiting.remove(refused)
                counts = Counter(one for one, _ in waiting)
                assert counts[refused[0]] + 1 >= max(counts.values())
        assert len(line) == len(waiting) <= limit


async def test_more_than_the_queue_holds_is_busy() -> None:
    """Above the threads and the queue a request is refused as busy. A cancelled caller counts until its work is done."""
    hasher = Held()
    passwords = Passwords(hasher, threads=2, queue_limit=3)
    asked = [asyncio.ensure_future(passwords.hash(PASSWORD)) for _ in range(5)]
    await asyncio.sleep(0)
    asked.pop().cancel()
    await asyncio.sleep(0)
    with pytest.raises(Busy) as refused:
        await passwords.hash(PASSWORD)
    assert refused.value.retry_after == 1
    hasher.go.set()
    await asyncio.gather(*asked)
    while hasher.hashed < 5:
        await asyncio.sleep(0)
    assert await passwords.hash(PASSWORD)
    passwords.close()
