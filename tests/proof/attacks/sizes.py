"""How large the attacks are.

`make test` makes them as large as they must be to succeed where something is wrong; `make proof` makes them larger, and on
every kind of server where `make test` takes one (`SUHBAT_ATTACKS=full`).
"""

from __future__ import annotations

import os

FULL = os.environ.get("SUHBAT_ATTACKS") == "full"
