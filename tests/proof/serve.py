"""The command line of Suhbat with faults in it: `python -m tests.proof.serve sync_off -- serve --port 8000`.

Before `--` stand names of `sabotage.SABOTAGE`.
"""

from __future__ import annotations

import sys

from .sabotage import SABOTAGE


def main() -> None:
    faults, arguments = sys.argv[1 : sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1 :]
    for fault in faults:
        SABOTAGE[fault]()
    from suhbat.cli import main as suhbat

    sys.argv = ["suhbat", *arguments]
    suhbat()


if __name__ == "__main__":
    main()
