"""Parses the subset of Markdown that the page shows into a tree: Python's twin of suhbat/web/js/text/markdown.js. Pure.

It is for what shows no Markdown: pushes, mails, programs of Telegram's Bot API. It never fails and takes linear time.
tests/protocol/test_markdown.py compares both parsers.
"""

from .blocks import parse
from .nodes import Block, CodeBlock, Exists, Inline, ListBlock, ListItem, Markup, Paragraph, Quote

__all__ = ["Block", "CodeBlock", "Exists", "Inline", "ListBlock", "ListItem", "Markup", "Paragraph", "Quote", "parse"]
