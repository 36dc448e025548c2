"""Where a text may be cut, with the same vectors as the page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suhbat.protocol.characters import cut

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "graphemes.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("characters", VECTORS["texts"], ids="".join)
def test_between_characters_only(characters: list[str]) -> None:
    """For every limit the result consists of whole characters, as many as fit."""
    text = "".join(characters)
    for limit in range(len(characters[0]), len(text) + 2):
        fitting = ""
        for character in characters:
            if len(fitting + character) > limit:
                break
            fitting += character
        assert cut(text, limit) == fitting


def test_what_is_longer_than_the_limit() -> None:
    """A letter with too many marks is cut all the same, because the limit must hold."""
    assert cut("a" + "\u0301" * 50, 10) == "a" + "\u0301" * 9
    assert cut("salom", 0) == ""


@given(st.text(max_size=60), st.integers(0, 60))
def test_any_text(text: str, limit: int) -> None:
    """The result is a beginning of the text within the limit, and all of it if it fits."""
    left = cut(text, limit)
    assert text.startswith(left) and len(left) <= limit
    assert left == text or len(text) > limit
