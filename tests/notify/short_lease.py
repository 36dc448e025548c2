"""`suhbat`, with claims of pushes and of webhooks that end soon: for tests in which the node that has claimed them dies."""

from __future__ import annotations

from suhbat.cli import main
from suhbat.notify import dispatcher, pushing
from suhbat.programs.hooks import delivering

LEASE = 5.0

if __name__ == "__main__":
    dispatcher.LEASE_SECONDS = pushing.LEASE_SECONDS = delivering.LEASE_SECONDS = LEASE
    dispatcher.CARRY_OUT_SECONDS = LEASE - 1
    main()
