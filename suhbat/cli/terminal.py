"""What the command line prints and asks.

Strangers choose names and titles. Nothing in them may move the cursor, colour the terminal or reverse the line.
A character that the terminal's encoding lacks is escaped; Python alone would end with a traceback.
"""

from __future__ import annotations

import sys
from typing import NoReturn, TextIO
from unicodedata import category

import typer

UNUSABLE = 2
"""Exit code for a command that cannot be carried out as it was given."""
JOINERS = "\u200c\u200d"
"""Format characters that are part of words and emoji, and reverse nothing."""
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def say(text: str, *, error: bool = False) -> None:
    """Print one or several lines, each escaped."""
    stream = sys.stderr if error else sys.stdout
    for line in text.split("\n"):
        typer.echo(encodable(escaped(line), stream), err=error)


def stop(reason: str, code: int = UNUSABLE) -> NoReturn:
    """Print the reason to standard error and exit."""
    for line in reason.splitlines():
        say(f"suhbat: {line}", error=True)
    raise typer.Exit(code)


def confirm(warning: str, *, yes: bool) -> None:
    """Ask before something that cannot be undone; exits unless the answer is yes. `yes`: --yes was given, so do not ask.
    Without a terminal there is nobody to ask, and it exits."""
    if yes:
        return
    if not is_asked():
        stop(f"{warning} This cannot be undone, and there is no terminal to ask at: add --yes to do it.")
    say(warning)
    typer.echo("This cannot be undone. Continue? [y/N] ", nl=False)
    if sys.stdin.readline().strip().casefold() not in ("y", "yes"):
        stop("nothing was changed", code=1)


def is_asked() -> bool:
    """Whether standard input is a terminal."""
    return sys.stdin.isatty()


def escaped(text: str) -> str:
    """The text with control and format characters escaped: those that move the cursor, colour the terminal or reverse the
    line."""
    return "".join(
        one.encode("unicode_escape").decode() if category(one) in _HIDDEN and one not in JOINERS else one
        for one in text
    )


def encodable(text: str, stream: TextIO) -> str:
    """The text with characters escaped that the stream's encoding lacks."""
    encoding = getattr(stream, "encoding", None) or "ascii"
    return text.encode(encoding, "backslashreplace").decode(encoding)
