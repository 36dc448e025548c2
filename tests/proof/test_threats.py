"""The list of threats is complete: each has tests, and all of them exist. The tests are read here, not run."""

from __future__ import annotations

import ast
from functools import cache

import pytest

from tests.servers import ROOT

from .threats import THREATS

ITEMS = [(kind, threat, tests) for kind, threats in THREATS.items() for threat, tests in threats.items()]
EXPECTED = {
    "frames": 11, "handshake": 7, "JSON": 8, "identity": 15, "authorisation": 5, "content": 9, "volume": 5, "growth": 4,
    "files": 9, "outgoing requests": 11, "mail": 11, "uvicorn and Starlette": 12, "faults": 11,
}  # fmt: skip
"""The number of items in each paragraph when the list was written. Fewer would mean that one was dropped."""


@cache
def functions(path: str) -> dict[str, str | None]:
    """The functions of a test file and their docstrings."""
    tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
    return {
        node.name: ast.get_docstring(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


@pytest.mark.parametrize(("kind", "threat", "tests"), ITEMS, ids=[f"{kind}: {threat}" for kind, threat, _ in ITEMS])
def test_a_threat(kind: str, threat: str, tests: tuple[str, ...]) -> None:
    """Every threat has a test. Every named test exists and has a docstring that says what must hold."""
    assert tests, "nobody attacks this"
    for test in tests:
        path, _, function = test.partition("::")
        assert function.startswith("test_") and functions(path).get(function), test


def test_none_is_forgotten() -> None:
    """The list has at least as many items as when it was written."""
    assert set(THREATS) == set(EXPECTED)
    assert not [kind for kind, least in EXPECTED.items() if len(THREATS[kind]) < least]


def test_every_attack_is_of_a_threat() -> None:
    """Every test of tests/proof/attacks belongs to a threat of the list."""
    named = {test for _, _, tests in ITEMS for test in tests}
    for file in (ROOT / "tests" / "proof" / "attacks").glob("test_*.py"):
        path = f"proof/attacks/{file.name}"
        tests = {f"{path}::{function}" for function in functions(path) if function.startswith("test_")}
        assert tests <= named, tests - named
