"""Hostile pictures against a live server: bombs, pictures that end too early, and pictures with wrong parts."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import psutil

from tests.files import hostile, samples
from tests.uploading import FILES, FileClient

from .conftest import WHATEVER
from .siege import Siege, name
from .sizes import FULL

PICTURES = 200 if FULL else 70
ATTACKERS = 4
MORE_MEGABYTES = 150
"""What the server and its children may have more afterwards. Two idle children, which end after a minute, have 60 MB."""


def pictures() -> list[hostile.Named]:
    """All bombs, and of the others so many that there are PICTURES."""
    chance = random.Random(7)
    bombs = list(hostile.bombs())
    cut = chance.sample(list(hostile.cut()), (PICTURES - len(bombs)) // 2)
    return [*bombs, *cut, *hostile.changed(PICTURES - len(bombs) - len(cut), seed=7)]


@WHATEVER
def test_hostile_pictures(siege: Siege) -> None:
    """Each is uploaded and becomes a file that can be downloaded, with or without a thumbnail. Nobody gets a 5xx, the server
    stays up with the memory that it had, and an ordinary picture gets its thumbnail afterwards."""
    waiting, lock = iter(pictures()), Lock()
    states: Counter[str] = Counter()
    tokens = [siege.account(name("painter"), "correct horse battery") for _ in range(ATTACKERS)]
    clients = [FileClient(siege.server.port, token) for token in tokens]
    assert clients[0].upload("ordinary.jpg", samples.jpeg())["kind"] == "image"  # the first child has started
    before = _megabytes(siege)

    def some() -> Iterator[hostile.Named]:
        while True:
            with lock:
                named = next(waiting, None)
            if named is None:
                return
            yield named

    def attack(client: FileClient) -> None:
        for title, content in some():
            file = client.upload("picture", content)
            for path in (file["url"], f"{file['url']}?size=360"):
                status = client.digest(path)[0]
                assert status == 200 or (status == 404 and "size" in path and file["kind"] == "file"), (title, status)
            assert client.ask("DELETE", f"{FILES}/{file['id']}").status == 204, title
            with lock:
                states[f"{file['type']} {file['kind']}"] += 1

    with siege.attack(), ThreadPoolExecutor(ATTACKERS) as threads:
        list(threads.map(attack, clients))
    after = _megabytes(siege)
    print(f"{sum(states.values())} pictures: {dict(states)}; {before:.0f} MB before, {after:.0f} MB after")
    assert sum(states.values()) == PICTURES
    assert after < before + MORE_MEGABYTES
    ordinary = clients[0].upload("ordinary.jpg", samples.jpeg())
    assert ordinary["kind"] == "image" and clients[0].digest(f"{ordinary['url']}?size=360")[0] == 200


def _megabytes(siege: Siege) -> float:
    """The memory of the server and its children."""
    assert siege.server.process is not None
    parent = psutil.Process(siege.server.process.pid)
    found = 0
    for process in itertools.chain([parent], parent.children(recursive=True)):
        try:
            found += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return found / (1 << 20)
