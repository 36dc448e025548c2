"""Applies to all tests: how they are distributed over processes, and which are unit tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from . import forked
from .distribution import Groups, longest_first, processes
from .starters import alone, is_unit, watch

# Keep compiled bytecode, even if the environment disables it: the tests start Python hundreds of times.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


# No test fails because something else had the processor.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "unit: starts no process and calls no other machine; set automatically, see starters.py"
    )
    watch()
    forked.enabled = forked.possible


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    return processes(config)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Groups:
    return Groups(config, log)


def pytest_itemcollected(item: pytest.Item) -> None:
    if is_unit(item):
        item.add_marker(pytest.mark.unit)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    longest_first(items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    if item.config.option.markexpr != "unit":
        return (yield)
    with alone():
        return (yield)
