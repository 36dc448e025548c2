"""How the tests are distributed over processes."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.distribution import group, longest_first, processes
from tests.servers import ROOT


def asked(*arguments: str) -> int:
    return processes(cast(pytest.Config, SimpleNamespace(args=arguments)))


def test_a_file_needs_no_further_process() -> None:
    """Files and single tests run in this process. Folders are distributed."""
    assert asked(__file__, f"{__file__}::test_a_file_needs_no_further_process") == 0
    assert asked("tests") == asked("tests/chat", __file__) > 1


def test_what_shares_a_server_stays_together() -> None:
    """In a folder that shares servers there is one group for each kind of server. Elsewhere a file is a group."""
    assert group("tests/transport/test_v1.py::test_x[suhbat-1]") == group(
        "tests/transport/test_rooms.py::test_y[suhbat]"
    )
    assert group("tests/transport/test_v1.py::test_x[suhbat]") != group("tests/transport/test_v1.py::test_x[uvicorn]")
    assert group("tests/transport/test_paced.py::test_x[1-2]") == "tests/transport/test_paced.py"
    assert group("tests/chat/test_rate.py::test_x[suhbat]") == "tests/chat/test_rate.py"


def test_the_longest_begin() -> None:
    """A file with a test that asks for more time runs first, as a whole. Otherwise the order stays."""

    def item(nodeid: str, seconds: float = 0) -> Any:
        mark = SimpleNamespace(args=(seconds,)) if seconds else None
        return SimpleNamespace(nodeid=nodeid, get_closest_marker=lambda name: mark)

    items = [item("a.py::x"), item("b.py::x"), item("b.py::y", 300), item("c.py::x", 120), item("a.py::z")]
    longest_first(items)
    assert [one.nodeid for one in items] == ["b.py::x", "b.py::y", "c.py::x", "a.py::x", "a.py::z"]


def test_no_port_is_given_to_two_processes() -> None:
    """Test processes that run at the same time use different ports."""
    code = "from tests.servers import PORTS; print(*PORTS)"
    ports = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_XDIST_WORKER": f"gw{number}", "PYTEST_XDIST_WORKER_COUNT": "3"},
        ).stdout.split()
        for number in range(3)
    ]  # fmt: skip
    assert len({port for some in ports for port in some}) == sum(map(len, ports)) == 22_000
