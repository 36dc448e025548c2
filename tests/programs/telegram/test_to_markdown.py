"""Telegram's marked text as our Markdown and back."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suhbat.programs.telegram.entities import Entity, MarkedText, ordered, shown, trimmed
from suhbat.programs.telegram.entities import given as given_entities
from suhbat.programs.telegram.from_markdown import from_markdown
from suhbat.programs.telegram.html import parse as parse_html
from suhbat.programs.telegram.laying_out import laid_out, normal
from suhbat.programs.telegram.to_markdown import to_markdown

LETTERS = "ab1 \n*_~`[]()<>#@.-+\\!|/:é漢😀&\u00a0"
TEXTS = st.text(st.sampled_from(LETTERS), max_size=60) | st.lists(
    st.sampled_from(
        ["https://a.uz/b_c", "- ", "1. ", "> ", "```", "](", "@ali_aka", "www.a.uz", "\n\n", " ", "soʻz", "**"]
    ),
    max_size=12,
).map("".join)
TYPES = (
    "bold",
    "italic",
    "strikethrough",
    "underline",
    "spoiler",
    "code",
    "pre",
    "blockquote",
    "text_link",
    "custom_emoji",
)
ARGUMENTS = {
    "text_link": ("https://a.uz/x_(y)?z=1&b=<*>", "a.uz", "tg://user?id=1", "javascript:x"),
    "pre": ("", "py", "a b`"),
}


@st.composite
def marked_texts(draw: st.DrawFn) -> MarkedText:
    text = draw(TEXTS)
    entities: list[Entity] = []
    for _ in range(draw(st.integers(0, 5)) if text else 0):
        start = draw(st.integers(0, len(text) - 1))
        type_ = draw(st.sampled_from(TYPES))
        argument = draw(st.sampled_from(ARGUMENTS.get(type_, ("",))))
        entities.append(Entity(type_, start, draw(st.integers(start + 1, len(text))), argument))
    return MarkedText(text, ordered(entities))


@settings(max_examples=400)
@given(marked_texts())
def test_the_text_is_exact(marked: MarkedText) -> None:
    """Whatever a bot sends, the message shows its text and nothing that it did not mean."""
    wanted = laid_out(marked)
    read = from_markdown(to_markdown(marked))
    assert read.text == wanted.text
    links = {Entity("text_link", one.start, one.end, one.argument) for one in wanted.entities}
    meant = {*wanted.entities, *links}
    assert {one for one in normal(read) if one.type not in ("url", "email")} <= meant


WORDS = st.lists(st.text("abчўғ", min_size=1, max_size=6), min_size=1, max_size=6)


@settings(max_examples=200)
@given(WORDS, st.data())
def test_entities_around_words_survive(words: list[str], data: st.DataObject) -> None:
    """Emphasis, code and links around whole words come back as they were sent."""
    text, entities, at = " ".join(words), [], 0
    for word in words:
        type_ = data.draw(st.sampled_from(("", "bold", "italic", "strikethrough", "code", "text_link")))
        if type_:
            entities.append(Entity(type_, at, at + len(word), "https://a.uz/" if type_ == "text_link" else ""))
        at += len(word) + 1
    assert from_markdown(to_markdown(MarkedText(text, tuple(entities)))) == MarkedText(text, tuple(entities))


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("Salom, <b>Ali</b>!", "Salom, **Ali**!"),
        ("<i>a</i><b>b</b>", "*a***b**"),
        ("2*3 = 6, a_b, [1], - x", "2*3 = 6, a_b, [1], - x"),
        ("- bir\n- ikki", "- bir\n- ikki"),
        ("*bir*", "\\*bir\\*"),
        ("&gt; bir", "\\> bir"),
        ("<b>a <i>b</i> c</b>", "**a _b_ c**"),
        ("<b>a\n\nb</b>", "**a**\n\n**b**"),
        ("<u>a</u> <tg-spoiler>b</tg-spoiler>", "a b"),
        ('<a href="https://a.uz/(x)">a]</a>', "[a\\]](https://a.uz/\\(x\\))"),
        ('<pre><code class="language-py">x = "```"\n</code></pre>', '````py\nx = "```"\n````'),
        ("a<blockquote>b\n\nc</blockquote>d", "a\n> b\n>\n> c\nd"),
        ("<code>a`b</code>", "``a`b``"),
        ("https://a.uz/b_c_d", "https://a.uz/b_c_d"),
        ('<a href="tg://user?id=1">Ali</a>', "Ali"),
    ],
)
def test_what_is_written(html: str, markdown: str) -> None:
    """Markdown is written plainly: nothing is escaped that needs no escape."""
    assert to_markdown(parse_html(html)) == markdown


def test_out_of_markdown() -> None:
    """A message becomes text with entities; a command, a mention and an address are found, offsets are UTF-16 units."""
    source = (
        "/start@kuy_bot 😀 **qalin _a_** @ali https://a.uz `x` #teg\n> iqtibos\n\n```py\nx\n```\n- [bu](https://b.uz)"
    )
    marked = from_markdown(source, {"ali"}.__contains__)
    assert marked.text == "/start@kuy_bot 😀 qalin a @ali https://a.uz x #teg\niqtibos\n\nx\n- bu"
    assert shown(marked) == [
        {"type": "bot_command", "offset": 0, "length": 14},
        {"type": "bold", "offset": 18, "length": 7},
        {"type": "italic", "offset": 24, "length": 1},
        {"type": "mention", "offset": 26, "length": 4},
        {"type": "url", "offset": 31, "length": 12},
        {"type": "code", "offset": 44, "length": 1},
        {"type": "hashtag", "offset": 46, "length": 4},
        {"type": "blockquote", "offset": 51, "length": 7},
        {"type": "pre", "offset": 60, "length": 1, "language": "py"},
        {"type": "text_link", "offset": 64, "length": 2, "url": "https://b.uz"},
    ]


def test_offsets_are_utf16() -> None:
    """Entities that a bot sends count UTF-16 code units; those that are outside of the text are cut."""
    entities = [{"type": "bold", "offset": 3, "length": 2}, {"type": "italic", "offset": 4, "length": 99}]
    marked = given_entities("a😀bc", entities)
    assert marked.entities == (Entity("bold", 2, 4), Entity("italic", 3, 4))
    assert shown(marked)[0] == {"type": "bold", "offset": 3, "length": 2}


def test_white_space_around_a_text_goes() -> None:
    """White space around a text is removed, and the entities move."""
    assert trimmed(MarkedText("\n ab ", (Entity("bold", 1, 5),))) == MarkedText("ab", (Entity("bold", 0, 2),))


@pytest.mark.parametrize("piece", ["*a_", "<b>", "&lt;", "<i>a</i>", "[a](", "`", "_x*", "<a href=x>", "\n> - "])
def test_hostile_texts_are_bounded(piece: str) -> None:
    """A text of the largest size, full of markup, takes a fraction of a second."""
    text = (piece * 4000)[:4096]
    entities = [Entity(TYPES[n % len(TYPES)], n * 20, 4096 - n * 11) for n in range(100)]
    began = process_time()
    to_markdown(MarkedText(text, ordered(entities)))
    assert process_time() - began < 2.0
