"""Webhooks of the Bot API: `setWebhook`, `deleteWebhook`, `getWebhookInfo`."""

from __future__ import annotations

from http import HTTPStatus

from suhbat.chat.model import NoAnswer
from suhbat.programs.telegram.errors import TelegramError
from suhbat.programs.telegram.kinds import ALL_KINDS, events_of, kinds_of
from suhbat.programs.telegram.objects import Json

from .call import Call, Result

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
    secret, drop = asked.text("secret_token"), asked.flag("drop_pending_updates")
    await call.services.telegram.webhooks.put(call.actor, url, secret, kinds, call.login.session, drop=drop)
    return True


async def delete_webhook(call: Call) -> Result:
    await call.services.telegram.webhooks.end(call.actor, drop=call.parameters.flag("drop_pending_updates"))
    return True


async def get_webhook_info(call: Call) -> Result:
    store, uid = call.services.store, call.actor.uid
    hook = await call.services.telegram.webhooks.of(call.actor)
    pending = await store.count_updates(uid)
    info: Json = {"url": "", "has_custom_certificate": False}
    if hook is not None:
        if pending < COUNTED:  # numbered ones are kept, so their number is limited whatever is asked
            await store.number_events(call.actor, events_of(hook.types), COUNTED - pending)
            pending = await store.count_updates(uid)
        info |= {"url": hook.url, "max_connections": 1}
        if set(hook.types) != set(ALL_KINDS):
            info["allowed_updates"] = list(hook.types)
        if hook.failed_at is not None:
            told = _told(hook.failed_status or 0, hook.failed_reason)
            info |= {"last_error_date": hook.failed_at // 1000, "last_error_message": told}
    return info | {"pending_update_count": pending}


_UNANSWERED: dict[NoAnswer, str] = {
    "address": "This address may not be reached",
    "name": "Failed to resolve host: Name or service not known",
    "refused": "Connection refused",
    "unreachable": "Network is unreachable",
    "timeout": "Connection timed out",
    "tls": "SSL error",
}
"""Telegram's words, where it has some."""


def _told(status: int, reason: NoAnswer | None) -> str:
    """What is said of an attempt that failed. `status`: that of the answer; 0 if there was none, because of `reason`."""
    if not status:
        return "Connection failed" if reason is None else _UNANSWERED.get(reason, "Connection failed")
    try:
        return f"Wrong response from the webhook: {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"Wrong response from the webhook: {status}"
