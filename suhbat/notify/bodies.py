"""The body of a push: declarative Web Push (https://www.w3.org/TR/push-api/#declarative-push-message), as JSON. Pure.

Browsers that know this format show the notification without the page's service worker; the others give it to the worker.
"""

from __future__ import annotations

import json
from urllib.parse import quote

from suhbat.chat.model import PushFacts
from suhbat.protocol.characters import cut
from suhbat.protocol.files import File
from suhbat.protocol.plain_text import plain_text
from suhbat.texts import Language, language_of, say_in_push

from .encryption import MOST_PLAIN

MOST_TITLE = 120
MOST_TEXT = 500
"""Code points that are shown of a title and of a text; a phone shows less."""


def body_of(facts: PushFacts, address: str) -> bytes:
    """The body, at most MOST_PLAIN bytes. `address`: under which the page is served, without a slash at its end."""
    language = language_of(facts.locale or "") or "en"
    title, text = _title(facts, language), _text(facts, language)
    size = MOST_TEXT
    while True:
        body = _encoded(facts, address, language, title, shortened(text, size))
        if len(body) <= MOST_PLAIN:
            return body
        # Characters of up to four bytes, or escaped in six. The JSON is never cut, only its text.
        size = size // 2 if size > 1 else 0


def _encoded(facts: PushFacts, address: str, language: Language, title: str, text: str) -> bytes:
    notification = {
        "title": title,
        "body": text,
        "navigate": address + place_of(facts.conversation, facts.seq, facts.thread),
        "tag": facts.conversation,
        "lang": language,
        "dir": "auto",
    }
    body = {
        "web_push": 8030,
        "notification": notification,
        "app_badge": facts.badge,
        "suhbat": {"conversation": facts.conversation, "seq": facts.seq},
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def place_of(conversation: str, seq: int, thread: int | None) -> str:
    """Where the page shows a message. `thread`: of a reply, the root."""
    parts = [conversation, *(("t", str(thread)) if thread is not None else ()), str(seq)]
    return "/#/c/" + "/".join(quote(part, safe="") for part in parts)


def shortened(text: str, size: int) -> str:
    """At most `size` code points of a text, with a sign that there is more."""
    return text if len(text) <= size else cut(text, size).rstrip() + "…" if size else "…"


def _title(facts: PushFacts, language: Language) -> str:
    place = say_in_push("lobby", language) if facts.kind == "lobby" else facts.title
    sender = shortened(facts.sender, MOST_TITLE // 2)
    return f"{sender} · {shortened(place, MOST_TITLE // 2)}" if place else sender


def _text(facts: PushFacts, language: Language) -> str:
    """The text of the message; one that says nothing of it to those who want none in a push."""
    if not facts.push_text:
        is_mention = facts.urgent and facts.kind != "direct"
        return say_in_push("mention" if is_mention else "message", language)
    return plain_text(facts.text) or _files_text(facts.files, language)


def _files_text(files: tuple[File, ...], language: Language) -> str:
    if not files:
        return say_in_push("message", language)
    first, count = files[0], len(files)
    if count > 1:
        key = "pictures" if all(file.kind == "image" for file in files) else "files"
        return say_in_push(key, language, count=count)
    if first.kind == "audio" and first.waveform:
        return say_in_push("voice", language)
    if first.kind in ("image", "video"):
        return say_in_push("picture" if first.kind == "image" else "video", language)
    return first.name
