"""Webhooks of the Bot API: `setWebhook`, `deleteWebhook`, `getWebhookInfo`."""

from __future__ import annotations

from http import HTTPStatus

from suhbat.programs.telegram.errors import TelegramError
from suhbat.programs.telegram.kinds import ALL_KINDS, events_of, kinds_of
from suhbat.programs.telegram.objects import Json
from suhbat.programs.telegram.parameters import MAX_NUMBER

from .call import Call, Result

SKIPPED = 1000
"""Updates that are confirmed at once."""
COUNTED = 1000
"""Updates that are counted for `pending_update_count`, at most."""


async def set_webhook(call: Call) -> Result:
    """An empty address means none, which libraries set before they ask."""
    asked = call.parameters
    if not (url := asked.text("url").strip()):
        return await delete_webhook(call)
    if call.file is not None or asked.has("certificate"):
        raise TelegramError("bad webhook: this server takes no certificate; use one that it trusts")
    if asked.has("ip_address"):
        raise TelegramError("bad webhook: this server takes no ip_address")
    asked.number("max_connections", 1)  # updates are sent one after the other, in their order
    allowed = asked.value("allowed_updates")
    kinds = None if allowed is None else kinds_of(allowed)
    await _drop(call)
    await call.services.telegram.webhooks.put(call.actor, url, asked.text("secret_token"), kinds)
    return True


async def delete_webhook(call: Call) -> Result:
    await call.services.telegram.webhooks.end(call.actor)
    await _drop(call)
    return True


async def _drop(call: Call) -> None:
    """With `drop_pending_updates`, confirm what is there."""
    if not call.parameters.flag("drop_pending_updates"):
        return
    store, uid = call.services.store, call.actor.uid
    await store.confirm_updates(uid, MAX_NUMBER)
    while await store.number_events(call.actor, events_of(ALL_KINDS), SKIPPED):
        await store.confirm_updates(uid, MAX_NUMBER)


async def get_webhook_info(call: Call) -> Result:
    hook = await call.services.telegram.webhooks.of(call.actor)
    info: Json = {"url": "", "has_custom_certificate": False}
    if hook is not None:
        await call.services.store.number_events(call.actor, events_of(hook.types), COUNTED)
        info |= {"url": hook.url, "max_connections": 1}
        if set(hook.types) != set(ALL_KINDS):
            info["allowed_updates"] = list(hook.types)
        if hook.failed_at is not None:
            info |= {"last_error_date": hook.failed_at // 1000, "last_error_message": _told(hook.failed_status or 0)}
    return info | {"pending_update_count": await call.services.store.count_updates(call.actor.uid)}


def _told(status: int) -> str:
    """What is said of an attempt that failed. `status`: that of the answer; 0 if there was none."""
    if not status:
        return "Connection failed"
    try:
        return f"Wrong response from the webhook: {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"Wrong response from the webhook: {status}"
