"""The payloads in `payloads/`: shapes from the public documentation of each product (`source`), with data of our own. Beside
each is the Markdown that it becomes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "payloads"


@dataclass(frozen=True)
class Recorded:
    """`text`: the message that it becomes."""

    name: str
    headers: dict[str, str]
    body: bytes
    text: str


def recorded(name: str) -> Recorded:
    """One payload."""
    read = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    body = read["raw"] if "raw" in read else json.dumps(read["body"])
    text = (FOLDER / f"{name}.md").read_text("utf-8").removesuffix("\n")
    return Recorded(name, read["headers"], body.encode(), text)


NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
