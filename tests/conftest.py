"""What holds for every test: how they are shared out among processes."""

from __future__ import annotations

from typing import Any

import pytest

from .distribution import Groups, longest_first, processes


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    return processes(config)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Groups:
    return Groups(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    longest_first(items)
