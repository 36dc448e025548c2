"""Accounts, login sessions, invites and guests. What is written is durable when a method returns; Busy where it cannot be."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from suhbat.chat.model import Account, Actor, Guest, Invite, Session


class AccountStore(Protocol):
    """Accounts."""

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

    async def erase(self, actor: Actor, at: int, *, with_messages: bool) -> None:
        """Forget who somebody is: account, sessions, what was theirs alone, membership of rooms. Durable on return, also
        that their name (`with_messages`: and what they wrote) must go from the logs: see `erase_more`."""
        ...


class SessionStore(Protocol):
    """Login sessions."""

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


class InviteStore(Protocol):
    """Codes that let somebody in."""

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


class GuestStore(Protocol):
    """Token guests and the names that they hold."""

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
