"""The tables of addresses, mailed codes and waiting mails. An erased account takes its rows along."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    true,
)

from .schema import metadata

mail_addresses = Table(
    "mail_addresses",
    metadata,
    Column("uid", ForeignKey("accounts.uid", ondelete="CASCADE"), primary_key=True),
    Column("address", Text),
    Column("confirmed_at", BigInteger),
    Column("wanted", Text),
    Column("digest", Boolean, nullable=False, server_default=true()),
    Column("digest_at", BigInteger),
    Column("refused_at", BigInteger),
    Column("folded", Text),
    Index("mail_addresses_folded", "folded"),
)
"""See `chat.model.MailAddress`. folded: the confirmed address for comparisons."""

mail_codes = Table(
    "mail_codes",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("use", Text, nullable=False),
    Column("uid", ForeignKey("accounts.uid", ondelete="CASCADE"), nullable=False),
    Column("address", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("mail_codes_uid", "uid"),
    Index("mail_codes_expires_at", "expires_at"),
)
"""See `chat.model.MailCode`."""

mails = Table(
    "mails",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("uid", ForeignKey("accounts.uid", ondelete="CASCADE"), nullable=False),
    Column("address", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("claimed_until", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("key", name="mails_key"),
    Index("mails_due_at", "due_at"),
    Index("mails_uid", "uid"),
)
"""See `chat.model.Mail`. claimed_until: until then the node that took the mail is sending it."""
