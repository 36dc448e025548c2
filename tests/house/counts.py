"""Counting what stands in the source: modules, names, imports, callbacks, lines. Nothing of it is imported or run."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grimp

TYPEDEF = re.compile(
    r"@typedef\s+\{[^\n]*?\}\s*(\w+)|@typedef\s+(\w+)|@callback\s+(\w+)|^export class (\w+)|^class (\w+)", re.M
)
IMPORTED = re.compile(r"@typedef\s+\{import\(")


def sources(tree: Path) -> list[Path]:
    return sorted((tree / "suhbat").rglob("*.py"))


def trees(tree: Path) -> Iterator[tuple[str, ast.Module]]:
    for path in sources(tree):
        yield path.relative_to(tree).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def top_level(tree: Path) -> list[str]:
    """The modules that stand beside the packages."""
    return sorted(path.name for path in (tree / "suhbat").glob("*.py") if not path.name.startswith("__"))


def classes(tree: Path) -> dict[str, list[str]]:
    """Where each public class name of Python is defined. Migrations are frozen and are not counted."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, module in trees(tree):
        if "/migrations/" in name:
            continue
        for node in ast.walk(module):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(name)
    return found


def page_types(tree: Path) -> dict[str, list[str]]:
    """Where each class and each typedef of the page and its SDK is defined. A typedef that only imports one is none."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted((tree / "suhbat" / "web" / "js").rglob("*.js")):
        text = path.read_text(encoding="utf-8")
        for match in TYPEDEF.finditer(text):
            line = text[match.start() : text.index("\n", match.start())]
            name = next(filter(None, match.groups()), "_")
            if not IMPORTED.match(line) and not name.startswith("_"):
                found[name].append(path.relative_to(tree).as_posix())
    return found


def repeated(found: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: places for name, places in sorted(found.items()) if len(places) > 1}


def _is_callable(annotation: ast.expr | None, value: ast.expr | None, protocols: set[str]) -> bool:
    if isinstance(value, ast.Lambda):
        return True
    names = set() if annotation is None else {n.id for n in ast.walk(annotation) if isinstance(n, ast.Name)}
    return "Callable" in names or bool(names & protocols)


def callables(tree: Path) -> set[str]:
    """The names of attributes that some class says are callable."""
    modules = list(trees(tree))
    aliases = {
        target.id
        for _, module in modules
        for node in module.body
        if isinstance(node, ast.Assign)
        and any(isinstance(n, ast.Name) and n.id == "Callable" for n in ast.walk(node.value))
        for target in node.targets
        if isinstance(target, ast.Name)
    } | {
        node.name
        for _, module in modules
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef)
        and any(isinstance(f, ast.FunctionDef) and f.name == "__call__" for f in node.body)
    }
    found: set[str] = set()
    for _, module in modules:
        for node in ast.walk(module):
            if isinstance(node, ast.AnnAssign) and _is_callable(node.annotation, node.value, aliases):
                target = node.target
            elif isinstance(node, ast.Assign) and _is_callable(None, node.value, aliases):
                target = node.targets[0]
            else:
                continue
            if isinstance(target, ast.Attribute | ast.Name):
                found.add(target.attr if isinstance(target, ast.Attribute) else target.id)
    return found


def assigned(tree: Path) -> list[str]:
    """Where a callable attribute of another object is assigned from outside of its class."""
    names = callables(tree)
    found: list[str] = []
    for path, module in trees(tree):
        for node in ast.walk(module):
            targets = (
                node.targets
                if isinstance(node, ast.Assign)
                else [node.target]
                if isinstance(node, ast.AnnAssign)
                else []
            )
            for target in targets:
                if not isinstance(target, ast.Attribute) or target.attr not in names:
                    continue
                if not (isinstance(target.value, ast.Name) and target.value.id == "self"):
                    found.append(f"{path}:{node.lineno} {ast.unparse(target)}")
    return sorted(found)


def graph(tree: Path) -> Any:
    """Who imports whom, for types as well."""
    sys.path.insert(0, str(tree))
    try:
        return grimp.build_graph("suhbat", cache_dir=None)
    finally:
        sys.path.remove(str(tree))


def uncovered(tree: Path, imports: Any) -> list[str]:
    """The imports of which one side stands in no layer. The SDK has a contract of its own. `suhbat` itself, which a contract
    cannot name, holds nothing but the version."""
    contracts = tomllib.loads((tree / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    named = [contract for contract in contracts if contract["type"] == "layers"]
    floors = {
        name.strip(" ()") for contract in named for layer in contract["layers"] for name in re.split("[|:]", layer)
    }
    floors.add("suhbat.client")

    def stands(module: str) -> bool:
        return module == "suhbat" or any(module == floor or module.startswith(f"{floor}.") for floor in floors)

    return sorted(
        f"{importer} -> {imported}"
        for importer in imports.modules
        for imported in imports.find_modules_directly_imported_by(importer)
        if not (stands(importer) and stands(imported))
    )


def circles(imports: Any) -> list[list[str]]:
    """The sets of modules each of which imports, by way of others, every other one (Tarjan, 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for imported in imports.find_modules_directly_imported_by(module):
            if imported not in index:
                visit(imported)
                low[module] = min(low[module], low[imported])
            elif imported in stack:
                low[module] = min(low[module], index[imported])
        if low[module] == index[module]:
            place = stack.index(module)
            if len(stack) - place > 1:
                found.append(sorted(stack[place:]))
            del stack[place:]

    for module in sorted(imports.modules):
        if module not in index:
            visit(module)
    return found


def lines(tree: Path) -> dict[str, int]:
    """Of the server with its SDK, of the page, and of tests and benchmarks."""

    def count(*patterns: str) -> int:
        paths = {path for pattern in patterns for path in tree.glob(pattern) if "__pycache__" not in path.parts}
        return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths)

    return {
        "suhbat/**/*.py": count("suhbat/**/*.py"),
        "the page": count("suhbat/web/**/*.js", "suhbat/web/**/*.css", "suhbat/web/**/*.html"),
        "tests and bench": count(
            "tests/**/*.py", "bench/*.py", "bench/rivals/**/*.py", "tests/web/**/*.js", "tests/web/**/*.mjs"
        ),
    }
