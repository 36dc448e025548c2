"""The files of the project, as in a fresh clone."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.servers import PATIENCE, ROOT


def files() -> list[Path]:
    """Tracked files, and new ones that are not ignored. Without git (in a ZIP) all files that `.gitignore` does not
    name."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if shutil.which("git") and (ROOT / ".git").exists():
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=PATIENCE)
        return sorted({path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()})
    lists = (ROOT / ".gitignore", ROOT / "bench" / ".gitignore")
    ignored = {line.strip("/") for path in lists for line in path.read_text(encoding="utf-8").splitlines()}
    return sorted(
        path
        for path in ROOT.rglob("*")
        if path.is_file() and path.suffix != ".pyc" and not ignored & set(path.relative_to(ROOT).parts)
    )


def clone(target: Path) -> None:
    """Clone the project to `target` with `git clone`, and copy uncommitted changes over it (there are none in CI)."""
    if (ROOT / ".git").exists():
        command = ["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(target)]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    present = {path.relative_to(ROOT) for path in files()}
    for name in present:
        if not (target / name).exists() or (target / name).read_bytes() != (ROOT / name).read_bytes():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    for path in target.rglob("*"):
        if path.is_file() and ".git" not in path.parts and path.relative_to(target) not in present:
            path.unlink()
