"""The interfaces that the domain needs, as protocols. Adapters know them; they know no adapter."""

from __future__ import annotations

from .bots import BotStore
from .bus import Bus, BusListener, GrowthPart
from .clock import Clock
from .cluster import Cluster, Passes
from .files import FileReader, FileRecords
from .growing import GrowingStore, GrowingText, GrowingTexts
from .hooks import HookStore, OutgoingHookStore
from .log import CommandWriter, DeliveryMarks, LogReader, PostWriter
from .mail import MailBacklog, MailLimits, MailStore
from .people import AccountStore, Directory, GuestStore, InviteStore, SessionStore
from .push import PushQueue, PushStore
from .reading import ConversationReader, ModerationReader, StoreReader
from .store import Housekeeping, Store, StoreHealth
from .telegram import UpdateStore

__all__ = [
    "AccountStore",
    "BotStore",
    "Bus",
    "BusListener",
    "Clock",
    "Cluster",
    "CommandWriter",
    "ConversationReader",
    "DeliveryMarks",
    "Directory",
    "FileReader",
    "FileRecords",
    "GrowingStore",
    "GrowingText",
    "GrowingTexts",
    "GrowthPart",
    "GuestStore",
    "HookStore",
    "Housekeeping",
    "InviteStore",
    "LogReader",
    "MailBacklog",
    "MailLimits",
    "MailStore",
    "ModerationReader",
    "OutgoingHookStore",
    "Passes",
    "PostWriter",
    "PushQueue",
    "PushStore",
    "SessionStore",
    "Store",
    "StoreHealth",
    "StoreReader",
    "UpdateStore",
]
