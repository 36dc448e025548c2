"""Users by name; accounts, login sessions, invites and guests in the store. Writes are durable on return, or raise Busy."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from suhbat.chat.model import Account, Actor, Guest, Invite, NewPicture, Session


class Directory(Protocol):
    """The users to whom a message can be sent."""

    def find(self, name: str) -> Actor | None:
        """The user with this name: an account, a token guest or a connected bare guest; None if there is none.

        `name`: as typed. No user has an invalid name.
        """
        ...

    async def refresh(self, *names: str) -> None:
        """Read from the store the users with these names whom this node does not know: another node may have made them a moment
        ago. Call it if `find` returned None, then `find` again. Raises Busy."""
        ...

    def holder(self, user_id: str) -> Actor | None:
        """The user whose name is exactly this one, as `protocol.mentions.fold` returns it. A similar name is another name.

        Fast for any text: nothing is checked or normalised."""
        ...


class AccountStore(Protocol):
    """Accounts."""

    async def accounts(self, uids: Collection[str] | None = None) -> list[Account]:
        """All accounts, the oldest first; or the existing ones of these uids."""
        ...

    async def add_account(self, account: Account, invite: bytes | None = None) -> str | None:
        """Write a new account. `invite`: the hash of an invite's code, which is used once; returns its conversation.

        A token guest with the same uid becomes the account. Raises NameTaken; Forbidden if the invite is unknown, used up or
        expired at `account.created_at`; for a bot Unauthenticated if its owner is gone or disabled, BadRequest if they have too
        many, RateLimited. Then nothing was written.
        """
        ...

    async def save_account(self, account: Account) -> None:
        """Overwrite an account, by its uid. Name, skeleton and uid never change; the picture only with `set_picture`."""
        ...

    async def set_picture(self, uid: str, picture: NewPicture | None, moderator: Actor | None = None) -> Account:
        """The account has this picture now, or none; the bytes of the one before are removed. `moderator`: who removes it, if
        that is not the user; the audit log tells it. Raises NotFound if the account is gone; NotFound, FileInUse, FileNotReady,
        BadRequest, Busy for a file that cannot become a picture any more; Forbidden for a moderator of no higher rank."""
        ...

    async def erase(self, actor: Actor, at: int, *, with_messages: bool) -> Collection[str]:
        """Delete an account with its bots, sessions, private data and memberships. Also notes that its name, and
        `with_messages` its messages, must go from the logs: see `Housekeeping.erase_more`. Returns the uids of the bots."""
        ...


class SessionStore(Protocol):
    """Login sessions."""

    async def add_session(self, session: Session) -> None: ...

    async def sessions(self, ids: Collection[str]) -> list[Session]:
        """The existing ones of these ids, expired or not."""
        ...

    async def session_by_token(self, token_hash: bytes) -> Session | None:
        """The session whose token, current or previous, has this hash, expired or not."""
        ...

    async def sessions_of(self, uid: str) -> list[Session]:
        """The sessions of an account, in the order in which they were created."""
        ...

    async def rotate_session(self, known: Session, token_hash: bytes, previous_hash: bytes | None, at: int) -> bool:
        """Change the token of a session. `known`: the session as this node knows it. Without `previous_hash` only the new token
        is valid. False, without a change, if another node has changed the token meanwhile."""
        ...

    async def touch_sessions(self, used: Mapping[str, tuple[int, int]]) -> None:
        """Set `last_used_at` and `expires_at` of these ids. They never go back."""
        ...

    async def end_sessions(self, ids: Collection[str]) -> None: ...

    async def drop_sessions(self, before: int) -> None:
        """Delete the sessions that expired before this time."""
        ...


class InviteStore(Protocol):
    """Invites to register."""

    async def add_invite(self, invite: Invite) -> None:
        """Raises NotFound if its conversation does not exist."""
        ...

    async def invite_by_code(self, code_hash: bytes) -> Invite | None: ...

    async def invites(self) -> list[Invite]:
        """All invites, the newest first, also those that are used up or expired."""
        ...

    async def end_invite(self, id: str) -> bool:
        """Delete an invite. False if there is none with this id."""
        ...


class GuestStore(Protocol):
    """Token guests and their names."""

    async def save_guest(self, guest: Guest) -> None:
        """Insert or overwrite a token guest, by its uid."""
        ...

    async def guests_of(self, uids: Collection[str]) -> list[Guest]:
        """The existing ones of these uids, expired or not."""
        ...

    async def users(self, uids: Collection[str]) -> list[Actor]:
        """Those of these uids that logs refer to, whether they still have an account or a token or not."""
        ...

    async def guest_by_token(self, token_hash: bytes) -> Guest | None: ...

    async def guests(self, since: int) -> list[Guest]:
        """The token guests that were last used at or after `since` (milliseconds)."""
        ...

    async def touch_guests(self, used: Mapping[str, int]) -> None:
        """Set `last_used_at` of these uids."""
        ...

    async def drop_guest(self, uid: str) -> None:
        """Delete a guest, which frees the name. Messages stay."""
        ...

    async def drop_silent_guests(self, uids: Collection[str], before: int) -> Collection[str]:
        """Delete those of these guests who were last used before `before`, have no stored message and are in no conversation.
        Returns their uids."""
        ...

    async def drop_guests(self, before: int) -> int:
        """Delete some of the guests who were last used before `before`, in a small transaction. Returns how many; 0 if none is
        left."""
        ...
