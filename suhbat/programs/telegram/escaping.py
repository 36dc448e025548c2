"""Escapes what would be read as markup in a line of plain text. Pure."""

from __future__ import annotations

import re
from enum import IntEnum

from suhbat.protocol.markdown.emphasis import run
from suhbat.protocol.markdown.letters import is_escape
from suhbat.protocol.markdown.links import address, bracketed
from suhbat.protocol.markdown.names import meant, name_run

_SPECIAL = re.compile(r"[\\`*_~\[\]<@]|https?://|www\.", re.IGNORECASE)
_SIGN = re.compile(r"[ \t]*(?:[-+]|[0-9]{1,9}(?=[.)]))")
_BLOCK = re.compile(r"[ \t]*(?=>|~~~)")


class Escaping(IntEnum):
    """NONE: the text as it is. MARKUP: what would become markup; list signs stay. ALL: list signs as well."""

    NONE = 0
    MARKUP = 1
    ALL = 2


def escaped(text: str, start: int, end: int, escaping: Escaping, *, is_in_link: bool) -> str:
    """`text[start:end]`, a part of one line."""
    if escaping is Escaping.NONE:
        return text[start:end]
    line = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    part = _Part(text, start, end, line, len(text) if line_end < 0 else line_end, is_in_link)
    return part.escaped(escaping)


class _Part:
    def __init__(self, text: str, start: int, end: int, line: int, line_end: int, is_in_link: bool) -> None:
        self._text = text
        self._start = start
        self._end = end
        self._line = line
        self._line_end = line_end
        self._is_in_link = is_in_link

    def escaped(self, escaping: Escaping) -> str:
        text, at, end = self._text, self._start, self._end
        written: list[str] = []
        if at == self._line:
            begin = _BLOCK.match(text, at, end)
            if begin is not None:
                written.append(f"{begin[0]}\\{text[begin.end()]}")
                at = begin.end() + 1
            elif escaping is Escaping.ALL and (sign := _SIGN.match(text, at, end)):
                last = sign.end() - 1 if text[sign.end() - 1] in "-+" else sign.end()
                written.append(text[at:last] + "\\")
                at = last
                written.append(text[at : at + 1])
                at += 1
        while at < end and (special := _SPECIAL.search(text, at, end)):
            written.append(text[at : special.start()])
            at = special.start()
            done, shown = self._special(at, special[0])
            written.append(shown)
            at = done
        written.append(text[at:end])
        return "".join(written)

    def _special(self, at: int, sign: str) -> tuple[int, str]:
        """The place after what stands here, and how to write it."""
        text, end = self._text, self._end
        following = text[at + 1 : at + 2]
        is_last = at + 1 == end
        match sign:
            case "*" | "_" | "~":
                return self._run(at, sign)
            case "@":
                name = meant(name_run(text, at, lambda at: False), lambda name: False)
                done = at + 1 + len(name)
                return (at + 1, sign) if done > end or "`" in name else (done, text[at:done])
            case "\\":
                return at + 1, "\\\\" if is_last or is_escape(following) else sign
            case "`":
                return at + 1, "\\`"
            case "[":
                return at + 1, "\\[" if self._is_in_link or "](" in text else sign
            case "]":
                return at + 1, "\\]" if self._is_in_link or is_last or following == "(" else sign
            case "<":
                return at + 1, "\\<" if bracketed(text, at) else sign
        found = address(text, at, text[at - 1] if at else " ")
        done = at + len(sign) if found is None or found.end > end else found.end
        return done, text[at:done]

    def _run(self, at: int, sign: str) -> tuple[int, str]:
        text, done = self._text, at
        while done < self._end and text[done] == sign:
            done += 1
        before = text[at - 1] if at > self._line else " "
        after = text[done] if done < self._line_end else " "
        found = run(sign, done - at, before, after)
        touches = (at == self._start > self._line) or (done == self._end < self._line_end)
        return done, f"\\{sign}" * (done - at) if found.opens or found.closes or touches else text[at:done]
