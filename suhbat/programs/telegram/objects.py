"""Users, chats, messages and files as objects of Telegram's Bot API. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from suhbat.protocol.files import File
from suhbat.protocol.markdown import Exists
from suhbat.protocol.objects import Message

from .entities import MarkedText, shown
from .from_markdown import from_markdown
from .keyboards import markup_of

Json = dict[str, Any]

SIZES = (360, 1440)
"""The longest sides of thumbnails, in pixels."""
MOST_SIGNS = 400
"""Signs of markup in a text with entities. Each takes time to parse, and anybody may fill a message with them; a text with more
goes out as it was typed."""
_SIGNS = re.compile(r"[*_~`\[<@]")
SERVICE = {"member.joined": "new_chat_members", "member.left": "left_chat_member"}


@dataclass(frozen=True, slots=True)
class Somebody:
    """A user: `number` instead of the uid; `name` as shown, `user_id` as typed."""

    number: int
    user_id: str
    name: str
    is_bot: bool
    language: str | None = None


def user(somebody: Somebody) -> Json:
    found: Json = {
        "id": somebody.number,
        "is_bot": somebody.is_bot,
        "first_name": somebody.name,
        "username": somebody.user_id,
    }
    return found | ({} if somebody.language is None else {"language_code": somebody.language})


def private_chat(somebody: Somebody) -> Json:
    """The direct of the bot with one person has the number of the person."""
    return {"id": somebody.number, "type": "private", "first_name": somebody.name, "username": somebody.user_id}


def group_chat(number: int, title: str) -> Json:
    """A room, the lobby, or a direct of several people. `number`: that of the conversation."""
    return {"id": -number, "type": "supergroup", "title": title}


def message(
    shown_message: Message, chat: Json, sender: Json | None, exists: Exists, reply_to: Json | None = None
) -> Json:
    found: Json = {"message_id": shown_message.seq, "date": _seconds(shown_message.sent_at), "chat": chat}
    if sender is not None:
        found["from"] = sender
    if shown_message.edited_at is not None:
        found["edit_date"] = _seconds(shown_message.edited_at)
    if shown_message.thread is not None:
        found["message_thread_id"] = shown_message.thread
    if reply_to is not None:
        found["reply_to_message"] = reply_to
    if shown_message.actions:
        found["reply_markup"] = markup_of(shown_message.actions)
    marked = _marked(shown_message.text, exists)
    entities = shown(marked)
    if shown_message.files:
        found |= media(shown_message.files[0])
        if marked.text:
            found |= {"caption": marked.text} | ({"caption_entities": entities} if entities else {})
    else:
        found |= {"text": marked.text} | ({"entities": entities} if entities else {})
    return found


def _marked(text: str, exists: Exists) -> MarkedText:
    return MarkedText(text) if len(_SIGNS.findall(text)) > MOST_SIGNS else from_markdown(text, exists)


def service_message(seq: int, at: int, chat: Json, sender: Json, **what: Any) -> Json:
    """A message about an event of the chat."""
    return {"message_id": seq, "date": _seconds(at), "chat": chat, "from": sender, **what}


def _seconds(milliseconds: int) -> int:
    return milliseconds // 1000


def media(file: File) -> Json:
    """The fields of a message with this file."""
    kept: Json = {"file_id": file.id, "file_unique_id": file.id, "file_size": file.size}
    named = {"file_name": file.name, "mime_type": file.type or "application/octet-stream"}
    duration = round(file.duration or 0)
    sizes = {"width": file.width or 0, "height": file.height or 0}
    if file.kind == "image" and file.width and file.height:
        return {"photo": [*(_thumbnail(file, side) for side in SIZES if side < max(sizes.values())), kept | sizes]}
    if file.kind == "video":
        return {"video": kept | named | sizes | {"duration": duration}}
    if file.kind == "audio" and file.waveform is not None:
        return {"voice": kept | {"mime_type": named["mime_type"], "duration": duration}}
    if file.kind == "audio":
        return {"audio": kept | named | {"duration": duration}}
    return {"document": kept | named}


def _thumbnail(file: File, side: int) -> Json:
    width, height = file.width or 1, file.height or 1
    longest = max(width, height)
    return {
        "file_id": f"{file.id}.{side}",
        "file_unique_id": f"{file.id}.{side}",
        "width": max(1, width * side // longest),
        "height": max(1, height * side // longest),
    }
