"""How much may be uploaded: by whom, from where, and while the disk has room."""

from __future__ import annotations

from suhbat.chat.model import Actor
from suhbat.chat.ports import Clock
from suhbat.chat.rate import DAY, LruDict
from suhbat.errors import BadRequest, FileTooLarge, Forbidden, QuotaExceeded, StorageFull

GUEST_QUOTA = 50_000_000
"""Bytes of all files of a guest."""
ADDRESS_QUOTA = 200_000_000
"""Bytes that the guests of one address may upload in a day."""
RESERVE = 1_000_000_000
"""Bytes that stay free on the disk, for the database."""
FULL_SECONDS = 60
"""When to try again on a full disk."""


class UploadLimits:
    """The settings `file_size`, `file_quota` (0: no limit) and `guest_files`."""

    def __init__(self, clock: Clock, size: int, quota: int, *, guests: bool) -> None:
        self._clock = clock
        self._size = size
        self._quota = quota
        self._guests = guests
        self._days: LruDict[list[float]] = LruDict(lambda: [0.0, 0.0])
        """By address: the end of its day, and the bytes of it."""

    def check_actor(self, actor: Actor) -> None:
        """Raise Forbidden if this user may not upload at all."""
        if actor.kind == "guest" and not self._guests:
            raise Forbidden("forbidden.guest_files")

    def check_length(self, actor: Actor, length: int) -> None:
        """Raise FileTooLarge, or BadRequest for an empty file."""
        most = min(self._size, GUEST_QUOTA) if actor.kind == "guest" else self._size
        if length > most:
            raise FileTooLarge(limit=most)
        if length == 0:
            raise BadRequest(reason="file.empty")

    def largest(self, actor: Actor) -> int:
        """The largest file of this user."""
        return min(self._size, GUEST_QUOTA) if actor.kind == "guest" else self._size

    def allowed(self, actor: Actor) -> int | None:
        """The same; None for a user who may not upload at all."""
        return None if actor.kind == "guest" and not self._guests else self.largest(actor)

    def quota(self, actor: Actor) -> int:
        """The bytes of all files of this user; 0: no limit."""
        return GUEST_QUOTA if actor.kind == "guest" else self._quota

    def count_address(self, actor: Actor, address: str, length: int) -> None:
        """Count an upload of a guest for their address, which may be this machine ("": unknown, and not limited). Raises
        QuotaExceeded."""
        if actor.kind != "guest" or not address:
            return
        day, now = self._days[address], self._clock.steady()
        if now >= day[0]:
            day[:] = now + DAY, 0
        if day[1] + length > ADDRESS_QUOTA:
            raise QuotaExceeded("quota_exceeded.address", limit=ADDRESS_QUOTA)
        day[1] += length

    def give_back(self, actor: Actor, address: str, length: int) -> None:
        """Undo this for bytes that were not uploaded."""
        if actor.kind == "guest" and address:
            self._days[address][1] = max(0, self._days[address][1] - length)

    def check_room(self, free: int | None, length: int) -> None:
        """Raise StorageFull if so many bytes would leave too few. `free`: None if nobody knows."""
        if lacks_room(free, length):
            raise StorageFull(retry_after=FULL_SECONDS)


def lacks_room(free: int | None, length: int) -> bool:
    """Whether so many more bytes would leave too few. `free`: None if nobody knows."""
    return free is not None and free - length < RESERVE
