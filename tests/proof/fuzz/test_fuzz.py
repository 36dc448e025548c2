"""The targets with inputs that hypothesis thinks of: everything that takes what strangers write."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.node import NODE
from tests.servers import PATIENCE, ROOT

from . import targets
from .seeds import SEEDS

CALM = settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])

_SIGNS = st.sampled_from(
    [*"\"*():^-+{}[]&|!<>%_\\;,.@#~`$?'", "OR", "AND", "NOT", "NEAR(", "from:", "in:", "has:link", " "]
)
_LETTERS = st.characters(categories=["L", "M", "N", "Cf", "Zs", "Sk", "So"])
_WORDS = st.sampled_from(
    ["alpha", "beta", "o'zbek", "a_b", "сўз", "ﬁ", "ё", "shch", "ali", "admin", "\u202e", "\u200d"]
)
texts = st.lists(_SIGNS | _WORDS | st.text(_LETTERS, max_size=4) | st.text(max_size=3), max_size=12).map("".join)
inputs = texts.map(lambda text: text.encode(errors="ignore")) | st.binary(max_size=60)

_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)
_KEYS = [
    "type",
    "id",
    "token",
    "resume",
    "conversation",
    "to_user",
    "text",
    "message",
    "client_id",
    "seq",
    "emoji",
    "on",
    "limit",
]
_TYPES = [
    "hello",
    "send",
    "edit",
    "delete",
    "react",
    "pin",
    "read",
    "typing",
    "history",
    "join",
    "leave",
    "sync",
    "ping",
]
_OBJECTS = st.builds(
    lambda type, rest: {"type": type, **rest},
    st.sampled_from(_TYPES),
    st.dictionaries(st.sampled_from(_KEYS[1:]), _VALUES, max_size=5),
)
frames = _OBJECTS.map(lambda value: json.dumps(value).encode()) | inputs | st.sampled_from(SEEDS["machine"])


@CALM
@given(st.sampled_from([b"\0", b"\1", b"\2", b"\3"]), frames)
def test_a_frame_of_either_dialect(dialect: bytes, frame: bytes) -> None:
    """It is carried out, answered, or ends the connection; nothing is raised."""
    targets.frame(dialect + frame)


@CALM
@given(st.lists(frames, max_size=10))
def test_any_sequence_of_frames(frames: list[bytes]) -> None:
    """Nothing before hello, hello once, nothing after the end."""
    targets.sequence(targets.SEPARATOR.join(frames))


@CALM
@given(inputs)
def test_a_name(typed: bytes) -> None:
    """It is refused, or one name in all of its spellings, with nothing in it that cannot be seen."""
    targets.name(typed)


@CALM
@given(inputs)
def test_words(text: bytes) -> None:
    """Their one form is bounded, and is its own."""
    targets.words(text)


@CALM
@given(inputs)
def test_a_search(text: bytes) -> None:
    """A real index takes every query, and each result has all words of the query."""
    targets.query(text)


@CALM
@given(inputs)
def test_a_title(text: bytes) -> None:
    """One line of something that can be seen, or refused; an emoji likewise."""
    targets.title(text)


def _changed(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """A seed with a few of its bytes changed, taken out or doubled."""
    content = bytearray(draw(st.sampled_from(seeds)))
    for at, length, new in draw(
        st.lists(st.tuples(st.integers(0, 4_000), st.integers(0, 8), st.binary(max_size=8)), max_size=6)
    ):
        content[at % len(content) : at % len(content) + length] = new
        content = content or bytearray(1)
    return bytes(content)


@CALM
@given(st.composite(_changed)(SEEDS["pictures"]))
def test_a_picture(content: bytes) -> None:
    """It is cleaned, and what was cleaned is clean."""
    targets.picture(content)


@CALM
@given(st.composite(_changed)(SEEDS["sound"]))
def test_sound(content: bytes) -> None:
    """It has a type, and measures that can be true, or none."""
    targets.sound(content)


@pytest.mark.parametrize("target", SEEDS)
def test_the_seeds(target: str) -> None:
    """What the fuzzers begin with holds."""
    for seed in SEEDS[target]:
        targets.TARGETS[target](seed)


# What the page makes of a text

FIELDS = {
    "text": {"text"}, "code": {"text", "language"}, "break": set[str](), "link": {"href", "children"}, "mention": {"name"},
    "strong": {"children"}, "em": {"children"}, "strike": {"children"}, "paragraph": {"children"}, "quote": {"children"},
    "list": {"ordered", "start", "items"},
}  # fmt: skip
"""Every kind of node that suhbat/web/js/views/rich.js makes an element of, and what may be in it."""
_MARKS = st.sampled_from(
    [
        "*",
        "**",
        "_",
        "~~",
        "`",
        "```\n",
        "> ",
        "- ",
        "1. ",
        "\n",
        "[",
        "](",
        ")",
        "<",
        ">",
        "&lt;",
        "\\",
        "@",
        " ",
        "a",
        "ali",
    ]
)
_ADDRESSES = st.sampled_from(
    [
        *(
            "javascript:alert(1)",
            "JaVaScRiPt:",
            "java\tscript:x",
            "\x01javascript:x",
            "&#106;avascript:x",
            "vbscript:x",
        ),
        *("data:text/html,x", "file:///etc/passwd", "blob:x", "//evil.example", "https:evil", "http://"),
        *("https://a@b.uz", "https://a.uz/x", "mailto:a@b.uz"),
    ]
)
marked = st.lists(_MARKS | _ADDRESSES | st.text(_LETTERS, max_size=3), max_size=25).map("".join)


@pytest.fixture(scope="module")
def page() -> Iterator[subprocess.Popen[str]]:
    command = [NODE, ROOT / "tests" / "proof" / "fuzz" / "tree.mjs"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(PATIENCE) == 0


@settings(CALM, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(text=marked | texts)
@example(text="[a](javascript:alert(1)) [b](JAVASCRIPT:alert(1)) <javascript:alert(1)>")
@example(text="[" * 2_000 + "](https://a.uz)" * 200)
@example(text="*_" * 2_000)
@example(text="> " * 1_000 + "- " * 1_000)
def test_what_is_shown_of_a_text(page: subprocess.Popen[str], text: str) -> None:
    """Nodes of the kinds that are known, with letters of the text alone (a line's end may be a blank), and links that lead
    to the web or to a mailbox; soon, and a preview of one line."""
    assert page.stdin is not None and page.stdout is not None
    page.stdin.write(json.dumps(text) + "\n")
    page.stdin.flush()
    shown = json.loads(page.stdout.readline())
    _walk(shown["tree"], set(text) | set("\n \u02bb"))
    assert set(shown["links"]) <= {"http:", "https:", "mailto:"}
    assert "\n" not in shown["plain"] and len(shown["plain"]) <= 400
    assert shown["took"] < 2_000


def _walk(nodes: list[dict[str, Any]], letters: set[str]) -> None:
    for node in nodes:
        assert set(node) - {"type"} <= FIELDS[node["type"]], node
        assert set(node.get("text", "") + node.get("name", "") + node.get("language", "")) <= letters, node
        if node["type"] == "link":
            assert node["href"].startswith(("http://", "https://", "mailto:")), node
        _walk(node.get("children", []), letters)
        for item in node.get("items", []):
            _walk(item, letters)


# Under atheris


def test_without_atheris_one_is_told_what_to_do(tmp_path: Any) -> None:
    """A sentence and exit code 2, no traceback."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u\nfound = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name == 'atheris' else found(name, *more)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "tests.proof.fuzz"],
        cwd=ROOT, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (2, "") and "pip install atheris" in done.stdout
