"""The setup link: who can read what the server prints at its start may become its first owner."""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest

from suhbat.chat.ports import Clock, Passes
from suhbat.errors import Forbidden

from .tokens import digest, random_token

SETUP_SECONDS = 30 * 60
"""How long the code is good."""
_BODY = "setup"


class Setup:
    """One code, good for one account. A restart makes another one. With `passes` it is good on every node that shares those;
    without, it is in the memory of this process."""

    def __init__(self, clock: Clock, passes: Passes | None, random_token: Callable[[], str] = random_token) -> None:
        self._clock = clock
        self._passes = passes
        self._random_token = random_token
        self._hash: bytes | None = None
        self._until = 0.0

    async def begin(self) -> str:
        """A new code; the one before is worth nothing."""
        code = self._random_token()
        self._hash, self._until = digest(code), self._clock.steady() + SETUP_SECONDS
        if self._passes is not None:
            await self._passes.put_pass(digest(code), _BODY, SETUP_SECONDS)
        return code

    async def take(self, code: str) -> None:
        """Use the code up. Raises Forbidden when it is wrong, used or expired."""
        if self._passes is not None:
            if await self._passes.take_pass(digest(code)) != _BODY:
                raise Forbidden("forbidden.setup")
            return
        if self._hash is None or self._clock.steady() >= self._until or not compare_digest(self._hash, digest(code)):
            raise Forbidden("forbidden.setup")
        self._hash = None

    async def give_back(self, code: str) -> None:
        """What it was taken for did not happen."""
        if self._passes is not None:
            await self._passes.put_pass(digest(code), _BODY, SETUP_SECONDS)
            return
        self._hash = digest(code)
