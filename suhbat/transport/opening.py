"""The start of a v1 connection: it gets a snapshot of its conversations, or resumes and gets the states of the others.

A user may be in thousands of conversations, and a peer may not read. So conversations are read in pages, and each frame is
written when the socket has taken the one before it; memory stays bounded, and other connections are not held up.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from suhbat.chat.model import Actor, Places, States
from suhbat.chat.sync import CONVERSATION_LIMIT, Plan, Reason, opening_plan
from suhbat.hub.connection import Connection
from suhbat.hub.feed import drained
from suhbat.hub.frames import Frames
from suhbat.identity.profile import person_of
from suhbat.protocol import replies
from suhbat.protocol.commands import Resume
from suhbat.protocol.events import ConversationAdded
from suhbat.protocol.logged_events import own_log
from suhbat.protocol.objects import ConversationState, Invitation, User
from suhbat.protocol.types import LOBBY, ME
from suhbat.services import Services

AT_ONCE = 100
"""Conversations of a snapshot in one read."""
RESETS = 50
"""`reset` frames that are written without waiting for the socket."""
FRAME_BYTES = 192 * 1024
"""The size at which a snapshot frame is complete. One more state (with two texts of 4,000 characters at most) keeps it below
256 KB, the limit of the protocol."""
USER_BYTES = 450
"""The size of one user in a snapshot, at most: a display name has up to 64 characters."""


class OpeningPlan(NamedTuple):
    """How a connection opens. Exactly one is set: `resume` if the client resumes, else `snapshot`, the first page of it."""

    resume: Plan | None
    snapshot: States | None


class Opening:
    """Opens one connection. The connection must follow its user's own log already."""

    def __init__(self, services: Services, connection: Connection) -> None:
        self._services = services
        self._connection = connection
        self._actor: Actor = connection.actor
        self._own = own_log(self._actor.uid)

    async def plan(self, resume: Resume | None) -> OpeningPlan:
        """Decide whether the client can resume, and read what is needed for that. Raises Busy."""
        store = self._services.store
        if resume is not None:
            while True:
                places = await store.places(self._actor)
                added = await self._added(resume, places.heads[ME])
                if self._is_current(places.heads[ME]):
                    break
            plan = opening_plan(places, self._actor, store.epoch, resume, added)
            if plan.resumed:
                self._follow(plan.cursors, places)
                return OpeningPlan(plan, None)
        return OpeningPlan(None, await self._read_current(lambda: store.states(self._actor, limit=AT_ONCE)))

    async def send_snapshot(self, first: States) -> dict[str, int]:
        """Send all conversations, and follow their logs from there. Returns the heads that the client then has. Raises
        Busy."""
        cursor = first.places.heads[ME]
        self._follow({ME: cursor}, first.places)
        heads = {ME: cursor}
        page = first
        while True:
            after = page.after
            if not self._connection.wire.closed:
                mine = {name: head for name, head in page.places.heads.items() if name != ME}
                self._follow(mine, page.places)
                heads |= mine
                for frame in self._snapshots(page, cursor, last=after is None):
                    self._connection.reply(frame)
                    await drained(self._connection)
            if after is None or self._connection.wire.closed:
                return heads
            page = await self._page(after)

    async def send_resets(self, resets: Mapping[str, Reason]) -> None:
        """Send the states of these conversations, and move the cursors to them. Conversations that the connection no longer
        follows are left out. Raises Busy."""
        names = list(resets)
        for start in range(0, len(names), RESETS):
            found = await self._states_of(names[start : start + RESETS])
            followed = [state for state in found.states if state.conversation in self._connection.logs]
            self._services.hub.sync(self._connection, {state.conversation: state.head for state in followed})
            if self._connection.wire.closed:
                return
            for state in followed:
                reason = resets[state.conversation]
                frame = replies.Reset(conversation=state.conversation, state=self._counted(state), reason=reason)
                self._connection.reply(replies.encode(frame))
            await drained(self._connection)

    async def _page(self, after: int) -> States:
        store = self._services.store
        return await self._read_current(lambda: store.states(self._actor, after=after, limit=AT_ONCE))

    async def _states_of(self, names: Sequence[str]) -> States:
        store = self._services.store
        return await self._read_current(lambda: store.states_of(self._actor, names))

    async def _read_current(self, read: Callable[[], Awaitable[States]]) -> States:
        """Read, and read again if the user's own log has advanced meanwhile. It may say that the user was removed from a
        conversation, and the connection must not follow that one."""
        while True:
            found = await read()
            if self._is_current(found.places.heads[ME]):
                return found

    def _is_current(self, head: int) -> bool:
        return self._services.hub.learn_head(self._own, head) <= head

    async def _added(self, resume: Resume, head: int) -> dict[str, int]:
        """The conversations that were added to the user's list since the resume cursor, with their heads at that time."""
        cursor = resume.cursors.get(ME)
        if cursor is None or not 0 < head - cursor <= CONVERSATION_LIMIT:
            return {}
        missed = await self._services.store.events(self._own, cursor, CONVERSATION_LIMIT)
        return {
            event.state.conversation: event.state.head for _, event in missed if isinstance(event, ConversationAdded)
        }

    def _follow(self, cursors: Mapping[str, int], places: Places) -> None:
        """Follow these logs, by conversation id or ME, from their cursors. The feed sends the events above them."""
        by_key = {self._own if name == ME else name: cursor for name, cursor in cursors.items()}
        self._services.hub.follow(self._connection, by_key, places)

    def _snapshots(self, page: States, cursor: int, *, last: bool) -> Iterator[bytes]:
        """Split a page into encoded frames of about FRAME_BYTES at most. `last`: no page follows."""
        invitations, states, size = page.invitations, dict[str, bytes](), 0
        for state in page.states:
            encoded = replies.encode(self._counted(state))
            more = len(encoded) + USER_BYTES * len(page.people[state.conversation])
            if states and size + more > FRAME_BYTES:
                yield self._snapshot(states, page, cursor, invitations, more=True)
                invitations, states, size = (), {}, 0
            states[state.conversation] = encoded
            size += more
        if states or last:
            yield self._snapshot(states, page, cursor, invitations, more=not last)

    def _snapshot(
        self,
        states: Mapping[str, bytes],
        page: States,
        cursor: int,
        invitations: tuple[Invitation, ...],
        *,
        more: bool,
    ) -> bytes:
        """A frame with these encoded states, by conversation."""
        uids = {uid for name in states for uid in page.people[name]}
        return replies.snapshot(
            list(states.values()),
            [self._shown(user) for user in page.users if user.uid in uids],
            {ME: cursor} | {name: page.places.heads[name] for name in states},
            invitations,
            more=more,
        )

    def _shown(self, user: User) -> User:
        """The user with the display name, which stored states do not have."""
        account = self._services.people.accounts.of_uid(user.uid)
        return user if account is None else person_of(account)

    def _counted(self, state: ConversationState) -> ConversationState:
        """Set the lobby's member count, which is the number of users online."""
        if state.conversation != LOBBY:
            return state
        return state.model_copy(update={"member_count": self._services.presence.users})


def removed(names: Sequence[str]) -> Frames:
    """The frames that tell a client to drop the conversations with these ids."""
    return Frames([replies.encode(replies.Removed(conversation=name, removed=name)) for name in names])
