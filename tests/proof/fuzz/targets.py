"""What is fuzzed: each target takes any bytes and asserts what must hold of them. It raises nothing else.

`test_fuzz.py` gives them what hypothesis thinks of, `python -m tests.proof.fuzz` what atheris finds by coverage.
"""

from __future__ import annotations

import asyncio
import atexit
import io
import json
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Engine

from suhbat.chat.mentions import mentioned_uids
from suhbat.chat.normalise import LONGEST, LONGEST_WORD, normalise
from suhbat.chat.search import parse
from suhbat.errors import BadRequest, InvalidName
from suhbat.files import kinds, media
from suhbat.files.cleaning import FORMATS, Structure
from suhbat.files.window import Window
from suhbat.identity import names
from suhbat.protocol.commands import Hello
from suhbat.protocol.machine import Answer, Do, End, Unlimited
from suhbat.protocol.mentions import MAX_NAMES
from suhbat.protocol.simple import SimpleMachine, SimpleSend
from suhbat.protocol.types import MAX_TEXT, Emoji, Title
from suhbat.protocol.v1 import V1Machine, V1State
from suhbat.store.read import search
from suhbat.store.sqlite import connect
from tests.store.parts import ALI, Listener, opened, sqlite

SEPARATOR = b"\x1e"
"""Between two frames of a sequence."""
INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u180e\u200b\u200c\u200d\u200e\u202e\u2060\u2066\u3164\ufe0f\ufeff\uffa0"
)
"""What shows nothing where it stands."""
SAID = (
    "alpha beta gamma",
    "Ўзбекистон o'zbek",
    "alpha-beta c++ 100% a_b",
    '"quoted" OR NOT near',
    "beta https://suhbat.uz",
)


def frame(data: bytes) -> None:
    """One frame of either dialect is carried out, answered or ends the connection; an answer can be sent, and says why;
    what is carried out keeps to the limits."""
    if not data:
        return
    said: str | bytes = data[1:] if data[0] & 2 else data[1:].decode(errors="ignore")
    if data[0] & 1:
        action: object = SimpleMachine("uz", Unlimited()).receive(said, 0.0)
    else:
        machine = V1Machine("ru", Unlimited())
        machine.receive('{"type":"hello","token":"t"}', 0.0)
        action = machine.receive(said, 0.0)
    _check(action)


def sequence(data: bytes) -> None:
    """Whatever comes in whatever order: one action each, nothing before hello, hello once, nothing after the end."""
    machine = V1Machine("en", Unlimited())
    hellos = 0
    for said in data.split(SEPARATOR):
        before = machine.state
        action = machine.receive(said.decode(errors="ignore"), 0.0)
        _check(action)
        if isinstance(action, Do):
            assert (before is V1State.SILENT) == isinstance(action.command, Hello)
            hellos += isinstance(action.command, Hello)
        if isinstance(action, End):
            assert machine.state is V1State.ENDED
            break
    assert hellos <= 1


def _check(action: object) -> None:
    assert isinstance(action, Do | Answer | End)
    if isinstance(action, Do):
        text = action.command.model_dump_json()
        assert "\\ud8" not in text.lower()
        text.encode()
        if isinstance(action.command, SimpleSend):
            assert 0 < len(action.command.message) <= MAX_TEXT and "\0" not in action.command.message
    elif action.frame is not None:
        answer = json.loads(action.frame)
        assert answer["type"] == "error" and answer["code"] and 0 < len(answer["message"]) < 2_000


def name(data: bytes) -> None:
    """A text is refused, or becomes a name that is its own normal form, keeps to the length and looks like itself; and what
    shows nothing makes no second name of it."""
    typed = data.decode(errors="replace")
    try:
        one = names.normalise(typed)
    except InvalidName:
        return
    looks = names.skeleton(one)
    assert 0 < len(one) <= names.MAX_NAME
    assert names.normalise(one) == one and names.skeleton(looks) == looks
    assert unicodedata.is_normalized("NFC", one) and not any(letter.isspace() for letter in one)
    for letter in INVISIBLE:
        for other in (one + letter, letter + one, one[:1] + letter + one[1:]):
            try:
                assert names.skeleton(names.normalise(other)) == looks
            except InvalidName:
                continue
    for other in (one.upper(), one.swapcase(), unicodedata.normalize("NFD", one)):
        try:
            assert names.skeleton(names.normalise(other)) == looks or _lower(other) != _lower(one)
        except InvalidName:
            continue


def _lower(text: str) -> str:
    """As PRECIS does it (RFC 8265 §3.3). What has no single capital letter (ᾑ) does not come back from its capitals."""
    return unicodedata.normalize("NFC", text.lower())


def words(data: bytes) -> None:
    """The form in which words are searched for: bounded, letters and digits only, and the same again is the same."""
    text = data.decode(errors="replace")
    once = normalise(text)
    assert normalise(once) == once and len(once) <= LONGEST
    assert all(word.isalnum() and len(word) <= LONGEST_WORD for word in once.split())
    assert once == " ".join(once.split())
    assert len(mentioned_uids(text, _Nobody())) <= MAX_NAMES


class _Nobody:
    def find(self, name: str) -> None:
        return None

    holder = find


def query(data: bytes) -> None:
    """Any input is a query or refused. The index takes every query, and each result has all of its words."""
    text = data.decode(errors="ignore")
    try:
        asked = parse(text)
    except BadRequest:
        return
    with _index().connect() as connection, connection.begin():
        page = search.find(connection, ALI, asked, None, limit=50, below=None, lobby_history="all")
    for message in page.messages:
        there = f" {normalise(message.text)} "
        for term in asked.terms:
            assert f" {term}{'' if term in asked.beginnings else ' '}" in there, (text, message.text)
        assert not asked.link or "://" in message.text


@cache
def _index() -> Engine:
    place = Path(tempfile.mkdtemp(prefix="suhbat-fuzz-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)

    async def fill() -> None:
        listener = Listener()
        async with opened(sqlite(place), listener) as store:
            for text in SAID:
                await listener.send(store, ALI, text)

    asyncio.run(fill())
    engine = connect.reading(place / "suhbat.db", 1)
    atexit.register(engine.dispose)
    return engine


_TITLE: TypeAdapter[str] = TypeAdapter(Title)
_EMOJI: TypeAdapter[str] = TypeAdapter(Emoji)
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def title(data: bytes) -> None:
    """A title, or an emoji, is refused or is one line of something that can be seen, and turns nothing around."""
    text = data.decode(errors="replace")
    for kind in (_TITLE, _EMOJI):
        try:
            taken = kind.validate_python(text)
        except ValidationError:
            continue
        assert kind.validate_python(taken) == taken and 0 < len(taken) <= 100
        assert taken == taken.strip() and not _TURNING & set(taken)
        assert not any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in taken)


def picture(data: bytes) -> None:
    """A picture or film of any format is cleaned, which adds little, and what was cleaned is clean. The first byte chooses the
    format. (An item of a broken AVIF can lie on the tables, so removing it leaves other tables.)"""
    if not data:
        return
    type_ = list(FORMATS)[data[0] % len(FORMATS)]
    cleaned = _cleaned(FORMATS[type_], data[1:])
    assert len(cleaned) <= len(data) + 64
    assert type_ in {"image/avif", "image/heic"} or _cleaned(FORMATS[type_], cleaned) == cleaned


def _cleaned(parse: Callable[[Window], Structure], content: bytes) -> bytes:
    source, into = Window(io.BytesIO(content)), io.BytesIO()
    found = parse(source)
    assert 1 <= found.orientation <= 8 and found.frames >= 1 and found.width >= 0 and found.height >= 0
    found.write(source, into)
    assert not found.is_whole(len(content)) or into.getvalue() == content
    return into.getvalue()


def sound(data: bytes) -> None:
    """Any file has a type, and as sound or film of any type measures that can be true, or none."""
    source = Window(io.BytesIO(data))
    types = ("video/mp4", "video/webm", "audio/ogg", "audio/mpeg", "audio/wav", "audio/flac")
    for type_ in (kinds.sniff(data[: kinds.HEAD]), *types):
        found = media.measure(source, type_)
        assert kinds.kind_of(found.type) in {"image", "video", "audio", "file"}
        assert all(one is None or 0 < one < 1 << 32 for one in found[1:])


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "codec": frame,
    "machine": sequence,
    "names": name,
    "words": words,
    "search": query,
    "titles": title,
    "pictures": picture,
    "sound": sound,
}
