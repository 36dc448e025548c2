"""Messages as plain text, with the vectors that the page uses as well (tests/web/markdown.test.mjs)."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suhbat.protocol.plain_text import MOST, plain_text

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "plain.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", VECTORS["texts"], ids=lambda vector: json.dumps(vector[0])[:40])
def test_a_vector(vector: list[str]) -> None:
    """A text says exactly this without its markup."""
    assert plain_text(vector[0]) == vector[1]


@given(st.text(alphabet="ab*_~`[]()<>\\\n -1.😀", max_size=60))
def test_any_text(text: str) -> None:
    """Whatever is written, the result says something if the text does, and invents no letters."""
    shown = plain_text(text)
    assert bool(shown) == bool(text.strip())
    assert all(shown.count(letter) <= text.count(letter) for letter in "ab😀*_~`[]()")


@pytest.mark.parametrize("text", ["*a _b " * 20_000, "[" * 50_000, "`" * 50_000, "> " * 50_000, "a](http://b " * 9_000])
def test_a_hostile_text(text: str) -> None:
    """It takes milliseconds, since a push to each of many people needs it."""
    started = time.process_time()
    assert len(plain_text(text)) <= MOST
    assert time.process_time() - started < 1
