"""Writes the letters of waiting mails. Codes are made here, at the moment of sending, so that the queue holds no
secret."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from suhbat.chat.model import (
    Account,
    CodeUse,
    Mail,
    MailAddress,
    MailCode,
    MailKind,
    Milliseconds,
    MissedMessage,
    MissedPlace,
)
from suhbat.chat.ports import Clock, MailStore
from suhbat.errors import NotFound
from suhbat.protocol.characters import cut
from suhbat.protocol.plain_text import plain_text
from suhbat.texts import Language, language_of
from suhbat.texts.mail import said

from .letter import Button, Letter, Place, Quoted
from .message import one_line
from .ports import Postponed
from .unsubscribing import Unsubscribing

CONFIRM_SECONDS = 24 * 3600
RESET_SECONDS = 30 * 60
"""How long the codes are good, from the moment of sending."""
HOUR: Milliseconds = 3600 * 1000
"""The shortest time between two digests."""
SETTLED: Milliseconds = 5_000
"""Messages younger than this wait for the next digest: an older one may not be committed yet."""
MOST_PLACES, MOST_MESSAGES, MOST_TEXT, MOST_LINES = 5, 3, 200, 5
"""Conversations, messages of each, and characters and lines of each, that a digest shows."""


class LetterWriter:
    """Implements `ports.Letters`. `root`: the address of the server. `account`: finds an account by its uid.
    `back_at`: when to ask again about somebody who is not away, or must not be disturbed; None to tell them now.
    `new_code`: makes a code, and gives it with its hash.
    """

    def __init__(
        self,
        store: MailStore,
        clock: Clock,
        root: str,
        account: Callable[[str], Awaitable[Account | None]],
        back_at: Callable[[Account], Awaitable[Milliseconds | None]],
        new_code: Callable[[], tuple[str, bytes]],
        unsubscribing: Unsubscribing,
    ) -> None:
        self._store = store
        self._clock = clock
        self._root = root
        self._account = account
        self._back_at = back_at
        self._new_code = new_code
        self._unsubscribing = unsubscribing

    async def write(self, mail: Mail) -> Letter | Postponed | None:
        account = await self._account(mail.uid)
        if account is None or account.disabled:
            return None
        about: dict[str, str] = json.loads(mail.about or "{}")
        language = language_of(account.locale or "") or language_of(about.get("language", "")) or "en"
        # A display name is only for its owner: to others it could pretend anything.
        name = one_line(account.display_name or "") if mail.kind == "digest" else ""
        words = _Words(language, urlsplit(self._root).hostname or "", name or account.user_id)
        match mail.kind:
            case "changed":
                return self._changed(words, about.get("address"))
            case "invite":
                return await self._invite(words, about["invite"])
        held = await self._store.mail_address(mail.uid)
        if held is None or mail.address != (held.wanted if mail.kind == "confirm" else held.address):
            return None
        match mail.kind:
            case "confirm":
                return await self._confirm(words, mail)
            case "reset":
                return await self._reset(words, mail)
            case "digest":
                return await self._digest(words, account, held)
        return words.letter("password", url=f"{self._root}/")

    async def _confirm(self, words: _Words, mail: Mail) -> Letter | None:
        code = await self._code(mail, "confirm", CONFIRM_SECONDS)
        return None if code is None else words.letter("confirm", url=f"{self._root}/#/confirm/{code}")

    async def _reset(self, words: _Words, mail: Mail) -> Letter | None:
        code = await self._code(mail, "reset", RESET_SECONDS)
        url = f"{self._root}/#/reset/{code}"
        return None if code is None else words.letter("reset", url=url, minutes=RESET_SECONDS // 60)

    async def _code(self, mail: Mail, use: CodeUse, seconds: int) -> str | None:
        """A new code; None if the account is gone."""
        code, hashed = self._new_code()
        until = self._clock.wall() + seconds * 1000
        try:
            await self._store.add_code(MailCode(hashed, use, mail.uid, mail.address, until))
        except NotFound:
            return None
        return code

    def _changed(self, words: _Words, address: str | None) -> Letter:
        lead = "changed.removed" if address is None else "changed.lead"
        return words.letter("changed", lead=(lead,), address=address)

    async def _invite(self, words: _Words, id: str) -> Letter | None:
        code, hashed = self._new_code()
        invite = await self._store.renew_invite(id, hashed, self._clock.wall())
        if invite is None:
            return None
        lead = "invite.lead" if invite.title is None else "invite.room"
        title = one_line(invite.title or "")
        date = datetime.fromtimestamp(invite.expires_at / 1000, UTC).strftime("%Y-%m-%d")
        url = f"{self._root}/#/invite/{code}"
        return words.letter("invite", lead=(lead, "invite.until"), url=url, title=title, date=date)

    async def _digest(self, words: _Words, account: Account, held: MailAddress) -> Letter | Postponed | None:
        if held.address is None or not held.digest or held.refused_at is not None:
            return None
        now = self._clock.wall()
        if held.digest_at is not None and held.digest_at + HOUR > now:
            return Postponed(held.digest_at + HOUR)
        if (later := await self._back_at(account)) is not None:
            return Postponed(later)
        missed = await self._store.missed(account, held.digest_at or 0, now)
        upto = now - SETTLED
        if any(message.at > upto for place in missed for message in place.messages):
            await self._store.ask_digest(account.uid, now)
        settled = [replace(place, messages=tuple(one for one in place.messages if one.at <= upto)) for place in missed]
        shown = [place for place in settled if place.messages]
        if not shown:
            return None
        others = len(shown) - MOST_PLACES
        letter = words.letter("digest", url=f"{self._root}/")
        link = self._unsubscribing.link(account.uid, held.address)
        return replace(
            letter,
            places=tuple(
                replace(
                    words.place(place, with_text=account.push_text), url=f"{self._root}/#/c/{quote(place.conversation)}"
                )
                for place in shown[:MOST_PLACES]
            ),
            after=words("digest.places", count=others) if others > 0 else "",
            help="",
            unsubscribe=Button(words("digest.unsubscribe"), link),
            upto=upto,
        )


class _Words:
    """The texts of a letter in one language."""

    def __init__(self, language: Language, server: str, name: str) -> None:
        self._language: Language = language
        self._server = server
        self._name = name

    def __call__(self, key: str, **params: object) -> str:
        return said(key, self._language, server=self._server, name=self._name, **params)

    def letter(self, kind: MailKind, *, lead: tuple[str, ...] = (), url: str | None = None, **params: object) -> Letter:
        """A letter of this kind. `url`: where its button leads."""
        return Letter(
            language=self._language,
            server=self._server,
            subject=self(f"{kind}.subject"),
            lead=tuple(self(key, **params) for key in lead or (f"{kind}.lead",)),
            foot=(self(f"{kind}.foot"),),
            button=None if url is None else Button(self(f"{kind}.button"), url),
            help="" if url is None else self("link"),
        )

    def place(self, place: MissedPlace, *, with_text: bool) -> Place:
        """A conversation in a digest. `with_text`: whether the user wants texts to leave the server."""
        shown = place.messages[-MOST_MESSAGES:] if with_text else place.messages[-1:]
        more = len(place.messages) - len(shown)
        is_of_two = not place.title
        return Place(
            title=one_line(place.messages[0].sender if is_of_two else place.title),
            messages=tuple(
                Quoted("" if is_of_two else one_line(one.sender), self._text(one, with_text=with_text)) for one in shown
            ),
            more=self("digest.more", count=more) if more else "",
        )

    def _text(self, message: MissedMessage, *, with_text: bool) -> str:
        if not with_text:
            return self("digest.hidden")
        text = plain_text(message.text)
        if not text:
            return self("digest.file")
        lines = (text if len(text) <= MOST_TEXT else cut(text, MOST_TEXT) + "…").split("\n")
        shown = [line for line in map(one_line, lines) if line]
        return "\n".join([*shown[: MOST_LINES - 1], "…"] if len(shown) > MOST_LINES else shown)
