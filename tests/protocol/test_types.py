"""Scalar types of the wire: the accepted values, their results, and the reasons of refusals."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from suhbat.protocol import types
from suhbat.protocol.commands import COMMAND
from suhbat.protocol.machine import reason_of


def check(scalar: Any, value: object) -> Any:
    return TypeAdapter(scalar).validate_python(value, strict=True)


def refusal(scalar: Any, value: object) -> str:
    with pytest.raises(ValidationError) as invalid:
        check(scalar, value)
    return reason_of(invalid.value)


class TestTitle:
    @pytest.mark.parametrize("title", ["a", "Choyxona", "Oʻzbek 🙂", "١٢٣", "a" * 100, "🏳️‍🌈", "👨‍👩‍👧", "-", "می‌خواهم"])
    def test_passes(self, title: str) -> None:
        """Every visible title is accepted, also with joiners of scripts and emoji."""
        assert check(types.Title, title) == title

    def test_space_around_it_is_taken_away(self) -> None:
        """Inner spaces are kept."""
        assert check(types.Title, " \u3000bir  ikki\t") == "bir  ikki"

    @pytest.mark.parametrize(
        "title", ["", " ", "\t\n", "\u3000", "\u200b", "\u200d\ufe0f", "\u2060\u00ad", "\u3164", "\u2800", "\u0301"]
    )
    def test_nothing_to_see(self, title: str) -> None:
        """A title needs a visible character."""
        assert refusal(types.Title, title) == "title.empty"

    @pytest.mark.parametrize("letter", ["\n", "\r", "\x1b", "\x7f", "\u0085", "\u2028", "\u2029", "\u202e", "\u2066"])
    def test_no_controls(self, letter: str) -> None:
        """A title may have no line breaks and no bidi controls. The reason tells what is wrong with it."""
        assert refusal(types.Title, f"a{letter}b") == "title.hidden"

    def test_what_cannot_be_stored(self) -> None:
        """NUL is refused in every text."""
        assert refusal(types.Title, "a\0b") == "bad_character"

    def test_length(self) -> None:
        """A title is a text of at most a hundred characters."""
        assert "100" in refusal(types.Title, "a" * 101)
        assert refusal(types.Title, 5).startswith("not_string")


class TestEmoji:
    @pytest.mark.parametrize(
        "emoji",
        [
            "👍",
            "👍🏽",
            "❤️",
            "❤",
            "🇺🇿",
            "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
            "👨‍👩‍👧‍👦",
            "1️⃣",
            "#️⃣",
            "ℹ️",
            "Ⓜ️",
            "™️",
            "©",
            "‼️",
            "🅰️",
            "㊗️",
            "↔️",
            "▶️",
            "🫶",
            "➕",
        ],
    )
    def test_passes(self, emoji: str) -> None:
        """Emoji of every kind are accepted: with tones, joined, flags, keycaps, symbols."""
        assert check(types.Emoji, emoji) == emoji

    @pytest.mark.parametrize(
        "text",
        [
            "a", "salom", "да", "x👍", "👍 👍", "\u200d", "\ufe0f", "\u20e3", "\u0301", "漢", "ا",
            "1", "123", "!!!", "<>", "-", "/", "..", "👍\u202e", "\u2066👍\u2069", "👍\n", "👍\x07",
        ],
    )  # fmt: skip
    def test_what_is_none(self, text: str) -> None:
        """Words, digits, ASCII symbols, invisible characters and bidi controls are refused."""
        assert refusal(types.Emoji, text) == "not_emoji"

    def test_length(self) -> None:
        """A reaction has one to 32 code points."""
        assert "32" in refusal(types.Emoji, "👍" * 33)
        assert refusal(types.Emoji, "") != ""


@pytest.mark.parametrize(("scalar", "most"), [(types.Topic, 500), (types.Reason, 500), (types.DraftText, 4_000)])
def test_texts_that_may_be_empty(scalar: Any, most: int) -> None:
    """A text may have several lines and the full length; characters that cannot be stored are refused."""
    for text in ("", " ", "bir\nikki", "a" * most):
        assert check(scalar, text) == text
    assert str(most) in refusal(scalar, "a" * (most + 1)) or refusal(scalar, "a" * (most + 1)) == "long_text"
    assert refusal(scalar, "\0") == "bad_character"


@pytest.mark.parametrize(("scalar", "most"), [(types.SlowMode, 86_400), (types.Retention, 36_500)])
def test_numbers(scalar: Any, most: int) -> None:
    """Integers are accepted from 0 to the maximum; fractions and booleans are refused."""
    for good in (0, 1, most):
        assert check(scalar, good) == good
    for bad in (-1, most + 1, 1.0, "1", True, None, 10**30):
        assert refusal(scalar, bad)


def test_people() -> None:
    """One to fifty names are accepted."""
    assert check(types.People, ["ali"]) == ["ali"]
    assert refusal(types.People, []) and refusal(types.People, ["a"] * 51) and refusal(types.People, [""])


class TestUntil:
    @pytest.mark.parametrize(
        ("text", "at"),
        [
            ("2026-11-23T09:30:00.125Z", 1_795_426_200_125),
            ("2026-11-23T14:30:00.125+05:00", 1_795_426_200_125),
            ("1970-01-01T00:00:00Z", 0),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ],
    )
    def test_a_moment(self, text: str, at: int) -> None:
        """A time may have any UTC offset; it is encoded in UTC."""
        assert check(types.Until, text) == at
        assert types.parse_time(types.format_time(at)) == at

    @pytest.mark.parametrize(
        "value",
        ["", "tomorrow", "2026-11-23", "2026-11-23T09:30:00", "0001-01-01T00:00:00", "0001-01-01T00:00:00+14:00",
         "9999-12-31T23:59:59-12:00", "1969-12-31T23:59:59Z", -1, 10**30, 253_402_300_800_000, 1.5, True, [], {}],
    )  # fmt: skip
    def test_no_moment(self, value: object) -> None:
        """A time without an offset is refused, as is one before 1970 or after 9999."""
        assert refusal(types.Until, value)

    @pytest.mark.parametrize("kind", ["ban", "mute"])
    def test_of_a_command(self, kind: str) -> None:
        """The `until` of a sanction is such a time, or null."""
        command = f'{{"type": "{kind}", "conversation": "r1", "user_id": "ali", "until": %s}}'
        assert COMMAND.validate_json(command % '"2026-11-23T09:30:00Z"').until == 1_795_426_200_000
        assert COMMAND.validate_json(command % "null").until is None
        for bad in ("1" + "0" * 30, "-5", '"2026-11-23"', "1e3"):
            with pytest.raises(ValidationError):
                COMMAND.validate_json(command % bad)
