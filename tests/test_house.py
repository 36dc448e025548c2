"""The order of the house, as `python -m tests.house` counts it, and the words of the glossary."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.house import counts
from tests.servers import ROOT

GLOSSARY = ROOT / "docs" / "reference" / "glossary.md"
ORDINARY = {
    "act",
    "entry",
    "known",
    "order",
    "place",
    "preview",
    "right",
    "room",
    "session",
    "invite",
    "invitation",
    "wire",
}
"""Words that the glossary forbids for one meaning and that are right for another: not looked for."""


@pytest.fixture(scope="module")
def imports() -> Any:
    return counts.graph(ROOT)


def test_modules_have_homes() -> None:
    """At most six modules stand beside the packages."""
    assert len(counts.top_level(ROOT)) <= 6


def test_a_class_name_has_one_definition() -> None:
    """A public class of Python has a name of its own."""
    assert counts.repeated(counts.classes(ROOT)) == {}


def test_the_page_defines_each_type_once() -> None:
    """No type of the page is defined twice. A name that Python has as well is the same thing: the SDKs mirror each other."""
    assert counts.repeated(counts.page_types(ROOT)) == {}


def test_callbacks_are_given_to_the_constructor() -> None:
    """Nobody assigns a callable to an attribute of another object: a listener that is missing is a type error."""
    assert counts.assigned(ROOT) == []


def test_the_tests_silence_no_type_checker() -> None:
    """No type checker reads the tests, so that a comment for one would be noise, and wrong sooner or later."""
    silent = "type: " + "ignore"
    assert [str(path) for path in (ROOT / "tests").rglob("*.py") if silent in path.read_text(encoding="utf-8")] == []


def test_every_import_is_covered_by_a_layer(imports: Any) -> None:
    """Both sides of each import stand in a layer of the contract."""
    assert counts.uncovered(ROOT, imports) == []


def test_no_module_imports_itself_by_way_of_others(imports: Any) -> None:
    """There is no circle, imports for types included."""
    assert counts.circles(imports) == []


def forbidden() -> list[str]:
    """The words in the last column of the glossary: what a thing is not called. Qualified words are not looked for."""
    rows = [line.split("|") for line in GLOSSARY.read_text(encoding="utf-8").splitlines() if line.startswith("| **")]
    words = {word.strip() for row in rows for word in row[3].split(",")}
    return sorted(word for word in words if re.fullmatch("[a-z]+", word) and word not in ORDINARY)


def test_the_glossary_forbids_words() -> None:
    """The table is read: words that were in the code once are among them."""
    assert {"turnstile", "healing", "neighbours", "renewal"} <= set(forbidden())


def test_names_keep_to_the_glossary() -> None:
    """No public class and no module has a name with a word that the glossary says is not to be used."""
    words = set(forbidden())
    names = [*counts.classes(ROOT), *(path.stem for path in counts.sources(ROOT))]
    parts = {name: {part.lower() for part in re.findall("[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)} for name in names}
    assert [name for name, found in parts.items() if words & found] == []
