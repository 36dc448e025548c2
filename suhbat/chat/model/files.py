"""Files as they are stored, what became of an upload, and pages of files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from suhbat.protocol.files import File, FileKind, FileState, path_of

from .people import Milliseconds

Backend = Literal["local", "s3"]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file, its fields in the order of the columns of `store.tables.files`, which explains them."""

    id: str
    uid: str
    name: str
    claimed: str
    type: str
    kind: FileKind | Literal[""]
    state: FileState
    length: int
    received: int
    size: int
    backend: str
    key: str
    thumbnails: str
    width: int | None
    height: int | None
    duration: Milliseconds | None
    thumbhash: str | None
    waveform: str | None
    created_at: Milliseconds
    touched_at: Milliseconds
    conversation_id: int | None = None
    seq: int | None = None
    position: int | None = None
    picture_of: str | None = None

    @property
    def is_loose(self) -> bool:
        """Whether no message shows it, and it is nobody's picture."""
        return self.seq is None and self.picture_of is None

    @property
    def shown(self) -> File:
        """The file as its owner and the readers of its message see it."""
        return File(
            id=self.id,
            name=self.name,
            type=self.type,
            size=self.size,
            kind=self.kind or "file",
            state=self.state,
            width=self.width,
            height=self.height,
            duration=None if self.duration is None else self.duration / 1000,
            thumbhash=self.thumbhash,
            waveform=self.waveform,
            url=path_of(self.id, self.name),
        )


@dataclass(frozen=True, slots=True)
class FileContent:
    """What a complete upload was found to be, and where its bytes are now. Fields as in `StoredFile`."""

    type: str
    kind: FileKind
    size: int
    key: str
    thumbnails: str = ""
    width: int | None = None
    height: int | None = None
    duration: Milliseconds | None = None
    thumbhash: str | None = None


@dataclass(frozen=True, slots=True)
class NewPicture:
    """A picture of a user or a room whose bytes are stored: two squares. `file`: the id of the uploaded image, which becomes
    it. The other fields as in `StoredFile`."""

    file: str
    backend: str
    key: str
    size: int
    thumbnails: str


@dataclass(frozen=True, slots=True)
class SharedFile:
    """A file and the message that shows it."""

    file: File
    seq: int
    sender: str
    sender_uid: str
    sent_at: Milliseconds


@dataclass(frozen=True, slots=True)
class FilePage:
    """Files of a conversation, newest first. `before`: the argument for the next page, None on the last one."""

    files: tuple[SharedFile, ...]
    before: int | None


@dataclass(frozen=True, slots=True)
class StoredBytes:
    """Complete bytes of one or several files. Fields as in `StoredFile`."""

    backend: str
    key: str
    size: int
    thumbnails: str


@dataclass(frozen=True, slots=True)
class Removal:
    """Bytes that no file has any more."""

    id: int
    backend: str
    key: str
