"""How packages are installed into bench/.cache: by the ordinary clients, without root, and never half."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from compiler import CACHE

INSTALL_WITHIN = 240.0


class Unavailable(Exception):
    """This server cannot be started here. The text says why."""


def debian(name: str, packages: Iterable[str]) -> Path:
    """Debian packages, unpacked into a folder but not installed. It needs apt-get, but not root."""
    folder = CACHE / f"debian-{name}"
    if not folder.exists():
        if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
            raise Unavailable(f"{name} needs Debian's packages, and there is no apt-get")
        unfinished = empty(folder)
        archives = unfinished / "archives"
        archives.mkdir()
        run(
            ["apt-get", "download", "-q", *packages],
            f"apt-get could not download {name} (`apt-get update` may help)",
            folder=archives,
        )
        for archive in sorted(archives.glob("*.deb")):
            run(["dpkg-deb", "-x", str(archive), str(unfinished)], f"{archive.name} could not be unpacked")
            archive.write_bytes(b"")  # its name tells the version
        unfinished.rename(folder)
    return folder


def debian_versions(name: str) -> dict[str, str]:
    """The upstream version of each package of `debian(name, …)`."""
    parts = [archive.name.split("_") for archive in (CACHE / f"debian-{name}" / "archives").glob("*.deb")]
    return {package: re.split(r"[+~-]", version.rpartition("%3a")[2])[0] for package, version, _ in parts}


def empty(folder: Path) -> Path:
    """A temporary folder to install into, so that half an installation never looks complete."""
    unfinished = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    return unfinished


def run(command: list[str], failure: str, settings: Mapping[str, str] | None = None, folder: Path | None = None) -> str:
    """What the command printed. Raises Unavailable if it fails."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | dict(settings or {})
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_WITHIN, env=plain, cwd=folder)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{failure}: not done in {INSTALL_WITHIN:.0f} s") from None
    except FileNotFoundError:
        raise Unavailable(f"{failure}: there is no {command[0]}") from None
    if done.returncode:
        raise Unavailable(f"{failure}: {done.stderr.strip()[-400:]}")
    return done.stdout
