"""What the domain needs of the outside, as protocols. Adapters know these; these know no adapter."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from suhbat.counting import StoreCounts
from suhbat.protocol.events import LogEntry
from suhbat.protocol.objects import ConversationState, Invitation, Message

from .acts import Act, Done
from .model import (
    Account,
    Actor,
    Audited,
    Change,
    Changed,
    Committed,
    Guest,
    HistoryPage,
    Invite,
    MemberPage,
    Moved,
    Neighbour,
    Places,
    Post,
    ReactionPage,
    Reported,
    RoomLine,
    SearchPage,
    Sent,
    Session,
    States,
)
from .search import Query


class Clock(Protocol):
    """Time, injected: `wall` in milliseconds since 1970 (display only), `steady` in seconds (never goes back)."""

    def wall(self) -> int: ...
    def steady(self) -> float: ...


class Directory(Protocol):
    """Who can be written to by name."""

    def find(self, name: str) -> Actor | None:
        """The identity that holds this name now (connected, or kept by a token or an account); None if nobody does.

        `name` is as typed; an invalid name is nobody's.
        """
        ...

    async def learn(self, *names: str) -> None:
        """Read from the store who holds those of these names that nobody is known to hold: another node may have let them
        in a moment ago. Call it where `find` found nobody, then `find` again. Raises Busy."""
        ...

    def holder(self, user_id: str) -> Actor | None:
        """The identity whose name is exactly this, as `protocol.mentions.fold` gives it: what looks like it is another.

        Cheap for whatever is asked: nothing is checked or normalised."""
        ...


class PeopleStore(Protocol):
    """Accounts, their sessions and invitations, durable when a method returns. Raises Busy when it cannot be written."""

    async def erase(self, actor: Actor, at: int, *, with_messages: bool) -> None:
        """Forget who somebody is: account, sessions, what was theirs alone, membership of rooms. Durable on return, also
        that their name (`with_messages`: and what they wrote) must go from the logs: see `erase_more`."""
        ...

    async def accounts(self, uids: Collection[str] | None = None) -> list[Account]:
        """All of them, the oldest first; or those that there are of these uids."""
        ...

    async def add_account(self, account: Account, invite: bytes | None = None) -> str | None:
        """Write a new account; with the hash of an invitation's code also use that, and give its conversation.

        A token guest of the same uid becomes the account, and is a guest no more. Raises NameTaken; Forbidden when the
        invitation is unknown, used up or expired at `account.created_at`. Then nothing was written.
        """
        ...

    async def save_account(self, account: Account) -> None:
        """Write an account anew, by its uid. Name, skeleton and uid never change."""
        ...

    async def add_session(self, session: Session) -> None: ...

    async def sessions(self, ids: Collection[str]) -> list[Session]:
        """Those that there are of these ids, also when they have expired."""
        ...

    async def session_by_token(self, token_hash: bytes) -> Session | None:
        """The session whose token, present or previous, has this hash, also when it has expired."""
        ...

    async def sessions_of(self, uid: str) -> list[Session]:
        """In the order in which they began."""
        ...

    async def rotate_session(self, known: Session, token_hash: bytes, previous_hash: bytes | None, at: int) -> bool:
        """Give a session (as it is known) another token; without `previous_hash` only the token given here is good.

        False when another node has given it another one meanwhile; then nothing is changed."""
        ...

    async def touch_sessions(self, used: Mapping[str, tuple[int, int]]) -> None:
        """Move `last_used_at` and `expires_at` of these ids, never back."""
        ...

    async def end_sessions(self, ids: Collection[str]) -> None: ...

    async def drop_sessions(self, before: int) -> None:
        """Delete the sessions that had expired by then."""
        ...

    async def add_invite(self, invite: Invite) -> None:
        """Raises NotFound when its conversation does not exist."""
        ...

    async def invite_by_code(self, code_hash: bytes) -> Invite | None: ...

    async def invites(self) -> list[Invite]:
        """All of them, the newest first; those that are used up or have expired too."""
        ...

    async def end_invite(self, id: str) -> bool:
        """Delete an invitation; False when there is none of this id."""
        ...


class Store(PeopleStore, Protocol):
    """The durable log: the truth that everything else only hints at.

    Contract (tests/store/test_contract.py runs it over every implementation):

    * `post` never blocks and never raises; its `done` is called exactly once on the event loop, with `Sent` only after the
      transaction is flushed to disk, in the order of submission for one log.
    * Per log, `seq` is dense from 1; `ordinal` is dense over messages.
    * A repeated (uid, key) gives the first `Sent` with `duplicate=True`; with another target, text or reply_to it
      is refused with IdempotencyConflict. One refused post never fails its neighbours.
    * `committed` is told each batch's events on the event loop, in log order, after COMMIT and before the `done`s.
    * Reads see every commit whose `done` was called. A message's text is read as it is now, not as it was written.
    """

    epoch: str
    """Changes when the store could have gone back (restore, move); cursors of another epoch are void."""

    counts: StoreCounts
    """How long it takes, for who looks after the server."""

    @property
    def cluster(self) -> Cluster | None:
        """What several nodes over this store tell each other by it; None where one process owns the store."""
        ...

    @property
    def waiting(self) -> int:
        """Posts that were accepted and whose `done` was not called yet."""
        ...

    @property
    def reading(self) -> int:
        """Reads that wait."""
        ...

    @property
    def has_failed(self) -> bool:
        """Nothing can be written any more, however long one waits: the process should end, so that another is started."""
        ...

    async def open(self, committed: Committed, changed: Changed | None = None) -> None:
        """Lock, back up and migrate if needed, start the writer. Raises StoreUnavailable with what to do.

        `changed` is told, after COMMIT, what a batch changed that other nodes keep in memory.
        """
        ...

    async def close(self) -> None:
        """Finish what was accepted, checkpoint, unlock. Idempotent."""
        ...

    async def ready(self) -> None:
        """Raise if the store cannot be reached or is not migrated."""
        ...

    def post(self, post: Post) -> None:
        """Queue a message for the next batch. Over the limit of the queue: `done(Busy)`."""
        ...

    async def answered(self, uid: str, client_id: str, text: str, reply_to: int | None) -> Sent | None:
        """How a post with this key was answered first (then with `duplicate`); None where none was stored.

        Raises IdempotencyConflict where that one said something else."""
        ...

    async def act(self, act: Act) -> Done:
        """Carry out what `chat.acts` says, in a transaction that asks the policy; durable on return.

        Raises the refusal (NotFound, Forbidden, BadRequest, RateLimited, UserNotFound), Busy or Internal.
        """
        ...

    async def places(self, actor: Actor) -> Places:
        """Where everything stands that one user may see, in one short read transaction."""
        ...

    async def states(self, actor: Actor, *, after: int | None = None, limit: int = 100) -> States:
        """What one user may see, in pages: first the lobby, the invitations and `limit` of their conversations; with what
        `after` of that page says, the next ones."""
        ...

    async def states_of(self, actor: Actor, conversations: Collection[str]) -> States:
        """Those of these conversations that one user may see. Some hundreds at the most."""
        ...

    async def invitations(self, actor: Actor) -> tuple[Invitation, ...]:
        """The memberships that are offered to one user, the oldest first."""
        ...

    async def events(self, log: str, after: int, limit: int) -> list[LogEntry]:
        """Events of a log with `seq` > after, ascending, at most `limit`, rendered from the present. [] at the head."""
        ...

    async def delivered(self, uid: str) -> Mapping[str, int]:
        """How far an account was shown each of its directs in the simple dialect."""
        ...

    async def delivered_to(self, uid: str, shown: Mapping[str, int]) -> None:
        """Write that down; it never goes back."""
        ...

    async def history(
        self,
        actor: Actor,
        conversation: str,
        *,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        limit: int = 50,
        aside: bool = False,
    ) -> HistoryPage:
        """A page of messages that `actor` may see; NotFound for a conversation that may not be seen. `aside`: nobody waits for
        it by the second, and what somebody waits for goes first."""
        ...

    async def state(self, actor: Actor, conversation: str) -> ConversationState:
        """A conversation as the actor may see it: as a member, or a public room from outside (`role` None). Raises NotFound."""
        ...

    async def search(
        self, actor: Actor, query: Query, sender: str | None, *, limit: int = 50, below: int | None = None
    ) -> SearchPage:
        """Messages that the actor may read now, newest first. `sender`: the uid of who wrote; `below`: a page's cursor.

        Reads as `history` does `aside`, for a bounded time: a page then has what was found by then. Raises BadRequest where
        that is nothing."""
        ...

    async def members(self, actor: Actor, conversation: str, *, after: str = "", limit: int = 50) -> MemberPage:
        """Who is in a direct or a room, by uid above `after`; nobody in the lobby. Raises NotFound, Forbidden."""
        ...

    async def rooms(self, actor: Actor, *, after: str = "", limit: int = 50) -> tuple[ConversationState, ...]:
        """The public rooms there are, by id above `after`; nothing for a bare guest."""
        ...

    async def keeper(self, conversation: str) -> Actor | None:
        """Who may do most in a room or a direct: its owner, else a moderator, else a member; None where nobody is."""
        ...

    async def every_room(self) -> tuple[RoomLine, ...]:
        """All rooms, by id, for the owner of the machine."""
        ...

    async def pins(self, actor: Actor, conversation: str) -> tuple[Message, ...]:
        """The pinned messages that the actor may read, the latest pin first. Raises NotFound, Forbidden."""
        ...

    async def reactions(
        self, actor: Actor, conversation: str, seq: int, emoji: str, *, after: int = 0, limit: int = 50
    ) -> ReactionPage:
        """Who put this emoji under a message; `after` is the cursor of the page before. Raises NotFound, Forbidden."""
        ...

    async def reports(self, actor: Actor, *, after: int = 0, limit: int = 50) -> tuple[Reported, ...]:
        """Open reports from where the actor keeps order, oldest first."""
        ...

    async def audit(self, *, before: int | None = None, limit: int = 50) -> tuple[Audited, ...]:
        """What those who keep order did, newest first. Who may read it is the caller's question."""
        ...

    async def filtered(self) -> tuple[str, ...]:
        """The words that no message may have, in their one form."""
        ...

    async def bans(self) -> Mapping[str, int | None]:
        """Who is banned from the server, and until when (None: for good)."""
        ...

    async def heads(self, logs: Collection[str] | None = None) -> Mapping[str, int]:
        """The last `seq` of these logs (0 where nothing was written)."""
        ...

    async def moved(self, logs: Collection[str], since: str | None = None) -> Moved:
        """What happened since the look that gave the mark `since`, by whatever node; no commit is missed, however late.

        Without a mark, or where it is too old: the heads of `logs`, and no changes."""
        ...

    async def expire(self, days: int) -> Collection[str]:
        """Take away what is older than its conversation allows, or than `days` (0: for ever) where that says nothing.

        In many small transactions; may be killed and called again. Gives the logs that lost something."""
        ...

    async def erase_more(self, at: int) -> bool:
        """Go on with what `erase` began, in one small transaction. Whether there is more to do."""
        ...

    async def save_guest(self, guest: Guest) -> None:
        """Write a token guest durably (an upsert by uid)."""
        ...

    async def guests_of(self, uids: Collection[str]) -> list[Guest]:
        """The token guests that there are of these uids, however long unused."""
        ...

    async def guest_by_token(self, token_hash: bytes) -> Guest | None: ...

    async def guests(self, since: int) -> list[Guest]:
        """The token guests last used at or after `since` (milliseconds): the names that are kept."""
        ...

    async def touch_guests(self, used: Mapping[str, int]) -> None:
        """Move `last_used_at` of these uids."""
        ...

    async def drop_guest(self, uid: str) -> None:
        """Forget a guest's token and hold on the name; what they wrote stays."""
        ...

    async def drop_silent_guests(self, uids: Collection[str], before: int) -> Collection[str]:
        """The same for those of these who were last used before, have no message that is still there, and are in no
        conversation; who that was."""
        ...

    async def drop_guests(self, before: int) -> int:
        """The same for some of those last used before; how many, 0 when none is left. In small transactions."""
        ...

    async def drop_allowances(self) -> None:
        """Forget what people made on days that are over."""
        ...


class Passes(Protocol):
    """Things that are good for one use, on whatever node. Raises Busy."""

    async def put_pass(self, hash: bytes, body: str, seconds: int) -> None:
        """Write one down; it is good within this time."""
        ...

    async def take_pass(self, hash: bytes) -> str | None:
        """Its body; it is used up by that. None when there is none (any more)."""
        ...


class Cluster(Passes, Protocol):
    """What several nodes over one store know of each other, in the store: leases, who is where, names.

    Everything raises Busy when the store cannot be reached.
    """

    async def join(self, node: str, people: Collection[Actor], names: Mapping[str, str]) -> set[str]:
        """Begin a lease, with the people who are connected and the names (skeletons) of bare guests (uids). Gives the
        names that somebody else has by now: a guest, here or on another node, or an account."""
        ...

    async def beat(self, node: str, entered: Sequence[Actor], left: Sequence[Actor]) -> None:
        """Renew the lease, and say who came and went. Raises Lapsed."""
        ...

    async def leave(self, node: str) -> None: ...

    async def others(self, node: str, known: Mapping[str, int]) -> Mapping[str, Neighbour]:
        """The other nodes, with what became of their people since the versions that are `known`."""
        ...

    async def hold(self, node: str, skeleton: str, actor: Actor) -> None:
        """Hold a name for a bare guest, on all nodes; no harm where they hold it already. Raises NameInUse, Lapsed."""
        ...

    async def release(self, skeleton: str, uid: str) -> None:
        """Nobody of this uid holds it any more, if they did."""
        ...

    async def holders(self, skeletons: Collection[str]) -> set[str]:
        """The uids of the accounts, and of the token guests not yet forgotten, whose names look like these."""
        ...

    async def prune(self) -> None:
        """Forget what no node can want to know any more."""
        ...


def _nothing(*heard: object) -> None:
    """Who does not want to hear it."""


@dataclass(frozen=True, slots=True)
class Ears:
    """What a node does with what it hears on the bus. Called on the event loop; must not raise."""

    entries: Callable[[list[LogEntry]], None] = _nothing
    """Events that another node has committed."""
    notice: Callable[[str, bytes, str | None], None] = _nothing
    """A notice for the listeners of a log: its key, the frame, the uid of who is not to get it."""
    changes: Callable[[list[Change]], None] = _nothing
    """What another node changed that nodes keep in memory."""
    nudge: Callable[[], None] = _nothing
    """Another node has written down who is with it."""
    resumed: Callable[[], None] = _nothing
    """From here on it is heard (again): what was said before may have been missed."""


class Bus(Protocol):
    """Between processes: says sooner what the store already knows. Losing it costs latency, never a message.

    Nothing that speaks ever blocks or raises; it may be lost. A node does not hear itself.
    """

    @property
    def connected(self) -> bool:
        """Whether the others can hear this node."""
        ...

    @property
    def waiting(self) -> int:
        """What was said and is not handed over yet."""
        ...

    @property
    def dropped(self) -> int:
        """What was said and is lost, since the start."""
        ...

    async def open(self, ears: Ears, group: str) -> None:
        """Begin to listen, with those who give the same `group`. Succeeds also where the bus cannot be reached yet."""
        ...

    async def close(self) -> None:
        """Idempotent; nothing is heard after it."""
        ...

    def follow(self, log: str) -> None:
        """Hear of this log, until `unfollow`."""
        ...

    def unfollow(self, log: str) -> None: ...

    def publish(self, entries: list[LogEntry]) -> None:
        """Tell the other nodes of committed events, in their order."""
        ...

    def notice(self, log: str, payload: bytes, but: str | None = None) -> None: ...
    def tell(self, changes: list[Change]) -> None: ...
    def nudge(self) -> None: ...
