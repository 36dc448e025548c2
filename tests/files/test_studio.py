"""Looking at files through child processes: what comes out of every format, and that no picture does harm."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from suhbat.children.starting import command_of
from suhbat.files import drawing_process, studio
from suhbat.files.drawing_process import DrawingProcess
from suhbat.files.look import Look
from suhbat.files.studio import Studio
from tests.servers import PATIENCE, ROOT

from . import samples


@pytest.fixture
async def room() -> AsyncIterator[Studio]:
    """A studio with real child processes."""
    found = Studio()
    yield found
    await found.close()


@pytest.fixture
def put(tmp_path: Path) -> Callable[[bytes], tuple[Path, Path]]:
    """Writes a file; gives its path and a new directory to work in."""

    def write(content: bytes) -> tuple[Path, Path]:
        work = tmp_path / str(len(list(tmp_path.iterdir())))
        work.mkdir()
        (work / "source").write_bytes(content)
        return work / "source", work

    return write


Put = Callable[[bytes], tuple[Path, Path]]


async def test_a_studio_that_looked_at_nothing_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It needs no thread to end, so a node without files stops in one step, also in the simulation, which has no threads."""

    def no_thread(*_: object) -> None:
        raise AssertionError("a thread was needed")

    monkeypatch.setattr(asyncio.get_running_loop(), "run_in_executor", no_thread, raising=False)
    await Studio().close()


async def test_pictures(room: Studio, put: Put) -> None:
    """Every format has its type, its size, a thumbhash, thumbnails, and a copy without metadata."""
    for type_ in samples.PICTURES:
        if type_ == "image/heic":
            continue
        source, work = put(samples.PICTURES[type_](size=(1_600, 400)))
        look = await room.look(source, work)
        assert (look.type, look.kind, look.width, look.height) == (type_, "image", 1_600, 400)
        assert look.thumbhash and look.duration is None
        assert list(look.thumbnails) == [360, 1_440]
        assert all(path.read_bytes()[8:12] == b"WEBP" for path in look.thumbnails.values())
        assert look.cleaned and samples.SECRET not in look.cleaned.read_bytes()
        assert samples.SECRET in source.read_bytes()  # the caller's file is left alone


async def test_heic(room: Studio, put: Put) -> None:
    """A HEIC has thumbnails if its decoder is installed. If it is broken, or the decoder is missing, it is a file; the metadata
    goes all the same."""
    pillow_heif = pytest.importorskip("pillow_heif")
    encoded = pillow_heif.from_pillow(samples.picture((640, 480)))
    target = put(b"")[0]
    encoded.save(target, exif=b"Exif\0\0" + samples.exif(6), xmp=samples.XMP)
    assert samples.SECRET in target.read_bytes()
    source, work = put(target.read_bytes())
    look = await room.look(source, work)
    assert (look.type, look.kind, sorted((look.width or 0, look.height or 0))) == ("image/heic", "image", [480, 640])
    assert look.cleaned and samples.SECRET not in look.cleaned.read_bytes()
    look = await room.look(*put(samples.heic()))
    assert (look.type, look.kind, dict(look.thumbnails)) == ("image/heic", "file", {})
    assert look.cleaned and samples.SECRET not in look.cleaned.read_bytes()


async def test_nothing_to_remove(room: Studio, put: Put) -> None:
    """A picture without metadata needs no copy."""
    look = await room.look(*put(samples.saved(samples.picture(), "PNG")))
    assert look.kind == "image" and look.cleaned is None and list(look.thumbnails) == [360]


async def test_sound_films_and_files(room: Studio, put: Put) -> None:
    """Sound and films have measures; everything else has a type. No process is started for them."""
    source, work = put(samples.mp4())
    look = await room.look(source, work)
    assert look.cleaned and samples.SECRET not in look.cleaned.read_bytes()
    assert replace(look, cleaned=None) == Look("video/mp4", "video", 640, 360, 2_500)
    assert await room.look(*put(samples.ogg())) == Look("audio/ogg", "audio", duration=4_000)
    assert await room.look(*put(b"%PDF-1.7")) == Look("application/pdf", "file")
    assert await room.look(*put(b"<svg onload='x'/>")) == Look("image/svg+xml", "file")
    assert await room.look(*put(b"")) == Look("application/octet-stream", "file")
    assert not room._idle


async def test_portraits(room: Studio, put: Put) -> None:
    """A profile picture has two sizes; what is no picture has none."""
    source, work = put(samples.jpeg(6, (640, 480)))
    assert list(await room.portrait(source, work)) == [64, 256]
    assert await room.portrait(*put(samples.jpeg()[:900])) == {}
    assert await room.portrait(*put(b"<svg/>")) == {}


async def test_many_at_once(room: Studio, put: Put) -> None:
    """Thirty pictures at once are looked at by two processes, which are kept."""
    looks = await asyncio.gather(*(room.look(*put(samples.png(size=(400, 300)))) for _ in range(30)))
    assert {(look.kind, len(look.thumbnails)) for look in looks} == {("image", 2)}
    assert 1 <= len(room._idle) <= studio.PROCESSES


class Script(DrawingProcess):
    """A child process that runs a script in place of ours. `say(answer)` and `Job` are there."""

    def __init__(self, script: str) -> None:
        super().__init__()
        self._script = script

    def _command(self) -> list[str]:
        start = "import json, os, sys, time\ndef say(answer): print(json.dumps(answer), flush=True)\n"
        return [sys.executable, "-I", "-c", start + "say({'decoders': ['image/png']})\n" + self._script]


EXAMINED = {"width": 64, "height": 48, "is_cleaned": False, "pixels": 10_000}
WEIRD = {
    "crashes at start": "os.abort()",
    "crashes with a job": "input(); os.abort()",
    "ends": "input()",
    "hangs": "input(); time.sleep(600)",
    "hangs after the first step": f"input(); say({{'examined': {EXAMINED}}}); time.sleep(600)",
    "says no JSON": "input(); print('<html>', flush=True); time.sleep(600)",
    "says an endless line": "input()\nwhile True: os.write(1, b'x' * 4096)",
    "says a number": "input(); print(1, flush=True); time.sleep(600)",
    "says what it does not know": "input(); say({'drawn': 1, 'examined': 2}); time.sleep(600)",
    "says what cannot be": "input(); say({'drawn': {'width': -1, 'height': 1, 'thumbhash': '', 'sizes': [360]}})",
    "names what it did not write": "input(); say({'drawn': {'width': 1, 'height': 1, 'thumbhash': '', 'sizes': [360]}})",
    "names another file": "input(); say({'drawn': {'width': 1, 'height': 1, 'thumbhash': '', 'sizes': ['../../x']}})",
    "has lists for names": "input(); say({'drawn': {'width': 1, 'height': 1, 'thumbhash': '', 'sizes': [[]]}, 'examined': []})",
    "says a number that is none": "input(); say({'failed': 'x', 'memory': 'much'}); time.sleep(600)",
}


@pytest.mark.parametrize("script", WEIRD.values(), ids=WEIRD)
async def test_a_child_that_fails(script: str, put: Put) -> None:
    """Whatever a child does, the picture is a file without thumbnails, within the limit of time, and its metadata is gone."""
    room = Studio(seconds=0.5, process=lambda: Script(script))
    began = time.monotonic()
    look = await asyncio.wait_for(room.look(*put(samples.png())), PATIENCE)
    assert (look.type, look.kind, dict(look.thumbnails)) == ("image/png", "file", {})
    if "hangs after" not in script and look.cleaned:
        assert samples.SECRET not in look.cleaned.read_bytes()
    await room.close()
    assert time.monotonic() - began < PATIENCE


async def test_a_child_that_hangs_delays_nobody(put: Put) -> None:
    """While one picture hangs, others are looked at, and the event loop does not wait."""
    scripts = iter([Script("input(); time.sleep(600)")])
    room = Studio(seconds=PATIENCE, process=lambda: next(scripts, None) or DrawingProcess())
    slow = asyncio.ensure_future(room.look(*put(samples.png())))
    await asyncio.sleep(0)
    looks = [await room.look(*put(samples.png())) for _ in range(3)]
    assert {look.kind for look in looks} == {"image"}
    assert not slow.done()
    await room.close()
    with pytest.raises(RuntimeError):
        await slow


async def test_no_child(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no process can be started, pictures have no thumbnails, and their metadata goes all the same."""
    monkeypatch.setattr(sys, "executable", str(ROOT / "no such python"))
    room = Studio()
    look = await room.look(*put(samples.jpeg(6)))
    assert (look.kind, look.width, look.height, dict(look.thumbnails)) == ("image", 48, 64, {})
    assert look.cleaned and samples.SECRET not in look.cleaned.read_bytes()
    await room.close()


async def test_without_pillow(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Pillow the same: an image as large as its structure says, cleaned, without thumbnails; a broken one is a file."""
    command = command_of("suhbat.files.child", before="import sys; sys.modules['PIL'] = None; ")
    monkeypatch.setattr(drawing_process, "command_of", lambda module: command)
    room = Studio()
    look = await room.look(*put(samples.jpeg(6)))
    assert (look.kind, look.width, look.height, dict(look.thumbnails)) == ("image", 48, 64, {})
    assert look.cleaned and samples.SECRET not in look.cleaned.read_bytes()
    assert (await room.look(*put(samples.heic()))).kind == "file"
    assert (await room.look(*put(samples.jpeg()[:4]))).kind == "file"
    await room.close()


async def test_cancelled(put: Put) -> None:
    """A cancelled look ends its process."""
    process = Script("input(); time.sleep(600)")
    room = Studio(process=lambda: process)
    looking = asyncio.ensure_future(room.look(*put(samples.png())))
    while not process.is_started:
        await asyncio.sleep(0.01)
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    assert not process.is_fit
    await room.close()


async def test_closed_at_work(put: Put) -> None:
    """Closing does not wait for a picture: its process ends, and whoever waits for it is told."""
    process = Script("input(); time.sleep(600)")
    room = Studio(process=lambda: process)
    looking = asyncio.ensure_future(room.look(*put(samples.png())))
    while not process.is_started:
        await asyncio.sleep(0.01)
    began = time.monotonic()
    await room.close()
    assert time.monotonic() - began < studio.SECONDS / 2
    with pytest.raises(RuntimeError):
        await looking


async def test_idle_processes_end(put: Put) -> None:
    """A process without work ends, and the next picture starts another."""
    room = Studio(idle_seconds=0.01)
    await room.look(*put(samples.png()))
    async with asyncio.timeout(PATIENCE):
        while room._idle:
            await asyncio.sleep(0.01)
    assert (await room.look(*put(samples.png()))).kind == "image"
    await room.close()


async def test_kept_beside_a_large_server(put: Put) -> None:
    """A process is kept however much memory the server itself has: what it is told of its own must not be its parent's."""
    room = Studio()
    large = bytearray(200 << 20)
    large[:: 1 << 12] = b"x" * len(large[:: 1 << 12])  # so that the pages are there
    await room.look(*put(samples.png()))
    assert len(room._idle) == 1
    await room.close()


async def test_replaced(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process is replaced after some jobs."""
    monkeypatch.setattr(drawing_process, "JOBS", 2)
    made: list[DrawingProcess] = []

    def make() -> DrawingProcess:
        made.append(DrawingProcess())
        return made[-1]

    room = Studio(process=make)
    for _ in range(5):
        assert (await room.look(*put(samples.png()))).kind == "image"
    assert [process.is_fit for process in made] == [False, False, True]
    await room.close()


def test_the_child_is_small() -> None:
    """The child imports neither the server, nor a database, nor an event loop, nor sockets."""
    code = "import sys, suhbat.files.child, suhbat.files.drawing; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    loaded = set(json.loads(done.stdout.replace("'", '"')))
    assert not loaded & {"asyncio", "socket", "ssl", "sqlite3", "sqlalchemy", "fastapi", "pydantic", "structlog"}
    ours = {name for name in loaded if name.startswith("suhbat.") and not name.startswith("suhbat.files")}
    assert ours == {"suhbat.children", "suhbat.children.running"}


def test_the_child_ends_with_its_parent(tmp_path: Path) -> None:
    """A child whose parent was killed ends, even in the middle of a job, and it inherits no secret."""
    code = """
import sys, threading
from suhbat.files.drawing_process import DrawingProcess
from suhbat.files.child import Job
process = DrawingProcess()
process.start()
threading.Thread(target=process.ask, args=[Job(sys.argv[1], "image/png", ".", None, (360,))], daemon=True).start()
print(process._process.pid, flush=True)
sys.stdin.read()
"""
    endless = tmp_path / "endless"
    if sys.platform != "win32":
        os.mkfifo(endless)  # nobody writes into it, so reading it never ends
    with subprocess.Popen(
        [sys.executable, "-c", code, str(endless)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"SUHBAT_SECRET": "SECRET"},
    ) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        if sys.platform == "linux":
            assert b"SECRET" not in Path(f"/proc/{child}/environ").read_bytes()
            assert len(list(Path(f"/proc/{child}/fd").iterdir())) <= 6
        parent.kill()
    deadline = time.monotonic() + PATIENCE
    while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.02)
