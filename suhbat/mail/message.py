"""A mail as it travels (RFC 5322, 2045 to 2047): headers, a text part, an HTML part. Pure."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from suhbat.chat.model import Milliseconds
from suhbat.config.smtp import Sender
from suhbat.protocol.characters import cut

from .letter import Letter
from .page import page
from .plain import plain

MOST_SUBJECT = 120
"""Characters of a subject; users wrote parts of some."""


def message(letter: Letter, sender: Sender, to: str, id: str, at: Milliseconds) -> bytes:
    """The mail as bytes. `id`: the same for all attempts, so that a mail that arrives twice is recognised. `at`: its
    date."""
    mail = EmailMessage(policy=SMTP)
    local, _, domain = sender.address.rpartition("@")
    mail["From"] = Address(one_line(sender.name), local, domain)
    mail["To"] = Address(addr_spec=to)
    mail["Subject"] = cut(one_line(letter.subject), MOST_SUBJECT)
    mail["Date"] = datetime.fromtimestamp(at // 1000, UTC)
    mail["Message-ID"] = f"<{id}@{domain}>"
    # No answers of absent people and other programs (RFC 3834); Exchange reads only the second.
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    if letter.unsubscribe is not None:
        mail["List-Unsubscribe"] = f"<{letter.unsubscribe.url}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(plain(letter), cte="quoted-printable")
    mail.add_alternative(page(letter), subtype="html", cte="quoted-printable")
    mail["Content-Language"] = letter.language  # earlier, the first part would get it
    return mail.as_bytes()


def one_line(text: str) -> str:
    """The text without line breaks, control characters, and signs that reverse the rest of a line."""
    shown = (" " if c in "\r\n\t\u2028\u2029" else c for c in text if not _is_hidden(c))
    return " ".join("".join(shown).split())


def _is_hidden(sign: str) -> bool:
    kind = unicodedata.category(sign)
    return (kind in ("Cc", "Cf", "Cs") and sign not in "\r\n\t\u200c\u200d") or sign in "\ufffe\uffff"
