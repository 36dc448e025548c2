"""Passwords: argon2id (RFC 9106) in two threads, with a bounded and fair line before them.

A hash costs 19 MiB and some 20 ms of a processor: what everybody may ask for must not starve the rest. argon2-cffi lets
go of the interpreter while it computes, so the event loop goes on meanwhile (bench/logins.py).
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

from .fair import FairLine
from .priority import give_way

T = TypeVar("T")

SHORTEST, LONGEST = 8, 256
"""Characters of a password. (NIST SP 800-63B: at least 8, no rules about their kinds.)"""
THREADS = 2
QUEUE_LIMIT = 64
"""Passwords that may wait, under a second's worth; above it one of whoever asks for most is told to come back."""

_MEMORY_KIB, _PASSES, _LANES = 19 * 1024, 2, 1
# OWASP Password Storage Cheat Sheet, argon2id.


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password was right; if so and its hash is not of today's parameters, `rehashed` is one that is."""

    right: bool
    rehashed: str | None = None


class Passwords:
    """Hashes and verifies. Made on no loop and used on one; `close` it at the end."""

    def __init__(
        self, hasher: PasswordHasher | None = None, threads: int = THREADS, queue_limit: int = QUEUE_LIMIT
    ) -> None:
        self._hasher = hasher or PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES)
        self._nobodys = _hash_of_nothing(self._hasher)
        self._line: FairLine[tuple[Callable[[], Any], asyncio.Future[Any]]] = FairLine(queue_limit)
        self._threads = threads
        self._executor: ThreadPoolExecutor | None = None
        self._running = 0

    async def hash(self, password: str, asker: str = "") -> str:
        """The hash of a new password. `asker`: an address, for addresses take turns. Raises BadRequest for one that cannot be
        one, and Busy."""
        require_possible(password)
        return await self._run(asker, lambda: self._hasher.hash(_normalised(password)))

    async def verify(self, password: str, stored: str | None, asker: str = "") -> Verdict:
        """Whether this is the password with that hash. Raises Busy.

        Without a hash (nobody of that name) the answer is no, after the same time. What cannot be a password is told
        apart before any work; that says nothing about the name.
        """
        if not is_possible(password):
            return Verdict(False)
        return await self._run(asker, lambda: self._verify(_normalised(password), stored))

    def close(self) -> None:
        """Let the threads go, when they are done with what they do."""
        if self._executor is not None:
            self._executor.shutdown()
            self._executor = None

    def _verify(self, password: str, stored: str | None) -> Verdict:
        try:
            self._hasher.verify(stored or self._nobodys, password)
        except (VerificationError, InvalidHashError):
            return Verdict(False)
        if stored is None:
            return Verdict(False)
        return Verdict(True, self._hasher.hash(password) if self._hasher.check_needs_rehash(stored) else None)

    async def _run(self, asker: str, work: Callable[[], T]) -> T:
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        refused = (work, answer) if self._running + len(self._line) < self._threads else None
        if refused is None:
            refused = self._line.put(asker, (work, answer))
            if refused is not None:
                refused[1].set_exception(Busy(retry_after=1, seconds=1))
        else:
            self._start(work, answer)
        # It is counted until it is computed, not until somebody stops to wait for it: a client that leaves costs as much.
        return await asyncio.shield(answer)

    def _start(self, work: Callable[[], T], answer: asyncio.Future[T]) -> None:
        if self._executor is None:
            self._executor = ThreadPoolExecutor(self._threads, "suhbat-passwords", give_way)
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
                answer.exception()  # whoever asked may be gone
            else:
                answer.set_result(done.result())
        following = self._line.pop()
        if following is not None and self._executor is not None:
            self._start(*following)


def is_possible(password: str) -> bool:
    """Whether this can be a password at all: 8 to 256 characters that can be encoded."""
    # The length first: nothing is done with a megabyte.
    return SHORTEST <= len(password) <= LONGEST and _is_text(password)


def require_possible(password: str) -> None:
    """Raises BadRequest with the reason."""
    if len(password) < SHORTEST:
        raise BadRequest(reason="password.short")
    if len(password) > LONGEST:
        raise BadRequest(reason="password.long")
    if not _is_text(password):
        raise BadRequest(reason="bad_character")


def _is_text(password: str) -> bool:
    return "\0" not in password and not any("\ud800" <= character <= "\udfff" for character in password)


def _normalised(password: str) -> str:
    """The same password typed on two systems is one (RFC 8265 OpaqueString: NFC)."""
    return unicodedata.normalize("NFC", password)


def _hash_of_nothing(hasher: PasswordHasher) -> str:
    """A hash with these parameters that no password is known for: to verify against it takes as long as against any."""
    salt, digest = (b64encode(bytes(size)).decode().rstrip("=") for size in (hasher.salt_len, hasher.hash_len))
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${cost}${salt}${digest}"
