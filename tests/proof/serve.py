"""The command line of Suhbat with faults in it: `python -m tests.proof.serve sync_off after_commit:12 -- serve --port 8000`.

Before `--` stand names of `sabotage.SABOTAGE`, of `failpoints.FAILPOINTS` with how often they are passed, `clock_jumps`.
"""

from __future__ import annotations

import sys

from .failpoints import arm, clock_jumps
from .sabotage import SABOTAGE


def main() -> None:
    end = sys.argv.index("--")
    for fault in sys.argv[1:end]:
        name, _, times = fault.partition(":")
        if times:
            arm(name, int(times))
        elif name == "clock_jumps":
            clock_jumps()
        else:
            SABOTAGE[name]()
    from suhbat.cli import main as suhbat

    sys.argv = ["suhbat", *sys.argv[end + 1 :]]
    suhbat()


if __name__ == "__main__":
    main()
