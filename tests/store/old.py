"""Databases as older versions left them, and new ones as the migrations make them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from suhbat.store.migrate import SCRIPTS
from tests.migrated import migrated

_UNDO = {
    "0003": "DROP TABLE search; DROP TABLE search_rows;",
    "0004": "",
    "0005": "DROP INDEX guests_skeleton;",
    "0006": "DROP VIEW reactions_shown; DROP TABLE reaction_counts; DROP INDEX reactions_emoji; "
    "ALTER TABLE reactions DROP COLUMN seq; DROP INDEX events_deleted; "
    "UPDATE meta SET value = '0004' WHERE key = 'serves';",
    "0007": "",
    "0008": "DROP TABLE everyone;",
    "0009": "DROP INDEX members_shown; DROP INDEX members_counted; ALTER TABLE members DROP COLUMN wrote; "
    "ALTER TABLE members DROP COLUMN counts; ALTER TABLE members DROP COLUMN hidden; "
    "ALTER TABLE conversations DROP COLUMN hidden; ALTER TABLE accounts DROP COLUMN added_by; "
    "DROP TABLE allowances; DROP TABLE invitations; "
    "UPDATE meta SET value = '0006' WHERE key = 'serves';",
    "0010": "DROP TABLE cursors; DROP TABLE journal;",
    "0011": "DROP TABLE thread_mentions; DROP TABLE thread_marks; DROP TABLE threads; DROP INDEX events_thread; "
    "ALTER TABLE events DROP COLUMN thread; ALTER TABLE events DROP COLUMN thread_ordinal; "
    "UPDATE meta SET value = '0009' WHERE key = 'serves';",
    "0012": "DROP TABLE removals; DROP TABLE files; UPDATE meta SET value = '0011' WHERE key = 'serves';",
    "0014": "DROP INDEX files_picture; DROP INDEX files_loose; ALTER TABLE files DROP COLUMN picture_of; "
    "CREATE INDEX files_loose ON files (touched_at) WHERE seq IS NULL; ALTER TABLE conversations DROP COLUMN picture; "
    "ALTER TABLE accounts DROP COLUMN picture; UPDATE meta SET value = '0012' WHERE key = 'serves';",
    "0016": "ALTER TABLE accounts DROP COLUMN push_text; ALTER TABLE accounts DROP COLUMN quiet; "
    "DROP TABLE notify_levels; UPDATE meta SET value = '0014' WHERE key = 'serves';",
    "0017": "DROP INDEX files_kind; ALTER TABLE conversations DROP COLUMN files;",
    "0018": "DROP TABLE push_subscriptions;",
    "0020": "DROP TABLE push_due;",
    "0021": "DROP TABLE saved; DROP TABLE named; ALTER TABLE reads DROP COLUMN furthest; "
    "UPDATE meta SET value = '0016' WHERE key = 'serves';",
    "0022": "DROP TABLE mails; DROP TABLE mail_codes; DROP TABLE mail_addresses;",
    "0023": "DROP INDEX files_loose_of;",
    "0024": "DROP TABLE invocations; DROP TABLE bot_commands; DROP TABLE numbers; DROP INDEX accounts_owner_uid; "
    "ALTER TABLE accounts DROP COLUMN bot_api; ALTER TABLE accounts DROP COLUMN owner_uid; "
    "UPDATE meta SET value = '0021' WHERE key = 'serves';",
    "0025": "DROP TABLE incoming_hooks;",
    "0026": "DROP TABLE growing; UPDATE meta SET value = '0024' WHERE key = 'serves';",
    "0027": "DROP TABLE telegram_cursors; DROP TABLE telegram_updates; DROP TABLE telegram_bots;",
    "0028": "DROP TABLE hook_deliveries; DROP TABLE hook_cursors; DROP TABLE outgoing_hooks;",
    "0029": "DROP INDEX bot_commands_name;",
    "0030": "DROP INDEX outgoing_hooks_bot; ALTER TABLE outgoing_hooks DROP COLUMN bot_uid; "
    "ALTER TABLE outgoing_hooks DROP COLUMN failed_at; ALTER TABLE outgoing_hooks DROP COLUMN failed_status;",
    "0031": "DROP TABLE push_due_rooms;",
}
"""What undoes each migration: down to 0005 on both databases, before that on SQLite. A new migration gets a line here."""
_ON_POSTGRES = {
    "0010": "DROP TABLE cursors; ALTER TABLE journal DROP COLUMN id;",
    "0020": "DROP TABLE push_due; ALTER TABLE online DROP COLUMN active_until;",
}
"""The same, where it differs on PostgreSQL."""


def back_to(revision: str, *, postgres: bool = False) -> str:
    """The SQL that brings a database of the present schema back to an older revision; its rows stay."""
    later = {script.name[:4] for script in (SCRIPTS / "versions").glob("*.py") if script.name[:4] > revision}
    undoing = _UNDO | (_ON_POSTGRES if postgres else {})
    undo = " ".join(undoing[number] for number in sorted(later, reverse=True))
    return f"{undo} UPDATE alembic_version SET version_num = '{revision}';"


def take_back(file: Path, revision: str) -> None:
    """Bring a file back to an older revision."""
    raw = sqlite3.connect(file)
    raw.executescript(back_to(revision))
    raw.close()


def new_database(file: Path) -> None:
    """Write a new database. Migrating takes long, so it is done once."""
    file.write_bytes(migrated())
