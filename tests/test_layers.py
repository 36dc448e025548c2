"""The layers hold (CONTRIBUTING.md): imports go down only, and the lower layers know nothing of loops, clocks and
disks."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import grimp
import pytest

from tests.servers import ROOT

PURE = {"asyncio", "time", "socket", "os", "io", "pathlib", "threading", "random", "secrets", "subprocess", "logging"}
"""Modules that `protocol/` may not import, since it gets the time and the bytes as arguments."""


@pytest.fixture(scope="module")
def graph() -> Any:
    """The import graph, including the standard library and other packages."""
    return grimp.build_graph("suhbat", include_external_packages=True, cache_dir=None)


def contracts() -> list[dict[str, Any]]:
    configured: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "importlinter"
    ]["contracts"]
    return configured


def lint(directory: Path) -> subprocess.CompletedProcess[str]:
    """The findings of `lint-imports` for the package in this directory."""
    command = "import sys; sys.path.insert(0, ''); from importlinter.cli import lint_imports_command as lint; lint()"
    return subprocess.run(
        [sys.executable, "-c", command, "--no-cache", "--no-logo"],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_contracts_are_kept() -> None:
    """Every contract holds: no module imports one above it or beside it, and the SDK imports the protocol only."""
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Contracts: {len(contracts())} kept, 0 broken." in done.stdout


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("protocol/v1.py", "suhbat.chat.model"),
        ("chat/policy.py", "suhbat.hub.hub"),
        ("hub/channel.py", "suhbat.store.write.writer"),
        ("transport/v1.py", "suhbat.http.problem"),
        ("client/chat.py", "suhbat.chat.model"),
    ],
)
def test_an_import_upwards_is_noticed(importer: str, imported: str, tmp_path: Path) -> None:
    """An import that goes up, to the side, or from the SDK into the server breaks a contract and is named."""
    shutil.copytree(ROOT / "suhbat", tmp_path / "suhbat", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "suhbat" / importer).open("a", encoding="utf-8") as module:
        module.write(f"\nimport {imported}\n")
    done = lint(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert imported in done.stdout


def test_every_module_is_in_the_contract(graph: Any) -> None:
    """Every module, not only every package, belongs to a layer. Only the SDK does not; it has its own contract."""
    layers = next(contract for contract in contracts() if contract["type"] == "layers")["layers"]
    floors = {name.strip() for layer in layers for name in re.split("[|:]", layer)} | {"suhbat.client"}
    modules = {module for module in graph.modules if module.startswith("suhbat.")}
    assert floors <= modules
    assert [module for module in sorted(modules) if not any(f"{module}.".startswith(f"{one}.") for one in floors)] == []


def test_the_protocol_is_pure(graph: Any) -> None:
    """protocol/ imports no event loop, clock, random source, input or output, and no framework but pydantic."""
    modules = {"suhbat.protocol"} | graph.find_descendants("suhbat.protocol")
    imported = {
        found.partition(".")[0] for module in modules for found in graph.find_modules_directly_imported_by(module)
    }
    assert not imported & PURE
    assert imported <= {"suhbat", "pydantic", "pydantic_core"} | sys.stdlib_module_names


def test_chat_knows_no_framework(graph: Any) -> None:
    """chat/, the domain, imports only the standard library, pydantic and the layers below it."""
    modules = {"suhbat.chat"} | graph.find_descendants("suhbat.chat")
    imported = {
        found.partition(".")[0] for module in modules for found in graph.find_modules_directly_imported_by(module)
    }
    assert imported <= {"suhbat", "pydantic", "pydantic_core", "structlog"} | sys.stdlib_module_names
