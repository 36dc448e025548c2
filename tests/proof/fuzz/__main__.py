"""The targets under atheris, which looks for new ways through the code:
`python -m tests.proof.fuzz --target codec --seconds 60`, or without a target all of them.

Prints how many inputs were tried. What breaks a target is written to a file, whose name is printed; give it as --input to
see it again. Ends with 1 when a target broke.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from tests.servers import ROOT

from .seeds import SEEDS

MISSING = """atheris is not installed. `pip install atheris` has it for Python 3.11 to 3.13 on Linux (x86_64); everywhere else
tests/proof/fuzz/test_fuzz.py tries the same targets with hypothesis."""
LONGEST = 2_000
"""Bytes of an input."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proof.fuzz")
    parser.add_argument("--target", choices=[*SEEDS, "all"], default="all")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--input", type=Path, help="a file: the target is given it once")
    parser.add_argument("--child", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.input is not None:
        from .targets import TARGETS

        TARGETS[wanted.target](wanted.input.read_bytes())
        print("It holds.")
        return 0
    if find_spec("atheris") is None:
        print(MISSING)
        return 2
    if wanted.child is not None:
        _fuzz(wanted.target, wanted.child)
    targets = list(SEEDS) if wanted.target == "all" else [wanted.target]
    return max(_run(target, wanted.seconds) for target in targets)


def _run(target: str, seconds: int) -> int:
    """In a process of its own: libFuzzer ends the one that it runs in."""
    with tempfile.TemporaryDirectory() as place:
        for number, seed in enumerate(SEEDS[target]):
            (Path(place) / str(number)).write_bytes(seed)
        command = [sys.executable, "-m", "tests.proof.fuzz", "--target", target, "--child", place]
        command += [f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-timeout=10", "-rss_limit_mb=1024"]
        command.append(f"-artifact_prefix={tempfile.gettempdir()}/suhbat-fuzz-{target}-")
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
    said = done.stdout + done.stderr
    runs = re.findall(r"Done (\d+) runs|stat::number_of_executed_units: *(\d+)|^#(\d+)", said, re.MULTILINE)
    tried = max((int(number) for found in runs for number in found if number), default=0)
    print(
        f"{target}: {tried:,} inputs in {seconds} s, {'nothing found' if done.returncode == 0 else 'BROKEN'}",
        flush=True,
    )
    if done.returncode:
        print(said[-6_000:])
    return int(done.returncode != 0)


def _fuzz(target: str, arguments: list[str]) -> None:
    import atheris

    with atheris.instrument_imports(include=["suhbat", "precis_i18n", "confusable_homoglyphs"]):
        from .targets import TARGETS

    atheris.Setup([sys.argv[0], *arguments], TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
