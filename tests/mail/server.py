"""A mail server as a process of its own: `python -m tests.mail.server DIRECTORY PORT` with `--certificate FILE`, `--tls`,
`--starttls`, `--login`.

It writes each mail that it takes into the directory. What it does is in the name before the @ of a recipient:

    grey…    451 4.7.1 the first time (greylisting)
    gone…    550 5.1.1: no such mailbox
    barely…  550 without an enhanced code
    relay…   550 5.7.1: a policy, not the address
    full…    452 4.2.2
    spam…    554 5.7.1 after the text
    cut…     the connection is closed instead of an answer to the text
    slow…    the answer to the text takes three seconds
    hold…    the answer to the text comes when there is a file `release` in the directory; until then there is a
             file `….held`
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "suhbat", "p@ss/word"

REFUSED = {
    "gone": "550 5.1.1 <{}>: no such user here",
    "barely": "550 Requested action not taken: mailbox unavailable",
    "relay": "550 5.7.1 <{}>: relay access denied",
    "full": "452 4.2.2 mailbox full",
}


class Handler:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._seen: set[str] = set()
        self._count = len(list(directory.glob("*.json")))

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        for beginning, answer in REFUSED.items():
            if address.startswith(beginning):
                return answer.format(address)
        if address.startswith("grey") and address not in self._seen:
            self._seen.add(address)
            return "451 4.7.1 Greylisted, please try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        to = envelope.rcpt_tos[0]
        if to.startswith("spam"):
            return "554 5.7.1 looks like spam"
        if to.startswith("cut"):
            server.transport.abort()
            await asyncio.sleep(60)
        if to.startswith("slow"):
            await asyncio.sleep(3)
        if to.startswith("hold"):
            await self._released()
        assert isinstance(envelope.content, bytes)
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "data": envelope.content.decode("ascii"),
            "tls": session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None,
            "login": bool(getattr(session, "authenticated", False)),
            "host": session.host_name,
        }
        self._count += 1
        file = self._directory / f"{self._count:04}.json"
        file.with_suffix(".part").write_text(json.dumps(mail), encoding="utf-8")
        Path(file.with_suffix(".part")).replace(file)
        return "250 OK"

    async def _released(self) -> None:
        mark = self._directory / f"{id(asyncio.current_task())}.held"
        mark.touch()
        try:
            while not (self._directory / "release").exists():
                await asyncio.sleep(0.05)
        finally:
            mark.unlink()


def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    is_right = isinstance(data, LoginPassword) and data == LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_right, handled=False)


async def serve(options: argparse.Namespace) -> None:
    context = None
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate)
    handler = Handler(options.directory)

    def session() -> SMTP:
        return SMTP(
            handler,
            hostname="mail.example.org",
            tls_context=context if options.starttls else None,
            require_starttls=options.starttls,
            authenticator=authenticate,
            auth_required=options.login,
            auth_require_tls=options.starttls,
        )

    listening = await asyncio.get_running_loop().create_server(
        session, "127.0.0.1", options.port, ssl=context if options.tls else None
    )
    async with listening:
        await listening.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("--certificate")
    for flag in ("--tls", "--starttls", "--login"):
        parser.add_argument(flag, action="store_true")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
