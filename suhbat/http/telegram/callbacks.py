"""`answerCallbackQuery`: a notice to the person who pressed a button."""

from __future__ import annotations

from suhbat.errors import NotFound

from .call import Call, Result


async def answer_callback_query(call: Call) -> Result:
    """Nobody can press a button yet, so every query is unknown."""
    raise NotFound
