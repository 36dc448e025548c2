"""What the command line prints and asks.

Names and titles were chosen by strangers: nothing in them may move the cursor, colour the terminal or turn the line around.
What the terminal's encoding does not have is escaped, where Python would end with a traceback.
"""

from __future__ import annotations

import sys
from typing import NoReturn, TextIO

import typer

from .words import shown

UNUSABLE = 2
"""Exit code when what was asked for cannot be done as it was asked."""


def say(text: str, *, error: bool = False) -> None:
    """Print one or several lines, of which each is safe and fits the terminal."""
    stream = sys.stderr if error else sys.stdout
    for line in text.split("\n"):
        typer.echo(fitting(shown(line), stream), err=error)


def stop(reason: str, code: int = UNUSABLE) -> NoReturn:
    """Say why, and end."""
    for line in reason.splitlines():
        say(f"suhbat: {line}", error=True)
    raise typer.Exit(code)


def confirm(what: str, *, yes: bool) -> None:
    """Let somebody who types agree to what cannot be undone; `yes`: they have. Ends where they do not, or nobody types."""
    if yes:
        return
    if not is_asked():
        stop(f"{what} This cannot be undone, and nobody is here to be asked: add --yes to do it.")
    say(what)
    typer.echo("This cannot be undone. Go on? [y/N] ", nl=False)
    if sys.stdin.readline().strip().casefold() not in ("y", "yes"):
        stop("nothing was changed", code=1)


def is_asked() -> bool:
    """Whether somebody sits at the terminal."""
    return sys.stdin.isatty()


def fitting(text: str, stream: TextIO) -> str:
    """The same, with what the stream cannot show escaped."""
    encoding = getattr(stream, "encoding", None) or "ascii"
    return text.encode(encoding, "backslashreplace").decode(encoding)
