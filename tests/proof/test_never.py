"""The simulation fails on certain log lines. A line that was reworded would no longer be noticed."""

from __future__ import annotations

import ast
from pathlib import Path

import suhbat

from .simulation.world import NEVER

LEVELS = {"warning", "error", "exception", "critical"}


def logged() -> set[str]:
    """Every text that the server logs as a problem."""
    found: set[str] = set()
    for path in Path(suhbat.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and call.func.attr in LEVELS
                and call.args
                and isinstance(call.args[0], ast.Constant)
            ):
                found.add(str(call.args[0].value))
    return found


def test_the_lines_that_must_not_appear_are_lines_that_can() -> None:
    """Each text that the simulation looks for is one that the server logs."""
    assert NEVER - logged() == set()
