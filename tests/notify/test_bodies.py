"""The body of a push: what the notification says, in which language, and that it is never too long."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from suhbat.chat.model import DuePush, PushFacts
from suhbat.notify.bodies import MOST_TEXT, body_of
from suhbat.notify.encryption import MOST_PLAIN
from suhbat.protocol.files import File

FACTS = PushFacts(
    due=DuePush("u-vali", 2, "", 5, 7, 0, 1_000),
    conversation="r1", kind="room", title="Choyxona", seq=7, thread=None, sender="Ali", text="Choyga keling", files=(),
    urgent=False, locale="uz", push_text=True, quiet=None, badge=3, subscriptions=(), waiting={},
)  # fmt: skip


def shown(**fields: Any) -> Any:
    return json.loads(body_of(replace(FACTS, **fields), "https://chat.example.org"))


def said(**fields: Any) -> tuple[str, str]:
    notification = shown(**fields)["notification"]
    return notification["title"], notification["body"]


def file(kind: Any, **fields: Any) -> File:
    return File(id="f1", name="choyxona.jpg", type="", size=1, kind=kind, url="/files/f1/choyxona.jpg", **fields)


def test_the_whole_body() -> None:
    """As the contract has it (PROTOCOL section 6)."""
    assert shown() == {
        "web_push": 8030,
        "notification": {
            "title": "Ali · Choyxona",
            "body": "Choyga keling",
            "navigate": "https://chat.example.org/#/c/r1/7",
            "tag": "r1",
            "lang": "uz",
            "dir": "auto",
        },
        "app_badge": 3,
        "suhbat": {"conversation": "r1", "seq": 7},
    }
    assert shown(thread=4)["notification"]["navigate"] == "https://chat.example.org/#/c/r1/t/4/7"


def test_the_title_says_who_and_where() -> None:
    """In a direct of two, who; in the lobby, that everybody reads it."""
    assert said(kind="direct", title="")[0] == "Ali"
    assert said(kind="direct", title="ali, lola")[0] == "Ali · ali, lola"
    assert said(kind="lobby", title="")[0] == "Ali · Hamma"


def test_the_text_is_plain() -> None:
    """A notification shows no Markdown, so the text has none."""
    assert said(text="**Muhim**: [hujjat](https://a.uz/x)\n\n- `bir`\n- ikki")[1] == "Muhim: hujjat\n• bir\n• ikki"
    assert said(text="**")[1] == "**"


@pytest.mark.parametrize(
    ("locale", "language", "text"),
    [
        ("en", "en", "New message"),
        ("uz", "uz", "Yangi xabar"),
        ("uz-Cyrl", "uz-Cyrl", "Янги хабар"),
        ("ru-RU", "ru", "Новое сообщение"),
        (None, "en", "New message"),
        ("xx", "en", "New message"),
    ],
)
def test_without_the_text(locale: str | None, language: str, text: str) -> None:
    """Who wants no texts in pushes learns that there is a message, in their language, and nothing of it."""
    body = shown(locale=locale, push_text=False, files=(file("image"),))
    assert (body["notification"]["body"], body["notification"]["lang"]) == (text, language)
    assert "Choyga" not in json.dumps(body) and "choyxona.jpg" not in json.dumps(body)


def test_a_mention_without_the_text() -> None:
    """It says that it is one; a direct always is for its people."""
    assert said(push_text=False, urgent=True)[1] == "Sizni eslatib oʻtishdi"
    assert said(push_text=False, urgent=True, kind="direct", title="")[1] == "Yangi xabar"


def test_files() -> None:
    """A message without a text says what its files are; one with a text says that."""
    assert said(files=(file("image"),))[1] == "Choyga keling"
    assert said(text="", files=(file("image"),))[1] == "Rasm"
    assert said(text="", files=(file("image"),) * 3)[1] == "Rasmlar: 3"
    assert said(text="", files=(file("image"), file("file")))[1] == "Fayllar: 2"
    assert said(text="", files=(file("video"),))[1] == "Video"
    assert said(text="", files=(file("audio", waveform="AA"),))[1] == "Ovozli xabar"
    assert said(text="", files=(file("file"),))[1] == "choyxona.jpg"
    assert said(text="", files=())[1] == "Yangi xabar"


def test_a_long_text_is_cut() -> None:
    """At a whole character, with a sign; the longest text of any characters fits, and so do names."""
    assert said(text="s" * MOST_TEXT)[1] == "s" * MOST_TEXT
    assert said(text="s" * 4_000)[1] == "s" * MOST_TEXT + "…"
    for sign in ("\U0001f44d\U0001f3fd", "\x01", '"', "ш", "e\u0301"):
        body = body_of(replace(FACTS, text=sign * 2_000, sender=sign * 32, title=sign * 100), "https://c.example.org")
        assert len(body) <= MOST_PLAIN
        text = json.loads(body)["notification"]["body"]
        assert text.endswith("…") and text[:-1] == sign * ((len(text) - 1) // len(sign)) and len(text) > 50
