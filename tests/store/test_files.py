"""The records of files, on every implementation of the store: quotas, uploads, messages that show them, removal."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from suhbat.chat.files import MOST_LOOSE, cleaned_key
from suhbat.chat.model import Actor, FileContent, PostResult, StoredBytes, StoredFile
from suhbat.chat.ports import Store
from suhbat.chat.search import parse
from suhbat.errors import BadRequest, FileInUse, FileNotReady, Forbidden, IdempotencyConflict, NotFound, QuotaExceeded
from suhbat.protocol import commands
from suhbat.protocol.events import ConversationUpdated, MessageCreated, MessageEdited
from suhbat.protocol.objects import Message
from suhbat.protocol.types import LOBBY
from suhbat.store.write import idempotency

from .house import AT, SOLI, House, holding
from .parts import ALI, VALI, Listener, logged, make_post

DAY = 24 * 3600 * 1000
BOUNDLESS = 0


def upload(id: str, actor: Actor = ALI, **fields: Any) -> StoredFile:
    """A new upload of ten bytes."""
    row: dict[str, Any] = {
        "id": id, "uid": actor.uid, "name": f"{id}.txt", "claimed": "text/plain", "type": "", "kind": "",
        "state": "uploading", "length": 10, "received": 0, "size": 10, "backend": "local", "key": f"k-{id}",
        "thumbnails": "", "width": None, "height": None, "duration": None, "thumbhash": None, "waveform": None,
        "created_at": AT, "touched_at": AT,
    }  # fmt: skip
    return StoredFile(**(row | fields))


def content(file: StoredFile, **fields: Any) -> FileContent:
    found: dict[str, Any] = {"type": "text/plain", "kind": "file", "size": file.length, "key": file.key}
    return FileContent(**(found | fields))


async def ready(store: Store, id: str, actor: Actor = ALI, **fields: Any) -> StoredFile:
    """A file that was uploaded and is ready."""
    file = upload(id, actor)
    await store.begin_file(file, BOUNDLESS)
    assert await store.advance_file(file, 10, AT)
    done = await store.finish_file(file, content(file, **fields), AT)
    assert done is not None
    return done


async def queued(store: Store, at: int = AT + DAY) -> list[str]:
    """The keys of the bytes that are to be removed."""
    return sorted(removal.key for removal in await store.removals(at))


async def message(store: Store, actor: Actor, conversation: str, seq: int) -> Message:
    page = await store.history(actor, conversation, around=seq, limit=1)
    return next(one for one in page.messages if one.seq == seq)


@pytest.fixture
def house(store: Store, listener: Listener) -> House:
    return House(store, listener)


class TestUpload:
    async def test_an_upload_from_its_beginning(self, store: Store) -> None:
        """Its record moves on with each acknowledged byte; after the last one it is processed, then ready."""
        file = upload("f1")
        await store.begin_file(file, BOUNDLESS)
        assert await store.file("f1") == file
        assert await store.advance_file(file, 4, AT + 1)
        half = replace(file, received=4, touched_at=AT + 1)
        assert await store.file("f1") == half
        assert await store.advance_file(half, 10, AT + 2)
        whole = await store.file("f1")
        assert whole is not None and (whole.state, whole.received, whole.touched_at) == ("processing", 10, AT + 2)
        found = content(
            file, type="image/png", kind="image", size=9, width=3, height=2, thumbhash="aa", thumbnails="360"
        )
        done = await store.finish_file(whole, found, AT + 3)
        assert done == await store.file("f1") and done is not None and done.state == "ready"
        assert (done.type, done.kind, done.size, done.length, done.width, done.height) == (
            "image/png", "image", 9, 10, 3, 2,
        )  # fmt: skip
        assert await store.file("f2") is None

    async def test_one_of_two_requests_moves_it(self, store: Store) -> None:
        """A request that does not know the present offset moves nothing."""
        file = upload("f1")
        await store.begin_file(file, BOUNDLESS)
        assert await store.advance_file(file, 4, AT)
        assert await store.advance_file(file, 7, AT) is None
        found = await store.file("f1")
        assert found is not None and found.received == 4

    async def test_an_upload_that_ends_early(self, store: Store) -> None:
        """Its length is known at its end only; what was reserved above it is free again."""
        file = upload("f1", length=30, size=30)
        await store.begin_file(file, 35)
        moved = await store.advance_file(file, 7, AT, is_last=True)
        assert moved == await store.file("f1")
        assert moved is not None and (moved.state, moved.length, moved.size) == ("processing", 7, 7)
        await store.begin_file(upload("f2", length=28, size=28), 35)

    async def test_the_quota_however_many_begin_at_once(self, store: Store) -> None:
        """What is being uploaded is reserved; a refused upload leaves nothing."""
        begun = await asyncio.gather(*(store.begin_file(upload(f"f{n}"), 35) for n in range(9)), return_exceptions=True)
        refused = [one for one in begun if isinstance(one, QuotaExceeded)]
        assert len(refused) == 6 and refused[0].params == {"limit": 35, "left": 5}
        assert [await store.file(f"f{n}") is None for n in range(9)].count(False) == 3
        await store.begin_file(upload("other", VALI), 35)
        await store.delete_file(ALI.uid, "f0", AT)
        await store.begin_file(upload("again"), 35)

    async def test_a_file_that_became_smaller_counts_less(self, store: Store) -> None:
        """After processing the size of what is left counts."""
        await ready(store, "f1", size=2)
        await store.begin_file(upload("f2", length=33, size=33), 35)
        with pytest.raises(QuotaExceeded):
            await store.begin_file(upload("f3", length=1, size=1), 35)

    async def test_so_many_files_in_no_message(self, store: Store) -> None:
        """Small files are limited by their number; those that a message shows do not count."""
        for n in range(MOST_LOOSE):
            await store.begin_file(upload(f"f{n}"), BOUNDLESS)
        with pytest.raises(QuotaExceeded) as refusal:
            await store.begin_file(upload("more"), BOUNDLESS)
        assert refusal.value.text == "quota_exceeded.loose"

    async def test_so_many_files_in_all(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        """Every upload counts them, while everybody's messages wait: so their number has a limit, where there is a quota."""
        monkeypatch.setattr("suhbat.chat.files.MOST_FILES", 3)
        for n in range(3):
            await store.begin_file(upload(f"f{n}"), 1000)
        with pytest.raises(QuotaExceeded) as refusal:
            await store.begin_file(upload("more"), 1000)
        assert refusal.value.text == "quota_exceeded.files"
        await store.begin_file(upload("more"), 0)

    async def test_processing_is_taken_over_once(self, store: Store) -> None:
        """A file whose node died is found, and one node takes it over."""
        file = upload("f1")
        await store.begin_file(file, BOUNDLESS)
        await store.advance_file(file, 10, AT)
        assert list(await store.unfinished_files(AT - 1)) == []
        assert list(await store.unfinished_files(AT)) == ["f1"]
        claims = await asyncio.gather(*(store.claim_file("f1", AT, AT + 5) for _ in range(3)))
        assert [claim is not None for claim in claims].count(True) == 1
        assert list(await store.unfinished_files(AT)) == []

    async def test_what_the_client_saw_of_a_video(self, store: Store) -> None:
        """The server looks at no frame of it, so the preview of the client stays; that of anything else does not."""
        for kind, kept in (("video", "client"), ("image", "server"), ("file", None)):
            file = upload(kind, thumbhash="client")
            await store.begin_file(file, BOUNDLESS)
            await store.advance_file(file, 10, AT)
            found = content(file, kind=kind, thumbhash="server" if kind == "image" else None)
            done = await store.finish_file(file, found, AT)
            assert done is not None and done.thumbhash == kept

    async def test_new_bytes_replace_what_was_uploaded(self, store: Store) -> None:
        """The bytes that were uploaded are removed, and only those."""
        await ready(store, "f1", key="clean")
        assert await queued(store) == ["k-f1"]

    async def test_a_file_that_was_deleted_while_it_was_processed(self, store: Store) -> None:
        """Neither the bytes that were uploaded nor those that came of them stay."""
        file = upload("f1")
        await store.begin_file(file, BOUNDLESS)
        await store.advance_file(file, 10, AT)
        await store.delete_file(ALI.uid, "f1", AT)
        assert await store.finish_file(file, content(file, key="clean"), AT) is None
        assert set(await queued(store)) == {"clean", "k-f1", cleaned_key("k-f1")}

    async def test_only_the_owner_deletes_what_no_message_shows(self, store: Store, listener: Listener) -> None:
        """For others it does not exist; a file in a message goes with the message only."""
        await ready(store, "f1")
        with pytest.raises(NotFound):
            await store.delete_file(VALI.uid, "f1", AT)
        await listener.send(store, ALI, files=("f1",))
        with pytest.raises(FileInUse):
            await store.delete_file(ALI.uid, "f1", AT)
        assert await queued(store) == []

    async def test_what_nobody_sent_goes_after_a_day(self, store: Store, listener: Listener) -> None:
        """Uploads that stand still and files in no message go; a file in a message stays."""
        await store.begin_file(upload("half", touched_at=AT - 1), BOUNDLESS)
        await store.begin_file(upload("fresh", touched_at=AT), BOUNDLESS)
        await ready(store, "sent")
        await listener.send(store, ALI, files=("sent",))
        assert await store.expire_files(AT, AT) == 1
        assert await store.file("half") is None
        assert await store.expire_files(AT + 1, AT) == 1
        assert await store.file("sent") is not None
        assert await queued(store) == ["k-fresh", "k-half"]

    async def test_removals(self, store: Store) -> None:
        """They are due at once, can be put off, and are done once."""
        await ready(store, "f1", key="clean")
        (removal,) = await store.removals(AT)
        await store.postpone_removals([removal.id], AT + 10)
        assert await queued(store, AT + 9) == [] and await queued(store, AT + 10) == ["k-f1"]
        await store.finish_removals([removal.id])
        await store.finish_removals([removal.id])
        assert await queued(store) == []


class TestMove:
    """What is recorded when bytes have been copied to another store."""

    async def test_all_files_over_the_same_bytes(self, store: Store) -> None:
        """They have them in the new place together, and the old ones are queued, but not before their time."""
        await ready(store, "f1")
        await ready(store, "f3")
        await store.begin_file(replace(upload("f2"), key="k-f1", state="ready", size=10), BOUNDLESS)
        (first, second) = await store.complete_bytes("local", "")
        assert (first, second) == (StoredBytes("local", "k-f1", 10, ""), StoredBytes("local", "k-f3", 10, ""))
        assert list(await store.complete_bytes("local", "k-f1")) == [second]
        assert await store.bytes_moved(first, "s3", "new", AT + 5)
        for id in ("f1", "f2"):
            file = await store.file(id)
            assert file is not None and (file.backend, file.key) == ("s3", "new")
        assert list(await store.complete_bytes("local", "")) == [second]
        assert [one.key for one in await store.removals(AT + 4)] == []
        assert [(one.backend, one.key) for one in await store.removals(AT + 5)] == [("local", "k-f1")]

    async def test_a_file_that_went_meanwhile(self, store: Store) -> None:
        """The copy goes, too."""
        await ready(store, "f1")
        (bytes_,) = await store.complete_bytes("local", "")
        await store.delete_file(ALI.uid, "f1", AT)
        assert not await store.bytes_moved(bytes_, "s3", "new", AT)
        assert {(one.backend, one.key) for one in await store.removals(AT)} == {("local", "k-f1"), ("s3", "new")}

    async def test_a_file_that_came_meanwhile(self, store: Store) -> None:
        """As long as one has the old bytes, they stay."""
        await ready(store, "f1")
        (bytes_,) = await store.complete_bytes("local", "")
        await store.begin_file(replace(upload("f2"), key="k-f1"), BOUNDLESS)
        assert await store.bytes_moved(bytes_, "s3", "new", AT)
        assert await queued(store) == []


class TestAttach:
    async def test_a_message_with_files(self, store: Store, listener: Listener) -> None:
        """The published event, the log and history show the same files in the order that was asked for; the text may be
        empty."""
        await ready(store, "f1", type="image/png", kind="image", width=3, height=2, thumbhash="aa")
        await ready(store, "f2")
        sent = await listener.send(store, ALI, "", files=("f2", "f1"))
        (entry,) = listener.entries
        assert isinstance(entry.event, MessageCreated)
        shown = entry.event.message.files
        assert [file.id for file in shown] == ["f2", "f1"]
        assert shown[1].model_dump(exclude_defaults=True) == {
            "id": "f1", "name": "f1.txt", "type": "image/png", "size": 10, "kind": "image", "width": 3, "height": 2,
            "thumbhash": "aa", "url": "/files/f1/f1.txt",
        }  # fmt: skip
        assert await logged(store, LOBBY, 0, 10) == [entry]
        assert (await message(store, ALI, LOBBY, sent.seq)).files == shown
        found = await store.file("f1")
        assert found is not None and (found.seq, found.position) == (sent.seq, 1)

    async def test_files_that_cannot_be_sent(self, store: Store, listener: Listener) -> None:
        """One that does not exist, another's, one that is not ready, one that is sent already, one that is there twice; each
        is refused, nothing is written, and the file can still be sent."""
        await ready(store, "mine")
        await ready(store, "theirs", VALI)
        await ready(store, "sent")
        await store.begin_file(upload("half"), BOUNDLESS)
        await listener.send(store, ALI, files=("sent",))
        cases: Sequence[tuple[tuple[str, ...], type[Exception]]] = (
            (("mine", "none"), NotFound),
            (("mine", "theirs"), NotFound),
            (("mine", "half"), FileNotReady),
            (("mine", "sent"), FileInUse),
            (("mine", "mine"), FileInUse),
        )
        for files, error in cases:
            assert type(await listener.refused(store, ALI, files=files)) is error, files
        assert (await store.heads([LOBBY]))[LOBBY] == 1
        await listener.send(store, ALI, files=("mine",))

    async def test_who_may_send_them(self, house: House) -> None:
        """A room may leave files to some. Others are refused before their files are looked at, in threads too, and may write
        without files. Everybody is told of a change."""
        room = await house.room(ALI, VALI)
        root = await house.write(ALI, room)
        for id_, actor in (("v1", VALI), ("v2", VALI), ("a1", ALI)):
            await ready(house.store, id_, actor)
        (event,) = await house.told(commands.Update, ALI, room, files="moderators")
        assert isinstance(event, ConversationUpdated) and event.files == "moderators"
        for fields in ({}, {"thread": root}):
            refused = await house.listener.refused(house.store, VALI, "", conversation=room, files=("v1",), **fields)
            assert isinstance(refused, Forbidden) and refused.text == "forbidden.files"
        await house.write(VALI, room)
        await house.write(ALI, room, "", files=("a1",))
        await house.told(commands.Update, ALI, room, files="everyone")
        await house.write(VALI, room, "", files=("v1",))

    async def test_one_of_many_messages_gets_a_file(self, store: Store, listener: Listener) -> None:
        """However they fall into batches, a file is in one message."""
        await ready(store, "f1")
        answers = [listener.ask(store, ALI, f"{n}", files=("f1",)) for n in range(50)]
        outcomes = [await answer for answer in answers]
        assert sum(isinstance(outcome, PostResult) for outcome in outcomes) == 1
        assert sum(isinstance(outcome, FileInUse) for outcome in outcomes) == 49

    async def test_a_repetition(self, store: Store, listener: Listener) -> None:
        """It is answered before its files are looked at; other files, or another order, under the same key are a conflict."""
        await ready(store, "f1")
        await ready(store, "f2")
        first = await listener.send(store, ALI, "gap", client_id="c1", files=("f1", "f2"))
        again = await listener.send(store, ALI, "gap", client_id="c1", files=("f1", "f2"))
        assert again == replace(first, duplicate=True)
        for files in ((), ("f1",), ("f2", "f1")):
            refused = await listener.refused(store, ALI, "gap", client_id="c1", files=files)
            assert type(refused) is IdempotencyConflict
        assert await store.answered(ALI.uid, "c1", "gap", None, ("f1", "f2")) == again
        with pytest.raises(IdempotencyConflict):
            await store.answered(ALI.uid, "c1", "gap", None)

    def test_a_key_without_files_is_as_it_was(self) -> None:
        """A retry across an upgrade is a duplicate: the digests of older versions stay."""
        for fields, known in (
            ({}, "b392e89d8a4db74771286ff0e6553a3c"),
            ({"reply_to": 3}, "57a505217225744456eec685fad47f6c"),
            ({"thread": 3}, "ccd7f65df94621741be0ac88a438d9f1"),
            ({"thread": 3, "also": True}, "09ac3aac4d140122f3c639feb590fbd6"),
        ):
            assert idempotency.digest_of(make_post(ALI, "salom", **fields)).hex() == known

    async def test_in_a_thread_and_in_the_conversation(self, house: House) -> None:
        """The reply has the file, and the message that quotes it a file of its own over the same bytes, which go with the last
        of the two."""
        room = await house.room(ALI, VALI)
        root = await house.write(ALI, room)
        await ready(house.store, "f1", VALI)
        seq = await house.write(VALI, room, "", thread=root, also=True, files=("f1",))
        (reply,) = (await house.store.history(ALI, room, thread=root)).messages
        quoting = await message(house.store, ALI, room, seq + 1)
        assert [file.id for file in reply.files] == ["f1"]
        (copy,) = quoting.files
        assert copy.id != "f1" and copy.name == "f1.txt" and copy.size == 10
        await house.do(commands.Delete, VALI, room, seq=seq)
        assert await queued(house.store) == []
        assert await house.store.readable_file(ALI, copy.id)
        await house.do(commands.Delete, VALI, room, seq=seq + 1)
        assert await queued(house.store) == ["k-f1"]

    async def test_an_edit_keeps_the_files(self, house: House) -> None:
        """Also one that empties the text, which needs files; also one that mentions everybody."""
        room = await house.room(ALI, VALI)
        await ready(house.store, "f1")
        seq = await house.write(ALI, room, "gap", files=("f1",))
        for text, named in (("", ()), ("@all", ("*",)), ("boshqa", ())):
            (event,) = await house.told(commands.Edit, ALI, room, seq=seq, text=text, named=named)
            assert isinstance(event, MessageEdited)
            assert event.message.text == text and [file.id for file in event.message.files] == ["f1"]
        plain = await house.write(ALI, room)
        await house.refused(BadRequest, None, commands.Edit, ALI, room, seq=plain, text="  ")

    async def test_nothing_of_it_is_in_other_messages(self, store: Store, listener: Listener) -> None:
        """A message without files has no byte for them, in its row and on the wire."""
        await listener.send(store, ALI)
        (entry,) = listener.entries
        assert isinstance(entry.event, MessageCreated)
        assert '"files"' not in entry.event.model_dump_json()


class TestReading:
    async def test_who_may_read_a_file(self, house: House) -> None:
        """Who may read its message; the owner alone before that. Everybody else gets what one gets for no file."""
        room = await house.room(ALI, VALI)
        await ready(house.store, "f1")

        async def readers() -> list[Actor]:
            return [actor for actor in (ALI, VALI, SOLI) if await can(house.store, actor, "f1")]

        assert await readers() == [ALI]
        with pytest.raises(NotFound):
            await house.store.shared_file("f1")
        seq = await house.write(ALI, room, files=("f1",))
        assert await readers() == [ALI, VALI]
        assert (await house.store.shared_file("f1")).id == "f1"
        await house.do(commands.Leave, VALI, room)
        assert await readers() == [ALI]
        await house.do(commands.Delete, ALI, room, seq=seq)
        assert await readers() == []

    async def test_history_since_joining(self, house: House) -> None:
        """A member who joined later sees no file of a message below their floor, also in replies below such a root."""
        room = await house.room(ALI, history="joined")
        await ready(house.store, "old")
        await ready(house.store, "reply")
        await ready(house.store, "new")
        root = await house.write(ALI, room, files=("old",))
        await house.admit(ALI, room, VALI)
        await house.write(ALI, room, thread=root, files=("reply",))
        await house.write(ALI, room, files=("new",))
        assert [await can(house.store, VALI, id_) for id_ in ("old", "reply", "new")] == [False, False, True]
        shown = await house.store.shared_files(VALI, room)
        assert [one.file.id for one in shown.files] == ["new"]

    async def test_an_erased_room(self, house: House) -> None:
        """Its files are gone at once, before its messages are deleted; then their bytes are removed."""
        room = await house.room(ALI, VALI)
        await ready(house.store, "f1")
        await house.write(ALI, room, files=("f1",))
        await house.do(commands.Erase, ALI, room)
        assert not await can(house.store, ALI, "f1")
        with pytest.raises(NotFound):
            await house.store.shared_file("f1")
        await house.store.expire(0)
        assert await house.store.file("f1") is None
        assert await queued(house.store, 2 * AT) == ["k-f1"]

    async def test_what_was_shared(self, house: House) -> None:
        """Newest first, by kind, in pages that end behind a message."""
        room = await house.room(ALI, VALI)
        for n in range(6):
            kind = {"kind": "image", "type": "image/png"} if n % 2 else {}
            await ready(house.store, f"f{n}", **kind)
        first = await house.write(ALI, room, files=("f0", "f1"))
        await house.write(ALI, room)
        await house.write(ALI, room, files=("f2", "f3", "f4"))
        await house.write(ALI, room, files=("f5",))
        page = await house.store.shared_files(VALI, room, limit=2)
        assert [one.file.id for one in page.files] == ["f5", "f2", "f3", "f4"]
        assert page.files[0].sender_uid == ALI.uid
        rest = await house.store.shared_files(VALI, room, limit=2, before=page.before)
        assert [one.file.id for one in rest.files] == ["f0", "f1"] and rest.before is None
        assert {one.seq for one in rest.files} == {first}
        pictures = await house.store.shared_files(VALI, room, kind="image")
        assert [one.file.id for one in pictures.files] == ["f5", "f3", "f1"]
        with pytest.raises(NotFound):
            await house.store.shared_files(SOLI, room)


class TestForward:
    async def test_the_bytes_go_with_the_last_file(self, house: House) -> None:
        """A copy is a file of whoever made it, ready and in no message. It stays when the first one goes, and the bytes stay
        with it."""
        room = await house.room(ALI, VALI)
        first = await ready(house.store, "f1", type="image/png", kind="image", width=3, height=2, thumbnails="360")
        seq = await house.write(ALI, room, files=("f1",))
        copy = await house.store.copy_file(VALI, "f1", "f2", AT + 5, BOUNDLESS)
        assert copy == replace(first, id="f2", uid=VALI.uid, created_at=AT + 5, touched_at=AT + 5)
        assert copy == await house.store.file("f2")
        await house.do(commands.Delete, ALI, room, seq=seq)
        assert await queued(house.store) == []
        there = await house.write(VALI, LOBBY, "", files=("f2",))
        assert await can(house.store, ALI, "f2") and not await can(house.store, ALI, "f1")
        await house.do(commands.Delete, VALI, LOBBY, seq=there)
        assert await queued(house.store) == ["k-f1"]

    async def test_who_may(self, house: House) -> None:
        """Whoever may download it now: not a stranger, not somebody who has left, nobody once it is deleted or before it is
        ready. A refusal leaves nothing."""
        room = await house.room(ALI, VALI)
        await ready(house.store, "f1")
        await house.store.begin_file(upload("half"), BOUNDLESS)
        for actor, id_ in ((VALI, "f1"), (ALI, "half"), (ALI, "none")):
            with pytest.raises(NotFound):
                await house.store.copy_file(actor, id_, "copy", AT, BOUNDLESS)
        await house.store.copy_file(ALI, "f1", "mine", AT, BOUNDLESS)
        seq = await house.write(ALI, room, files=("f1",))
        await house.store.copy_file(VALI, "f1", "theirs", AT, BOUNDLESS)
        await house.do(commands.Leave, VALI, room)
        for actor in (VALI, SOLI):
            with pytest.raises(NotFound):
                await house.store.copy_file(actor, "f1", "copy", AT, BOUNDLESS)
        await house.do(commands.Delete, ALI, room, seq=seq)
        with pytest.raises(NotFound):
            await house.store.copy_file(ALI, "f1", "copy", AT, BOUNDLESS)
        assert await house.store.file("copy") is None

    async def test_the_quota(self, store: Store) -> None:
        """A copy counts in full, however many are made at once."""
        await ready(store, "f1")
        copies = (store.copy_file(ALI, "f1", f"c{n}", AT, 35) for n in range(6))
        made = await asyncio.gather(*copies, return_exceptions=True)
        assert [type(one) for one in made].count(QuotaExceeded) == 4

    async def test_forwarded_while_it_is_deleted(self, house: House) -> None:
        """Whatever comes first: bytes that a copy needs are never removed."""
        room = await house.room(ALI, VALI)
        for n in range(10):
            await ready(house.store, f"f{n}")
            seq = await house.write(ALI, room, files=(f"f{n}",))
            copying = house.store.copy_file(VALI, f"f{n}", f"c{n}", AT, BOUNDLESS)
            _, made = await asyncio.gather(
                house.do(commands.Delete, ALI, room, seq=seq), copying, return_exceptions=True
            )
            is_gone = f"k-f{n}" in await queued(house.store)
            assert isinstance(made, NotFound) if is_gone else isinstance(made, StoredFile)


async def can(store: Store, actor: Actor, id: str) -> bool:
    try:
        return (await store.readable_file(actor, id)).id == id
    except NotFound:
        return False


class TestSearch:
    async def test_names_and_kinds(self, house: House) -> None:
        """A file is found by the words of its name and by its kind, also after an edit, and not after the deletion. Other
        messages have neither."""
        await ready(house.store, "choyxona-rasmi", kind="image", type="image/png")
        await ready(house.store, "ovoz", kind="audio", type="audio/ogg")
        picture = await house.write(ALI, LOBBY, "", files=("choyxona-rasmi",))
        sound = await house.write(ALI, LOBBY, "image file", files=("ovoz",))
        await house.write(ALI, LOBBY, "file image choyxona")

        async def found(words: str) -> list[int]:
            page = await house.store.search(ALI, parse(words), None)
            return [message.seq for message in page.messages]

        assert await found("has:image") == [picture] and await found("has:audio") == [sound]
        assert await found("has:file") == [sound, picture]
        assert await found("has:file has:video") == []
        assert await found("choyxona rasmi") == [picture]
        await house.do(commands.Edit, ALI, LOBBY, seq=picture, text="mana bu")
        assert await found("bu rasmi has:image") == [picture]
        await house.do(commands.Edit, ALI, LOBBY, seq=picture, text="")
        assert await found("bu") == [] and await found("has:image") == [picture]
        await house.do(commands.Delete, ALI, LOBBY, seq=picture)
        assert await found("has:image") == [] and await found("rasmi") == []


class TestRemoval:
    async def test_a_deleted_message(self, house: House, tmp_path: Any) -> None:
        """Nothing of its files is in the database, nor in a replay; their bytes are queued with the deletion."""
        await ready(house.store, "f1", type="application/x-sirli")
        seq = await house.write(ALI, LOBBY, "gap", files=("f1",))
        assert holding(tmp_path / "data", "x-sirli")
        await house.do(commands.Delete, ALI, LOBBY, seq=seq)
        assert await queued(house.store) == ["k-f1"]
        assert (await message(house.store, ALI, LOBBY, seq)).files == ()
        assert await house.store.file("f1") is None
        assert holding(tmp_path / "data", "x-sirli") == []

    async def test_retention(self, house: House) -> None:
        """The files of expired messages go with them; later ones stay."""
        await ready(house.store, "old")
        await ready(house.store, "new")
        await house.write(ALI, LOBBY, files=("old",), at=AT - 9 * DAY)
        await house.write(ALI, LOBBY, files=("new",), at=AT)
        house.store._clock.now = AT / 1000
        await house.store.expire(5)
        assert await queued(house.store) == ["k-old"]
        assert await house.store.file("new") is not None

    @pytest.mark.parametrize("with_messages", [True, False])
    async def test_an_erased_user(self, house: House, with_messages: bool) -> None:
        """What they did not send goes; what they sent goes with their messages, if these go."""
        await ready(house.store, "sent")
        await ready(house.store, "loose")
        seq = await house.write(ALI, LOBBY, files=("sent",))
        await house.store.erase(ALI, AT, with_messages=with_messages)
        while await house.store.erase_more(AT):
            pass
        assert await queued(house.store) == (["k-loose", "k-sent"] if with_messages else ["k-loose"])
        assert len((await message(house.store, VALI, LOBBY, seq)).files) == (0 if with_messages else 1)
