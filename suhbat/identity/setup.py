"""The setup code: whoever can read it in the output of a new server may register as its owner."""

from __future__ import annotations

from collections.abc import Callable

from suhbat.chat.ports import Passes
from suhbat.errors import Forbidden

from .tokens import digest, random_token

SETUP_SECONDS = 30 * 60
"""How long a code is valid."""
_BODY = "setup"


class Setup:
    """Codes of one use. A code is valid on every node that shares the `passes`."""

    def __init__(self, passes: Passes, random_token: Callable[[], str] = random_token) -> None:
        self._passes = passes
        self._random_token = random_token

    async def create(self) -> str:
        """A new code."""
        code = self._random_token()
        await self.give_back(code)
        return code

    async def take(self, code: str) -> None:
        """Use a code up. Raises Forbidden if it is wrong, used or expired."""
        if await self._passes.take_pass(digest(code)) != _BODY:
            raise Forbidden("forbidden.setup")

    async def give_back(self, code: str) -> None:
        """Make a code valid again, because the registration that took it has failed."""
        await self._passes.put_pass(digest(code), _BODY, SETUP_SECONDS)
