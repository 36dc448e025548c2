"""The proof in short, and tests of its checker. The long run is `make proof` (docs/proof.md)."""

from __future__ import annotations

import random
import re
from pathlib import Path
from unittest.mock import ANY

import pytest

from . import weather
from .controls import MUST_FIND, SEED, simulated, simulation
from .history import Changed, History, Place, Row, faults
from .sabotage import SABOTAGE
from .simulation.__main__ import several

HISTORIES = 50
DONE = (
    ("admit", "remove"),
    ("join", "leave"),
    ("react", "read"),
    ("threads",),
    ("replies",),
    ("thread", "changes of a thread told"),
)
"""What simulated histories must not only ask for, but do: of each some."""


def a_seed() -> int:
    seed = random.SystemRandom().getrandbits(32)
    print(f"seed {seed}")
    return seed


def test_simulated_histories() -> None:
    """Whatever clients do and whatever fails, in any order, the real node in a simulated environment keeps G1 to G6."""
    counted = several(HISTORIES, a_seed(), 1)
    print(dict(counted))
    assert counted["histories"] >= HISTORIES and counted["events applied"] > 20 * HISTORIES
    for done in DONE:
        assert any(counted[f"did: {what}"] for what in done), done


@pytest.mark.parametrize("kind", ["suhbat", "cluster"])
async def test_bad_weather(kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With slow, halved and reset connections, a paused server and a jumping clock nobody loses a message."""
    caplog.set_level("ERROR", "suhbat.client")  # it would log every cut
    counted = await weather.run(kind, tmp_path, a_seed(), 4.0)
    print(dict(counted))
    assert counted["acknowledged"] > 50 and counted["connections"] > 10


def test_each_sabotage_has_its_attack() -> None:
    """For every fault there is an attack that must find it."""
    assert {fault for fault, _ in MUST_FIND} == SABOTAGE.keys()


@pytest.mark.parametrize("fault", [fault for fault, attack in MUST_FIND if attack is simulation])
def test_the_simulation_finds_what_is_wrong(fault: str, tmp_path: Path) -> None:
    """With this fault in the program, simulated histories break a promise."""
    assert simulation(fault, tmp_path)


def test_a_history_is_repeated() -> None:
    """A history that failed among others fails in the same way when it is repeated alone."""
    found, output = simulated("told_before_commit", "--histories", "100", "--seed", str(SEED))
    (history,) = re.findall(r"^history (\S+):$", output, re.MULTILINE)
    assert found and simulated("told_before_commit", "--history", history) == (found, ANY)


def row(seq: int, key: str, text: str = "x", **fields: object) -> Row:
    return Row(seq, seq, "message.created", "ua", text, key, False, None, None)._replace(**fields)


def a_history() -> History:
    """Two messages of one writer, one after the other, and the events that a reader received."""
    history = History()
    for number, key in enumerate(("k1", "k2"), 1):
        history.invoke("ali", key, "lobby", "x", float(number * 10))
        history.acknowledge(key, Place("lobby", number, number), number * 10.0 + 1)
        frame = {"conversation": "lobby", "seq": number, "type": "message.created"}
        frame["message"] = {"client_id": key, "text": "x"}
        history.hear("ub", frame, 0.0, number * 10.0 + 2, applied=True)
    return history


GOOD = {"lobby": [row(1, "k1"), row(2, "k2")]}
UIDS = {"ali": "ua"}


def test_a_history_that_was_promised() -> None:
    """The checker finds nothing wrong in a correct history."""
    assert list(faults(a_history(), GOOD, UIDS)) == []


def test_events_of_the_own_log() -> None:
    """What a reader hears in the own log has no message: `mentioned` has the `seq` of one."""
    history = a_history()
    history.hear("ub", {"conversation": "@me", "seq": 1, "type": "mentioned", "message": 2}, 0.0, 30.0, applied=True)
    assert history.heard["ub", "@me"][0].text is None


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row(1, "k1"), row(3, "k2", ordinal=2)], "seq is not dense"),
        ([row(1, "k1"), row(2, "k2", ordinal=3)], "ordinal is not dense"),
        ([row(1, "k1")], "k2 was acknowledged at"),
        ([row(1, "k2"), row(2, "k1")], "k1 was acknowledged at"),
        ([row(1, "k1"), row(2, "k2"), row(3, "k1")], "k1 is stored 2 times"),
        ([row(1, "k1"), row(2, "k2"), row(3, "k3")], "phantom: k3"),
        ([row(1, "k1"), row(2, "k2", text="y")], "k2 has another text"),
        ([row(1, "k1"), row(2, "k2", actor_uid="ub")], "k2 of ali is stored as ub's"),
        ([row(1, "k1"), row(2, "k2", deleted=True, text="")], "k2 has another text"),
    ],
)
def test_the_checker_sees_what_is_stored_wrong(rows: list[Row], said: str) -> None:
    """The checker names gaps, losses, moved, doubled and invented messages, and wrong texts and authors."""
    assert any(said in fault for fault in faults(a_history(), {"lobby": rows}, UIDS))


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (("f1", "f2"), ("f3",), ""),
        (("f2", "f1"), ("f3",), "k1 shows ('f2', 'f1')"),
        (("f1",), ("f3",), "k1 shows ('f1',)"),
        (("f1", "f2"), ("f1",), "f1 is shown by k1 and by k2"),
        (("f1", "f2"), (), "k2 shows ()"),
    ],
)
def test_the_checker_sees_wrong_files(first: tuple[str, ...], second: tuple[str, ...], said: str) -> None:
    """The checker names messages that show other files than were sent, in another order, or those of another message."""
    history = a_history()
    history.said["k1"].files, history.said["k2"].files = ("f1", "f2"), ("f3",)
    rows = {"lobby": [row(1, "k1", files=first), row(2, "k2", files=second)]}
    found = list(faults(history, rows, UIDS))
    assert any(said in fault for fault in found) if said else not found


def test_the_checker_sees_files_of_a_deleted_message() -> None:
    """The checker names files that are left of a message that was deleted."""
    history = a_history()
    history.said["k1"].files = ("f1",)
    history.changed.append(Changed("lobby", 1, None, seq=3, told=30.0))
    gone = row(1, "k1", text="", deleted=True)
    assert not [fault for fault in faults(history, {"lobby": [gone, row(2, "k2")]}, UIDS) if "k1" in fault]
    left = {"lobby": [gone._replace(files=("f1",)), row(2, "k2")]}
    assert any("k1 shows ('f1',)" in fault for fault in faults(history, left, UIDS))


def test_the_checker_sees_what_was_told_wrong() -> None:
    """The checker names wrong real-time order, deliveries that go back or differ, refused messages that exist, and a
    deleted text that comes again."""
    turned = a_history()
    turned.said["k1"].began, turned.said["k1"].told = 30.0, 31.0
    assert any("k1 was sent after k2" in fault for fault in faults(turned, GOOD, UIDS))

    again = a_history()
    again.heard["ub", "lobby"] += again.heard["ub", "lobby"][:1]
    assert any("applied lobby 1 after 2" in fault for fault in faults(again, GOOD, UIDS))

    other = a_history()
    other.heard["ub", "lobby"][0].text = "y"
    assert any("was told as 'y'" in fault for fault in faults(other, GOOD, UIDS))

    unknown = a_history()
    unknown.heard["ub", "lobby"][1].seq = 7
    assert any("which is not in the log" in fault for fault in faults(unknown, GOOD, UIDS))

    refused = a_history()
    refused.said["k2"].place, refused.said["k2"].refused = None, "forbidden"
    assert any("k2 was refused as forbidden" in fault for fault in faults(refused, GOOD, UIDS))

    deleted = a_history()
    deleted.changed.append(Changed("lobby", 1, None, seq=3, told=5.0))
    deleted.heard["ub", "lobby"][0].since = 6.0
    gone = {"lobby": [row(1, "k1", text="", deleted=True), row(2, "k2")]}
    assert any("was deleted, and a connection" in fault for fault in faults(deleted, gone, UIDS))


def test_the_checker_sees_who_was_told_without_being_a_member() -> None:
    """The checker names events that a user received between leaving and joining again."""
    history = a_history()
    left = row(1, "", type="member.left", ordinal=None, text=None, client_id=None, data='{"user": {"uid": "ub"}}')
    rows = {"lobby": [left, row(2, "k2", ordinal=1)]}
    assert any("is a member in [(0, 1)] only" in fault for fault in faults(history, rows, UIDS))
