"""The outputs in docs/tutorial.md: blocks after a comment `<!-- seen: name -->`, compared with a real run.

`WRITE_TUTORIAL=1 pytest tests/system/test_beginner.py` writes the outputs of the run into the tutorial.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from tests.servers import ROOT

TUTORIAL = ROOT / "docs" / "tutorial.md"

_BLOCK = re.compile(r"(<!-- seen: (?P<name>[^\n]+?) -->\n```\n)(?P<text>.*?)(```\n)", re.DOTALL)
_VARYING = (
    (r'"(\w*uid)":"[^"]+"', r'"\1":"u…"'),
    (r'"conversation":"(?!lobby")[^"]+"', r'"conversation":"d…"'),
    (r'"sent_at":"[^"]+"', r'"sent_at":"…"'),
    (r"process \[\d+\]", "process [12345]"),
    (r"Suhbat \S+ opens at", "Suhbat 0.1.0 opens at"),
    (r"'/[^']*/websocket-chat'", "'…/websocket-chat'"),
    (r"setup\?code=\S+", "setup?code=…"),
    (r" /\S*/websocket-chat/data", " …/websocket-chat/data"),
)


def normalised(text: str, port: int) -> str:
    """The text with everything replaced that differs between runs: times, ids, process numbers, directories, the port."""
    text = re.sub(rf"\b{port}\b", "8000", text)
    for pattern, instead in _VARYING:
        text = re.sub(pattern, instead, text)
    return text


def told() -> dict[str, str]:
    """The blocks of the tutorial by name."""
    return {match["name"]: match["text"] for match in _BLOCK.finditer(TUTORIAL.read_text(encoding="utf-8"))}


def compare(seen: Mapping[str, str]) -> None:
    """Assert that the tutorial shows the outputs of the run; with WRITE_TUTORIAL set, write them into it."""
    if os.environ.get("WRITE_TUTORIAL"):
        text = TUTORIAL.read_text(encoding="utf-8")
        TUTORIAL.write_text(_BLOCK.sub(lambda found: _filled(found, seen), text), encoding="utf-8")
    told_now = told()
    for name, text in seen.items():
        assert told_now.get(name) == text, f"docs/tutorial.md tells {name!r} otherwise; WRITE_TUTORIAL=1 rewrites it"


def _filled(found: re.Match[str], seen: Mapping[str, str]) -> str:
    return found[1] + seen.get(found["name"], found["text"]) + found[4]


def program(language: str) -> str:
    """The one code block in that language, which the reader is asked to save."""
    (code,) = re.findall(rf"^```{language}\n(.*?)^```", TUTORIAL.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return str(code)
