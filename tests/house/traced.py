"""Run the server and note in which files of `suhbat/` a function was called: `python tests/house/traced.py NOTES ARGUMENTS…`.

SIGUSR1 writes the names that were noted since the last one into a new file under NOTES, one a line. For Linux and macOS.
"""

from __future__ import annotations

import itertools
import os
import runpy
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

HOUSE = f"{Path.cwd() / 'suhbat'}{os.sep}"


def main(notes: Path, arguments: list[str]) -> None:
    called: set[tuple[str, str]] = set()
    numbers = itertools.count()

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        # The body of a class or of a module is no call: they have no fast locals.
        if event != "call" or not frame.f_code.co_flags & 0x01 or not frame.f_code.co_filename.startswith(HOUSE):
            return
        caller = frame.f_back
        while caller is not None and not caller.f_code.co_filename.startswith(HOUSE):
            caller = caller.f_back
        called.add(("" if caller is None else caller.f_code.co_filename, frame.f_code.co_filename))

    def tell(number: int, frame: FrameType | None) -> None:
        names = sorted(" ".join(name.removeprefix(HOUSE) for name in pair) for pair in called.copy())
        called.clear()
        whole = notes / f"{next(numbers)}.txt"
        whole.with_suffix(".part").write_text("\n".join(names), encoding="utf-8")
        whole.with_suffix(".part").rename(whole)

    signal.signal(signal.SIGUSR1, tell)
    threading.setprofile(profile)
    sys.setprofile(profile)
    sys.path.insert(0, str(Path.cwd()))
    sys.argv = ["suhbat", *arguments]
    runpy.run_module("suhbat", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
