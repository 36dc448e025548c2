"""Fakes with behaviour of their own, not mocks: a clock that moves on request, and a store in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import count
from pathlib import Path
from typing import Any

from suhbat.chat.bots import most_bots
from suhbat.chat.files import upload_refusal
from suhbat.chat.model import (
    PLAIN,
    Account,
    Actor,
    CodeUse,
    CommandContext,
    CommandResult,
    FileContent,
    FilePage,
    Guest,
    HistoryPage,
    Invite,
    Mail,
    MailAddress,
    MailCode,
    Milliseconds,
    NewPicture,
    OutgoingHook,
    Places,
    Post,
    PostResult,
    PushSubscription,
    Session,
    States,
    StoredFile,
)
from suhbat.chat.ports import MailLimits
from suhbat.errors import EndpointInUse, Forbidden, IdempotencyConflict, NameTaken, NotFound, Unauthenticated
from suhbat.files.look import Look
from suhbat.notify.ports import NoAnswer, ServiceAnswer
from suhbat.protocol.bots import BotCommand
from suhbat.protocol.commands import Meet
from suhbat.protocol.extras import Extra
from suhbat.protocol.http_commands import StateCommand
from suhbat.protocol.objects import ConversationState, Message, Person
from suhbat.protocol.types import LOBBY, ME


class FakeClock:
    """A clock that moves only when told to; see chat.ports.Clock. `ahead`: for how many seconds the wall clock is ahead."""

    def __init__(self) -> None:
        self.now = 1_795_000_000.0
        self.ahead = 0.0

    def wall(self) -> int:
        return int((self.now + self.ahead) * 1000)

    def steady(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class CountingTokens:
    """Gives token-1, token-2 and so on instead of random tokens."""

    def __init__(self, word: str = "token-") -> None:
        self._word = word
        self._numbers = count(1)

    def __call__(self) -> str:
        return f"{self._word}{next(self._numbers)}"


class FakeLooker:
    """Sees text in everything; see files.processing.Looker. `broken`: every look fails with it. `waits`: until it is set."""

    def __init__(self) -> None:
        self.broken: Exception | None = None
        self.waits: asyncio.Event | None = None

    async def look(self, source: Path, work: Path) -> Look:
        if self.waits is not None:
            await self.waits.wait()
        if self.broken is not None:
            raise self.broken
        return Look("text/plain", "file")


class FakePainter:
    """Draws the same two squares whatever it sees; see files.portraits.Painter. `blind`: it sees nothing."""

    def __init__(self) -> None:
        self.blind = False

    async def portrait(self, source: Path, work: Path) -> Mapping[int, Path]:
        squares = {} if self.blind else {side: work / f"{side}.webp" for side in (64, 256)}
        for side, path in squares.items():
            path.write_bytes(f"a square of {side}".encode())
        return squares


class FakeReadyListener:
    """Records its calls; see files.processing."""

    def __init__(self) -> None:
        self.ready: list[StoredFile] = []

    def file_ready(self, file: StoredFile) -> None:
        self.ready.append(file)


class FakeListener:
    """Records its calls; see identity.listeners and chat.bans. `moved`: guests who became the account of a session."""

    def __init__(self) -> None:
        self.sessions: list[str] = []
        self.users: list[str] = []
        self.changed: list[Actor] = []
        self.profiles: list[Person] = []
        self.moved: list[tuple[Actor, str]] = []
        self.banned: list[str] = []

    def close_banned(self, uid: str) -> None:
        self.banned.append(uid)

    def end_session(self, session: str) -> None:
        self.sessions.append(session)

    def end_user(self, uid: str) -> None:
        self.users.append(uid)

    def change_actor(self, actor: Actor, session: str | None = None) -> None:
        if session is None:
            self.changed.append(actor)
        else:
            self.moved.append((actor, session))

    def change_profile(self, person: Person) -> None:
        self.profiles.append(person)


class FakePushServices:
    """Push services that take every push, at https addresses; see notify.ports. `answers`: what the next pushes get."""

    def __init__(self) -> None:
        self.pushed: list[tuple[str, Mapping[str, str], bytes]] = []
        self.answers: list[ServiceAnswer | NoAnswer] = []

    def origin(self, endpoint: str) -> str | None:
        return "/".join(endpoint.split("/")[:3]) if endpoint.startswith("https://") else None

    async def post(
        self, endpoint: str, headers: Mapping[str, str], body: bytes, owner: str
    ) -> ServiceAnswer | NoAnswer:
        self.pushed.append((endpoint, headers, body))
        return self.answers.pop(0) if self.answers else ServiceAnswer(201)


class FakePresenceListener:
    """Counts its calls; see chat.presence."""

    def __init__(self) -> None:
        self.moves = 0

    def presence_changed(self) -> None:
        self.moves += 1


class FakeInvited:
    """Records which accounts joined which conversations; see identity.registration.InviteListener."""

    def __init__(self) -> None:
        self.joined: list[tuple[str, str]] = []

    async def accept_invite(self, actor: Actor, conversation: str) -> None:
        self.joined.append((actor.user_id, conversation))


class FakePeople:
    """The roles of chat.ports.people on dictionaries. tests/store/people/test_people.py checks it against real stores."""

    def __init__(self) -> None:
        self.rows: dict[str, Guest] = {}
        self.people: dict[str, Account] = {}
        self.logins: dict[str, Session] = {}
        self.pushes: dict[str, PushSubscription] = {}
        self.key: str | None = None
        self.invited: dict[str, Invite] = {}
        self.broken: Exception | None = None

    async def accounts(self, uids: Collection[str] | None = None) -> list[Account]:
        self._work()
        return [account for account in self.people.values() if uids is None or account.uid in uids]

    async def add_account(self, account: Account, invite: bytes | None = None) -> str | None:
        self._work()
        found = None if invite is None else await self.invite_by_code(invite)
        if invite is not None and (found is None or found.uses <= 0 or found.expires_at <= account.created_at):
            raise Forbidden("forbidden.invite")
        if any(other.skeleton == account.skeleton for other in self.people.values()):
            raise NameTaken(user_id=account.user_id)
        if account.owner_uid is not None:
            most_bots(sum(other.owner_uid == account.owner_uid for other in self.people.values()))
        if found is not None:
            self.invited[found.id] = replace(found, uses=found.uses - 1)
        self.people[account.uid] = account
        self.rows.pop(account.uid, None)
        return found and found.conversation

    async def erase(self, actor: Actor, at: int, *, with_messages: bool) -> Collection[str]:
        self._work()
        bots = [uid for uid, account in self.people.items() if account.owner_uid == actor.uid]
        for uid in (actor.uid, *bots):
            self.people.pop(uid, None)
            self.rows.pop(uid, None)
            await self.end_sessions([session.id for session in await self.sessions_of(uid)])
        return bots

    async def save_account(self, account: Account) -> None:
        self._work()
        self.people[account.uid] = account

    async def set_picture(self, uid: str, picture: NewPicture | None, moderator: Actor | None = None) -> Account:
        self._work()
        changed = replace(self.people[uid], picture=None if picture is None else picture.file)
        self.people[uid] = changed
        return changed

    async def add_session(self, session: Session) -> None:
        self._work()
        self.logins[session.id] = session

    async def sessions(self, ids: Collection[str]) -> list[Session]:
        self._work()
        return [session for session in self.logins.values() if session.id in ids]

    async def session_by_token(self, token_hash: bytes) -> Session | None:
        self._work()
        found = (s for s in self.logins.values() if token_hash in (s.token_hash, s.previous_hash))
        return next(found, None)

    async def sessions_of(self, uid: str) -> list[Session]:
        self._work()
        return [session for session in self.logins.values() if session.uid == uid]

    async def rotate_session(self, known: Session, token_hash: bytes, previous_hash: bytes | None, at: int) -> bool:
        self._work()
        session = self.logins.get(known.id)
        if session is None or session.token_hash != known.token_hash:
            return False
        self.logins[known.id] = replace(session, token_hash=token_hash, previous_hash=previous_hash, rotated_at=at)
        return True

    async def touch_sessions(self, used: Mapping[str, tuple[int, int]]) -> None:
        self._work()
        for id, (at, until) in used.items():
            if id in self.logins and self.logins[id].last_used_at < at:
                kept = self.logins[id]
                self.logins[id] = replace(kept, last_used_at=at, expires_at=max(until, kept.expires_at))

    async def end_sessions(self, ids: Collection[str]) -> None:
        self._work()
        for id in ids:
            self.logins.pop(id, None)
        self.pushes = {id: one for id, one in self.pushes.items() if one.session_id in self.logins}

    async def drop_sessions(self, before: int) -> None:
        self._work()
        await self.end_sessions([s.id for s in self.logins.values() if s.expires_at <= before])

    async def push_key(self) -> str | None:
        self._work()
        return self.key

    async def keep_push_key(self, proposed: str) -> str:
        self._work()
        self.key = self.key or proposed
        return self.key

    async def save_push(self, subscription: PushSubscription, most: int) -> tuple[str, bool]:
        self._work()
        if subscription.session_id not in self.logins:
            raise Unauthenticated()
        stored = next((one for one in self.pushes.values() if one.endpoint == subscription.endpoint), None)
        saved = subscription
        if stored is not None:
            same = (stored.public_key, stored.auth) == (saved.public_key, saved.auth)
            if stored.uid != saved.uid and not same:
                raise EndpointInUse()
            if stored.uid == saved.uid:
                saved = replace(saved, id=stored.id, created_at=stored.created_at)
            del self.pushes[stored.id]
        others = [one for one in self.pushes.values() if one.uid == saved.uid]
        for one in sorted(others, key=lambda one: -one.last_used_at)[most - 1 :]:
            del self.pushes[one.id]
        self.pushes[saved.id] = saved
        return saved.id, stored is not None

    async def pushes_of(self, uid: str) -> list[PushSubscription]:
        self._work()
        return sorted((one for one in self.pushes.values() if one.uid == uid), key=lambda one: one.created_at)

    async def end_push(self, uid: str, id: str) -> bool:
        self._work()
        return id in self.pushes and self.pushes[id].uid == uid and self.pushes.pop(id) is not None

    async def end_pushes(self, ids: Collection[str]) -> None:
        self._work()
        for id in ids:
            self.pushes.pop(id, None)

    async def touch_pushes(self, ids: Collection[str], at: int) -> None:
        self._work()
        for id in ids:
            if id in self.pushes:
                self.pushes[id] = replace(self.pushes[id], last_used_at=max(at, self.pushes[id].last_used_at))

    async def add_invite(self, invite: Invite) -> None:
        self._work()
        if invite.conversation not in (None, LOBBY):
            raise NotFound()
        self.invited[invite.id] = replace(invite, title=None if invite.conversation is None else "")  # the lobby's

    async def invite_by_code(self, code_hash: bytes) -> Invite | None:
        self._work()
        return next((invite for invite in self.invited.values() if invite.code_hash == code_hash), None)

    async def invites(self) -> list[Invite]:
        self._work()
        return sorted(self.invited.values(), key=lambda invite: -invite.created_at)

    async def end_invite(self, id: str) -> bool:
        self._work()
        return self.invited.pop(id, None) is not None

    def _work(self) -> None:
        if self.broken is not None:
            raise self.broken


class FakeFiles:
    """The part of chat.ports.FileRecords that uploads use, on a dictionary. There are no messages. tests/store/test_files.py is
    about the real ones."""

    def __init__(self) -> None:
        self.files: dict[str, StoredFile] = {}
        self.queued: list[str] = []
        """The keys of bytes to remove."""

    async def begin_file(self, file: StoredFile, quota: int) -> None:
        used = sum(other.size for other in self.files.values() if other.uid == file.uid)
        refused = upload_refusal(file.size, used, 0, 0, quota)
        if refused is not None:
            raise refused
        self.files[file.id] = file

    async def copy_file(self, actor: Actor, id: str, copy: str, at: Milliseconds, quota: int) -> StoredFile:
        file = replace(await self.readable_file(actor, id), id=copy, created_at=at, touched_at=at)
        await self.begin_file(file, quota)
        return file

    async def file(self, id: str) -> StoredFile | None:
        return self.files.get(id)

    async def advance_file(
        self, file: StoredFile, received: int, at: Milliseconds, *, is_last: bool = False
    ) -> StoredFile | None:
        if (known := self.files.get(file.id)) is None or known.received != file.received:
            return None
        length = received if is_last else known.length
        state: Any = "processing" if received == length else "uploading"
        moved = replace(known, received=received, length=length, size=length, state=state, touched_at=at)
        self.files[file.id] = moved
        return moved

    async def claim_file(self, id: str, before: Milliseconds, at: Milliseconds) -> StoredFile | None:
        if (file := self.files.get(id)) is not None:
            self.files[id] = replace(file, touched_at=at)
        return self.files.get(id)

    async def unfinished_files(self, before: Milliseconds) -> Collection[str]:
        found = self.files.values()
        return [file.id for file in found if file.state == "processing" and file.touched_at <= before]

    async def finish_file(self, file: StoredFile, content: FileContent, at: Milliseconds) -> StoredFile | None:
        if file.id not in self.files:
            return None
        self.files[file.id] = replace(self.files[file.id], **asdict(content), state="ready", touched_at=at)
        if content.key != file.key:
            self.queued.append(file.key)
        return self.files[file.id]

    async def delete_file(self, uid: str, id: str, at: Milliseconds) -> None:
        self.queued.append(self.files.pop(id).key)

    async def readable_file(self, actor: Actor, id: str) -> StoredFile:
        file = self.files.get(id)
        if file is None or file.uid != actor.uid or file.state != "ready":
            raise NotFound()
        return file

    async def shared_file(self, id: str) -> StoredFile:
        raise NotFound()

    async def picture(self, owner: str) -> StoredFile:
        raise NotFound()

    async def plan_removal(self, backend: str, key: str, due: Milliseconds) -> None:
        self.queued.append(key)

    async def shared_files(self, actor: Actor, conversation: str, **options: Any) -> FilePage:
        return FilePage((), None)


class FakeMail:
    """The part of chat.ports.MailStore that HTTP uses. Mails are queued and nobody sends them, so there are no codes.
    tests/store/people/test_mail.py is about the real ones."""

    def __init__(self) -> None:
        self.addresses: dict[str, MailAddress] = {}
        self.mails: list[Mail] = []

    def _work(self) -> None: ...

    async def mail_address(self, uid: str) -> MailAddress | None:
        self._work()
        return self.addresses.get(uid)

    async def mail_owners(self, address: str, most: int) -> list[str]:
        self._work()
        return [uid for uid, held in self.addresses.items() if held.address == address][:most]

    async def want_address(self, uid: str, address: str, mail: Mail, limits: MailLimits) -> None:
        self._work()
        self.addresses[uid] = replace(self.addresses.get(uid, MailAddress(uid)), wanted=address)
        self.mails.append(mail)

    async def confirm_address(self, code_hash: bytes, at: Milliseconds) -> tuple[MailAddress, MailAddress] | None:
        self._work()
        return None

    async def forget_address(self, uid: str) -> MailAddress | None:
        self._work()
        return self.addresses.pop(uid, None)

    async def set_digest(self, uid: str, on: bool) -> bool:
        self._work()
        if uid in self.addresses:
            self.addresses[uid] = replace(self.addresses[uid], digest=on)
        return uid in self.addresses

    async def queue_mail(self, mail: Mail, limits: MailLimits) -> None:
        self._work()
        self.mails.append(mail)

    async def mail_code(self, code_hash: bytes, use: CodeUse, at: Milliseconds) -> MailCode | None:
        self._work()
        return None


class FakeBots:
    """The part of chat.ports.BotStore that HTTP uses."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.bots_commands: dict[str, tuple[BotCommand, ...]] = {}

    async def number_of(self, ref: str) -> int:
        return self.numbers.setdefault(ref, 4_500_000_000_000_000 + len(self.numbers))

    async def bot_commands(self, uid: str) -> tuple[BotCommand, ...]:
        return self.bots_commands.get(uid, ())

    async def set_bot_commands(self, uid: str, commands: Sequence[BotCommand]) -> None:
        self.bots_commands[uid] = tuple(commands)

    async def end_webhook(self, uid: str, *, drop: bool = False) -> None:
        """There are none."""


class FakeHooks:
    """See chat.ports.HookStore: there are no webhooks."""

    async def hook_by_token(self, token_hash: bytes) -> None:
        return None

    async def outgoing_of(self, uid: str) -> list[OutgoingHook]:
        return []


class FakeStore(FakeHooks, FakePeople, FakeFiles, FakeMail, FakeBots):
    """The part of the store that identity and HTTP use. It commits at once; if `broken` is set, every call fails with
    it."""

    epoch = "fake"

    def __init__(self) -> None:
        FakePeople.__init__(self)
        FakeFiles.__init__(self)
        FakeMail.__init__(self)
        FakeBots.__init__(self)
        self.touched: list[dict[str, int]] = []
        self.logs: dict[str, list[Message]] = {LOBBY: []}
        self.directs: dict[frozenset[str], str] = {}
        self.answers: dict[tuple[str, str | None], tuple[PostResult, str]] = {}

    async def ready(self) -> None:
        self._work()

    def post(self, post: Post) -> None:
        if self.broken is not None:
            raise self.broken
        assert post.conversation is not None
        log = self.logs.get(post.conversation)
        if log is None or not self._sees(post.actor, post.conversation):
            post.done(NotFound())
            return
        key = (post.actor.uid, post.client_id)
        if post.client_id is not None and key in self.answers:
            sent, text = self.answers[key]
            post.done(replace(sent, duplicate=True) if text == post.text else IdempotencyConflict())
            return
        seq = len(log) + 1
        log.append(
            Message(
                conversation=post.conversation,
                seq=seq,
                ordinal=seq,
                sender=post.actor.user_id,
                sender_uid=post.actor.uid,
                text=post.text,
                client_id=post.client_id,
                reply_to=post.reply_to,
                sent_at=post.at,
            )
        )
        sent = PostResult(post.conversation, seq, seq, post.at)
        self.answers[key] = sent, post.text
        post.done(sent)

    async def erase_more(self, at: int) -> bool:
        """Nothing is left to be erased."""
        return False

    async def execute(
        self, actor: Actor, at: int, command: StateCommand, context: CommandContext = PLAIN
    ) -> CommandResult:
        """Supports directs only. Other commands are tested with a real store."""
        self._work()
        assert isinstance(command, Meet)
        people = frozenset(person.uid for person in (actor, *context.people))
        created = people not in self.directs
        conversation = self.directs.setdefault(people, f"d{len(self.directs) + 1}")
        self.logs.setdefault(conversation, [])
        return CommandResult(conversation, 0, created=created)

    async def answered(
        self,
        uid: str,
        client_id: str,
        text: str,
        reply_to: int | None,
        files: Sequence[str] = (),
        extra: Extra | None = None,
    ) -> PostResult | None:
        self._work()
        sent, said = self.answers.get((uid, client_id), (None, ""))
        if sent is not None and said != text:
            raise IdempotencyConflict()
        return None if sent is None else replace(sent, duplicate=True)

    async def places(self, actor: Actor) -> Places:
        return (await self.states(actor)).places

    async def states_of(self, actor: Actor, names: Collection[str]) -> States:
        found = await self.states(actor)
        return replace(found, states=tuple(state for state in found.states if state.conversation in names))

    async def states(self, actor: Actor, *, after: int | None = None, limit: int = 100) -> States:
        self._work()
        states = tuple(
            ConversationState(
                conversation=name, kind="lobby" if name == LOBBY else "direct", title=name, head=len(self.logs[name])
            )
            for name in self.logs
            if self._sees(actor, name)
        )
        return States(
            states,
            Places({ME: 0} | {state.conversation: state.head for state in states}),
            (),
            people={state.conversation: () for state in states},
        )

    async def history(
        self,
        actor: Actor,
        conversation: str,
        *,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        around_ordinal: int | None = None,
        around_time: Milliseconds | None = None,
        thread: int | None = None,
        replies: bool = False,
        limit: int = 50,
        aside: bool = False,
    ) -> HistoryPage:
        self._work()
        if conversation not in self.logs or not self._sees(actor, conversation):
            raise NotFound()
        log = self.logs[conversation]
        chosen = [m for m in log if (before is None or m.seq < before) and (after is None or m.seq > after)]
        page = chosen[:limit] if after is not None else chosen[-limit:]
        first, last = (page[0].seq, page[-1].seq) if page else (1, len(log))
        return HistoryPage(tuple(page), first > 1, last < len(log), len(log))

    async def heads(self, logs: Collection[str] | None = None) -> Mapping[str, int]:
        self._work()
        return {name: len(self.logs.get(name, ())) for name in (logs or self.logs)}

    async def save_guest(self, guest: Guest) -> None:
        self._work()
        self.rows[guest.uid] = guest

    async def guests_of(self, uids: Collection[str]) -> list[Guest]:
        self._work()
        return [guest for guest in self.rows.values() if guest.uid in uids]

    async def users(self, uids: Collection[str]) -> list[Actor]:
        self._work()
        found = {message.sender_uid: message.sender for log in self.logs.values() for message in log}
        return [
            Actor(uid, name, "account" if uid in self.people else "guest") for uid, name in found.items() if uid in uids
        ]

    async def guest_by_token(self, token_hash: bytes) -> Guest | None:
        self._work()
        return next((guest for guest in self.rows.values() if guest.token_hash == token_hash), None)

    async def guests(self, since: int) -> list[Guest]:
        self._work()
        return [guest for guest in self.rows.values() if guest.last_used_at >= since]

    async def touch_guests(self, used: Mapping[str, int]) -> None:
        self._work()
        self.touched.append(dict(used))
        for uid, at in used.items():
            self.rows[uid] = replace(self.rows[uid], last_used_at=max(at, self.rows[uid].last_used_at))

    async def drop_guest(self, uid: str) -> None:
        self._work()
        self.rows.pop(uid, None)

    async def drop_silent_guests(self, uids: Collection[str], before: int) -> Collection[str]:
        self._work()
        written = {message.sender_uid for log in self.logs.values() for message in log}
        gone = [uid for uid in uids if uid in self.rows and self.rows[uid].last_used_at < before and uid not in written]
        for uid in gone:
            del self.rows[uid]
        return gone

    async def drop_guests(self, before: int) -> int:
        self._work()
        old = [uid for uid, guest in self.rows.items() if guest.last_used_at < before][:2]
        for uid in old:
            del self.rows[uid]
        return len(old)

    def _sees(self, actor: Actor, conversation: str) -> bool:
        return conversation == LOBBY or any(
            actor.uid in people for people, name in self.directs.items() if name == conversation
        )
