"""Parameters, keyboards, chats and errors of the Bot API without a server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from suhbat.errors import Busy, Forbidden, Internal, NotFound, RateLimited, SuhbatError, TooLarge, Unauthenticated
from suhbat.http.telegram.answers import is_bot_api
from suhbat.programs.telegram import objects
from suhbat.programs.telegram.entities import MOST_ENTITIES
from suhbat.programs.telegram.errors import MOST_DESCRIPTION, TelegramError, answer
from suhbat.programs.telegram.keyboards import LONGEST_URL, MOST_BUTTONS, MOST_DATA, buttons_of, markup_of
from suhbat.programs.telegram.objects import media
from suhbat.programs.telegram.parameters import _DEEPEST, Parameters
from suhbat.programs.telegram.texts import markdown_of
from suhbat.protocol.files import File
from suhbat.protocol.objects import Message


def test_texts_of_forms() -> None:
    """In forms everything is a text, JSON included; in JSON it has its type. Both mean the same."""
    in_json = {"chat_id": -5, "on": True, "reply_markup": {"inline_keyboard": []}, "entities": [{"type": "bold"}]}
    in_form = {key: value if isinstance(value, str) else json.dumps(value) for key, value in in_json.items()}
    for given in (in_json, in_form):
        found = Parameters(given)
        assert found.number("chat_id") == -5 and found.flag("on")
        assert found.object("reply_markup") == {"inline_keyboard": []}
        assert found.list_of_objects("entities") == [{"type": "bold"}]
    assert Parameters({"text": 5}).text("text") == "5"
    assert Parameters({}).number("limit", 7) == 7


@pytest.mark.parametrize(
    ("read", "given"),
    [
        ("number", "x"), ("number", "1.5"), ("number", 2**60), ("number", True), ("number", "9" * 30), ("number", [1]),
        ("text", ["a"]), ("text", "a\0"), ("text", "\ud800"),
        ("object", "["), ("object", "[]"), ("object", "5"), ("object", "[" * 5000), ("object", '{"a":' * 500 + "1" + "}" * 500),
        ("list_of_objects", "{}"), ("list_of_objects", [1]),
    ],
)  # fmt: skip
def test_values_of_another_type(read: str, given: Any) -> None:
    """They are refused with 400."""
    with pytest.raises(TelegramError) as refused:
        getattr(Parameters({"x": given}), read)("x")
    assert refused.value.code == 400 and refused.value.description.startswith("Bad Request: ")


def test_keyboards() -> None:
    """An inline keyboard becomes rows of buttons and comes back; other keyboards are left out."""
    markup = {"inline_keyboard": [[{"text": "Ha", "callback_data": "ha"}], [{"text": "Sayt", "url": "https://a.uz"}]]}
    assert markup_of(buttons_of(markup)) == markup
    assert buttons_of({"keyboard": [[{"text": "a"}]]}) == buttons_of({"force_reply": True}) == buttons_of(None) == ()


@pytest.mark.parametrize(
    ("button", "told"),
    [
        ({"text": "a"}, "Text buttons are unallowed in the inline keyboard"),
        ({"text": "", "callback_data": "a"}, 'Field "text" must be a non-empty String'),
        ({"text": "a", "callback_data": "ў" * 33}, "BUTTON_DATA_INVALID"),
        ({"text": "a", "url": "javascript:x"}, "Unsupported URL protocol"),
        ({"text": "a", "web_app": {"url": "https://a.uz"}}, "BUTTON_TYPE_INVALID"),
        (5, "expected an Object"),
    ],
)
def test_invalid_buttons(button: Any, told: str) -> None:
    """They are refused with the words of Telegram."""
    with pytest.raises(TelegramError) as refused:
        buttons_of({"inline_keyboard": [[button]]})
    assert refused.value.description.endswith(told)


def test_most_of_a_keyboard() -> None:
    """A message has at most 100 buttons, and each at most 64 bytes of data and an address of 2,048 characters."""
    for buttons in (
        [{"text": "a", "callback_data": "a"}] * MOST_BUTTONS,
        [{"text": "a", "callback_data": "ў" * (MOST_DATA // 2)}],
        [{"text": "a", "url": f"https://a.uz/{'a' * (LONGEST_URL - 13)}"}],
    ):
        assert len(buttons_of({"inline_keyboard": [buttons[:50], buttons[50:]]})[0]) == min(len(buttons), 50)
    for too_much in (
        [{"text": "a", "callback_data": "a"}] * (MOST_BUTTONS + 1),
        [{"text": "a", "callback_data": "ў" * (MOST_DATA // 2) + "a"}],
        [{"text": "a", "url": f"https://a.uz/{'a' * (LONGEST_URL - 12)}"}],
    ):
        with pytest.raises(TelegramError):
            buttons_of({"inline_keyboard": [too_much[:50], too_much[50:]]})


def test_errors_repeat_little_of_what_was_sent() -> None:
    """No address of a button, which may have a secret, and of other things the beginning: a description is short, whatever
    came. It gets into logs, too."""
    long = "javascript:sirli" * 2000
    with pytest.raises(TelegramError) as refused:
        buttons_of({"inline_keyboard": [[{"text": "a", "url": long}]]})
    assert "sirli" not in refused.value.description
    for mode, text in (("HTML", f"<{'a' * 9000}>b"), ("HTML", f"<b>a</{'a' * 9000}>"), ("HTML", f'<b {"a" * 9000}="')):
        with pytest.raises(TelegramError) as refused:
            markdown_of(text, mode, [], 4000)
        assert len(refused.value.description) <= len("Bad Request: ") + MOST_DESCRIPTION
    with pytest.raises(TelegramError) as refused:
        markdown_of("a", "m" * 9000, [], 4000)
    assert len(refused.value.description) <= len("Bad Request: ") + MOST_DESCRIPTION


def test_how_deep_parameters_are() -> None:
    """Up to 32 levels, the innermost value included, as text of JSON and as JSON."""

    def nested(depth: int) -> Any:
        value: Any = 1
        for n in range(depth - 1):
            value = {"a": value} if n % 2 else [value]
        return value

    for depth in (2, _DEEPEST):
        assert Parameters({"x": nested(depth)}).value("x") == nested(depth)
        assert Parameters({"x": json.dumps(nested(depth))}).value("x") == nested(depth)
    for given in (nested(_DEEPEST + 1), json.dumps(nested(_DEEPEST + 1)), nested(900)):
        with pytest.raises(TelegramError):
            Parameters({"x": given}).value("x")


@pytest.mark.parametrize(
    ("error", "method", "code", "told"),
    [
        (Unauthenticated(), "", 401, "Unauthorized"),
        (NotFound(), "sendMessage", 400, "Bad Request: chat not found"),
        (NotFound(), "editMessageText", 400, "Bad Request: message to edit not found"),
        (RateLimited(retry_after=1.2), "", 429, "Too Many Requests: retry after 2"),
        (Busy(retry_after=1, seconds=1), "", 429, "Too Many Requests: retry after 1"),
        (TooLarge(limit=1), "", 413, "Request Entity Too Large"),
        (Internal(), "", 500, "Internal Server Error"),
    ],
)
def test_errors(error: SuhbatError, method: str, code: int, told: str) -> None:
    """Every error has Telegram's form; one that passes has `retry_after`."""
    status, body = answer(error, method)
    parameters = body.pop("parameters", {})
    assert (status, body) == (code, {"ok": False, "error_code": code, "description": told})
    assert ("retry_after" in parameters) == (code == 429)


def test_what_is_forbidden() -> None:
    """It is 403, with the reason."""
    status, body = answer(Forbidden("forbidden.muted"))
    assert status == 403 and body["description"].startswith("Forbidden: ")


def test_modes_and_limits() -> None:
    """A text is read as its mode says, and one that is too long is refused. Where only the markup is too much, it goes."""
    assert markdown_of("<b>a</b>", "HTML", [], 4000) == "**a**"
    assert markdown_of("*a*", "MarkdownV2", [], 4000) == "**a**"
    assert markdown_of("*a*", "", [{"type": "bold", "offset": 1, "length": 1}], 4000) == "\\***a**\\*"
    assert markdown_of("<b>abc</b>", "html", [], 4) == "abc"
    for text, mode, longest in (("abcde", "", 4), ("a" * 20_000, "", 99_999), ("a", "bbcode", 9), ("<b>", "HTML", 9)):
        with pytest.raises(TelegramError):
            markdown_of(text, mode, [], longest)


def test_media() -> None:
    """A picture is a photo in several sizes, the largest last; other files are what they are."""
    picture = File(id="f1", name="a.jpg", type="image/jpeg", size=9, kind="image", width=3000, height=1500, url="/")
    sizes = media(picture)["photo"]
    assert [(one["file_id"], one["width"], one["height"]) for one in sizes] == [
        ("f1.360", 360, 180), ("f1.1440", 1440, 720), ("f1", 3000, 1500),
    ]  # fmt: skip
    assert "document" in media(File(id="f2", name="a.pdf", type="application/pdf", size=9, kind="file", url="/"))
    assert "voice" in media(File(id="f3", name="a.ogg", type="audio/ogg", size=9, kind="audio", waveform="AA", url="/"))


@pytest.mark.parametrize(
    "given",
    [
        [{"type": "text_link", "url": "https://a.uz/\ud800"}],
        [{"\udfff": 1}],
        '[{"type": "text_link", "url": "https://a.uz/\\udc00"}]',
        [{"nested": [["a", {"b": "\0"}]]}],
    ],
)
def test_what_is_no_text(given: Any) -> None:
    """A lone surrogate or a NUL anywhere in a value is refused, because the store could not keep it."""
    with pytest.raises(TelegramError) as refused:
        Parameters({"entities": given}).list_of_objects("entities")
    assert refused.value.description == "Bad Request: strings must be encoded in UTF-8"


@pytest.mark.parametrize(("path", "is_it"), [
    ("/bot1:a/getMe", True), ("/file/bot1:a/x/y", True), ("/bot1:a:b/getMe", True), ("/bot:/", True),
    ("/bot1:a", False), ("/bot1/a:b/", False), ("/files/bot1:a/x", False), ("/file/x/bot1:a/", False), ("/robot1:a/", False),
    # If it took quadratic time, this would not end.
    ("/bot" + ":" * 1_000_000, False),
])  # fmt: skip
def test_paths(path: str, is_it: bool) -> None:
    """Every request is asked whether it is for the Bot API, in linear time."""
    assert is_bot_api({"path": path, "root_path": ""}) is is_it


@pytest.mark.parametrize(
    ("parse_mode", "open", "close"), [("HTML", "<b>", "</b>"), ("MarkdownV2", "*", "*"), ("Markdown", "*", "*")]
)
def test_most_entities(parse_mode: str, open: str, close: str) -> None:
    """A text has at most 100 entities; the text of further ones is plain."""
    text = " ".join(f"{open}a{close}" for _ in range(MOST_ENTITIES + 20))
    assert markdown_of(text, parse_mode, [], 4000) == " ".join(["**a**"] * MOST_ENTITIES + ["a"] * 20)


@pytest.mark.parametrize("signs", [objects.MOST_SIGNS, objects.MOST_SIGNS + 1])
def test_a_text_full_of_markup(signs: int) -> None:
    """A message with more signs of markup than MOST_SIGNS goes out as it was typed, without entities."""
    text = "*a*" + " _" * (signs - 2)
    sent = Message(conversation="lobby", seq=1, ordinal=1, sender="ali", sender_uid="u-ali", text=text, sent_at=0)
    shown = objects.message(sent, {}, None, lambda name: False)
    assert ("entities" in shown) is (signs <= objects.MOST_SIGNS)
    assert shown["text"] == (text if signs > objects.MOST_SIGNS else text.replace("*", ""))
