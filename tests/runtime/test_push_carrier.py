"""Pushes in a child process: what is said over the pipe, and that no push hangs or is lost when the child ends."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest
from structlog.testing import capture_logs

from suhbat.notify.ports import NoAnswer, PushRequest, ServiceAnswer
from suhbat.notify.vapid import make_key
from suhbat.runtime import push_carrier, push_child
from suhbat.runtime.push_carrier import ChildCarrier
from suhbat.runtime.push_child import Answer, Office, PushSetup, decoded_answers, decoded_batch, encoded_batch
from suhbat.runtime.push_process import PushListener, PushProcess
from tests.notify.push_service import Browser, browser
from tests.servers import PATIENCE, ROOT

SETUP = PushSetup("public", "SECRET", None, ("127.0.0.0/8",))
READY = [sys.executable, "-I", "-c"]


def request(body: bytes = b"{}", topic: str = "topic") -> PushRequest:
    return PushRequest("https://push.example.org/1", b"\x04" * 65, b"\xff" * 16, "u1", body, topic, 60, "high")


def to(one: Browser, body: bytes) -> PushRequest:
    found = one.subscription
    return PushRequest(found.endpoint, found.public_key, found.auth, found.uid, body, "topic", 60, "high")


class FakeProcess(PushProcess):
    """A child process without a process. `told`: the lines; the first is the setup."""

    def __init__(self, listener: PushListener) -> None:
        self._listener = listener
        self.told: list[bytes] = []
        self.end = ""

    @property
    def batches(self) -> list[tuple[list[tuple[int, PushRequest]], list[int]]]:
        return [decoded_batch(line) for line in self.told[1:]]

    def tell(self, line: bytes) -> None:
        self.told.append(line)

    def close(self) -> None:
        self.end = "closed"

    def kill(self) -> None:
        self.end = "killed"

    async def over(self) -> None:
        assert self.end == "killed"

    def answer(self, *answers: Answer) -> None:
        self._listener.heard(self, answers)

    def die(self, *, was_ready: bool = True) -> None:
        self._listener.ended(self, was_ready=was_ready)


class FakeCarrier:
    """Takes pushes; `hanging` topics have no answer."""

    def __init__(self) -> None:
        self.carried: list[PushRequest] = []
        self.hanging: set[str] = set()
        self.error: Exception | None = None

    async def carry(self, request: PushRequest) -> ServiceAnswer | NoAnswer:
        self.carried.append(request)
        if request.topic in self.hanging:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error
        return ServiceAnswer(201, "x" * 1_000)


class Scene:
    """A carrier over fakes. `processes`: all that it has started."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **times: float) -> None:
        for module in (push_carrier, push_child):
            monkeypatch.setattr(module, "BATCH_SECONDS", 0.0)
        self.processes: list[FakeProcess] = []
        self.direct = FakeCarrier()
        self.carrier = ChildCarrier(lambda: SETUP, self.direct, self._make, **times)

    def _make(self, listener: PushListener) -> FakeProcess:
        self.processes.append(FakeProcess(listener))
        return self.processes[-1]

    async def begin(self, *requests: PushRequest) -> list[asyncio.Task[ServiceAnswer | NoAnswer]]:
        """Pushes that the process was told of."""
        tasks = [asyncio.ensure_future(self.carrier.carry(one)) for one in requests]
        await self.settled()
        return tasks

    async def settled(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(monkeypatch)


def test_what_is_said() -> None:
    """A batch comes out as it went in, whatever its bytes are. What is no answer raises: a child reads what strangers send."""
    pushes = [(n, request(bytes(range(256)), f"t{n}")) for n in range(3)]
    line = encoded_batch(pushes, [7])
    assert decoded_batch(line) == (pushes, [7]) and line.count(b"\n") == 1
    assert decoded_answers(b'[[1, 201, null], [2, "refused", "x"]]\n') == [(1, 201, None), (2, "refused", "x")]
    for broken in (b"", b"{}", b"1", b"[1]", b"[[1, 2]]", b'[["1", 2, null]]', b"[[1, null, null]]", b"[[1, 2, 3]]"):
        with pytest.raises(ValueError):
            decoded_answers(broken)


async def test_pushes_of_one_moment_are_one_line(scene: Scene) -> None:
    """Nothing starts before the first push; many are one line, with answers in any order. The secret is said over the pipe."""
    assert scene.processes == []
    tasks = await scene.begin(*(request(topic=f"t{n}") for n in range(50)))
    (process,) = scene.processes
    assert json.loads(process.told[0])["private"] == "SECRET" and "SECRET" not in repr(SETUP)
    ((pushes, ended),) = process.batches
    assert [one.topic for _, one in pushes] == [f"t{n}" for n in range(50)] and ended == []
    process.answer(*((number, 201, "5") for number, _ in reversed(pushes)))
    assert await asyncio.gather(*tasks) == [ServiceAnswer(201, "5")] * 50
    assert scene.direct.carried == []


async def test_words(scene: Scene) -> None:
    """`refused` and `unreachable` are passed on; the name of an exception is logged, and the push is tried again. An answer
    that nobody waits for is passed over."""
    tasks = await scene.begin(request(), request(), request())
    with capture_logs() as logged:
        scene.processes[0].answer((0, "refused", None), (1, "unreachable", None), (2, "KeyError", None), (99, 1, None))
    assert await asyncio.gather(*tasks) == ["refused", "unreachable", "unreachable"]
    assert [line["error"] for line in logged] == ["KeyError"]


async def test_given_up(scene: Scene) -> None:
    """The child is told of a push that nobody waits for any more, so that no more are in progress than the parent knows of. One
    that it was never told of is not said at all."""
    (waiting,) = await scene.begin(request())
    waiting.cancel()
    early = asyncio.ensure_future(scene.carrier.carry(request()))
    await asyncio.sleep(0)
    early.cancel()
    await scene.settled()
    assert [ended for _, ended in scene.processes[0].batches] == [[], [0]]
    assert [len(pushes) for pushes, _ in scene.processes[0].batches] == [1, 0]


async def test_a_child_that_dies(scene: Scene) -> None:
    """What it had not answered is tried again later, and the next push has a new child. The log says how many."""
    tasks = await scene.begin(request(), request())
    with capture_logs() as logged:
        scene.processes[0].die()
    assert await asyncio.gather(*tasks) == ["unreachable", "unreachable"]
    assert [line["pushes"] for line in logged] == [2]
    (again,) = await scene.begin(request())
    scene.processes[0].answer((2, 500, None))  # too late
    assert len(scene.processes) == 2 and not again.done()
    scene.processes[1].answer((2, 201, None))
    assert await again == ServiceAnswer(201)


async def test_no_child(scene: Scene) -> None:
    """Where no child can be started, this process carries pushes: those that wait, and those of the next minute. Then it tries
    again."""
    tasks = await scene.begin(request(), request())
    with capture_logs() as logged:
        scene.processes[0].die(was_ready=False)
    assert [one.status for one in await asyncio.gather(*tasks) if isinstance(one, ServiceAnswer)] == [201, 201]
    assert await scene.carrier.carry(request()) == ServiceAnswer(201, "x" * 1_000)
    assert len(scene.processes) == 1 and len(logged) == 1
    scene.carrier._again_at = 0.0
    await scene.begin(request())
    assert len(scene.processes) == 2


async def test_a_child_without_pushes_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """It gives back its memory, after its last answer and not before; the next push starts another."""
    scene = Scene(monkeypatch, idle_seconds=0.0)
    (task,) = await scene.begin(request())
    assert not scene.processes[0].end
    scene.processes[0].answer((0, 201, None))
    await task
    await scene.settled()
    assert scene.processes[0].end == "closed"
    scene.processes[0].die()
    await scene.begin(request())
    assert len(scene.processes) == 2


async def test_a_silent_child_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that answers nothing hangs. An answer begins the time anew; one that waits for pushes is not silent."""
    scene = Scene(monkeypatch, silent_seconds=0.0)
    await scene.begin(request())
    assert scene.processes[0].end == "killed"
    scene = Scene(monkeypatch)
    first, second = await scene.begin(request(), request())
    armed = scene.carrier._timer
    scene.processes[0].answer((0, 201, None))
    assert scene.carrier._timer is not armed and scene.carrier._is_silent
    scene.processes[0].answer((1, 201, None))
    assert not scene.carrier._is_silent
    await asyncio.gather(first, second)


async def test_too_many(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limit a push is tried again later: a child that is slow takes no memory without end."""
    monkeypatch.setattr(push_carrier, "MOST_WAITING", 2)
    tasks = await scene.begin(request(), request(), request())
    assert [task.done() for task in tasks] == [False, False, True] and await tasks[2] == "unreachable"
    await scene.carrier.close()
    assert scene.processes[0].end == "killed"
    assert await asyncio.gather(*tasks) == ["unreachable"] * 3
    assert await scene.carrier.carry(request()) == "unreachable" and len(scene.processes) == 1


async def test_the_office(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child answers each push once, also one that was given up or that failed, in lines of many; headers are cut."""
    monkeypatch.setattr(push_child, "BATCH_SECONDS", 0.0)
    carrier, lines = FakeCarrier(), list[bytes]()
    office = Office(carrier, lines.append)
    carrier.hanging = {"slow"}
    office.take(encoded_batch([(1, request()), (2, request(topic="slow"))], []))
    for _ in range(5):
        await asyncio.sleep(0)
    assert [decoded_answers(line) for line in lines] == [[(1, 201, "x" * push_child.MOST_RETRY_AFTER)]]
    carrier.error = KeyError("secret")
    office.take(encoded_batch([(3, request())], [1, 2, 9]))
    for _ in range(5):
        await asyncio.sleep(0)
    assert sorted(decoded_answers(lines[1])) == [(2, "unreachable", None), (3, "KeyError", None)]
    assert len(lines) == 2 and not office._running


async def test_children_that_all_die(scene: Scene) -> None:
    """They are not started one after the other: from the second on there is a pause, in which pushes wait for their next try.
    This process carries none of them, because one may be what ends the children. An answer ends the pauses."""
    for _ in range(2):
        (task,) = await scene.begin(request())
        scene.processes[-1].answer()  # it is ready
        scene.processes[-1].die()
        assert await task == "unreachable"
    assert len(scene.processes) == 2
    assert [await scene.carrier.carry(request()) for _ in range(5)] == ["unreachable"] * 5
    assert len(scene.processes) == 2 and scene.direct.carried == []
    scene.carrier._rests_until = -1.0  # the pause is over
    tasks = await scene.begin(request(), request())
    process = scene.processes[-1]
    ((first, _),) = [[number for number, _ in pushes] for pushes, _ in process.batches]
    process.answer((first, 201, None))
    process.die()
    assert await asyncio.gather(*tasks) == [ServiceAnswer(201, None), "unreachable"]
    (task,) = await scene.begin(request())
    assert len(scene.processes) == 4 and not task.done()
    task.cancel()


@pytest.fixture
async def real() -> AsyncIterator[ChildCarrier]:
    """A carrier with a real child process, which may reach loopback."""
    key = make_key()
    carrier = ChildCarrier(lambda: PushSetup(key.public, key.private, None, ("127.0.0.0/8",)), FakeCarrier())
    yield carrier
    await carrier.close()


async def test_a_real_child(real: ChildCarrier) -> None:
    """The browser reads what was pushed, and the answer comes back. What may not be reached is refused there, too. Killed with
    a push in progress, it is followed by another, and none is left."""
    async with browser() as one:
        assert await real.carry(to(one, b"salom")) == ServiceAnswer(201, "90")
        assert one.messages == [b"salom"] and one.headers[0]["topic"] == "topic"
        inside = PushRequest("https://10.1.2.3/", one.public, one.auth, "u1", b"{}", "topic", 60, "high")
        assert await real.carry(inside) == "refused"
        one.answers.clear()
        waiting = asyncio.ensure_future(real.carry(to(one, b"hangs")))
        await one.asked_for(2)
        assert real._process is not None and real._process.pid is not None
        first = psutil.Process(real._process.pid)
        first.kill()
        assert await asyncio.wait_for(waiting, PATIENCE) == "unreachable"
        one.answers.set()
        assert await real.carry(to(one, b"yana")) == ServiceAnswer(201, "90")
        assert real._process.pid not in (None, first.pid)
        second = psutil.Process(real._process.pid)
    await real.close()
    assert not first.is_running() and not second.is_running()


@pytest.mark.parametrize(
    ("script", "is_ready"),
    [
        ("raise SystemExit", False),
        ("print('<html>', flush=True); input()", False),
        ("print('[[]]', flush=True); input()", False),
        ("import os\nwhile True: os.write(1, b'x' * 65536)", False),
        ("print('[]', flush=True)", True),
        ("print('[]', flush=True); input(); print('[' * 100_000, flush=True); input()", True),
    ],
)
async def test_a_child_that_fails(script: str, is_ready: bool) -> None:
    """Whatever a child says or does, nobody waits for it without end, and it ends."""
    direct = FakeCarrier()

    def make(listener: PushListener) -> PushProcess:
        return PushProcess(listener, [*READY, script])

    carrier = ChildCarrier(lambda: SETUP, direct, make)
    answer = await asyncio.wait_for(carrier.carry(request()), PATIENCE)
    assert (answer == "unreachable", len(direct.carried)) == (is_ready, not is_ready)
    await carrier.close()


async def test_no_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where this program is no Python that could be started again, it carries pushes itself."""
    for executable in (str(ROOT / "no such python"), None):
        monkeypatch.setattr(sys, "executable", executable)
        direct = FakeCarrier()
        carrier = ChildCarrier(lambda: SETUP, direct)
        await asyncio.wait_for(carrier.carry(request()), PATIENCE)
        assert len(direct.carried) == 1
        await carrier.close()


@pytest.mark.parametrize("started", [0, 1])
async def test_no_threads(started: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a thread cannot be started, this process carries pushes, and no child is left."""
    start, count = PushProcess._start, itertools.count()

    def refuse(work: Callable[[], None]) -> None:
        if next(count) >= started:
            raise RuntimeError("can't start new thread")
        start(work)

    monkeypatch.setattr(PushProcess, "_start", staticmethod(refuse))
    direct, made = FakeCarrier(), list[PushProcess]()

    def make(listener: PushListener) -> PushProcess:
        made.append(PushProcess(listener))
        return made[-1]

    carrier = ChildCarrier(lambda: SETUP, direct, make)
    await asyncio.wait_for(carrier.carry(request()), PATIENCE)
    assert len(direct.carried) == 1
    assert made[0].pid is None or not psutil.pid_exists(made[0].pid)
    await carrier.close()


def test_the_child_is_small() -> None:
    """The child imports neither the stores, nor the models, nor a web framework: some 37 MB in all."""
    code = "import sys, suhbat.runtime.push_child; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    loaded = set(done.stdout.split())
    assert not loaded & {"sqlite3", "sqlalchemy", "fastapi", "pydantic", "structlog", "uvicorn"}
    ours = {name.split(".")[1] for name in loaded if name.startswith("suhbat.")}
    assert ours == {"children", "notify", "outgoing", "runtime"}


def test_the_child_ends_with_its_parent() -> None:
    """A child whose parent was killed ends, also in the middle of a push. It ignores SIGTERM, which reaches it with its parent,
    who decides. No secret is in its command line or its environment."""
    code = """
import asyncio
from suhbat.notify.vapid import make_key
from tests.notify.push_service import browser
from tests.runtime.test_push_carrier import FakeCarrier, to
from suhbat.runtime.push_carrier import ChildCarrier
from suhbat.runtime.push_child import PushSetup
async def main():
    key = make_key()
    carrier = ChildCarrier(lambda: PushSetup(key.public, key.private, None, ("127.0.0.0/8",)), FakeCarrier())
    async with browser() as one:
        one.answers.clear()
        task = asyncio.ensure_future(carrier.carry(to(one, b"x")))
        await one.asked_for(1)
        print(carrier._process.pid, key.private, flush=True)
        await task
asyncio.run(main())
"""
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"SUHBAT_SECRET": "SECRET"},
    ) as parent:
        assert parent.stdout
        pid, secret = parent.stdout.readline().split()
        child = psutil.Process(int(pid))
        if sys.platform == "linux":
            shown = Path(f"/proc/{child.pid}/environ").read_bytes() + Path(f"/proc/{child.pid}/cmdline").read_bytes()
            assert b"SECRET" not in shown and secret not in shown
            child.terminate()
            assert child.nice() == min(19, 10 + os.nice(0))
        parent.kill()
    _gone(child)


def _gone(child: psutil.Process) -> None:
    deadline = time.monotonic() + PATIENCE
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.02)
