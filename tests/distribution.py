"""How the tests are shared out among processes: most of them wait for a while, and others run meanwhile.

What shares something that is costly to make (a server for a folder, a browser for a file) is a group, and a group stays in one
process. `pytest tests/x.py` needs no further process and starts none.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

SHARING = {"tests/authorisation", "tests/transport", "tests/proof/attacks"}
"""Folders whose tests share servers, one of each kind in COMMANDS."""
ALONE = {"tests/bench", "tests/weaknesses"}
"""Folders whose tests all share something: the files that the bench writes its figures into; one server of each kind."""


class Groups(LoadScopeScheduling):
    """Gives a process one group after the other, in the order of `longest_first`."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


def group(nodeid: str) -> str:
    """The name of the group that a test belongs to: its file, or its folder and the kind of the server that it talks to."""
    from tests.servers import COMMANDS

    path, _, name = nodeid.partition("::")
    folder = PurePosixPath(path).parent.as_posix()
    if folder in ALONE:
        return folder
    if folder not in SHARING:
        return path
    kinds = [part for part in re.split(r"[\[\]-]", name)[1:] if part in COMMANDS]
    return f"{folder} {kinds[0]}" if kinds else path


def processes(config: pytest.Config) -> int:
    """One more than there are cores, for tests wait; none of their own for single files and tests."""
    if all(Path(argument.partition("::")[0]).is_file() for argument in config.args):
        return 0
    return cores() + 1


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def longest_first(items: list[pytest.Item]) -> None:
    """Groups with a test that asks for more than the usual time begin, and those that start nothing end, so that nobody waits
    for a long one at the end."""
    asked: dict[str, float] = {}
    for item in items:
        mark = item.get_closest_marker("timeout")
        name = group(item.nodeid)
        least = -1.0 if item.get_closest_marker("unit") else 0.0
        asked[name] = max(asked.get(name, -1.0), mark.args[0] if mark else least)
    place = {name: number for number, name in enumerate(asked)}

    def key(item: pytest.Item) -> Any:
        name = group(item.nodeid)
        return -asked[name], place[name]

    items.sort(key=key)
