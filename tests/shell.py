"""Runs `suhbat …` in a shell or in this process. Starting an interpreter takes longer than most commands."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path

from typer.testing import CliRunner

from suhbat import cli

from .servers import ROOT

Done = subprocess.CompletedProcess[str]


def in_this_process(*arguments: str, data: Path, environment: Mapping[str, str], typed: str = "") -> Done:
    """Run the command in the directory above `data`; gives its output and exit code. Raises exceptions that a shell
    would show as a traceback."""
    inherited = [name for name in os.environ if name.startswith("SUHBAT_")]
    with chdir(data.parent):
        result = CliRunner().invoke(
            cli.build(),
            [*arguments, "--data", str(data)],
            input=typed,
            env={**dict.fromkeys(inherited), **environment},
        )
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return subprocess.CompletedProcess(arguments, result.exit_code, result.stdout, result.stderr)


def in_a_shell(*arguments: str, data: Path, environment: Mapping[str, str], typed: str = "") -> Done:
    """The same in an interpreter of its own, in which a warning is an error."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SUHBAT_")}
    return subprocess.run(
        [sys.executable, "-m", "suhbat", *arguments, "--data", str(data)],
        input=typed, capture_output=True, encoding="utf-8", timeout=120, cwd=data.parent,
        env=inherited | environment | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
