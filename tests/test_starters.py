"""Unit tests are found by the code they use, and starting a process is an error in them."""

from __future__ import annotations

import functools
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import engines, servers
from tests.notify.test_sending import in_a_child
from tests.starters import _starts, alone
from tests.store.parts import postgres, sqlite


def asks() -> None:
    subprocess.run(["true"], check=True)


def asks_through_another() -> None:
    list(map(lambda name: asks(), "ab"))  # noqa: C417 (a nested function)


def asks_through_a_module() -> str:
    return engines.database()


def reads() -> Path:
    return servers.ROOT


KINDS = (reads, asks)


def makes_each() -> list[object]:
    return [kind() for kind in KINDS]


class Runs:
    def __init__(self) -> None:
        asks()


def makes_one() -> object:
    return Runs()


@pytest.mark.parametrize(
    "function",
    [asks, asks_through_another, asks_through_a_module, makes_one, makes_each, servers.running, postgres, in_a_child],
)
def test_what_starts_a_process_is_seen(function: Callable[..., object]) -> None:
    """A test that starts a process is found through any number of functions, classes and test modules."""
    assert _starts(function)


@pytest.mark.parametrize("function", [reads, sqlite, functools.partial(reads).func, servers.free_port])
def test_what_starts_none_is_a_unit_test(function: Callable[..., object]) -> None:
    """A test that starts none is a unit test, even if it uses something else of a module that starts processes."""
    assert not _starts(function)


def test_a_unit_test_that_starts_one_fails() -> None:
    """A unit test that starts a process or calls another machine fails. Calling this machine is allowed."""
    with alone():
        with pytest.raises(AssertionError, match="starts a process"):
            getattr(sys.modules["subprocess"], "Popen")([sys.executable, "-c", ""])  # noqa: B009 (hides the name from the search)
        with socket.socket() as outside, pytest.raises(AssertionError, match=r"calls 192\.0\.2\.1"):
            outside.connect(("192.0.2.1", 9))
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname()).close()
    assert subprocess.run([sys.executable, "-c", ""], env=os.environ, check=False).returncode == 0
