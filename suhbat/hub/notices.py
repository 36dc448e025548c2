"""Notices to the v1 listeners of a log: typing, presence, receipts. They are not stored; connections behind miss them."""

from __future__ import annotations

from suhbat.chat.ports import Bus
from suhbat.protocol.event_marks import is_receipt
from suhbat.protocol.events import ReadMarked
from suhbat.protocol.notices import Receipt
from suhbat.protocol.replies import encode
from suhbat.protocol.types import LOBBY, MAX_READERS_SHOWN

from .channels import Channels
from .connection import FrameFormat


class Notices:
    """Sends notices. `payload` is an encoded notice; `but` is the uid of a user who does not get it."""

    def __init__(self, channels: Channels, bus: Bus) -> None:
        self._channels = channels
        self._bus = bus

    def deliver(self, log: str, payload: bytes, but: str | None = None) -> None:
        """Send a notice to the listeners of this process."""
        channel = self._channels.by_log.get(log)
        if channel is not None:
            self._channels.finish()  # what is said of an event comes after it
            channel.notice(payload, but)

    def broadcast(self, log: str, payload: bytes, but: str | None = None) -> None:
        """Send a notice to the listeners on all nodes."""
        self.deliver(log, payload, but)
        self._bus.notice(log, payload, but)

    def broadcast_receipt(self, event: ReadMarked) -> None:
        """Send a read receipt to the other members of a conversation. Does nothing in the lobby, where more than
        MAX_READERS_SHOWN v1 connections listen, or for a mark that was moved back."""
        channel = self._channels.by_log.get(event.target)
        crowded = channel is not None and len(channel.listeners[FrameFormat.V1]) > MAX_READERS_SHOWN
        if event.target == LOBBY or crowded or not is_receipt(event):
            return
        receipt = Receipt(conversation=event.target, user_id=event.actor, uid=event.actor_uid, ordinal=event.ordinal)
        self.broadcast(event.target, encode(receipt), but=event.actor_uid)
