"""Joins the modules and style sheets of the page into one file each, so that a first visit needs few requests. Pure.

The sources stay plain ES modules that run without this. Only the forms of `import` and `export` that they use are known;
any other raises ValueError. tests/http/test_bundle.py runs the result in Node and compares it with the sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from posixpath import dirname, join, normpath

_COMMENTS = re.compile(r"^[ \t]*(?://.*|/\*(?:[^*]|\*(?!/))*\*/[ \t]*)\n", re.MULTILINE)
"""Whole lines of comments."""
_IMPORT = re.compile(r'^import (\{[^}]*\}) from "([^"]+)";$', re.MULTILINE)
_EXPORT_FROM = re.compile(r'^export (\{[^}]*\}) from "([^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:(?:async )?function|class|const) (\w+))", re.MULTILINE)
_LOAD = re.compile(r"\bimport\((?=[\"`])")
_LOADED = re.compile(r'\bimport\("([^"]+)"\)')
_LEFT = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)

# A $ begins every name of ours that a module can see, because no module uses one.
_START = """\
const made = {};
const $need = (name) => made[name] ?? (modules[name]((made[name] = {}), (path) => load(name, path)), made[name]);
const load = async (from, path) => {
  const name = new URL(path, `https://page/${from}`).pathname.slice(1);
  return name in modules ? $need(name) : import(`./${name.split("/").pop()}`);
};
const modules = {
"""


def without_comments(source: str) -> str:
    """The source without the lines that hold only a comment. A comment beside code stays."""
    return _COMMENTS.sub("", source)


def modules(sources: Mapping[str, str], entry: str, *, apart: frozenset[str] = frozenset()) -> str:
    """One module with `entry` and all modules that it imports, also later. `sources`: texts by path.

    A module is a function that runs at its first import, as modules do. The entry may await at its top. The modules of `apart`
    stay files of their own, which must lie beside the result.
    """
    parts = [
        f'"{path}": {_function(path, sources[path], path == entry)},\n' for path in _reached(sources, entry, apart)
    ]
    return f'{_START}{"".join(parts)}}};\n$need("{entry}");\n'


def styles(sources: Mapping[str, str], order: list[str]) -> str:
    """One style sheet, in this order."""
    return "".join(without_comments(sources[path]) for path in order)


def _function(path: str, source: str, is_entry: bool) -> str:
    """The module as a function of its exports and of the function for later imports."""

    def imported(names: str, target: str) -> str:
        return f'const {re.sub(r" as ", ": ", names)} = $need("{_resolved(path, target)}");'

    def passed_on(names: str, target: str) -> str:
        if " as " in names:
            raise ValueError(f"{path}: a renamed export")
        places = re.sub(r"\w+", r"\g<0>: $exports.\g<0>", names)
        return f'({places} = $need("{_resolved(path, target)}"));'

    text = without_comments(source)
    text = _IMPORT.sub(lambda found: imported(found[1], found[2]), text)
    text = _EXPORT_FROM.sub(lambda found: passed_on(found[1], found[2]), text)
    exports = _EXPORT.findall(text)
    text = _LOAD.sub("$load(", _EXPORT.sub("", text))
    if left := _LEFT.search(text):
        raise ValueError(f"{path}: {left[0]}")
    start = f"{'async ' if is_entry else ''}($exports, $load) => {{\n"
    return f"{start}{text}Object.assign($exports, {{ {', '.join(exports)} }});\n}}"


def _reached(sources: Mapping[str, str], entry: str, apart: frozenset[str]) -> list[str]:
    """The paths of the modules that the entry imports, and of those that a computed path may import: all locales."""
    found: dict[str, None] = {}
    left = [entry, *(path for path in sources if path.startswith("locales/"))]
    while left:
        path = left.pop()
        if path in found or path in apart:
            continue
        if path not in sources:
            raise ValueError(f"{path} is imported and missing")
        found[path] = None
        left += (_resolved(path, target) for target in _targets(without_comments(sources[path])))
    return sorted(found)


def _targets(source: str) -> Iterator[str]:
    for form in (_IMPORT, _EXPORT_FROM):
        yield from (target for _, target in form.findall(source))
    yield from _LOADED.findall(source)


def _resolved(path: str, target: str) -> str:
    return normpath(join(dirname(path), target))
