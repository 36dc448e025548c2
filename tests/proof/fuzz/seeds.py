"""What the fuzzers begin with, by target: something of each kind that it should know."""

from __future__ import annotations

import json
from collections.abc import Mapping

from suhbat.files.cleaning import FORMATS
from tests.files import samples

_FRAMES = tuple(
    json.dumps(frame).encode()
    for frame in (
        {"message": "Salom hammaga!", "to_user": ""},
        {"type": "hello", "id": 1, "token": "t", "resume": {"epoch": "e", "cursors": {"lobby": 1, "@me": 2}}},
        {"type": "send", "id": "a", "conversation": "lobby", "text": "salom", "client_id": "c", "reply_to": 3},
        {"type": "edit", "id": 2, "conversation": "lobby", "seq": 4, "text": "x"},
        {"type": "react", "id": 2, "conversation": "lobby", "seq": 4, "emoji": "👍", "on": True},
        {"type": "history", "id": 2, "conversation": "lobby", "around": 4, "limit": 200},
        {"type": "sync", "id": 2, "cursors": {"lobby": 4}},
        {"type": "ping", "id": 2},
    )
)
_NAMES = (
    "ali",
    "Oʻtkir",
    "Ўткир",
    "user_1.x-y",
    "рауlo",
    "ﬁ",
    "ｆｕｌｌ",
    "अजय",
    "محمد",
    "名前",
    "ñandú",
    "a\u0301",
    "-\u1f99",
)
_SEARCHES = (
    'salom "yangi yil" choy* from:ali in:lobby before:2026-11-01 after:2026-10-01 has:link',
    'a" OR words : "b',
    "NEAR(alpha beta, 2) NOT gamma ^a -b {c d}",
    "Ўзбекистон o'zbek shch yoye tts",
)

_SMALL = {"size": (8, 8)}
_PICTURES = tuple(
    bytes([list(FORMATS).index(type_)]) + content
    for type_ in FORMATS
    for content in (
        (samples.mp4(),) if type_.startswith("video/") else (samples.PICTURES[type_](**_SMALL), samples.short(type_))
    )
)

SEEDS: Mapping[str, tuple[bytes, ...]] = {
    "codec": tuple(bytes([dialect]) + frame for dialect in (0, 1, 2) for frame in _FRAMES),
    "machine": (b"\x1e".join(_FRAMES), b"\x1e".join((_FRAMES[1], *_FRAMES)), *_FRAMES),
    "names": tuple(name.encode() for name in _NAMES),
    "words": tuple(text.encode() for text in (*_NAMES, *_SEARCHES, "@ali, @hamma!")),
    "search": tuple(text.encode() for text in _SEARCHES),
    "titles": tuple(text.encode() for text in (*_NAMES, "Choyxona ☕", "👨‍👩‍👧", "🇺🇿", "1️⃣", "a\u202eb")),
    "pictures": _PICTURES,
    "sound": (
        *samples.SOUND.values(),
        samples.mp4(fragments=3),
        samples.webm(2, stated=False),
        samples.mp3(1, counted=True),
    ),
}
