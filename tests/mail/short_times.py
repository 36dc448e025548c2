"""`suhbat`, where everybody is away at once and a node that died loses its mails soon: for tests of several nodes."""

from __future__ import annotations

from suhbat.cli import main
from suhbat.mail import dispatcher, writing
from suhbat.runtime import mail as runtime
from suhbat.store.people import mail_queue

if __name__ == "__main__":
    dispatcher.LEASE_SECONDS = 5
    dispatcher.LOOK_SECONDS = 0.1
    mail_queue.AWAY = runtime.AWAY = writing.SETTLED = 0
    main()
