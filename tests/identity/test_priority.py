"""Threads that compute for a long time have a lower priority."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from suhbat.identity.priority import lower_priority


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has priorities of threads")
def test_only_that_thread_gives_way() -> None:
    """The priority of the thread is lower; that of the process, where the event loop is, stays."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    with ThreadPoolExecutor(1, initializer=lower_priority) as threads:
        lowered = threads.submit(os.getpriority, os.PRIO_PROCESS, 0).result()
    assert lowered > before or lowered == 19
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
