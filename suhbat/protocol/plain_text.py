"""A message as plain text, for pushes and mails, which show no Markdown. Pure.

The page has the same for its previews (`plain` in suhbat/web/js/text/markdown.js); tests/vectors/plain.json checks both.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from .characters import cut
from .inline import ANGLE, ESCAPES, TARGET, Paragraph
from .paragraphs import Block, blocks

MOST = 2_000
"""Code points of a message that are read; more than any place shows."""
_MARKUP = re.compile(r"[\\`*_~\[<]|^ {0,3}>|^[ \t]*(?:[-+]|[0-9]{1,9}[.)])[ \t]", re.MULTILINE)
"""Without any of these a text is plain already."""
_SPECIAL = re.compile(r"\\|`+|\[|\]|<|\*+|_+|~+|https?://|www\.", re.IGNORECASE)
_SENTENCE = ".,;:!?*_~'([{"
"""What does not end an address."""
_WITHOUT_SPACES = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Letters of scripts that put no spaces between words."""


def plain_text(text: str) -> str:
    """The text without its markup, in lines: paragraphs, items of lists with a sign, quotes with `>`, code as it is."""
    text = cut(text, MOST)
    if _MARKUP.search(text) is None:
        return text.strip()
    return "\n".join(filter(str.strip, map(_shown, blocks(text)))).strip() or text.strip()


def _shown(block: Block) -> str:
    return block.sign + (block.text if block.is_code else _Words(block.text).plain())


@dataclass(slots=True)
class _Run:
    """A run of equal signs, and whether it may open or close emphasis. `left`: signs that are not used up, which are text."""

    letter: str
    length: int
    opens: bool
    closes: bool
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.length


class _Words(Paragraph):
    def plain(self) -> str:
        """The paragraph without its markup."""
        text, at, done = self.text, 0, 0
        items: list[str | _Run] = []
        brackets: list[int] = []
        while special := _SPECIAL.search(text, at):
            at, sign = special.start(), special[0]
            end, shown = at + 1, [sign[0]]
            if sign == "\\":
                follows = text[at + 1 : at + 2]
                if follows and (follows in ESCAPES or follows == "\n"):
                    end, shown = at + 2, [follows]
            elif sign[0] == "`":
                end, shown = self._code(at, len(sign))
            elif sign == "[":
                brackets.append(len(items) + (at > done))
            elif sign == "]":
                if brackets:
                    first = brackets.pop()
                    if target := TARGET.match(text, at + 1):
                        items.append(text[done:at])
                        linked = _unmarked(items[first + 1 :])
                        del items[first:]
                        items.append(linked)
                        brackets.clear()
                        at = done = target.end()
                        continue
            elif sign == "<":
                if angle := ANGLE.match(text, at):
                    end, shown = angle.end(), [angle[0][1:-1].removeprefix("mailto:")]
            elif sign[0] in "*_~":
                items += [text[done:at]] if at > done else []
                items.append(_run(text, at, len(sign)))
                at = done = at + len(sign)
                continue
            else:
                address = self.address_end(at) or end
                end = at + len(text[at:address].rstrip(_SENTENCE)) or end
                shown = [text[at:end]]
            items += [text[done:at], *shown] if at > done else shown
            at = done = end
        return _unmarked([*items, text[done:]])

    def _code(self, at: int, length: int) -> tuple[int, list[str]]:
        """The end of the code that begins with these backticks, and what it says; if it has no end, the backticks."""
        end = self.code_end(at, length)
        if end is None:
            return at + length, ["`" * length]
        inner = self.text[at + length : end - length].replace("\n", " ")
        padded = inner[:1] == inner[-1:] == " " and inner.strip(" ")
        return end, [inner[1:-1] if padded else inner]


def _run(text: str, at: int, length: int) -> _Run:
    """The run at this place; see suhbat/web/js/text/emphasis.js."""
    letter, before, after = text[at], text[at - 1 : at] or " ", text[at + length : at + length + 1] or " "
    signs = [unicodedata.category(one)[0] in "PS" for one in (before, after)]
    spaces = [one.isspace() for one in (before, after)]
    free = [_WITHOUT_SPACES.match(one) is not None for one in (before, after)]
    left = not spaces[1] and (not signs[1] or spaces[0] or signs[0] or free[0])
    right = not spaces[0] and (not signs[0] or spaces[1] or signs[1] or free[1])
    opens, closes = left, right
    if letter == "_":
        opens, closes = left and (not right or signs[0]), right and (not left or signs[1])
    elif letter == "*":  # 2*3*4 is a product
        if before.isnumeric() and after.isalnum():
            opens = False
        if after.isnumeric() and before.isalnum():
            opens = closes = False
    elif length != 2:
        opens = closes = False
    return _Run(letter, length, opens, closes)


def _unmarked(items: list[str | _Run]) -> str:
    """The items without the signs of emphasis, in time that is linear in their number."""
    open: list[_Run] = []
    searched: dict[tuple[str, bool, int], int] = {}
    for closer in items:
        if not isinstance(closer, _Run):
            continue
        key = (closer.letter, closer.opens, closer.length % 3)
        while closer.closes and closer.left:
            found = range(len(open) - 1, searched.get(key, 0) - 1, -1)
            at = next((index for index in found if _fits(open[index], closer)), None)
            if at is None:
                searched[key] = len(open)
                break
            opener = open[at]
            count = 2 if opener.left >= 2 and closer.left >= 2 else 1
            opener.left -= count
            closer.left -= count
            del open[at + (opener.left > 0) :]
            searched = {one: min(count, len(open)) for one, count in searched.items()}
        if closer.opens and closer.left:
            open.append(closer)
    return "".join(item.letter * item.left if isinstance(item, _Run) else item for item in items)


def _fits(opener: _Run, closer: _Run) -> bool:
    if opener.letter != closer.letter:
        return False
    both = opener.closes or closer.opens
    odd = (opener.length + closer.length) % 3 == 0 and (opener.length % 3 != 0 or closer.length % 3 != 0)
    return closer.letter == "~" or not (both and odd)
