"""`answerCallbackQuery`: a notice to the person who pressed a button."""

from __future__ import annotations

from suhbat.errors import NotFound
from suhbat.programs.telegram.errors import TelegramError
from suhbat.protocol.http_commands import AnswerKey
from suhbat.protocol.logged_events import own_log
from suhbat.protocol.notices import ReplyNotice
from suhbat.protocol.replies import encode

from .call import Call, Result

LONGEST = 200
"""Characters of a notice, as with Telegram."""
MOST_KEY = 64


async def answer_callback_query(call: Call) -> Result:
    """Show a text to the person who pressed; without a text there is nothing to do, because a press is answered at once."""
    key, text = call.parameters.text("callback_query_id"), call.parameters.text("text").strip()
    if not key or len(key) > MOST_KEY:
        raise NotFound
    if len(text) > LONGEST:
        raise TelegramError("MESSAGE_TOO_LONG")
    if not text:
        return True
    done = await call.services.commands.execute(call.actor, AnswerKey(key=key))
    assert done.asked is not None
    notice = ReplyNotice(
        conversation=done.conversation,
        user_id=call.actor.user_id,
        uid=call.actor.uid,
        text=text,
        thread=done.asked.thread,
    )
    call.services.hub.notices.broadcast(own_log(done.asked.uid), encode(notice))
    return True
