"""A client's state, and what each frame does to it (docs/reference/v1.md): frames in, effects out. No socket, loop or clock.

`_event` turns at-least-once delivery into exactly-once: it applies the event at cursor + 1 and drops those at or below the
cursor. An event above cursor + 1 is not applied; the missing events are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count

from suhbat.protocol.commands import Hello, Ping, Resume, Sync
from suhbat.protocol.events import (
    ConversationAdded,
    ConversationInvited,
    ConversationRemoved,
    DraftChanged,
    Event,
    Mentioned,
    NotifyChanged,
    ReadMarked,
    ThreadChanged,
    UserUpdated,
)
from suhbat.protocol.notices import (
    FileNotice,
    MessageAppend,
    Notice,
    PresenceNotice,
    Receipt,
    ReplyNotice,
    TypingNotice,
    UsersNotice,
)
from suhbat.protocol.objects import ConversationState, Invitation, Presence, User, by_time
from suhbat.protocol.replies import CaughtUp, Error, Ok, Pong, Removed, Reset, Snapshot, Welcome
from suhbat.protocol.types import MAX_FRAME, ME

from .effects import Dead, Deliver, Effect, Live, Say
from .errors import WAIT_AND_REPEAT
from .fold import fold, fold_own
from .frames import Frame, OtherEvent
from .gaps import Gaps
from .outbox import WAIT_SECONDS
from .pulse import Beat, Pulse
from .replay import Missed, Replay
from .tally import Tally

RESUME_BYTES = MAX_FRAME - 8_192
"""Bytes for cursors in a frame. A conversation whose cursor does not fit into `hello` comes as `reset`; one that does not fit
into a `sync` is asked for in the next."""


class State:
    """Lives as long as the chat, over all its connections. `now` is always in monotonic seconds. `resume`: where an earlier run
    of the program stopped. With it, a snapshot is followed by `Resume` and by the events since then."""

    def __init__(self, resume: Resume | None = None) -> None:
        self.user: User | None = None
        self.conversations: dict[str, ConversationState] = {}
        self.invitations: dict[str, Invitation] = {}
        self.users: dict[str, User] = {}
        self.presence: dict[str, Presence] = {}
        self.cursors: dict[str, int] = {}
        self.welcomed = False
        """Whether commands may be sent on this connection."""
        self._epoch = ""
        self._opening = True
        self._started = False
        self._fresh: dict[str, ConversationState] = {}
        self._more = False
        self._early: dict[str, int] = {}
        self._tallies: dict[str, Tally] = {}
        self._gaps = Gaps()
        self._pulse = Pulse()
        self._pings = count(1)
        self._replay = None if resume is None else Replay(resume)

    def hello(self, token: str, now: float) -> Hello:
        """The first command on a new connection."""
        self.welcomed, self._opening, self._more = False, True, False
        self._gaps.clear()
        self._early.clear()
        self._fresh.clear()
        self._pulse.hello(now)
        resume = None
        if self.cursors and self.user is not None:
            resume = Resume(epoch=self._epoch, uid=self.user.uid, cursors=_fitting(self.cursors))
        return Hello(type="hello", id="hello", token=token, resume=resume)

    def receive(self, frame: Frame, now: float, *, full: bool = False) -> Sequence[Effect]:
        """Apply one frame. `full`: the application can take no more now; events are left for a later `sync`."""
        match frame:
            case Welcome():
                self._welcome(frame, now)
            case Snapshot():
                return self._snapshot(frame, now)
            case Reset():
                return self._reset(frame, now)
            case Removed():
                self._drop(frame.removed)
                return [Deliver(frame)]
            case CaughtUp():
                return self._caught_up(now)
            case Pong():
                self._pong(frame, now)
            case (
                PresenceNotice()
                | TypingNotice()
                | Receipt()
                | UsersNotice()
                | FileNotice()
                | MessageAppend()
                | ReplyNotice()
            ):
                return self._notice(frame, full)
            case Error() if frame.code in WAIT_AND_REPEAT and not isinstance(frame.id, int):  # no command of the outbox
                self._pulse.refused(frame.retry_after or WAIT_SECONDS, now)
            case Ok() | Error():
                pass  # a reply: the outbox handles it
            case _:
                return self._event(frame, now, full)
        return ()

    def tick(self, now: float) -> list[Effect]:
        """Apply the passing of time. Must be called a few times a second while the socket is read."""
        effects = self._synced(self._gaps.due(now), now)
        match self._pulse.tick(now):
            case Beat.PING:
                effects.append(Say(Ping(type="ping", id=f"ping{next(self._pings)}")))
            case Beat.SILENCE:
                effects.append(Dead())
            case Beat.REST:
                pass
        return effects

    def excuse(self, now: float) -> None:
        """The socket was not read until now, so nothing is late."""
        self._gaps.excuse(now)
        self._pulse.excuse(now)

    def snapshot(self) -> Snapshot:
        """The present state, as the server would send it."""
        return Snapshot(
            conversations=tuple(self.conversations.values()),
            users=tuple(self.users.values()),
            cursors=dict(self.cursors),
            invitations=tuple(self.invitations.values()),
        )

    # The opening

    def _welcome(self, frame: Welcome, now: float) -> None:
        if self._replay is not None and self.user is not None and self.cursors and not frame.resumed:
            self._replay.keep(self._epoch, self.user.uid, self.cursors)
        self.user, self._epoch, self.welcomed = frame.user, frame.epoch, True
        self._pulse.welcome(frame.heartbeat, now)
        if not frame.resumed:
            # Now, not with the snapshot: if the connection breaks in between, these cursors must not meet the new epoch.
            self.cursors.clear()

    def _snapshot(self, frame: Snapshot, now: float) -> Sequence[Effect]:
        continued, self._more = self._more, frame.more
        if not continued:
            self.conversations, self.users, self.invitations, self.cursors = {}, {}, {}, {}
            self._tallies.clear()
        self.conversations |= {state.conversation: state for state in frame.conversations}
        self.users |= {user.uid: user for user in frame.users}
        self.invitations |= {one.conversation: one for one in frame.invitations}
        self.cursors |= frame.cursors
        if self._more:
            return ()
        first, self._started = not self._started, True
        told: list[Effect] = [] if first else [Deliver(self.snapshot() if continued else frame)]
        return told if self._replay is None else told + self._go_back(self._replay, now)

    def _go_back(self, replay: Replay, now: float) -> list[Effect]:
        """After a snapshot: move the cursors back to where the program stopped."""
        assert self.user is not None, "a snapshot follows the welcome"
        heads, since = dict(self.cursors), {log: state.since for log, state in self.conversations.items()}
        began = replay.begin(self._epoch, self.user.uid, heads, since)
        told: list[Effect] = [Deliver(began)]
        for log, cursor in began.cursors.items():
            if cursor < heads[log]:
                told += self._moved_back(log, replay.go_back(log, cursor, heads[log]), heads[log], now)
        return told

    def _moved_back(self, log: str, to: tuple[int, Missed | None], head: int, now: float) -> list[Effect]:
        self.cursors[log], missed = to
        if self.cursors[log] < head:
            self._gaps.below(log, head, now)
        return [] if missed is None else [Deliver(missed)]

    def _reset(self, frame: Reset, now: float) -> Sequence[Effect]:
        cursor = self.cursors.get(frame.conversation)
        self._start(frame.state, now)
        self._fresh[frame.conversation] = frame.state
        if self._replay is None:
            return [Deliver(frame)]
        to = self._replay.after_reset(frame.state, cursor, frame.reason)
        return [Deliver(frame), *self._moved_back(frame.conversation, to, frame.state.head, now)]

    def _caught_up(self, now: float) -> Sequence[Effect]:
        self._fresh.clear()
        if not self._opening:
            return ()
        self._opening = False
        return [Live(), *self._synced(self._gaps.below_head() if self._replay is not None else (), now)]

    def _synced(self, logs: Iterable[str], now: float) -> list[Effect]:
        """Ask for what is missing in as many of these logs as fit into a frame."""
        asked = _fitting({log: self.cursors[log] for log in logs if log in self.cursors})
        if not asked:
            return []
        self._gaps.asked(asked, now)
        return [Say(Sync(type="sync", cursors=asked))]

    # After the opening

    def _notice(self, frame: Notice, full: bool) -> Sequence[Effect]:
        if isinstance(frame, PresenceNotice):
            if frame.whole:
                self.presence.clear()  # anybody who is not listed is offline
            self.presence.update((person.uid, person) for person in frame.users)
        elif isinstance(frame, UsersNotice):
            self.users |= {person.uid: person for person in frame.users if person.uid in self.users}
        elif isinstance(frame, MessageAppend):
            self._append(frame)
        return () if full else [Deliver(frame)]

    def _append(self, frame: MessageAppend) -> None:
        """A growing message has grown. One that misses something stays as it is, until a whole text or the end comes."""
        state = self.conversations.get(frame.conversation)
        last = None if state is None else state.last_message
        if (
            state is None
            or last is None
            or last.seq != frame.seq
            or not last.streaming
            or len(last.text) < frame.offset
        ):
            return
        grown = last.model_copy(update={"text": last.text[: frame.offset] + frame.text})
        self.conversations[frame.conversation] = state.model_copy(update={"last_message": grown})

    def _pong(self, frame: Pong, now: float) -> None:
        self._pulse.pong(now)
        for log, head in frame.heads.items():
            if log in self.cursors and self.cursors[log] < head:
                self._gaps.below(log, head, now)

    def _event(self, event: Event | OtherEvent, now: float, full: bool) -> Sequence[Effect]:
        log = event.conversation
        cursor = self.cursors.get(log)
        if cursor is None:
            self._early[log] = max(event.seq, self._early.get(log, 0))
            return ()
        if event.seq <= cursor:
            return ()
        if full:
            self._gaps.below(log, event.seq, now)
            return ()
        if event.seq > cursor + 1:
            if not self._gaps.skipped(log, event.seq, now):
                return ()
            return [Say(Sync(type="sync", cursors={log: cursor}))]
        self.cursors[log] = event.seq
        self._gaps.moved(log, event.seq, now)
        if self._replay is not None and self._replay.is_known(log, event.seq):
            pass  # the state contains it
        elif log == ME:
            self._own(event, now)
        elif log in self.conversations and self.user is not None:
            self.conversations[log] = fold(self.conversations[log], event, self.user.uid, self._tally(log))
        return [Deliver(event)]

    def _own(self, event: Event | OtherEvent, now: float) -> None:
        """An event of the user's own log."""
        match event:
            case ConversationInvited(invitation=invitation):
                asked = sorted([*self.invitations.values(), invitation], key=by_time)
                self.invitations = {one.conversation: one for one in asked}
            case ConversationAdded(state=state):
                self.invitations.pop(state.conversation, None)
                if state.conversation in self.cursors:
                    return
                # If a reset has given the state since the last `caught_up`, that one is newer than this event.
                self._start(self._fresh.get(state.conversation, state), now)
            case ConversationRemoved():
                self.invitations.pop(event.removed, None)
                self._drop(event.removed)
            case ReadMarked() | Mentioned() | ThreadChanged() | NotifyChanged() | DraftChanged() if (
                event.target in self.conversations
            ):
                assert self.user is not None, "its own log follows the welcome"
                state, tally = self.conversations[event.target], self._tally(event.target)
                self.conversations[event.target] = fold_own(state, event, self.user.uid, tally)
            case UserUpdated():
                self.user = event.user
            case _:
                pass

    def _start(self, state: ConversationState, now: float) -> None:
        """Follow this conversation from this state on."""
        log = state.conversation
        self.conversations[log] = state
        self._tallies.pop(log, None)
        self.cursors[log] = state.head
        self._gaps.moved(log, state.head, now)
        if (early := self._early.pop(log, 0)) > state.head:
            # Its first events came before the event that added it.
            self._gaps.below(log, early, now)

    def _tally(self, log: str) -> Tally:
        state = self.conversations[log]
        return self._tallies.setdefault(log, Tally(state.last_ordinal, state.head))

    def _drop(self, log: str) -> None:
        self.conversations.pop(log, None)
        self._tallies.pop(log, None)
        if self._replay is not None:
            self._replay.forget(log)
        # Logs come in any order. If an event adds it again with a head below what came, those events went with the old state.
        if above := max(self._gaps.forget(log), self.cursors.pop(log, 0)):
            self._early[log] = max(above, self._early.get(log, 0))


def _fitting(cursors: dict[str, int]) -> dict[str, int]:
    """As many cursors as fit into a frame, the user's own log first."""
    fitting: dict[str, int] = {}
    room = RESUME_BYTES
    for log in sorted(cursors, key=ME.__ne__):
        room -= len(log.encode()) + 22
        if room < 0:
            break
        fitting[log] = cursors[log]
    return fitting
