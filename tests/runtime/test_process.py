"""Freed memory is returned to the system."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from tests.servers import ROOT

THREADS = 6
KEPT_MB = 40
"""Of the 19 MB for each password."""
PROGRAM = """
import sys
from threading import Barrier, Thread
import psutil
from argon2.low_level import Type, hash_secret
from suhbat.runtime.process import limit_heaps
if sys.argv[2] == "given":
    limit_heaps()
threads = int(sys.argv[1])
before = psutil.Process().memory_info().rss
together = Barrier(threads)
def work():
    together.wait()
    for _ in range(3):
        hash_secret(b"secret", b"saltsalt", 1, 19_456, 1, 32, Type.ID)
    together.wait()
started = [Thread(target=work) for _ in range(threads)]
for one in started:
    one.start()
for one in started:
    one.join()
print((psutil.Process().memory_info().rss - before) >> 20)
"""


def kept(how: str) -> int:
    """Megabytes that a process has grown after some threads verified passwords at once."""
    command = [sys.executable, "-c", PROGRAM, str(THREADS), how]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's ways")
def test_what_threads_used_is_given_back() -> None:
    """After several threads verified passwords, the process is about as large as before; without `limit_heaps` it is not."""
    assert kept("given") < KEPT_MB
    if platform.libc_ver()[0] == "glibc":
        assert kept("left alone") > KEPT_MB
