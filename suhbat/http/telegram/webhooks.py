"""Webhooks of the Bot API. Bots ask for their updates here, so there never is one."""

from __future__ import annotations

from suhbat.programs.telegram.errors import TelegramError
from suhbat.programs.telegram.parameters import MAX_NUMBER

from .call import Call, Result
from .updates import ALL_TYPES

SKIPPED = 1000
"""Updates that are confirmed at once."""


async def set_webhook(call: Call) -> Result:
    """An empty address means none, which libraries set before they ask."""
    if call.parameters.text("url"):
        raise TelegramError("bad webhook: this server delivers updates with getUpdates only")
    return True


async def delete_webhook(call: Call) -> Result:
    """`drop_pending_updates` confirms what is there."""
    if call.parameters.flag("drop_pending_updates"):
        store, uid = call.services.store, call.actor.uid
        has_more = True
        while has_more:
            has_more = await store.number_events(call.actor, ALL_TYPES, SKIPPED)
            await store.begin_poll(uid, MAX_NUMBER, "")
    return True


async def get_webhook_info(call: Call) -> Result:
    count = await call.services.store.count_updates(call.actor.uid)
    return {"url": "", "has_custom_certificate": False, "pending_update_count": count}
