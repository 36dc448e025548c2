"""The commands with curl in docs/how-to/webhooks.md that post through a webhook."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

from tests.servers import ROOT

HOW_TO = ROOT / "docs" / "how-to" / "webhooks.md"
_COMMAND = re.compile(r"^curl (?:.|\\\n)+$", re.MULTILINE)
_PRODUCT = re.compile(r"^\*\*([\w ]+?)(?:'s format| and Forgejo)?\W*\*\*", re.MULTILINE)


def one_liners() -> dict[str, str]:
    """The nine commands, by the names of their formats, as `github`."""
    text = HOW_TO.read_text("utf-8")
    found = {}
    for command in _COMMAND.finditer(text):
        if "$URL" not in command[0]:
            continue
        name = _PRODUCT.findall(text, 0, command.start())[-1].lower()
        found[f"{name}-form" if name in found else name] = command[0].replace("\\\n", " ")
    return found


def run(command: str, url: str) -> str:
    """Post with the command; gives the answer."""
    words = [word.replace("$URL", url) for word in shlex.split(command)]
    done = subprocess.run(
        [*words, "--silent", "--max-time", "60"], capture_output=True, text=True, check=True, cwd=Path("/")
    )
    return done.stdout
