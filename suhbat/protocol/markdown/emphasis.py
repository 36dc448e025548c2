"""Turns runs of * _ and ~ into emphasis, as suhbat/web/js/text/emphasis.js does (CommonMark 0.31, 6.2). Each run is visited a
bounded number of times: a failed search for an opening run is not repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from suhbat.protocol.lines import SPACES

from .letters import is_digit, is_sign, is_word, needs_no_spaces
from .nodes import Inline, Markup, MarkupType

_DEEPEST = 12
"""Emphasis within emphasis."""


@dataclass(slots=True)
class Run:
    """Equal characters, whether they may open or close emphasis here, and how many of them are `left`."""

    letter: str
    length: int
    left: int
    opens: bool
    closes: bool


Item = Inline | Run


def run(letter: str, length: int, before: str, after: str) -> Run:
    """`before` and `after`: the characters around the run."""
    signs = is_sign(before), is_sign(after)
    spaces = before in SPACES, after in SPACES
    free = needs_no_spaces(before), needs_no_spaces(after)
    left = not spaces[1] and (not signs[1] or spaces[0] or signs[0] or free[0])
    right = not spaces[0] and (not signs[0] or spaces[1] or signs[1] or free[1])
    opens = left and (not right or signs[0]) if letter == "_" else left
    closes = right and (not left or signs[1]) if letter == "_" else right
    if letter == "*":
        # 2*3*4 is a product.
        if is_digit(before) and is_word(after):
            opens = False
        if is_digit(after) and is_word(before):
            opens = closes = False
    if letter == "~" and length != 2:
        opens = closes = False
    return Run(letter, length, length, opens, closes)


class _Place:
    """A node in the list of neighbouring items. `before` and `after` are the nearest runs that may still match."""

    __slots__ = ("after", "before", "depth", "item", "next", "prev")

    def __init__(self, item: Item | None, prev: _Place | None = None, depth: int = 0) -> None:
        self.item = item
        self.prev = prev
        self.next: _Place | None = None
        self.before: _Place | None = None
        self.after: _Place | None = None
        self.depth = depth

    @property
    def run(self) -> Run:
        assert isinstance(self.item, Run)
        return self.item


def emphasised(items: Sequence[Item]) -> tuple[Inline, ...]:
    """The items with their emphasis as nodes; neighbouring texts are joined."""
    head = _chain(items)
    none: dict[tuple[str, bool, int], _Place | None] = {}  # by search key: no run up to this one matches
    closer = head.after
    while closer is not None:
        closing = closer.run
        following = closer.after
        if closing.closes:
            key = (closing.letter, closing.opens, closing.length % 3)
            until = none.get(key)
            opener = closer.before
            while opener is not None and opener is not until and not _fits(opener.run, closing):
                opener = opener.before
            if opener is not None and opener is not until and _wrap(opener, closer):
                if closing.left:
                    following = closer  # the rest of the run may close further emphasis
                else:
                    _unlist(closer)
            else:
                none[key] = closer.before
                if not closing.opens:
                    _unlist(closer)
        closer = following
    return _collected(head.next, None)


def _chain(items: Sequence[Item]) -> _Place:
    """The items as a linked list behind a head."""
    last = head = _Place(None)
    last_run: _Place | None = None
    for item in items:
        place = _Place(item, last)
        last.next = place
        last = place
        if isinstance(item, Run):
            place.before = last_run
            (head if last_run is None else last_run).after = place
            last_run = place
    return head


def _fits(opener: Run, closer: Run) -> bool:
    if not opener.opens or opener.letter != closer.letter:
        return False
    is_both = opener.closes or closer.opens
    is_thrice = (opener.length + closer.length) % 3 == 0 and (opener.length % 3 != 0 or closer.length % 3 != 0)
    return not (is_both and is_thrice) or closer.letter == "~"


def _wrap(opener: _Place, closer: _Place) -> bool:
    """Wrap the items between the two runs. False if that is nested too deeply."""
    depth = 0
    place = opener.next
    while place is not None and place is not closer:
        depth = max(depth, place.depth)
        place = place.next
    if depth >= _DEEPEST:
        return False
    start, end = opener.run, closer.run
    count = 2 if start.left >= 2 and end.left >= 2 else 1
    kind: MarkupType = "strike" if start.letter == "~" else "strong" if count == 2 else "em"
    node = _Place(Markup(kind, _collected(opener.next, closer)), opener, depth + 1)
    node.next = closer
    opener.next = closer.prev = node
    opener.after = closer  # the runs between them are text now
    closer.before = opener
    start.left -= count
    end.left -= count
    if not start.left:
        _unlist(opener)
    return True


def _unlist(place: _Place) -> None:
    """Remove a run that cannot match any more."""
    if place.before is not None:
        place.before.after = place.after
    if place.after is not None:
        place.after.before = place.before


def _collected(place: _Place | None, until: _Place | None) -> tuple[Inline, ...]:
    """The items before `until`. Runs become the text of their remaining characters."""
    found: list[Inline] = []
    texts: list[str] = []
    while place is not None and place is not until:
        item = place.item
        if isinstance(item, Markup):
            if texts:
                found.append("".join(texts))
                texts.clear()
            found.append(item)
        elif isinstance(item, Run):
            texts.append(item.letter * item.left)
        elif item is not None:
            texts.append(item)
        place = place.next
    if text := "".join(texts):
        found.append(text)
    return tuple(one for one in found if one)
