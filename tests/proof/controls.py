"""Negative controls: each fault of `sabotage` is put into the server, and the attack that must notice it is run.

`python -m tests.proof.controls` (`make proof-controls`) prints what each attack found. It fails if one found nothing.
"""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from . import file_kills, kills
from . import power as power_loss
from .sabotage import SABOTAGE
from .simulation.hashes import surroundings

HISTORIES = 1_000
SEED = 2
ROUNDS = 12
RECORDINGS = 6

Attack = Callable[[str, Path], str]
"""Runs against a server with this fault. Gives the first broken promise that it found, or ""."""


def simulation(fault: str, place: Path) -> str:
    """Simulated histories, in a process of their own that has the fault."""
    return simulated(fault, "--histories", str(HISTORIES), "--seed", str(SEED))[0]


def simulated(fault: str, *which: str) -> tuple[str, str]:
    """What these histories find, and the whole output."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.proof.simulation", *which, "--sabotage", fault],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env=surroundings(SEED),
    )
    output = done.stdout + done.stderr
    found = [line for line in output.splitlines() if "AssertionError: " in line]
    assert bool(found) is bool(done.returncode), output[-3_000:]
    return (found[0].partition("AssertionError: ")[2] if found else ""), output


def kill(fault: str, place: Path) -> str:
    """kill -9 of a real server, at failpoints and from outside."""
    return _found(lambda: asyncio.run(kills.run("suhbat", place, 1, ROUNDS, (fault,))))


def files(fault: str, place: Path) -> str:
    """People who upload and send files, and kill -9."""
    return _found(lambda: asyncio.run(file_kills.run("suhbat", place, 1, 4, (fault,))))


def power(fault: str, place: Path, seconds: float = 6.0) -> str:
    """Power loss, also after failed flushes. Finding the fault takes some luck with the recording and the cut."""
    for seed in range(1, RECORDINGS + 1):
        (again := place / str(seed)).mkdir()
        eio = fault == "log_trusted"
        if found := _found(partial(power_loss.run, again, seed, seconds, 300, eio=eio, sabotage=(fault,))):
            return found
    return ""


def _found(run: Callable[[], object]) -> str:
    try:
        run()
    except BaseException as error:  # an AssertionError, or an exception group that contains one
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if not isinstance(error, AssertionError):
            raise
        return str(error).partition("\n")[0] or "an assertion failed"
    return ""


MUST_FIND: Sequence[tuple[str, Attack]] = (
    ("key_not_unique", simulation),
    ("told_before_commit", simulation),
    ("told_before_commit", kill),
    ("resume_capped", simulation),
    ("heads_not_compared", simulation),
    ("deleted_text_kept", simulation),
    ("second_entrance", simulation),
    ("index_passed", simulation),
    ("deleted_words_kept", simulation),
    ("sync_off", power),
    ("log_trusted", power),
    ("offset_unflushed", power),
    ("attached_twice", files),
)
"""Faults, and the attacks that must find them."""
MAY_NOT_FIND: Sequence[tuple[str, Attack]] = (("sync_off", kill), ("offset_unflushed", files))
"""Faults that an attack cannot see, because the pages of a killed process are still the system's."""


def main() -> None:
    logging.disable()
    failed = False
    for expected, attacks in ((True, MUST_FIND), (False, MAY_NOT_FIND)):
        for fault, attack in attacks:
            with tempfile.TemporaryDirectory() as place:
                found = attack(fault, Path(place))
            right = bool(found) is expected
            failed |= not right
            print(
                f"{'' if right else 'WRONG: '}{fault}, {attack.__name__}: {found[:200] or 'nothing was found'}",
                flush=True,
            )
    sys.exit(failed)


if __name__ == "__main__":
    assert {fault for fault, _ in MUST_FIND} == SABOTAGE.keys()
    main()
