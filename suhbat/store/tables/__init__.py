"""The tables, by subject. Times are integer milliseconds since 1970 (SQLite drops time zones).

A change here needs a migration; tests/store/test_migrations.py compares both.
"""

from __future__ import annotations

from .files import IS_LOOSE, files, removals
from .growing import growing
from .hooks import hook_cursors, hook_deliveries, incoming_hooks, outgoing_hooks
from .inbox import named, saved
from .log import (
    IS_DELETED,
    IS_MESSAGE,
    VISIBLE_ABOVE,
    events,
    everyone,
    idempotency,
    mentions,
    pins,
    reaction_counts,
    reactions,
    reactions_shown,
    search_rows,
)  # fmt: skip
from .mail import mail_addresses, mail_codes, mails
from .membership import (
    IS_COUNTED,
    IS_SHOWN,
    conversations,
    delivered,
    directs,
    drafts,
    invitations,
    members,
    notify_levels,
    reads,
)
from .oversight import audit, filtered, reports, sanctions
from .people import accounts, allowances, erasures, guests, invites, sessions, users
from .programs import bot_commands, invocations, numbers
from .push import push_due, push_due_rooms, push_subscriptions
from .schema import cursors, journal, meta, metadata
from .telegram import telegram_bots, telegram_cursors, telegram_updates
from .threads import thread_marks, thread_mentions, threads

__all__ = (
    "IS_COUNTED", "IS_DELETED", "IS_LOOSE", "IS_MESSAGE", "IS_SHOWN", "VISIBLE_ABOVE", "accounts", "allowances",
    "audit", "bot_commands", "conversations", "cursors", "delivered", "directs", "drafts", "erasures", "events",
    "everyone", "files", "filtered", "growing", "guests", "hook_cursors", "hook_deliveries", "idempotency",
    "incoming_hooks", "invitations", "invites", "invocations", "journal", "mail_addresses", "mail_codes", "mails",
    "members", "mentions", "meta", "metadata", "named", "notify_levels", "numbers", "outgoing_hooks", "pins",
    "push_due", "push_due_rooms", "push_subscriptions", "reaction_counts", "reactions", "reactions_shown", "reads",
    "removals", "reports", "sanctions", "saved", "search_rows", "sessions", "telegram_bots", "telegram_cursors",
    "telegram_updates", "thread_marks", "thread_mentions", "threads", "users",
)  # fmt: skip
