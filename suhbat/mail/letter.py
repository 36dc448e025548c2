"""What a mail says, before it is text or HTML."""

from __future__ import annotations

from dataclasses import dataclass, field

from suhbat.chat.model import Milliseconds
from suhbat.texts import Language


@dataclass(frozen=True, slots=True)
class Button:
    """A link that stands out. It may hold a code."""

    text: str
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Quoted:
    """A message that is quoted: the name of its sender, "" where the title says that, and the beginning of its text,
    in lines."""

    sender: str
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """A conversation in a digest. `more`: a sentence about messages that are not quoted, "" for none. `url`: where it
    opens."""

    title: str
    messages: tuple[Quoted, ...]
    more: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail in one language. All texts are plain: users wrote parts of them.

    `lead`: paragraphs above the button; `foot`: small ones below it. `help`: the sentence above the address of the
    button, for whom the button does not work. `unsubscribe`: where mails of this kind end with one click (RFC 8058).
    """

    language: Language
    server: str
    subject: str
    lead: tuple[str, ...]
    foot: tuple[str, ...] = ()
    button: Button | None = None
    places: tuple[Place, ...] = ()
    after: str = ""
    help: str = ""
    unsubscribe: Button | None = None
    upto: Milliseconds | None = None
