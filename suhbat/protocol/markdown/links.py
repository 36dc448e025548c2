"""Finds the ends of addresses, and decides which of them may be links, as suhbat/web/js/text/links.js does."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from .letters import is_escape, is_latin, is_marked_word, is_word

_LONGEST = 2000
_DEEPEST = 3
_SCHEME = re.compile(r"https?://|www\.", re.IGNORECASE)
_IP = re.compile(r"\[[0-9a-f:.]{2,45}\]", re.IGNORECASE)
_PORT = re.compile(r":[0-9]{1,5}")
_USER = re.compile(r"[^\s/?#<>\"]{0,300}@")
_INNER = frozenset("!#$%&'*+,./:;=?@_~-")
_SENTENCE = ".,;:!?*_~'([{"
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_CLOSING = {")": "(", "]": "[", "}": "{"}
_DISGUISE = re.compile("[\x00-\x20\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ANGLE = re.compile(
    r"<(?:([a-z][a-z0-9+.-]{1,31}:[^\s<>]{0,2000})|([\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?))>",
    re.IGNORECASE | re.ASCII,
)
_BARE = re.compile(r"www\.[^.]+\..", re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(r"\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'|\((?:[^()\\]|\\.)*+\)", re.DOTALL)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_BYTE}(?:\.{_BYTE}){{3}}\.?")
_WEB = ("http", "https")


class FoundAddress(NamedTuple):
    """An address in a text: the place after it, its target ("" for no link), and what is shown."""

    end: int
    href: str
    text: str


def address(text: str, at: int, before: str) -> FoundAddress | None:
    """The bare address that begins here. `before`: the character before it."""
    scheme = _SCHEME.match(text, at)
    if scheme is None or is_marked_word(before) or before in "@/.-":
        return None
    is_bare = scheme[0].endswith(".")
    if is_bare and not is_word(text[scheme.end() : scheme.end() + 1] or " "):
        return None
    start = at if is_bare else scheme.end()
    host = _host(text, start)
    if not host:
        return None
    shown = _own_script(host)
    end = start + len(shown)
    if len(shown) == len(host):
        # An address with credentials before the host, or with a disguised host, is no link.
        if text[end : end + 1] == "%" or _USER.match(text, end):
            return None
        if text[end : end + 1] in ("/", "?", "#"):
            end = _rest(text, end, at + _LONGEST)
    # If a bidi control character follows, the text after it looks like a part of the address.
    is_turned = text[end : end + 1] in _TURNING
    while end > start and text[end - 1] in _SENTENCE:
        end -= 1
    written = text[at:end]
    if end <= start or (is_bare and not _BARE.match(written)):
        return None
    href = f"https://{written}" if is_bare else written
    return FoundAddress(end, "" if is_turned or not safe(href) else href, written)


def _host(text: str, at: int) -> str:
    ip = _IP.match(text, at)
    if ip is not None:
        end = ip.end()
    else:
        end = at
        while end < len(text) and end - at < 253 and (text[end] in "._-" or is_marked_word(text[end])):
            end += 1
        if end == at:
            return ""
    port = _PORT.match(text, end)
    return text[at : end if port is None else port.end()]


def _own_script(host: str) -> str:
    """A host without trailing text of another script. No top-level domain mixes Latin with another script."""
    before, dot, label = host.rpartition(".")
    latin = re.match(r"[A-Za-z][A-Za-z0-9-]*", label)
    if latin is not None and latin.end() < len(label) and _is_foreign(label[latin.end()]):
        return before + dot + latin[0]
    if dot and ":" not in label and label and not is_latin(label[0]):
        end = 0
        while end < len(label) and not is_latin(label[end]) and not _is_plain(label[end]):
            end += 1
        if 0 < end < len(label) and is_latin(label[end]):
            return before + dot + label[:end]
    return host


def _is_plain(letter: str) -> bool:
    return letter in "._:-" or (is_word(letter) and letter.isnumeric() and not letter.isalpha())


def _is_foreign(letter: str) -> bool:
    return is_word(letter) and letter.isalpha() and not is_latin(letter)


def _rest(text: str, at: int, limit: int) -> int:
    """The end of path, query and fragment. A closing bracket that was not opened in the address belongs to the sentence."""
    open: list[str] = []
    while at < min(len(text), limit):
        sign = text[at]
        if sign in "([{":
            open.append(sign)
        elif sign in _CLOSING:
            if not open or open.pop() != _CLOSING[sign]:
                break
        elif sign not in _INNER and not is_marked_word(sign):
            break
        at += 1
    return at


def bracketed(text: str, at: int) -> FoundAddress | None:
    """`<https://…>` or `<ali@a.uz>`."""
    found = _ANGLE.match(text, at)
    if found is None:
        return None
    return FoundAddress(found.end(), f"mailto:{found[2]}" if found[2] else found[1], found[2] or found[1])


def target(text: str, at: int) -> tuple[int, str]:
    """Parse the round brackets after the text of a link: the place after them, -1 if there are none, and the target."""
    if text[at : at + 1] != "(":
        return -1, ""
    start = _space(text, at + 1)
    is_angled = text[start : start + 1] == "<"
    place = _after_angle(text, start + 1) if is_angled else _after_address(text, start)
    if place < 0:
        return -1, ""
    href = text[start + 1 : place - 1] if is_angled else text[start:place]
    after = _space(text, place)
    end = _space(text, _title(text, after) if after > place else after)
    return (end + 1 if text[end : end + 1] == ")" else -1), _ESCAPED.sub(r"\1", href)


def _after_angle(text: str, at: int) -> int:
    while at < len(text) and text[at] not in "<\n":
        if text[at] == ">":
            return at + 1
        at += 2 if text[at] == "\\" else 1
    return -1


def _after_address(text: str, start: int) -> int:
    depth, at = 0, start
    while at < len(text) and at - start <= _LONGEST and text[at] > " " and text[at] != "\x7f":
        if text[at] == "\\" and is_escape(text[at + 1 : at + 2] or " "):
            at += 1
        elif text[at] == "(":
            depth += 1
            if depth > _DEEPEST:
                return -1
        elif text[at] == ")":
            depth -= 1
            if depth < 0:
                return at
        at += 1
    return -1 if depth > 0 else min(at, len(text))


def _title(text: str, at: int) -> int:
    """The end of a title in quotes or brackets. Without a title it is the given place."""
    found = _TITLE.match(text, at)
    return at if found is None else found.end()


def _space(text: str, at: int) -> int:
    while text[at : at + 1] in (" ", "\t", "\n"):
        at += 1
    return at


def safe(href: str) -> bool:
    """Whether it is http, https or mailto and shows where it leads."""
    if _DISGUISE.search(href):
        return False  # control characters and bidi overrides can disguise an address
    try:
        url = urlsplit(href)
        if url.scheme == "mailto":
            return True
        host = url.hostname or ""
        return url.scheme in _WEB and url.username is None and (url.port or 0) >= 0 and _is_host(host)
    except ValueError:
        return False


def _is_host(host: str) -> bool:
    """Whether a browser takes it for a host: one that ends with a number must be an address of IPv4."""
    last = host.removesuffix(".").rpartition(".")[2]
    return bool(host) and (not last.isdigit() or _IPV4.fullmatch(host) is not None)
