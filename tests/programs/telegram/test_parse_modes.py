"""Telegram's HTML and MarkdownV2: what is understood, and what is refused with which words."""

from __future__ import annotations

from contextlib import suppress
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suhbat.programs.telegram import html, markdown_v1, markdown_v2
from suhbat.programs.telegram.entities import Entity, MarkedText


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("<b>a</b><strong>b</strong>", "ab", (Entity("bold", 0, 1), Entity("bold", 1, 2))),
        ("<i>a</i> <em>b</em>", "a b", (Entity("italic", 0, 1), Entity("italic", 2, 3))),
        ("<B>a</B>", "a", (Entity("bold", 0, 1),)),
        ("<u><ins>a</ins></u>", "a", (Entity("underline", 0, 1),)),
        ('<span class="tg-spoiler">a</span>', "a", (Entity("spoiler", 0, 1),)),
        ("<a href='http://a.uz?x=1&amp;y=2'>a</a>", "a", (Entity("text_link", 0, 1, "http://a.uz?x=1&y=2"),)),
        ("<a href=a.uz>a</a>", "a", (Entity("text_link", 0, 1, "a.uz"),)),
        ('<pre><code class="language-py">x</code></pre>', "x", (Entity("pre", 0, 1, "py"),)),
        ("<blockquote expandable>a</blockquote>", "a", (Entity("blockquote", 0, 1),)),
        ("&lt;&amp;&gt;&quot;&#33;&#x1F600; &nbsp; & &#0;", '<&>"!😀 &nbsp; & &#0;', ()),
        ("<b></b>a", "a", ()),
        ("a\n<b>b</>", "a\nb", (Entity("bold", 2, 3),)),
    ],
)
def test_html(source: str, text: str, entities: tuple[Entity, ...]) -> None:
    """The tags and references of Telegram's HTML."""
    assert html.parse(source) == MarkedText(text, entities)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<x>a</x>", 'Unsupported start tag "x" at byte offset 0'),
        ("ў <br/>", 'Unsupported start tag "br/" at byte offset 3'),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("a <b", "Unclosed start tag at byte offset 2"),
        ("a</b>", "Unexpected end tag at byte offset 1"),
        ("<b>a</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<b>a</b", "Unclosed end tag at byte offset 4"),
        ("<span>a</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<a =x>a</a>", 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href='x>a</a>", "Unclosed start tag at byte offset 0"),
        ("<a href=x,y>a</a>", "Unexpected end of name token at byte offset 8"),
    ],
)
def test_invalid_html(source: str, told: str) -> None:
    """Invalid HTML is refused with the words of Telegram."""
    with pytest.raises(ValueError) as refused:
        html.parse(source)
    assert str(refused.value) == told


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("*a* _b_ ~c~", "a b c", (Entity("bold", 0, 1), Entity("italic", 2, 3), Entity("strikethrough", 4, 5))),
        ("__a__ ||b||", "a b", (Entity("underline", 0, 1), Entity("spoiler", 2, 3))),
        (r"1\. a\_b \\ \!", r"1. a_b \ !", ()),
        ("[a](http://a.uz/\\))", "a", (Entity("text_link", 0, 1, "http://a.uz/)"),)),
        ("`a*b` ```py\nx_y```", "a*b x_y", (Entity("code", 0, 3), Entity("pre", 4, 7, "py"))),
        ("```\nx\n```", "x\n", (Entity("pre", 0, 2),)),
        (">a\n>b\nc", "a\nb\nc", (Entity("blockquote", 0, 3),)),
        (">a\n**>b\n>c||", "a\nb\nc", (Entity("blockquote", 0, 1), Entity("blockquote", 2, 5))),
        ("*a _b_ c*", "a b c", (Entity("bold", 0, 5), Entity("italic", 2, 3))),
        ("![👍](tg://emoji?id=1)", "👍", ()),
    ],
)
def test_markdown_v2(source: str, text: str, entities: tuple[Entity, ...]) -> None:
    """The marks of MarkdownV2."""
    assert markdown_v2.parse(source) == MarkedText(text, entities)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("Salom!", "Character '!' is reserved and must be escaped with the preceding '\\'"),
        ("a-b", "Character '-' is reserved and must be escaped with the preceding '\\'"),
        ("a > b", "Character '>' is reserved and must be escaped with the preceding '\\'"),
        ("ў *a", "Can't find end of Bold entity at byte offset 3"),
        ("_a", "Can't find end of Italic entity at byte offset 0"),
        ("`a", "Can't find end of Code entity at byte offset 0"),
        ("```py\na", "Can't find end of PreCode entity at byte offset 0"),
        ("[a](http", "Can't find end of a URL at byte offset 4"),
        ("*a _b* c_", "Can't find end of Italic entity at byte offset 8"),
    ],
)
def test_invalid_markdown_v2(source: str, told: str) -> None:
    """Invalid MarkdownV2 is refused with the words of Telegram."""
    with pytest.raises(ValueError) as refused:
        markdown_v2.parse(source)
    assert str(refused.value) == told


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("*a* _b_ `c`", "a b c", (Entity("bold", 0, 1), Entity("italic", 2, 3), Entity("code", 4, 5))),
        ("2 + 2 = 4. (!) a\\_b \\x", "2 + 2 = 4. (!) a_b \\x", ()),
        (
            "[a](http://a.uz?x=1_2) [b]",
            "a b",
            (Entity("text_link", 0, 1, "http://a.uz?x=1_2"), Entity("text_link", 2, 3, "b")),
        ),
        ("```py\nx_y```", "x_y", (Entity("pre", 0, 3, "py"),)),
        ("** a", " a", ()),
    ],
)
def test_markdown(source: str, text: str, entities: tuple[Entity, ...]) -> None:
    """The older Markdown: everything that is no mark is text, and nothing nests."""
    assert markdown_v1.parse(source) == MarkedText(text, entities)


def test_invalid_markdown() -> None:
    """A mark without its end is refused with the words of Telegram."""
    with pytest.raises(ValueError) as refused:
        markdown_v1.parse("ў snake_case")
    assert str(refused.value) == "Can't find end of the entity starting at byte offset 8"


@pytest.mark.parametrize("mode", [html, markdown_v1, markdown_v2])
@given(source=st.text(st.sampled_from("ab *_~`[]()<>/=\"'&;#|!.\\\n>-ў😀"), max_size=40))
def test_any_text_is_parsed_or_refused(mode: object, source: str) -> None:
    """No text makes a parser fail otherwise, and entities are within the text."""
    try:
        marked = mode.parse(source)
    except ValueError:
        return
    assert all(0 <= one.start < one.end <= len(marked.text) for one in marked.entities)


@given(text=st.text(st.sampled_from("ab *_~`[]()<>/=\"'&;#|!.\\\n>-ў😀"), max_size=40))
def test_escaped_text_is_plain(text: str) -> None:
    """A text that a bot escapes as Telegram's documentation says comes through unchanged."""
    as_html = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert html.parse(as_html) == MarkedText(text)
    as_markdown = "".join(f"\\{letter}" if letter in "_*[]()~`>#+-=|{}.!\\" else letter for letter in text)
    assert markdown_v2.parse(as_markdown) == MarkedText(text)


@pytest.mark.parametrize(
    "piece", ["<b>", "<b>a</b>", "<a>a</a>", "<a href=x b=y c='&lt;'>a</a>", "&", "<pre><code>x</code></pre>"]
)
def test_hostile_html_takes_linear_time(piece: str) -> None:
    """The largest body, 64 KiB of markup, takes less than a second."""
    _in_time(html.parse, piece)


@pytest.mark.parametrize("piece", ["*_", "[a]", "[", "[a](b)", "`a`", "```", ">a\n", "||", "\\", "\n**>"])
def test_hostile_markdown_takes_linear_time(piece: str) -> None:
    """The same for MarkdownV2."""
    _in_time(markdown_v2.parse, piece)
    _in_time(markdown_v1.parse, piece)


def _in_time(parse: object, piece: str) -> None:
    source = (piece * 65536)[:65536]
    began = process_time()
    with suppress(ValueError):
        parse(source)
    assert process_time() - began < 2.0
