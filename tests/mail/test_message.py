"""Mails as they travel."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from suhbat.config.smtp import Sender
from suhbat.mail.letter import Button, Letter, Place, Quoted
from suhbat.mail.message import message
from suhbat.mail.page import page
from suhbat.texts import LANGUAGES, WRITTEN
from suhbat.texts.mail import MAIL, said

from .parts import parsed, part

SENDER = Sender("Bizning suhbat", "chat@example.org")
AT = 1_795_000_000_000
EVIL = 'x\r\nBcc: all@example.org\r\n\r\n<script>alert(1)</script>"\u202e\u2028&\x00'
LETTER = Letter(
    language="ru",
    server="chat.example.org",
    subject="Выберите новый пароль",
    lead=("Кто-то запросил новый пароль для аккаунта ali.",),
    foot=("Если это были не вы, ничего делать не нужно.",),
    button=Button("Выбрать", "https://chat.example.org/#/reset/a-b_c"),
    help="Если кнопка не работает:",
)


def test_the_headers() -> None:
    """All that mail programs and providers expect is there, once, in lines that any server takes."""
    data = message(LETTER, SENDER, "ali@example.org", "m1", AT)
    mail = parsed(data)
    assert mail["From"] == "Bizning suhbat <chat@example.org>" and mail["To"] == "ali@example.org"
    assert mail["Subject"] == LETTER.subject and mail["Message-ID"] == "<m1@example.org>"
    assert mail["Date"].datetime.timestamp() == AT / 1000
    assert mail["Auto-Submitted"] == "auto-generated" and mail["Content-Language"] == "ru"
    assert mail.get_content_type() == "multipart/alternative" and mail["MIME-Version"] == "1.0"
    assert mail["List-Unsubscribe"] is None
    assert [one.get_content_type() for one in mail.iter_parts()] == ["text/plain", "text/html"]
    assert [one.get_content_charset() for one in mail.iter_parts()] == ["utf-8", "utf-8"]
    assert data.isascii() and max(map(len, data.split(b"\r\n"))) <= 78 and b"\n" not in data.replace(b"\r\n", b"")
    # The last part is the one that programs prefer (RFC 2046 section 5.1.4).
    for kind in ("plain", "html"):
        assert "Кто-то запросил" in part(mail, kind) and "/#/reset/a-b_c" in part(mail, kind)


def test_one_click_unsubscribe() -> None:
    """The two headers of RFC 8058, with the https address alone; people find the link in both parts."""
    url = "https://chat.example.org/mail/unsubscribe?account=u1&signature=s"
    mail = parsed(message(replace(LETTER, unsubscribe=Button("Больше не присылать", url)), SENDER, "a@b.uz", "m1", AT))
    assert (
        mail["List-Unsubscribe"].strip() == f"<{url}>" and mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    )
    assert url in part(mail, "plain") and url.replace("&", "&amp;") in part(mail, "html")


def test_no_header_is_injected() -> None:
    """Whatever users write, it stays one line of the header that it belongs to."""
    mail = parsed(message(replace(LETTER, subject=EVIL), Sender(EVIL, "chat@example.org"), "ali@example.org", "m1", AT))
    assert mail["Bcc"] is None and len(mail.get_all("To", [])) == 1
    assert mail["Subject"].startswith("x Bcc: all@example.org") and "\u202e" not in mail["Subject"]
    assert mail["From"].addresses[0].addr_spec == "chat@example.org"
    long = parsed(message(replace(LETTER, subject="у" * 5000), SENDER, "ali@example.org", "m1", AT))
    assert len(long["Subject"]) <= 120


@pytest.mark.parametrize("to", ["ali@example.org\r\nBcc: x@example.org", "ali@example.org, x@example.org"])
def test_one_recipient(to: str) -> None:
    """Addresses are checked before they are stored; here the last line of defence."""
    with pytest.raises(ValueError):
        message(LETTER, SENDER, to, "m1", AT)


class Tags(HTMLParser):
    """The tags of a page, its attributes and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_no_markup_is_injected() -> None:
    """Texts of users are texts in every place where they can come to stand."""
    evil = "<img src=x onerror=alert(1)>\"'&lt;"
    letter = Letter(
        language="en", server=evil, subject=evil, lead=(evil,), foot=(evil,), button=Button(evil, f"https://x/{evil}"),
        places=(Place(evil, (Quoted(evil, evil),), evil),), after=evil, help=evil, unsubscribe=Button(evil, evil),
    )  # fmt: skip
    found = Tags(page(letter))
    assert "img" not in found.tags and "script" not in found.tags
    assert {name for name, _ in found.attributes}.isdisjoint({"onerror", "src", "onclick"})
    assert found.text.count(evil) >= 10


def test_nothing_is_loaded() -> None:
    """No picture, no style sheet, no font: a mail that is opened tells nobody."""
    text = page(LETTER)
    assert "<img" not in text and "<link" not in text and "url(" not in text and "@import" not in text


def test_the_dark_colours() -> None:
    """Each class that they are for is on some element, and each element with a colour of its own has one."""
    text = page(
        replace(LETTER, places=(Place("Ali", (Quoted("", "salom"), Quoted("Vali", "salom")), "2", "https://x"),))
    )
    named = set(re.findall(r"\.([a-z-]+)\{", text))
    assert named == {one for many in re.findall(r'class="([^"]+)"', text) for one in many.split()}
    bare = re.findall(r'<(?![^>]*class=)[^>]*style="[^"]*(?:color|background):[^>]*>', text)
    assert bare == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_in_every_language(language: str) -> None:
    """Each has the same placeholders in all languages, and all can be filled."""
    fields = {name: f"<{name}>" for name in ("server", "name", "minutes", "address", "count", "title", "date")}
    for key, texts in MAIL.items():
        assert texts.keys() == set(WRITTEN)
        english = said(key, "en", **fields)
        text = said(key, language, **fields)
        assert {one for one in fields.values() if one in text} == {one for one in fields.values() if one in english}, (
            key
        )
