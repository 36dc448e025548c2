"""The floor: a message below it is answered like one that does not exist, by every command and read, and no event shows
it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from suhbat.bus import frames
from suhbat.chat.model import Actor
from suhbat.chat.ports import Store
from suhbat.chat.search import parse
from suhbat.chat.turns import ExportPace
from suhbat.errors import NotFound, SuhbatError
from suhbat.identity.export import export_conversation
from suhbat.protocol import commands, http_commands
from suhbat.protocol.event_marks import veil_of
from suhbat.protocol.events import EVENT, Mentioned
from suhbat.protocol.types import LOBBY
from tests.store.house import MODERATOR, SOLI, House
from tests.store.parts import ALI, VALI, Listener, everything, opened

SECRET = "qadimiysir"
TELLING: list[tuple[type[Any], dict[str, Any]]] = [
    (commands.Edit, {"text": f"{SECRET} oʻzgardi"}),
    (commands.React, {"emoji": "👍", "on": True}),
    (commands.React, {"emoji": "👍", "on": False}),
    (commands.Pin, {"on": True}),
    (commands.Pin, {"on": False}),
    (commands.Delete, {}),
]
ASKED = [*TELLING, (commands.Report, {"reason": "spam"})]


@pytest.fixture
async def house(store: Store, listener: Listener) -> House:
    return House(store, listener)


class Scene:
    """An old message by ALI, a moderator or owner there; then `late` joins as a moderator and writes a new message."""

    house: House
    place: str
    late: Actor
    old: int
    new: int


@pytest.fixture(params=["room", "lobby"])
async def scene(request: pytest.FixtureRequest, house: House) -> Scene:
    scene = Scene()
    scene.house = house
    if request.param == "room":
        scene.place = await house.room(ALI, VALI, history="joined")
        scene.old = await house.write(ALI, scene.place, f"{SECRET} eski")
        scene.late = SOLI
        await house.admit(ALI, scene.place, SOLI, "moderator")
    else:
        scene.place = LOBBY
        scene.old = await house.write(ALI, LOBBY, f"{SECRET} eski")
        scene.late = replace(MODERATOR, uid="u-late", user_id="kech", lobby_from=scene.old)
    scene.new = await house.write(scene.late, scene.place, "yangi")
    return scene


def teller(scene: Scene) -> Actor:
    return ALI if scene.place != LOBBY else replace(ALI, role="moderator", kind="account")


@pytest.mark.parametrize(("kind", "fields"), ASKED)
async def test_no_command_reaches_below(scene: Scene, kind: type[Any], fields: dict[str, Any]) -> None:
    """For a message below the floor every command gets the refusal for a message that does not exist."""
    told = []
    for seq in (scene.old, 10**6):
        error = await scene.house.refused(NotFound, None, kind, scene.late, scene.place, seq=seq, **fields)
        told.append((error.code, error.text))
    assert told[0] == told[1]
    await scene.house.do(kind, scene.late, scene.place, seq=scene.new, **fields)


async def test_a_deleted_one_is_not_there_either(scene: Scene) -> None:
    """A deleted message below the floor is refused too, although deleting twice is otherwise no error."""
    await scene.house.do(commands.Delete, ALI, scene.place, seq=scene.old)
    await scene.house.refused(NotFound, None, commands.Delete, scene.late, scene.place, seq=scene.old)


async def test_no_reply_names_what_is_below(scene: Scene) -> None:
    """A reply to a message below the floor is refused like one to no message; earlier members can reply to it."""
    told = [await scene.house.cannot_write(scene.late, scene.place, reply_to=seq) for seq in (scene.old, 10**6)]
    assert [(type(error), error.text) for error in told] == [(NotFound, told[0].text)] * 2
    await scene.house.write(ALI, scene.place, "javob", reply_to=scene.old)
    await scene.house.write(scene.late, scene.place, "javob", reply_to=scene.new)


async def test_nothing_that_is_read_shows_it(scene: Scene) -> None:
    """Pages, search, pins, reports, states and exports show nothing from below the floor."""
    house, store, late, place = scene.house, scene.house.store, scene.late, scene.place
    await house.do(commands.Pin, teller(scene), place, seq=scene.old, on=True)
    await house.do(commands.React, ALI, place, seq=scene.old, emoji="👍", on=True)
    await house.do(commands.Report, VALI, place, seq=scene.old, reason=SECRET)
    await house.write(ALI, place, "javob", reply_to=scene.old)
    shown: list[Any] = [await everything(store, late), await store.state(late, place)]
    for where in (
        {},
        {"around": scene.old},
        {"before": scene.new},
        {"after": 0},
        {"before": scene.old + 1},
        {"around_time": 0},
    ):
        shown.append(await store.history(late, place, **where))
        assert not shown[-1].has_before, where
    shown += [await store.pins(late, place), await store.reports(late), await store.search(late, parse(SECRET), None)]
    shown += [line async for line in export_conversation(store, ExportPace(), late, place)]
    assert SECRET not in str(shown)
    assert len(await store.reports(teller(scene))) == 1


async def test_no_report_of_below_is_settled(scene: Scene) -> None:
    """A moderator who joined later gets the answer for a report that does not exist."""
    await scene.house.do(commands.Report, VALI, scene.place, seq=scene.old, reason="spam")
    [report] = await scene.house.store.reports(teller(scene))
    await scene.house.refused(NotFound, None, http_commands.SettleReport, scene.late, report=report.id)
    await scene.house.do(http_commands.SettleReport, teller(scene), report=report.id)


@pytest.mark.parametrize(("kind", "fields"), TELLING)
async def test_events_about_it_are_veiled(scene: Scene, kind: type[Any], fields: dict[str, Any]) -> None:
    """An event about a message carries the floor at which it is hidden: live, over the bus and in a replay."""
    house = scene.house
    actor = teller(scene)
    if not fields.get("on", True):
        await house.do(kind, actor, scene.place, seq=scene.old, **(fields | {"on": True}))
    heard = len(house.listener.entries)
    await house.do(kind, actor, scene.place, seq=scene.old, **fields)
    [entry] = house.listener.entries[heard:]
    assert veil_of(entry.event) == scene.old
    [(_, data)] = frames.events([entry])
    [received] = frames.read(data).entries
    assert veil_of(received.event) == scene.old
    [replayed] = await house.store.events(scene.place, entry.event.seq - 1, 10)
    assert (replayed, veil_of(replayed.event)) == (entry, scene.old)
    assert b"veil" not in EVENT.dump_json(entry.event), "the wire knows nothing of it"


async def test_where_all_read_all_nothing_is_veiled(house: House) -> None:
    """In a room with `history: all` and in a direct no event carries a floor, and a later member may react to older
    messages."""
    room = await house.room(ALI, VALI)
    met = (await house.do(commands.Meet, ALI, people=(VALI,))).conversation
    for place in (room, met):
        seq = await house.write(ALI, place, "eski")
        if place == room:
            await house.admit(ALI, room, SOLI)
        [event] = await house.told(commands.React, VALI, place, seq=seq, emoji="👍", on=True)
        assert veil_of(event) is None
        assert all(veil_of(found) is None for found in await house.log(place))
    [message] = (await house.store.history(SOLI, room)).messages
    await house.do(commands.React, SOLI, room, seq=message.seq, emoji="🎉", on=True)


async def test_an_edit_names_nobody_from_above(scene: Scene) -> None:
    """An edit of a message below a user's floor does not mention that user."""
    heard = len(scene.house.listener.entries)
    await scene.house.do(commands.Edit, ALI, scene.place, seq=scene.old, text="@kech", named=(scene.late.uid,))
    assert not [one for one in scene.house.listener.entries[heard:] if isinstance(one.event, Mentioned)]


async def test_the_floor_follows_the_setting(house: House) -> None:
    """When the room's history is opened to all, the floor of later members becomes 0; and the reverse."""
    room = await house.room(ALI, history="joined")
    old = await house.write(ALI, room, "eski")
    await house.admit(ALI, room, VALI)
    mine: dict[str, Any] = {"seq": old, "emoji": "👍"}
    await house.refused(NotFound, None, commands.React, VALI, room, on=True, **mine)
    await house.do(commands.Update, ALI, room, history="all")
    await house.do(commands.React, VALI, room, on=True, **mine)
    await house.do(commands.Update, ALI, room, history="joined")
    await house.refused(NotFound, None, commands.React, VALI, room, on=False, **mine)


@pytest.fixture
async def open_house(make: Callable[..., Store], tmp_path: Path) -> AsyncIterator[House]:
    """A store with `lobby_history = all`."""
    listener = Listener()
    async with opened(make(tmp_path / "open", lobby_history="all"), listener) as store:
        yield House(store, listener)


async def test_a_lobby_that_all_read_has_no_floor(open_house: House) -> None:
    """With `lobby_history = all` a new user reacts to, replies to and reports the oldest message."""
    old = await open_house.write(ALI, LOBBY, "eski")
    late = Actor("u-late", "kech", lobby_from=old)
    await open_house.do(commands.React, late, LOBBY, seq=old, emoji="👍", on=True)
    await open_house.do(commands.Report, late, LOBBY, seq=old, reason="spam")
    await open_house.write(late, LOBBY, "javob", reply_to=old)
    assert (await open_house.store.places(late)).floors[LOBBY] == 0


async def test_a_bare_guest_has_nothing_of_the_past(house: House) -> None:
    """A bare guest, who sees messages only while connected, cannot react to an older one."""
    old = await house.write(ALI, LOBBY, "eski")
    with pytest.raises(SuhbatError):
        await house.do(commands.React, Actor("u-bare", "yolovchi"), LOBBY, seq=old, emoji="👍", on=True)
