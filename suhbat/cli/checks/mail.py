"""The check of the mail server: whether it can be reached, and takes the login."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from suhbat.config import Settings

from .findings import Finding


def server(settings: Settings) -> Iterator[Finding]:
    """Connect and log in, without sending anything. Nothing without `smtp_url`."""
    if settings.mail_server is None:
        return
    from suhbat.mail.ports import ServerFailed
    from suhbat.runtime.mail import mail_servers
    from suhbat.store.errors import UnusableStore

    async def connect() -> str | None:
        connection = await mail_servers(settings).connect()
        if isinstance(connection, ServerFailed):
            return connection.reason
        await connection.close()
        return None

    place = f"{settings.mail_server.host}:{settings.mail_server.port}"
    try:
        reason = asyncio.run(connect())
    except UnusableStore as error:
        yield Finding("FAIL", str(error))
        return
    if reason is None:
        yield Finding("ok", f"the mail server {place} can be used")
    else:
        yield Finding("FAIL", f"the mail server {place} cannot be used ({reason}); see smtp_url")
