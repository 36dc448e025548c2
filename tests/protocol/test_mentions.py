"""The mentions in a text, with the vectors that the page uses as well (tests/web/mentions.test.mjs)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from suhbat.errors import InvalidName
from suhbat.identity.names import normalise
from suhbat.protocol.mentions import EVERYBODY, MAX_NAME_LENGTH, MAX_NAMES, MAX_SIGNS, fold, mentions, spellings

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "mentions.json").read_text(encoding="utf-8"))
PEOPLE = frozenset(VECTORS["people"])


def named(text: str) -> list[str]:
    """Resolves mentions as chat.mentions does with a directory."""
    found = (next((name for name in names if name in PEOPLE or name in EVERYBODY), None) for names in mentions(text))
    return list(dict.fromkeys("*" if name in EVERYBODY else name for name in found if name is not None))


@pytest.mark.parametrize("vector", VECTORS["texts"], ids=lambda vector: json.dumps(vector["text"])[:40])
def test_a_vector(vector: dict[str, object]) -> None:
    """A text mentions exactly these people."""
    assert named(str(vector["text"])) == vector["names"], vector["text"]


@pytest.mark.parametrize(
    "typed",
    ["Ali", "ALI-AKA.1", "O'TKIR", "o‘g‘il", "oʼzbek", "o`g`il", "ЮЛЯ", "Ёлка", "Ўткир", "JOSÉ", "Jose\u0301", "नमस्ते", "ＡＬＩ",
     "李雷", "ΣΟΦΟΣ", "ΑΛΗΣ", "Straße", "ẞ", "İstanbul", "ǅ", "가나", "ｱｲｳ", "สวัสดี", "محمد", "_x_", "x-1", "ЙЎЛ"],
)  # fmt: skip
def test_the_form_is_that_of_names(typed: str) -> None:
    """Every valid name is folded as `identity.names` normalises it, so that every spelling of it is found."""
    try:
        name = normalise(typed)
    except InvalidName:
        return
    assert fold(typed) == name and fold(name) == name
    assert spellings(typed)[0] == name


def test_there_is_an_end_to_it() -> None:
    """The numbers of names and of @ are limited; a text longer than a name is shortened or ignored."""
    assert len(list(mentions(" ".join(f"@a{n}" for n in range(800))))) == MAX_NAMES
    assert len(list(mentions("@ali " * 300 + "@vali"))) == 2
    assert len(list(mentions("@ali " * MAX_SIGNS + "@vali"))) == 1
    assert spellings("a." * 60)[0] == ("a." * 60)[:MAX_NAME_LENGTH].rstrip(".") + "."[: MAX_NAME_LENGTH % 2]
    assert not list(mentions("@" + "a" * 4_000))
