"""Checks of Python, SQLite, the event loop and the environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from suhbat.config import unknown_variables

from .findings import Finding


def python_version(version: tuple[int, ...]) -> Finding:
    text = f"Python {'.'.join(map(str, version))}"
    if version < (3, 11):
        return Finding("FAIL", f"{text}: Suhbat needs 3.11 or newer; make a new virtual environment with one")
    return Finding("ok", text)


def sqlite_version(version: tuple[int, ...]) -> Finding:
    """RETURNING needs SQLite 3.35. The WAL-reset race of 3.7.0 to 3.51.2 needs two connections that checkpoint."""
    text = f"SQLite {'.'.join(map(str, version))}"
    if version < (3, 35, 0):
        return Finding("FAIL", f"{text}: 3.35 or newer is needed; it comes with Python, so install a newer Python")
    if version <= (3, 51, 2):
        return Finding(
            "ok",
            f"{text} (it has the WAL-reset race of 3.7.0 to 3.51.2 between two checkpointing connections, "
            "which cannot happen here: one connection writes and checkpoints)",
        )
    return Finding("ok", text)


def event_loop(platform: str, installed: bool) -> Finding:
    """uvloop is faster. Everything works without it."""
    if installed:
        return Finding("ok", "uvloop is installed")
    if platform == "win32":
        return Finding("ok", "uvloop does not exist for Windows; asyncio is used")
    return Finding("warn", "uvloop is not installed: everything works, more slowly; pip install uvloop")


def variables(environ: Mapping[str, str]) -> Iterator[Finding]:
    """A misspelt variable has no effect, which nobody would notice."""
    for variable, near in unknown_variables(environ).items():
        hint = f"did you mean {near}?" if near else "`suhbat config show` lists the settings"
        yield Finding("warn", f"the environment variable {variable} is no setting; {hint}")
