"""Suhbat's command line with faults: `python -m tests.proof.serve sync_off after_commit:12 -- serve --port 8000`.

The arguments before `--` are names of `sabotage.SABOTAGE`, names of `failpoints.FAILPOINTS` with the number of the
pass, and names of `failpoints.ALTERED`.
"""

from __future__ import annotations

import sys

from .failpoints import ALTERED, arm
from .sabotage import SABOTAGE


def main() -> None:
    end = sys.argv.index("--")
    for fault in sys.argv[1:end]:
        name, _, times = fault.partition(":")
        if times:
            arm(name, int(times))
        elif name in ALTERED:
            ALTERED[name]()
        else:
            SABOTAGE[name]()
    from suhbat.cli import main as suhbat

    sys.argv = ["suhbat", *sys.argv[end + 1 :]]
    suhbat()


if __name__ == "__main__":
    main()
