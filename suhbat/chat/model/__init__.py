"""The data of the domain, frozen. The objects of the wire are in `protocol.objects`."""

from __future__ import annotations

from .cluster import Change, Changed, Lapsed, NodeUpdate, StoreDelta
from .commands import (
    PLAIN,
    Asker,
    CommandContext,
    CommandResult,
    Committed,
    ConversationFacts,
    Outcome,
    Post,
    PostResult,
)
from .files import Backend, FileContent, FilePage, NewPicture, Removal, SharedFile, StoredBytes, StoredFile
from .growing import GrowingRow, TakenMessage
from .hooks import IncomingHook
from .mail import CodeUse, Mail, MailAddress, MailCode, MailKind, MissedMessage, MissedPlace
from .people import GUEST_KEPT, Account, Actor, Guest, Invite, Milliseconds, Session
from .push import DuePush, PushBacklog, PushFacts, PushSubscription, SettledPush
from .reading import (
    Audited,
    FollowedThread,
    HistoryPage,
    MemberPage,
    Places,
    ReactionPage,
    Reported,
    RoomLine,
    SearchPage,
    States,
    ThreadPage,
)
from .telegram import NumberedEvent, UnnumberedEvents

__all__ = [
    "GUEST_KEPT",
    "PLAIN",
    "Account",
    "Actor",
    "Asker",
    "Audited",
    "Backend",
    "Change",
    "Changed",
    "CodeUse",
    "CommandContext",
    "CommandResult",
    "Committed",
    "ConversationFacts",
    "DuePush",
    "FileContent",
    "FilePage",
    "FollowedThread",
    "GrowingRow",
    "Guest",
    "HistoryPage",
    "IncomingHook",
    "Invite",
    "Lapsed",
    "Mail",
    "MailAddress",
    "MailCode",
    "MailKind",
    "MemberPage",
    "Milliseconds",
    "MissedMessage",
    "MissedPlace",
    "NewPicture",
    "NodeUpdate",
    "NumberedEvent",
    "Outcome",
    "Places",
    "Post",
    "PostResult",
    "PushBacklog",
    "PushFacts",
    "PushSubscription",
    "ReactionPage",
    "Removal",
    "Reported",
    "RoomLine",
    "SearchPage",
    "Session",
    "SettledPush",
    "SharedFile",
    "States",
    "StoreDelta",
    "StoredBytes",
    "StoredFile",
    "TakenMessage",
    "ThreadPage",
    "UnnumberedEvents",
]
