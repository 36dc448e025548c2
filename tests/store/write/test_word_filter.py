"""Words that nobody may use here, in whatever spelling."""

from __future__ import annotations

import pytest

from suhbat.chat.model import Actor
from suhbat.chat.ports import Store
from suhbat.errors import Forbidden
from suhbat.protocol import commands, http_commands
from suhbat.protocol.types import LOBBY
from tests.commands import execute
from tests.store.parts import ALI, VALI, Listener

OWNER = Actor("u-owner", "owner", "account", lobby_from=0, role="owner")


async def test_a_word_is_refused_in_every_spelling(store: Store, listener: Listener) -> None:
    """A filtered word is refused as a whole word, in a message and in an edit, until it is removed from the filter."""
    await execute(store, http_commands.SetFilter, OWNER, 1, words=("Ўзбек", "yomon so'z", " "))
    for text in ("o'zbek", "men ОʻЗБЕК", "bu YOMON soʻz!"):
        assert isinstance(await listener.refused(store, ALI, text), Forbidden)
    said = await listener.send(store, ALI, "oʻzbekcha, yomon emas soʻz")
    with pytest.raises(Forbidden):
        await execute(store, commands.Edit, ALI, 2, conversation=LOBBY, seq=said.seq, text="ўзбек")
    await execute(store, http_commands.SetFilter, OWNER, 3, words=())
    await listener.send(store, ALI, "ўзбек")


async def test_words_without_spaces_around_them(store: Store, listener: Listener) -> None:
    """In a script without spaces a word is found in the middle of a line; not its letters in another order."""
    await execute(store, http_commands.SetFilter, OWNER, 1, words=("上海",))
    assert isinstance(await listener.ask(store, ALI, "我家在上海东边"), Forbidden)
    await listener.send(store, ALI, "海上")


async def test_only_the_owner_says_so(store: Store) -> None:
    """Members and moderators of the server are refused."""
    for actor in (VALI, Actor("u-mod", "mod", "account", lobby_from=0, role="moderator")):
        with pytest.raises(Forbidden):
            await execute(store, http_commands.SetFilter, actor, 1, words=("spam",))
    assert await store.filtered() == ()
