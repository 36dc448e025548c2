"""Classes of characters as JavaScript's regular expressions have them."""

from __future__ import annotations

from unicodedata import category, name

_WITHOUT_SPACES = (
    "CJK ", "KANGXI", "HIRAGANA", "KATAKANA", "IDEOGRAPHIC", "HANGZHOU", "THAI ", "LAO ", "KHMER ", "MYANMAR "
)  # fmt: skip


def is_sign(letter: str) -> bool:
    """Punctuation or a symbol."""
    return category(letter)[0] in "PS"


def is_word(letter: str) -> bool:
    """A letter or a digit."""
    return category(letter)[0] in "LN"


def is_marked_word(letter: str) -> bool:
    """A letter, a digit, or a mark on one."""
    return category(letter)[0] in "LMN"


def is_digit(letter: str) -> bool:
    return category(letter)[0] == "N"


def is_latin(letter: str) -> bool:
    return category(letter)[0] == "L" and name(letter, "").startswith(("LATIN", "FULLWIDTH LATIN"))


def needs_no_spaces(letter: str) -> bool:
    """Whether its script has no spaces between words."""
    return letter > "\u0e00" and category(letter)[0] in "LMN" and name(letter, "").startswith(_WITHOUT_SPACES)


def is_escape(letter: str) -> bool:
    """ASCII punctuation, which a backslash can escape."""
    return "!" <= letter <= "/" or ":" <= letter <= "@" or "[" <= letter <= "`" or "{" <= letter <= "~"
