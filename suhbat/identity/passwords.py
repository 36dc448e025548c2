"""Passwords: argon2id (RFC 9106) in two threads, behind a bounded fair queue.

A hash costs 19 MiB and about 20 ms of a core, and any client may request one, so it must not starve other work. argon2-cffi
releases the interpreter lock while it computes, so the event loop continues meanwhile (bench/logins.py).
"""

from __future__ import annotations

import asyncio
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from suhbat.errors import BadRequest, Busy

from .fair_queue import FairQueue
from .priority import lower_priority

T = TypeVar("T")

SHORTEST, LONGEST = 8, 256
"""Characters of a password. (NIST SP 800-63B: at least 8, no rules about their kinds.)"""
THREADS = 2
QUEUE_LIMIT = 64
"""Passwords that may wait: less than a second of work. Above it, one of the client with the most waiting is refused."""

_MEMORY_KIB, _PASSES, _LANES = 19 * 1024, 2, 1
# OWASP Password Storage Cheat Sheet, argon2id.


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password was right. `rehashed`: if so, and its hash has outdated parameters, a hash with the current ones."""

    right: bool
    rehashed: str | None = None


class Passwords:
    """Hashes and verifies passwords. Needs no loop when it is made, and belongs to one loop when it is used; `close` it."""

    def __init__(
        self, hasher: PasswordHasher | None = None, threads: int = THREADS, queue_limit: int = QUEUE_LIMIT
    ) -> None:
        self._hasher = hasher or PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES)
        self._dummy = _dummy_hash(self._hasher)
        self._queue: FairQueue[tuple[Callable[[], Any], asyncio.Future[Any]]] = FairQueue(queue_limit)
        self._threads = threads
        self._executor: ThreadPoolExecutor | None = None
        self._running = 0

    async def hash(self, password: str, address: str = "") -> str:
        """The hash of a new password. `address`: of the client; addresses take turns. Raises BadRequest for an impossible
        password, and Busy."""
        require_possible(password)
        return await self._run(address, lambda: self._hasher.hash(_normalised(password)))

    async def verify(self, password: str, stored: str | None, address: str = "") -> Verdict:
        """Whether this is the password of the hash `stored`. Raises Busy.

        Without a hash (an unknown name) the result is False after the same time. An impossible password is refused without
        any work, which reveals nothing about the name.
        """
        if not is_possible(password):
            return Verdict(False)
        return await self._run(address, lambda: self._verify(_normalised(password), stored))

    def close(self) -> None:
        """Stop the threads after their current work."""
        if self._executor is not None:
            self._executor.shutdown()
            self._executor = None

    def _verify(self, password: str, stored: str | None) -> Verdict:
        try:
            self._hasher.verify(stored or self._dummy, password)
        except (VerificationError, InvalidHashError):
            return Verdict(False)
        if stored is None:
            return Verdict(False)
        return Verdict(True, self._hasher.hash(password) if self._hasher.check_needs_rehash(stored) else None)

    async def _run(self, address: str, work: Callable[[], T]) -> T:
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        if self._running + len(self._queue) < self._threads:
            self._start(work, answer)
        elif (displaced := self._queue.put(address, (work, answer))) is not None:
            displaced[1].set_exception(Busy(retry_after=1, seconds=1))
        # Cancelling the caller does not cancel the work: a client that disconnects costs as much, so it must count as much.
        return await asyncio.shield(answer)

    def _start(self, work: Callable[[], T], answer: asyncio.Future[T]) -> None:
        if self._executor is None:
            self._executor = ThreadPoolExecutor(self._threads, "suhbat-passwords", lower_priority)
        self._running += 1
        done = asyncio.get_running_loop().run_in_executor(self._executor, work)
        done.add_done_callback(lambda done: self._done(done, answer))

    def _done(self, done: asyncio.Future[T], answer: asyncio.Future[T]) -> None:
        self._running -= 1
        if not answer.done():
            if done.cancelled():
                answer.cancel()
            elif error := done.exception():
                answer.set_exception(error)
                answer.exception()  # the caller may be gone
            else:
                answer.set_result(done.result())
        following = self._queue.pop()
        if following is not None and self._executor is not None:
            self._start(*following)


def is_possible(password: str) -> bool:
    """Whether this can be a password: SHORTEST to LONGEST characters that can be encoded."""
    # The length first, so that a megabyte costs nothing.
    return SHORTEST <= len(password) <= LONGEST and _is_text(password)


def require_possible(password: str) -> None:
    """Raise BadRequest with the reason unless `is_possible`."""
    if len(password) < SHORTEST:
        raise BadRequest(reason="password.short")
    if len(password) > LONGEST:
        raise BadRequest(reason="password.long")
    if not _is_text(password):
        raise BadRequest(reason="bad_character")


def _is_text(password: str) -> bool:
    return "\0" not in password and not any("\ud800" <= character <= "\udfff" for character in password)


def _normalised(password: str) -> str:
    """One form for a password that was typed on different systems (RFC 8265 OpaqueString: NFC)."""
    return unicodedata.normalize("NFC", password)


def _dummy_hash(hasher: PasswordHasher) -> str:
    """A hash for which no password is known. To verify against it takes as long as against any other hash."""
    salt, digest = (b64encode(bytes(size)).decode().rstrip("=") for size in (hasher.salt_len, hasher.hash_len))
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${cost}${salt}${digest}"
