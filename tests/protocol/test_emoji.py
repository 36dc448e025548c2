"""Recognising emoji."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import TypeAdapter

import suhbat
from suhbat.protocol.emoji import SELECTOR, canonical, without_selector
from suhbat.protocol.emoji_table import SEQUENCES
from suhbat.protocol.types import Emoji

EMOJI: TypeAdapter[str] = TypeAdapter(Emoji)
PICKER = Path(suhbat.__file__).parent / "web/js/text/emoji-data.js"
QUICK = Path(suhbat.__file__).parent / "web/js/models/quick.js"


@pytest.mark.parametrize(
    "emoji",
    ["👍", "👍🏽", "🇺🇿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👨‍👩‍👧‍👦", "🧑🏻‍🤝‍🧑🏿", "#️⃣", "1️⃣", "❤️", "❤️‍🔥", "☝🏿", "🏳️‍🌈", "ℹ️", "©️", "㊗️", "🫩"],
)
def test_emoji(emoji: str) -> None:
    """Emoji of every kind are accepted, with and without U+FE0F: tones, flags, families, keycaps, symbols."""
    assert canonical(emoji) == canonical(emoji.replace(SELECTOR, "")) == emoji


def test_everything_in_the_table() -> None:
    """Each sequence is its own canonical form without U+FE0F, and a U+FE0F at any position changes nothing."""
    for one in SEQUENCES.split():
        full = canonical(one)
        assert without_selector(full) == one and canonical(full) == full
        assert EMOJI.validate_python(one) == one  # also emoji that are newer than Python's own tables
    assert len(SEQUENCES.split()) > 3_900


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "1",
        "#",
        "१",
        "…",
        "👍👍👍",
        "👍 👍",
        " ",
        "🇺",
        "🏻",
        "\u200d",
        SELECTOR,
        "👍\u200d",
        "#" + SELECTOR,
        "漢",
        "\U0001fffd",
    ],
)
def test_no_emoji(text: str) -> None:
    """Digits, symbols, several emoji and parts of one are refused."""
    with pytest.raises(ValueError, match="not_emoji"):
        canonical(text)


def test_names_are_for_later() -> None:
    """`:name:` is refused with a reason of its own, because there are no custom emoji yet."""
    with pytest.raises(ValueError, match="custom_emoji"):
        canonical(":parrot:")


def test_the_picker_offers_only_what_is_taken() -> None:
    """Every emoji in the data of the page is in its canonical spelling, and so are those of the first row of reactions.
    tests/web/emoji.test.mjs compares all skin tones with the table."""
    groups = re.findall(r'^  \["\w+", "([^"]+)"\],$', PICKER.read_text(encoding="utf-8"), re.MULTILINE)
    entries = [entry for line in groups for entry in line.split()]
    offered = [
        re.match(r"[0-9#*]?[^a-zA-Z0-9+#*-]+", entry).group() for entry in entries
    ]  # each entry begins with an emoji
    offered += re.findall(r'"([^"]+)"', re.findall(r"FIRST = \[(.*?)\]", QUICK.read_text(encoding="utf-8"))[0])
    assert len(groups) == 9 and len(offered) > 1_900
    assert [emoji for emoji in offered if canonical(emoji) != emoji] == []
