"""The files that an export names, copied beside it: each under its id and the suffix of its name."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

from suhbat.config import Settings

from .local_server import CommandRefused, alone, ask, running

BLOCK = 256 * 1024
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,16}")


def copy_files(settings: Settings, export: Path, directory: Path) -> tuple[int, int]:
    """Copy the files of the messages of an export into a directory. Returns how many are there, and how many are gone. What an
    earlier attempt has copied stays. Raises CommandRefused."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        missing = [(id, target) for id, size, target in _named(export, directory) if not _is_there(target, size)]
        if missing:
            found = running(settings)
            if found is None:
                asyncio.run(_copy_alone(settings, missing))
            else:
                _copy_from_server(found, missing)
        targets = {target for _, _, target in _named(export, directory)}
        there = sum(target.exists() for target in targets)
    except OSError as error:
        raise CommandRefused(f"{directory} cannot be written: {error.strerror or error}") from None
    return there, len(targets) - there


def _named(export: Path, directory: Path) -> Iterator[tuple[str, int, Path]]:
    """Id, size and target of each file."""
    with export.open(encoding="utf-8") as lines:
        for line in lines:
            one = json.loads(line)
            for file in one.get("files", ()) if one["type"] == "message" else ():
                suffix = _SUFFIX.fullmatch(Path(file["name"]).suffix)
                yield file["id"], file["size"], directory / (file["id"] + (suffix[0] if suffix else ""))


def _is_there(target: Path, size: int) -> bool:
    return target.exists() and target.stat().st_size == size


@contextmanager
def _whole(target: Path) -> Iterator[BinaryIO]:
    """Write a file as a whole or not at all."""
    part = target.with_name(f"{target.name}.part")
    with part.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    part.replace(target)


def _copy_from_server(found: tuple[str, str], missing: Sequence[tuple[str, Path]]) -> None:
    for id, target in missing:
        with ask(*found, "/control/file", {"file": id}) as answer:
            if answer.status != HTTPStatus.OK:
                continue
            with _whole(target) as file:
                while data := answer.read(BLOCK):
                    file.write(data)


async def _copy_alone(settings: Settings, missing: Sequence[tuple[str, Path]]) -> None:
    from suhbat.http.control import file_bytes, open_file

    async with alone(settings, {}) as suhbat:
        files = suhbat.node.files
        try:
            for id, target in missing:
                opened = await open_file(id, suhbat.node.store, files.downloads)
                if opened is None:
                    continue
                with _whole(target) as file:
                    async for chunk in file_bytes(opened):
                        file.write(chunk)
        finally:
            await files.close()
