"""The server's parser of Markdown beside that of the page."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from suhbat.protocol.markdown import Block, CodeBlock, Inline, ListBlock, Paragraph, Quote, parse
from tests.node import NODE
from tests.servers import ROOT

PEOPLE = frozenset(("ali", "vali", "ali-aka"))
PIECES = (
    "a", "b1", " ", " ", "\n", "\n", "\n\n", "*", "**", "***", "_",
    "__", "~~", "~", "`", "``", "```", "```py\n", "\\", "[", "]",
    "](https://a.uz)", "(", ")", "<", ">", "> ", "- ", "1. ", "10) ", "  ", "\t", "@ali", "@ali-aka.", "@x", "https://a.uz/b_(c)",
    "www.b.uz.", "http://u@a.uz", "<https://a.uz>", "<ali@a.uz>", ".", "!", "5", "漢", "я", "é", "😀", "—", "---", "|", "#",
)  # fmt: skip


def texts() -> list[str]:
    chosen = random.Random(22)
    made = ["".join(chosen.choices(PIECES, k=chosen.randint(1, 24))) for _ in range(3000)]
    examples = json.loads((ROOT / "tests" / "web" / "commonmark.json").read_text(encoding="utf-8"))
    return [*made, *_strings(examples)]


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in inner for text in _strings(one)]


def shown(node: Block | Inline) -> Any:
    """A node as the page has it, without targets of links, which a browser writes in another way."""
    match node:
        case str():
            return {"type": "text", "text": node}
        case Paragraph():
            return {"type": "paragraph", "children": [shown(one) for one in node.children]}
        case Quote():
            return {"type": "quote", "children": [shown(one) for one in node.blocks]}
        case CodeBlock():
            return {"type": "code", "language": node.language, "text": node.text}
        case ListBlock():
            items = [[shown(one) for one in item.blocks] for item in node.items]
            return {"type": "list", "ordered": node.number is not None, "start": node.number or 1, "items": items}
    match node.type:
        case "break":
            return {"type": "break"}
        case "code":
            return {"type": "code", "text": node.value}
        case "mention":
            return {"type": "mention", "name": node.value}
    return {"type": node.type, "children": [shown(one) for one in node.children]}


def without_targets(tree: Any) -> Any:
    if isinstance(tree, list):
        return [without_targets(one) for one in tree]
    if isinstance(tree, dict):
        return {key: without_targets(value) for key, value in tree.items() if key != "href"}
    return tree


def joined(tree: Any) -> Any:
    """The tree without the difference between one text and two neighbouring ones."""
    if isinstance(tree, dict):
        return {key: joined(value) for key, value in tree.items()}
    if not isinstance(tree, list):
        return tree
    found: list[Any] = []
    for one in map(joined, tree):
        if found and isinstance(one, dict) and one["type"] == found[-1].get("type") == "text":
            found[-1] = {"type": "text", "text": found[-1]["text"] + one["text"]}
        else:
            found.append(one)
    return found


def test_the_same_tree_as_the_page(tmp_path: Path) -> None:
    """For random texts and the examples of CommonMark, the server's parser and that of the page give the same tree."""
    given, trees = texts(), tmp_path / "trees.json"
    (tmp_path / "texts.json").write_text(json.dumps(given), encoding="utf-8")
    script = ROOT / "tests" / "protocol" / "trees.mjs"
    subprocess.run([NODE, script, tmp_path / "texts.json", trees], check=True, timeout=120)
    for text, expected in zip(given, json.loads(trees.read_text(encoding="utf-8")), strict=True):
        found = [shown(block) for block in parse(text, PEOPLE.__contains__)]
        assert joined(found) == joined(without_targets(expected)), text


@pytest.mark.parametrize(
    "piece",
    [
        "*a ",
        "**",
        "_a_",
        "[",
        "](",
        "[a](x '",
        "`" + "a`` ",
        "> ",
        "- ",
        "<a@",
        "@a",
        "www.a.",
        "https://a(",
        "\\",
        "~~a",
    ],
)
def test_hostile_texts_take_linear_time(piece: str) -> None:
    """Four times as much of the same markup takes at most about four times as long: a text of 4,000 characters, some
    hundredths of a second."""
    text = (piece * 8000)[:16_000]
    began = process_time()
    parse(text)
    assert process_time() - began < 2.0


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("` a `", "a"),
        ("`  `", "  "),
        ("` a`", " a"),
        ("` `", " "),
        ("` " + "a" * 1_000_000 + "`", " " + "a" * 1_000_000),
    ],
)
def test_spaces_around_code(source: str, code: str) -> None:
    """One space on either side of code is removed, unless the code is only spaces. The longest example would not end in
    quadratic time."""
    [paragraph] = parse(source)
    assert isinstance(paragraph, Paragraph)
    assert [shown(one) for one in paragraph.children] == [{"type": "code", "text": code}]
