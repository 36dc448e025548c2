"""How the tests are distributed over processes. Most tests wait part of their time, and others run meanwhile.

Tests that share something costly (a server for a folder, a browser for a file) form a group, and a group stays in one
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
"""Folders that are one group each: their tests share the bench's result files, or one server of each kind."""


class Groups(LoadScopeScheduling):
    """Gives each process one group after the other, in the order of `longest_first`."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


def group(nodeid: str) -> str:
    """The name of a test's group: its file, or its folder with the kind of server that it uses."""
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
    """One more than there are cores, because tests wait. None when only files or single tests are run."""
    if all(Path(argument.partition("::")[0]).is_file() for argument in config.args):
        return 0
    return cores() + 1


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def longest_first(items: list[pytest.Item]) -> None:
    """Groups with a test that asks for more than the usual time run first, unit tests last, so that no long test is
    left for the end."""
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
