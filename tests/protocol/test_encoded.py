"""Frames that are encoded without their class, for speed, equal what the class would encode, byte for byte."""

from __future__ import annotations

import json
from dataclasses import fields, replace

from hypothesis import example, given
from hypothesis import strategies as st

from suhbat.protocol import replies, simple, v1
from suhbat.protocol.events import EVENT, MessageCreated, MessageDeleted, MessageEdited
from suhbat.protocol.extras import FIELDS, Extra, HookFace, MessageButton
from suhbat.protocol.files import File, path_of
from suhbat.protocol.live_message import LiveMessage
from suhbat.protocol.logged_events import model_of
from suhbat.protocol.notices import PresenceNotice, whole_presence
from suhbat.protocol.objects import ConversationState, Invitation, Message, Presence, User
from suhbat.protocol.quick import is_blank
from suhbat.protocol.replies import Page, encode


def link_to(file: File) -> str:
    return f"https://chat.example{file.url}?signed"


texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=40)
numbers = st.integers(1, 2**53 - 1)
times = st.integers(0, 4_000_000_000_000)
EVERY_ESCAPE = "".join(map(chr, range(1, 0x100))) + "\u2028\u2029\ufeff\uffff\U0001f642" + '"\\/</script>'
live_messages = st.builds(
    LiveMessage,
    conversation=texts,
    seq=numbers,
    ordinal=numbers,
    at=times,
    actor=texts,
    actor_uid=texts,
    text=texts,
    client_id=st.none() | texts,
    reply_to=st.none() | numbers,
    everyone=st.booleans(),
)
replies_in_threads = st.builds(
    LiveMessage,
    conversation=texts,
    seq=numbers,
    ordinal=st.none(),
    at=times,
    actor=texts,
    actor_uid=texts,
    text=texts,
    client_id=st.none() | texts,
    reply_to=st.none() | numbers,
    thread=numbers,
    thread_ordinal=numbers,
)
files = st.builds(
    lambda id, name, **fields: File(id=id, name=name, url=path_of(id, name), **fields),
    id=texts,
    name=texts,
    type=texts,
    size=numbers,
    kind=st.sampled_from(["image", "video", "audio", "file"]),
    width=st.none() | numbers,
    height=st.none() | numbers,
    duration=st.none() | st.floats(0, 1e6),
    thumbhash=st.none() | texts,
)
with_files = st.builds(
    replace,
    live_messages | replies_in_threads,
    text=texts | st.just(""),
    files=st.lists(files, min_size=1, max_size=3).map(tuple),
)
buttons = st.builds(MessageButton, label=texts, id=st.none() | texts, url=st.none() | texts)
extras = st.builds(
    Extra,
    actions=st.lists(st.lists(buttons, max_size=2).map(tuple), max_size=2).map(tuple),
    hook=st.none() | st.builds(HookFace, name=texts, icon=st.none() | texts),
    streaming=st.booleans(),
    cut=st.booleans(),
)
with_extras = st.builds(replace, live_messages | replies_in_threads | with_files, extra=extras)
also_in_threads = st.builds(replace, live_messages, everyone=st.just(False), from_thread=numbers)
odd = LiveMessage(*[EVERY_ESCAPE], 1, 1, 0, EVERY_ESCAPE, EVERY_ESCAPE, EVERY_ESCAPE, EVERY_ESCAPE, 1, True)


@given(
    id=st.one_of(st.integers(-(2**53) + 1, 2**53 - 1), texts),
    conversation=texts,
    seq=numbers,
    ordinal=numbers,
    sent_at=times,
    duplicate=st.booleans(),
    is_reply=st.booleans(),
)
@example(id=EVERY_ESCAPE, conversation=EVERY_ESCAPE, seq=1, ordinal=1, sent_at=0, duplicate=False, is_reply=False)
def test_the_answer_to_a_send(
    id: int | str, conversation: str, seq: int, ordinal: int, sent_at: int, duplicate: bool, is_reply: bool
) -> None:
    """`sent` equals an encoded `Sent`, also for a reply in a thread."""
    places = (None, ordinal) if is_reply else (ordinal, None)
    written = replies.Sent(
        id=id,
        conversation=conversation,
        seq=seq,
        ordinal=places[0],
        sent_at=sent_at,
        duplicate=duplicate,
        thread_ordinal=places[1],
    )
    assert replies.sent(id, conversation, seq, places[0], sent_at, duplicate, places[1]) == encode(written)


def test_a_message_without_a_thread_has_not_grown() -> None:
    """Neither its frame nor its acknowledgement has a byte for threads."""
    said = LiveMessage("lobby", 7, 5, 1_795_000_000_123, "ali", "u-ali", "salom", "k1", 3)
    assert said.encode() == (
        b'{"type":"message.created","conversation":"lobby","seq":7,"at":"2026-11-18T11:06:40.123Z","actor":"ali",'
        b'"actor_uid":"u-ali","message":{"conversation":"lobby","seq":7,"ordinal":5,"sender":"ali","sender_uid":"u-ali",'
        b'"text":"salom","client_id":"k1","reply_to":3,"sent_at":"2026-11-18T11:06:40.123Z","edited_at":null,'
        b'"deleted":false,"reactions":[]}}'
    )
    assert replies.sent(1, "lobby", 7, 5, 1_795_000_000_123, False) == (
        b'{"type":"ok","id":1,"conversation":"lobby","seq":7,"ordinal":5,"sent_at":"2026-11-18T11:06:40.123Z",'
        b'"duplicate":false}'
    )
    assert simple.message(said, "", link_to) == (
        b'{"type":"message","conversation":"lobby","seq":7,"from_user":"ali","from_uid":"u-ali","to_user":"",'
        b'"message":"salom","sent_at":"2026-11-18T11:06:40.123Z"}'
    )


def test_a_page_and_a_state_without_threads_have_not_grown() -> None:
    """Neither a message in a page or an event, nor its deletion, nor the state of a conversation has a byte for threads."""
    at = 1_795_000_000_123
    message = Message(
        conversation="lobby",
        seq=7,
        ordinal=5,
        sender="ali",
        sender_uid="u-ali",
        text="salom",
        client_id="k1",
        sent_at=at,
    )
    written = (
        b'{"conversation":"lobby","seq":7,"ordinal":5,"sender":"ali","sender_uid":"u-ali","text":"salom",'
        b'"client_id":"k1","reply_to":null,"sent_at":"2026-11-18T11:06:40.123Z","edited_at":null,"deleted":false,'
        b'"reactions":[]}'
    )
    head = b'"conversation":"lobby","seq":8,"at":"2026-11-18T11:06:40.123Z","actor":"ali","actor_uid":"u-ali"'
    page = Page(id=1, messages=(message,), has_before=False, has_after=False, head=7)
    assert encode(page) == (
        b'{"type":"ok","id":1,"messages":[' + written + b'],"has_before":false,"has_after":false,"head":7}'
    )
    event = {"conversation": "lobby", "seq": 8, "at": at, "actor": "ali", "actor_uid": "u-ali"}
    edited = MessageEdited(**event, message=message)
    assert encode(edited) == b'{"type":"message.edited",' + head + b',"message":' + written + b"}"
    deleted = MessageDeleted(**event, target=7, ordinal=5, sender_uid="u-ali")
    assert encode(deleted) == (b'{"type":"message.deleted",' + head + b',"target":7,"ordinal":5,"sender_uid":"u-ali"}')
    state = ConversationState(conversation="lobby", kind="lobby", head=7, last_ordinal=5, last_message=message)
    assert encode(state) == (
        b'{"title":"","topic":"","visibility":"private","history":"all","archived":false,"slow_mode":0,"retention":0,'
        b'"files":"everyone",'
        b'"conversation":"lobby","kind":"lobby","head":7,"since":0,"last_ordinal":5,"read_ordinal":0,"unread":0,'
        b'"mentions":0,"last_message":' + written + b',"member_count":0,"role":"member","draft":""}'
    )


@given(message=live_messages | replies_in_threads | also_in_threads | with_files | with_extras)
@example(message=odd)
def test_a_new_message(message: LiveMessage) -> None:
    """A message as the writer makes it is encoded as its model, which can be read back from the frame."""
    model = model_of(message)
    assert v1.encode_event(message) == v1.encode_event(model) == EVENT.dump_json(model)
    assert EVENT.validate_json(v1.encode_event(message)) == model


@given(message=live_messages | replies_in_threads | also_in_threads | with_files, to_user=texts | st.just(""))
@example(message=odd, to_user=EVERY_ESCAPE)
@example(message=replace(odd, text="\r"), to_user="")
def test_a_message_in_the_simple_dialect(message: LiveMessage, to_user: str) -> None:
    """`message` equals an encoded `SimpleMessage`, for a message from the writer and for one from the store. One that has
    nothing to show is not sent."""
    shown = simple.SimpleMessage(
        conversation=message.conversation,
        seq=message.seq,
        from_user=message.actor,
        from_uid=message.actor_uid,
        to_user=to_user,
        message=", ".join(file.name for file in message.files)
        if message.files and is_blank(message.text)
        else message.text,
        sent_at=message.at,
        thread=message.thread,
        files=tuple(
            simple.SimpleFile(name=one.name, type=one.type, size=one.size, url=link_to(one)) for one in message.files
        ),
    )
    assert (
        simple.message(message, to_user, link_to)
        == simple.message(model_of(message), to_user, link_to)
        == (None if is_blank(message.text) and not message.files else encode(shown))
    )


def test_only_files_in_the_simple_dialect() -> None:
    """Where a text is expected, there is one: the names of the files."""
    two = tuple(
        File(id=name, name=name, type="image/png", size=1, kind="image", url=path_of(name, name)) for name in ("a", "b")
    )
    for text, shown in (("", "a, b"), (" ", "a, b"), ("salom", "salom")):
        sent = replace(odd, text=text, files=two)
        frame = simple.message(sent, "", link_to)
        assert frame is not None and frame == simple.message(model_of(sent), "", link_to)
        assert json.loads(frame)["message"] == shown


users = st.builds(User, uid=texts, user_id=texts, kind=st.sampled_from(["guest", "account"]))
states = st.builds(ConversationState, conversation=texts, kind=st.just("room"), head=numbers, title=texts, draft=texts)
invitations = st.builds(Invitation, conversation=texts, title=texts, inviter=texts, inviter_uid=texts, invited_at=times)
presences = st.builds(Presence, user_id=texts, uid=texts, state=st.just("offline"), last_seen=st.none() | times)


@given(
    conversations=st.lists(states, max_size=3),
    users=st.lists(users, max_size=3),
    cursors=st.dictionaries(texts | st.just(EVERY_ESCAPE), numbers, max_size=3),
    offered=st.lists(invitations, max_size=2),
    more=st.booleans(),
)
def test_a_snapshot(
    conversations: list[ConversationState],
    users: list[User],
    cursors: dict[str, int],
    offered: list[Invitation],
    more: bool,
) -> None:
    """`snapshot` equals an encoded `Snapshot`."""
    made = replies.Snapshot(
        conversations=tuple(conversations), users=tuple(users), cursors=cursors, invitations=tuple(offered), more=more
    )
    assert replies.snapshot(list(map(encode, conversations)), users, cursors, offered, more=more) == encode(made)


@given(people=st.lists(presences, max_size=4), shared=st.integers(0, 4))
def test_a_whole_presence_notice(people: list[Presence], shared: int) -> None:
    """`whole_presence` equals an encoded `PresenceNotice`; its first users may be joined before."""
    first = [b",".join(map(encode, people[:shared]))] if people[:shared] else []
    parts = [*first, *map(encode, people[shared:])]
    assert whole_presence(parts) == encode(PresenceNotice(users=tuple(people), whole=True))


def test_no_field_is_forgotten() -> None:
    """A field that a new message could have must be in `LiveMessage`; the others have their defaults in a new message."""
    later = {"edited_at", "deleted", "reactions", "reactions_at", "replies"}
    renamed = {"sender": "actor", "sender_uid": "actor_uid", "sent_at": "at", "mentions_all": "everyone"}
    of_message = {renamed.get(name, name) for name in set(Message.model_fields) - later - set(FIELDS)}
    of_event = set(MessageCreated.model_fields) - {"type", "message"}
    assert {field.name for field in fields(LiveMessage)} == of_message | of_event | {"veil", "extra"}
    assert {field.name for field in fields(Extra)} == set(FIELDS)
