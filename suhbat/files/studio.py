"""Looks at files: their types, measures, thumbnails, and a copy without metadata. Pictures go to child processes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import structlog

from . import kinds, media
from .child import Job
from .cleaning import FORMATS
from .drawing_process import DrawingProcess
from .look import Look
from .pictures import Examined, clean, examine
from .window import Window

log = structlog.get_logger("suhbat.files")

T = TypeVar("T")

THUMBNAILS = (360, 1_440)
PORTRAITS = (64, 256)
"""The sizes of thumbnails by their longest side, and of profile pictures, which are squares."""
PROCESSES = 2
"""So one picture that takes its whole time does not delay the others."""
SECONDS, START_SECONDS = 20.0, 10.0
"""What a picture may take, and what a child process may take to start. On a busy machine the processes get little, because the
chat goes first; so where processor time is limited, too, that limit is half as long (`child.CPU_SECONDS`)."""
IDLE_SECONDS = 60.0
"""A child process without work ends after this time, which gives back its memory (30 to 50 MB)."""


class Studio:
    """Used on the event loop, which it never blocks. Starts child processes when there are pictures; `close` ends them."""

    def __init__(
        self,
        processes: int = PROCESSES,
        seconds: float = SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        process: Callable[[], DrawingProcess] = DrawingProcess,
    ) -> None:
        self._seconds, self._idle_seconds = seconds, idle_seconds
        self._process = process
        self._turns = asyncio.Semaphore(processes)
        self._threads = ThreadPoolExecutor(processes + 2, "files")
        self._idle: list[DrawingProcess] = []
        self._busy: set[DrawingProcess] = set()
        self._has_looked = False
        """Whether a thread was ever needed."""
        self._is_closed = False
        self._retiring: asyncio.TimerHandle | None = None
        self._has_warned = False

    async def look(self, source: Path, work: Path) -> Look:
        """Look at a file. New files are written into the directory `work`, which the caller removes when they are stored.

        Waits for its turn if many pictures come at once. Bad content never raises; OSError if the source cannot be read or
        `work` not be written."""
        type_ = await self._run(_read_type, source)
        if type_ in kinds.PICTURES:
            return await self._picture(source, type_, work)
        return await self._run(_sound_or_film, source, type_, work / "cleaned")

    async def portrait(self, source: Path, work: Path) -> Mapping[int, Path]:
        """A square from the middle of a picture as WebP files of 64 and 256 pixels, by size; smaller pictures make smaller
        squares, and one less. Empty if the file is no picture that can be decoded."""
        type_ = await self._run(_read_type, source)
        if type_ not in kinds.PICTURES:
            return {}
        answers, _ = await self._ask(_job(source, type_, work, None, PORTRAITS, is_square=True))
        return _thumbnails(answers, work, PORTRAITS)

    async def close(self) -> None:
        """End all child processes and threads. Whoever still looks, or looks later, gets a RuntimeError."""
        self._is_closed = True
        if self._retiring:
            self._retiring.cancel()
        self._retire()
        for process in self._busy:
            process.kill()
        if self._has_looked:
            await asyncio.to_thread(self._threads.shutdown)
        else:  # nothing to wait for, so no thread is started only to wait
            self._threads.shutdown()

    async def _picture(self, source: Path, type_: str, work: Path) -> Look:
        cleaned = work / "cleaned"
        answers, decoders = await self._ask(_job(source, type_, work, cleaned, THUMBNAILS, is_square=False))
        try:
            examined = Examined(**answers["examined"])
        except (KeyError, TypeError):  # the child ended too early: metadata must go nevertheless
            examined = await self._run(examine, source, type_, cleaned)
        kept = cleaned if examined.is_cleaned else None
        if thumbnails := _thumbnails(answers, work, THUMBNAILS):
            drawn = answers["drawn"]
            return Look(type_, "image", drawn["width"], drawn["height"], None, drawn["thumbhash"], kept, thumbnails)
        if type_ not in decoders and examined.pixels and kinds.inline(type_, "image"):  # browsers will decode it
            return Look(type_, "image", examined.width, examined.height, cleaned=kept)
        return Look(type_, "file", cleaned=kept)

    async def _ask(self, job: Job) -> tuple[dict[str, Any], frozenset[str]]:
        """The answers of a child process, and the types that it decodes. No answers if it cannot be started."""
        async with self._turns:
            process = self._idle.pop() if self._idle else self._process()
            self._busy.add(process)
            try:
                if not process.is_started:
                    await self._within(START_SECONDS, process, process.start)
                return await self._within(self._seconds, process, process.ask, job), process.decoders
            except OSError as error:
                process.kill()
                self._warn("pictures: the child process does not start, so there are no thumbnails", error=str(error))
                return {}, frozenset()
            finally:
                self._returned(process)

    async def _within(self, seconds: float, process: DrawingProcess, function: Callable[..., T], *arguments: Job) -> T:
        """Run a blocking function of a process, which is killed if it takes longer or if nobody waits any more."""
        deadline = asyncio.get_running_loop().call_later(seconds, process.kill)
        try:
            return await self._run(function, *arguments)
        except asyncio.CancelledError:
            process.kill()
            raise
        finally:
            deadline.cancel()

    def _returned(self, process: DrawingProcess) -> None:
        """Keep a process that can take another job for a while, and end every other."""
        self._busy.discard(process)
        if self._is_closed:
            process.close()  # it was killed, so this does not wait
            return
        if not process.is_fit:
            self._threads.submit(process.close)
            return
        if not process.decoders:
            self._warn("pictures: Pillow is not installed, so there are no thumbnails")
        self._idle.append(process)
        if self._retiring:
            self._retiring.cancel()
        self._retiring = asyncio.get_running_loop().call_later(self._idle_seconds, self._retire)

    def _retire(self) -> None:
        for process in self._idle:
            self._threads.submit(process.close)
        self._idle.clear()

    def _warn(self, event: str, **details: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            log.warning(event, **details)

    async def _run(self, function: Callable[..., T], *arguments: Any) -> T:
        self._has_looked = True
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)


def _job(source: Path, type_: str, work: Path, cleaned: Path | None, sides: tuple[int, ...], *, is_square: bool) -> Job:
    """A job with complete paths: the child need not have our working directory."""
    places = [str(path.absolute()) if path else None for path in (source, work, cleaned)]
    return Job(str(places[0]), type_, str(places[1]), places[2], sides, is_square)


def _read_type(source: Path) -> str:
    with source.open("rb") as file:
        return kinds.read_type(file)


def _sound_or_film(source: Path, type_: str, cleaned: Path) -> Look:
    """The look at a file that is no picture. Places are removed from films; sound keeps its titles."""
    with source.open("rb") as file:
        found = media.measure(Window(file), type_)
        is_cleaned = found.type in FORMATS and clean(Window(file), found.type, cleaned)[1]
    return Look(
        found.type,
        kinds.kind_of(found.type),
        found.width,
        found.height,
        found.duration,
        cleaned=cleaned if is_cleaned else None,
    )


def _thumbnails(answers: Mapping[str, Any], work: Path, sides: tuple[int, ...]) -> dict[int, Path]:
    """The thumbnails that a child says it has written. A child could have been taken over by what it decoded, so names of files
    are never taken from it, and measures only if they can be true."""
    drawn = answers.get("drawn")
    if not (isinstance(drawn, dict) and isinstance(drawn.get("sizes"), list)):
        return {}
    measures = drawn.get("width"), drawn.get("height")
    if not all(isinstance(one, int) and 0 < one < 1 << 31 for one in measures):
        return {}
    if not (isinstance(drawn.get("thumbhash"), str) and len(drawn["thumbhash"]) <= 64):
        return {}
    found = {side: work / f"{side}.webp" for side in sides if side in drawn["sizes"]}
    return found if all(path.is_file() for path in found.values()) else {}
