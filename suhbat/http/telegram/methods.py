"""The methods of the Bot API by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from .asking import (
    delete_my_commands,
    get_chat,
    get_chat_member,
    get_file,
    get_me,
    get_my_commands,
    set_my_commands,
)
from .call import Call, Result
from .callbacks import answer_callback_query
from .sending import (
    delete_message,
    edit_message_caption,
    edit_message_reply_markup,
    edit_message_text,
    send_chat_action,
    send_document,
    send_message,
    send_photo,
)
from .updates import get_updates
from .webhooks import delete_webhook, get_webhook_info, set_webhook

METHODS: dict[str, Callable[[Call], Awaitable[Result]]] = {
    "getMe": get_me,
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
    "sendMessage": send_message,
    "sendPhoto": send_photo,
    "sendDocument": send_document,
    "sendChatAction": send_chat_action,
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "answerCallbackQuery": answer_callback_query,
    "getFile": get_file,
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
}
BY_NAME = {name.lower(): name for name in METHODS}
"""Names of methods are case-insensitive."""
