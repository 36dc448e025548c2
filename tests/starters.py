"""Finds the unit tests: those that start no process and need no other machine. Nobody keeps a list.

A test is examined with its fixtures and parameters: the names in its code, the names in what these refer to, and so on
through the modules of `tests`. If something is overlooked, it shows when the test runs, because starting a process is
an error then (see `alone`).
"""

from __future__ import annotations

import functools
import ipaddress
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import pytest

MODULES = {
    "subprocess",
    "multiprocessing",
    "playwright.sync_api",
    "tests.engines",
    "tests.s3",
    "tests.chromium",
    "tests.node",
    "suhbat.files.studio",
    "suhbat.files.drawing_process",
    "suhbat.runtime.push_carrier",
    "suhbat.runtime.push_process",
    "psutil",
}
"""Modules whose users start processes."""
TESTS = "tests."
_STARTING = {"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.spawn", "os.system"}
_RESERVED = ipaddress.ip_network("240.0.0.0/4")
_alone = False


def is_unit(item: pytest.Item) -> bool:
    """Whether this test, as far as its code shows, starts no process."""
    if not isinstance(item, pytest.Function):
        return False
    callspec = getattr(item, "callspec", None)
    parts: list[Any] = [item.function, item.cls, *(callspec.params.values() if callspec else ())]
    parts += [definitions[-1].func for definitions in item._fixtureinfo.name2fixturedefs.values()]
    return not any(_starts(_plain(part)) for part in parts if callable(part))


@contextmanager
def alone() -> Iterator[None]:
    """Within this block starting a process or calling another machine is an error."""
    global _alone
    _alone = True
    try:
        yield
    finally:
        _alone = False


def watch() -> None:
    """Install the audit hook for `alone`, once in each process: an audit hook cannot be removed."""
    sys.addaudithook(_audit)


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if not _alone:
        return
    if event in _STARTING:
        raise AssertionError(f"a unit test starts a process ({event}), which tests.starters did not see")
    if event == "socket.connect" and isinstance(address := arguments[1], tuple) and _is_elsewhere(address[0]):
        raise AssertionError(f"a unit test calls {address[0]}")


def _is_elsewhere(host: str) -> bool:
    """Whether this may be another machine. No machine has a reserved address (RFC 1112 §4): nothing is sent to it."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host != "localhost"
    return not address.is_loopback and address not in _RESERVED


@functools.cache
def _starts(thing: Any) -> bool:
    seen: set[int] = set()
    waiting = [thing]
    while waiting:
        one = _plain(waiting.pop())
        if id(one) in seen:
            continue
        seen.add(id(one))
        if _module(one) in MODULES:
            return True
        waiting += _named(one)
    return False


def _plain(thing: Any) -> Any:
    """The function behind decorators, partials and bound methods."""
    while True:
        if isinstance(thing, functools.partial):
            thing = thing.func
        elif isinstance(thing, property):
            thing = thing.fget
        elif isinstance(thing, staticmethod | classmethod | MethodType):
            thing = thing.__func__
        elif isinstance(thing, FunctionType) and hasattr(thing, "__wrapped__"):
            thing = thing.__wrapped__
        else:
            return thing


def _module(thing: Any) -> str:
    if isinstance(thing, ModuleType):
        return thing.__name__
    return thing.__module__ if isinstance(thing, FunctionType | type) else ""


def _named(thing: Any) -> list[Any]:
    """The objects that the code of a project's function or class refers to."""
    if not isinstance(thing, FunctionType | type) or not thing.__module__.startswith(TESTS):
        return []
    if isinstance(thing, type):
        bases = [base for base in thing.__mro__ if base.__module__.startswith(TESTS)]
        return [value for base in bases for value in vars(base).values()]
    names = set(_names(thing.__code__))
    around = dict(zip(thing.__code__.co_freevars, thing.__closure__ or (), strict=True))
    known = thing.__globals__ | {name: cell.cell_contents for name, cell in around.items()}
    found = [known[name] for name in names if name in known]
    found += [sys.modules[name] for name in names & MODULES if name in sys.modules]
    for module in [one for one in found if isinstance(one, ModuleType) and one.__name__.startswith(TESTS)]:
        found += [vars(module)[name] for name in names if name in vars(module)]
    return [part for one in found for part in _parts(one)]


def _parts(thing: Any) -> list[Any]:
    """The members of a module's collection, such as the kinds of a store."""
    if isinstance(thing, list | tuple | set | frozenset):
        return list(thing)
    return list(thing.values()) if isinstance(thing, dict) else [thing]


def _names(code: CodeType) -> Iterator[str]:
    """The names in the code, including those of inner functions."""
    yield from code.co_names
    yield from code.co_freevars
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
