"""All places for bytes that the settings know. New files go to one of them; older ones may be in the other."""

from __future__ import annotations

from collections.abc import Iterator

from .store import FileStore, StoreUnreachable


class UnknownBackend(StoreUnreachable):
    """A file is recorded in a store that the settings do not name."""

    def __init__(self, backend: str) -> None:
        super().__init__(f"no setting says where the store {backend!r} is: set files_before to where these files are")


class FileStores:
    """`current`: where new files go; `before`: where files went before, and may still be."""

    def __init__(self, current: FileStore, before: FileStore | None = None) -> None:
        self.current = current
        self._all: dict[str, FileStore] = {store.backend: store for store in (before, current) if store is not None}

    def of(self, backend: str) -> FileStore:
        """The store with this name, as it is recorded with each file. Raises UnknownBackend."""
        if backend not in self._all:
            raise UnknownBackend(backend)
        return self._all[backend]

    def __iter__(self) -> Iterator[FileStore]:
        return iter(self._all.values())
