"""Whom a text mentions with @: in ordinary texts, in every script, and in hostile ones."""

from __future__ import annotations

import unicodedata

import pytest

from suhbat.chat.mentions import (
    EVERYBODY,
    MOST_NAMES,
    NO_TARGETS,
    MentionTargets,
    lobby_targets,
    member_targets,
    mentioned_uids,
)
from suhbat.chat.model import Actor, ConversationFacts
from suhbat.protocol.mentions import EVERYBODY as ALL
from suhbat.protocol.mentions import MAX_NAMES
from suhbat.protocol.objects import Role

NAMES = ("ali", "vali", "anna.k", "oʻgʻil", "юля", "josé", "हिन्दी", "bob_", "x-1")


class Directory:
    """A directory of these users and a bare guest. Counts its look-ups."""

    def __init__(self) -> None:
        self.asked = 0
        self._people = {name: Actor(f"u-{name}", name, lobby_from=0) for name in NAMES}
        self._people["yolovchi"] = Actor("u-yolovchi", "yolovchi")

    def find(self, name: str) -> Actor | None:
        raise AssertionError("a name in a text is looked up in its one form")

    def holder(self, user_id: str) -> Actor | None:
        self.asked += 1
        return self._people.get(user_id)


def names(text: str) -> list[str]:
    return [uid.removeprefix("u-") for uid in mentioned_uids(text, Directory())]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "text",
    ["@{}", "@{} salom", "salom @{}!", "(@{})", "@{}, @{}", "@{}.", "@{}...", "«@{}»", "'@{}'", "‘@{}’", "\n@{}\n", ",@{}?",
     "*@{}*", "@{}:", "@{}/@{}", "@{}-", "🙂@{}🙂"],
)  # fmt: skip
def test_a_name_in_a_sentence(name: str, text: str) -> None:
    """Each name once, whatever is around it."""
    assert names(text.replace("{}", name)) == [name]


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("@ALI", ["ali"]),
        ("@o'g'il @o’g‘il @oʻgʻil", ["oʻgʻil"]),
        (unicodedata.normalize("NFD", "@josé"), ["josé"]),
        ("@vali @ali @vali", ["vali", "ali"]),
        ("@anna.k. Keldi", ["anna.k"]),
    ],
)
def test_a_name_as_it_is_typed(text: str, who: list[str]) -> None:
    """The same names as in `to_user`, in the order of the text, each once."""
    assert names(text) == who


@pytest.mark.parametrize(
    "text",
    [
        "ali", "@", "@ ali", "@@ali", "men@ali", "men@ali.uz", "salom_@ali", "@nobody", "@vali2", "@alisher", "@" + "a" * 40,
        "@ali" + "a" * 28 + "b", "@josé" + "\u0301", "@jose\u0301\u0301", "@jose", "@yolovchi", "@हिन्दीx", "@\u202eali",
    ],
)  # fmt: skip
def test_what_names_nobody(text: str) -> None:
    """Addresses, other names with the same beginning, and guests who cannot come back."""
    assert names(text) == []


def test_no_name_by_its_beginning() -> None:
    """A word that is longer than a name mentions nobody, even if its beginning is a name."""
    long = "a" * 32
    directory = Directory()
    directory._people[long] = Actor("u-long", long, lobby_from=0)
    assert mentioned_uids(f"@{long}", directory) == ("u-long",)
    assert mentioned_uids(f"@{long}a", directory) == ()
    assert mentioned_uids(f"@{long}\u0301", directory) == ()


@pytest.mark.parametrize("word", [*sorted(ALL), "ALL", "Hamma", "ВСЕ", "all.", "hamma!"])
def test_everybody(word: str) -> None:
    """In every language, also at the end of a sentence, and beside other names."""
    assert mentioned_uids(f"@{word} @ali", Directory()) == (EVERYBODY, "u-ali")
    assert mentioned_uids(f"@ali @{word}", Directory()) == ("u-ali", EVERYBODY)


def test_there_is_an_end_to_it() -> None:
    """In a text of nothing but names a limited number is looked up, whether they exist or not."""
    directory = Directory()
    assert mentioned_uids(" ".join(f"@щ{n}" for n in range(800)) + " @ali", directory) == ()
    assert directory.asked == MAX_NAMES
    dotted = Directory()
    assert mentioned_uids(" ".join(f"@{n}" + ".a" * 14 for n in range(100)) + " @ali", dotted) == ()
    assert dotted.asked == MOST_NAMES
    assert mentioned_uids("@ali " * 200 + "@vali", directory) == ("u-ali", "u-vali")


def test_a_text_without_an_at_asks_nobody() -> None:
    """Most texts have none."""
    directory = Directory()
    assert mentioned_uids("salom hammaga", directory) == ()
    assert directory.asked == 0


ROOM = frozenset({"u-ali", "u-vali", "u-soli"})
ALI = Actor("u-ali", "ali", lobby_from=0)


@pytest.mark.parametrize(
    ("role", "members", "named", "meant"),
    [
        ("member", ROOM, ("u-vali",), MentionTargets(frozenset({"u-vali"}))),
        ("member", ROOM, ("u-vali", "u-ali", "u-lola"), MentionTargets(frozenset({"u-vali"}))),
        ("member", ROOM, (EVERYBODY, "u-vali"), MentionTargets(frozenset({"u-vali"}))),
        ("moderator", ROOM, (EVERYBODY, "u-vali"), MentionTargets(everyone=True)),
        ("owner", frozenset({"u-ali"}), (EVERYBODY,), NO_TARGETS),
    ],
)
def test_who_is_meant_in_a_room(
    role: Role, members: frozenset[str], named: tuple[str, ...], meant: MentionTargets
) -> None:
    """Members, never the actor. Everybody only if the actor may, and if there are other members."""
    assert member_targets(ALI, named, members, ConversationFacts("r1", "room", role)) == meant


def test_who_is_meant_in_the_lobby() -> None:
    """Everybody except the actor and banned users; @all is not possible."""
    named = ("u-ali", "u-vali", "u-soli", "u-lola", EVERYBODY)
    bans = {"u-soli": None, "u-lola": 5}
    assert lobby_targets(ALI, named, bans, 4) == MentionTargets(frozenset({"u-vali"}))
    assert lobby_targets(ALI, named, bans, 6) == MentionTargets(frozenset({"u-vali", "u-lola"}))
