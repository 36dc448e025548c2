"""The mail server of the tests (tests/mail/server.py), and what arrives there."""

from __future__ import annotations

import datetime
import email
import email.policy
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from tests.servers import PATIENCE, ROOT, free_port


class MailBox:
    """The mails that a mail server has taken. `port`: where it listens, or will."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()

    @property
    def raw(self) -> list[dict[str, Any]]:
        """What was sent, in order."""
        return [json.loads(file.read_text(encoding="utf-8")) for file in sorted(self.directory.glob("*.json"))]

    @property
    def mails(self) -> list[EmailMessage]:
        return [parsed(one["data"].encode()) for one in self.raw]

    def wait(self, count: int, patience: float = PATIENCE) -> list[EmailMessage]:
        """Wait until so many mails have arrived."""
        until = time.monotonic() + patience
        while len(self.mails) < count:
            assert time.monotonic() < until, f"{len(self.mails)} of {count} mails arrived"
            time.sleep(0.05)
        return self.mails

    @contextmanager
    def running(self, *options: str) -> Iterator[None]:
        """The server, with these options of tests/mail/server.py."""
        command = [sys.executable, "-m", "tests.mail.server", str(self.directory), str(self.port), *options]
        process = subprocess.Popen(command, cwd=ROOT)
        try:
            until = time.monotonic() + PATIENCE
            while not self._is_up():
                assert process.poll() is None and time.monotonic() < until, "the mail server did not start"
                time.sleep(0.05)
            yield
        finally:
            process.kill()
            process.wait(PATIENCE)

    def _is_up(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False


def parsed(data: bytes) -> EmailMessage:
    mail = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def part(mail: EmailMessage, kind: str) -> str:
    """The text of the part `plain` or `html`."""
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def code_in(mail: EmailMessage, use: str) -> str:
    """The code in the link of a mail. It is the same in both parts."""
    found = re.search(rf"/#/{use}/([\w-]+)", part(mail, "plain"))
    assert found is not None and found[0] in part(mail, "html")
    return found[1]


def certificate(directory: Path) -> Path:
    """A file with a certificate for localhost and 127.0.0.1, which signs itself, and its key."""
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names: list[x509.GeneralName] = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = directory / "certificate.pem"
    plain = serialization.NoEncryption()
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file
