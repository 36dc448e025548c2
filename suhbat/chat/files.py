"""Rules for files. Pure: the store passes the facts of its transaction.

A function `…_refusal` returns the error with which to refuse, or None.
"""

from __future__ import annotations

from hashlib import blake2b

from suhbat.errors import BadRequest, FileInUse, FileNotReady, NotFound, QuotaExceeded, SuhbatError

from .model import Milliseconds, StoredFile

MOST_LOOSE = 200
"""Files of a user that no message shows, at most: without this, a million files of one byte would fit into the quota."""
MOST_FILES = 100_000
"""Files of a user, at most, where there is a quota: at every upload they are counted. Files of one byte would never exceed the
quota. Counting so many takes some 10 ms of the writer."""
KEPT_LOOSE: Milliseconds = 24 * 3600 * 1000
"""How long a file is kept that no message shows, and an upload that stands still."""


def cleaned_key(key: str) -> str:
    """The key of the bytes that replace uploaded ones. It follows from theirs, so that whoever repeats or gives up interrupted
    work finds what was made."""
    return blake2b(key.encode(), digest_size=13).hexdigest()


def moved_key(key: str) -> str:
    """The key of the same bytes after a move to another store. It follows from the old one, so that whoever repeats an
    interrupted move writes over what was copied. It is never an earlier one: removing old bytes cannot meet bytes that were
    moved back."""
    return blake2b(key.encode(), digest_size=13, person=b"moved").hexdigest()


def upload_refusal(size: int, used: int, number: int, loose: int, quota: int) -> SuhbatError | None:
    """Of an upload of so many bytes by a user with this `number` of files, which take `used` bytes, `loose` of them in no
    message. `quota`: in bytes, 0 for no limit; then nobody looks at `used` and `number`."""
    if loose >= MOST_LOOSE:
        return QuotaExceeded("quota_exceeded.loose", limit=MOST_LOOSE)
    if quota and number >= MOST_FILES:
        return QuotaExceeded("quota_exceeded.files", limit=MOST_FILES)
    if quota and used + size > quota:
        return QuotaExceeded(limit=quota, left=max(0, quota - used))
    return None


def attach_refusal(uid: str, file: StoredFile | None, *, is_taken: bool) -> SuhbatError | None:
    """Of showing a file in a new message of this user. `is_taken`: another message of the same transaction shows it."""
    if file is None or file.uid != uid:
        return NotFound("not_found.file")
    if is_taken or not file.is_loose:
        return FileInUse()
    if file.state != "ready":
        return FileNotReady(retry_after=1)
    return None


def picture_refusal(uid: str, file: StoredFile | None) -> SuhbatError | None:
    """Of making a file the picture of a user or a room. `uid`: of the user who asks."""
    if file is None or file.uid != uid:
        return NotFound()
    if (refused := attach_refusal(uid, file, is_taken=False)) is not None:
        return refused
    return None if file.kind == "image" and file.thumbnails else BadRequest(reason="picture.kind")
