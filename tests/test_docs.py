"""The documentation agrees with the code: the reference, the texts in three languages, the two READMEs, the links."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
from fastapi.routing import iter_route_contexts

from suhbat.chat.policy import ARCHIVED, RULES, WRITING
from suhbat.cli import build
from suhbat.config import PREFIX, Settings, flag_of
from suhbat.errors import ERRORS
from suhbat.protocol.closes import Close, may_reconnect
from suhbat.protocol.commands import COMMANDS
from suhbat.protocol.events import EVENTS
from suhbat.protocol.notices import NOTICES
from suhbat.protocol.replies import REPLIES, Reset
from suhbat.protocol.simple import SIMPLE_FRAMES
from suhbat.runtime.app import create_app
from suhbat.texts import PUSHES, REASONS, TEXTS, WRITTEN
from tests.project import files
from tests.servers import ROOT

REFERENCE = ROOT / "docs" / "reference"
COMMON = {"type", "id", "conversation", "seq", "at", "actor", "actor_uid"}
"""Fields that the pages explain once, for all commands or events."""


def page(name: str) -> str:
    return (REFERENCE / f"{name}.md").read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """The text from a heading `## title` to the next heading of its level."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def rows(text: str, columns: int) -> dict[str, list[str]]:
    """The table rows with this many columns whose first cell is one name in backticks: that name, and the other cells."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
        name = re.fullmatch(r"`([^`]+)`", cells[0]) if len(cells) == columns else None
        if name:
            assert name[1] not in found, f"{name[1]} stands there twice"
            found[name[1]] = cells[1:]
    return found


def code(text: str) -> set[str]:
    """Everything in backticks."""
    return set(re.findall(r"`([^`\n]+)`", text))


def type_of(frame: type[Any]) -> str:
    """The `type` of a command, event, notice or reply."""
    value: str = get_args(frame.model_fields["type"].annotation)[0]
    return value


def test_settings() -> None:
    """The reference lists exactly the settings, each with its flag, its variable and its default."""
    documented = rows(page("settings"), 4)
    assert list(documented) == list(Settings.model_fields)
    for name, field in Settings.model_fields.items():
        default = field.default
        shown = "none" if default in (None, ()) else f"`{default:g}`" if isinstance(default, float) else f"`{default}`"
        assert documented[name] == [f"`{flag_of(name)}`", f"`{PREFIX}{name.upper()}`", shown], name
    explained = re.findall(r"^### `(\w+)`$", page("settings"), re.MULTILINE)
    assert sorted(explained) == sorted(Settings.model_fields)


@pytest.mark.parametrize("name", [name for name, field in Settings.model_fields.items() if get_args(field.annotation)])
def test_choices_of_settings(name: str) -> None:
    """The section of a setting with fixed choices names each of them."""
    choices = [word for word in get_args(Settings.model_fields[name].annotation) if isinstance(word, str)]
    found = re.search(rf"^### `{name}`\n(.*?)(?=^##|\Z)", page("settings"), re.MULTILINE | re.DOTALL)
    assert found and set(choices) <= code(found[1])


def test_errors() -> None:
    """The reference lists every error code with its HTTP status, its close code, and whether it is retryable."""
    documented = rows(page("errors"), 5)
    assert list(documented) == [error.code for error in ERRORS]
    for error in ERRORS:
        status, retry, close, meaning = documented[error.code]
        assert (status, retry) == (str(error.status), "yes" if error.retryable else "no"), error.code
        assert close == (str(error.close) if "close" in vars(error) or error.code == "internal" else "–"), error.code
        assert meaning


def test_close_codes() -> None:
    """The reference lists every close code under the heading that says whether to reconnect."""
    text = page("close-codes")
    assert rows(text, 2).keys() == {str(int(close)) for close in Close}
    back = rows(section(text, "Reconnect"), 2)
    assert set(back) == {str(int(close)) for close in Close if may_reconnect(close)}


def test_commands() -> None:
    """The reference lists exactly the commands, each with its fields."""
    documented = rows(page("commands"), 4)
    assert set(documented) == {type_of(command) for command in COMMANDS}
    for command in COMMANDS:
        named = code(documented[type_of(command)][0])
        assert named == command.model_fields.keys() - {"type", "id"}, type_of(command)


def test_events() -> None:
    """The reference lists exactly the events, each with its fields."""
    text = section(page("events"), "Events")
    documented = rows(text.partition("### A message")[0], 3)
    assert documented.keys() == {type_of(event) for event in EVENTS}
    for event in EVENTS:
        carried, _ = documented[type_of(event)]
        assert event.model_fields.keys() - COMMON <= code(carried), type_of(event)
    assert COMMON - {"id"} <= set(re.findall(r'"(\w+)":', text))


def test_permissions() -> None:
    """The reference's table of permissions equals the policy's."""
    documented = rows(page("permissions"), 7)
    assert list(documented) == list(RULES["room"])
    for action, (meaning, *ranks, archived, muted) in documented.items():
        assert meaning
        assert ranks == [RULES[kind][action] or "–" for kind in ("lobby", "direct", "room")], action
        assert archived == ("no" if action in ARCHIVED else "yes"), action
        assert muted == ("no" if action in WRITING else "yes"), action


def test_notices() -> None:
    """The reference lists exactly the notices, each with its fields."""
    documented = rows(section(page("events"), "Notices"), 3)
    assert documented.keys() == {type_of(notice) for notice in NOTICES}
    for notice in NOTICES:
        assert notice.model_fields.keys() - {"type"} <= code(documented[type_of(notice)][0]), type_of(notice)


def test_replies() -> None:
    """The reference lists exactly the replies, each with its fields. Those of `ok` are listed with its command."""
    documented = rows(section(page("events"), "Replies"), 3)
    assert documented.keys() == {type_of(reply) for reply in REPLIES}
    answers = code(page("commands"))
    for reply in REPLIES:
        fields = reply.model_fields.keys() - {"type", "id"}
        named = {word.rstrip("?") for word in code(documented[type_of(reply)][1])}
        assert fields <= (answers if type_of(reply) == "ok" else named), type_of(reply)


def test_reasons_of_a_reset() -> None:
    """Every reason of a `reset` is explained."""
    explained = rows(section(page("v1"), "Resume"), 2)
    assert explained.keys() == set(get_args(Reset.model_fields["reason"].annotation))


def test_simple_dialect() -> None:
    """The page of the simple dialect shows every frame with every field."""
    text = page("simple")
    received = section(text, "You receive")
    assert set(re.findall(r'"type":"(\w+)"', received)) == {type_of(frame) for frame in SIMPLE_FRAMES}
    for frame in SIMPLE_FRAMES:
        example = re.search(rf'^{{"type":"{type_of(frame)}".*$', received, re.MULTILINE)
        assert example, type_of(frame)
        shown = set(re.findall(r'"(\w+)":', example[0])) | code(received)
        assert frame.model_fields.keys() <= shown, type_of(frame)


def routes() -> Iterator[tuple[str, str]]:
    """The method and path of every HTTP route of the application, without files of pages."""
    app = create_app(Settings(data=Path("never-made")))
    for context in iter_route_contexts(app.fastapi.routes):
        for method in (getattr(context, "methods", None) or set()) - {"HEAD"}:
            assert context.path is not None
            yield method, re.sub(r"{[^}]*}", "{id}", context.path)


def documented_routes() -> set[tuple[str, str]]:
    """The methods and paths in the tables of the reference. A path after a comma has the method before it."""
    found = set()
    for line in page("http").splitlines():
        if line.startswith("| `"):
            method = ""
            for word, path in re.findall(r"`(?:([A-Z]+) )?(/[^\s`]*)", line.split(" | ")[0]):
                method = word or method
                found.add((method or "GET", path))
    sockets = {re.match(r"`GET (/\S+)`", page(name).split("\n", 2)[2]) for name in ("simple", "v1")}
    return found | {("GET", re.sub(r"{[^}]*}", "{id}", match[1])) for match in sockets if match}


def test_routes() -> None:
    """The reference lists exactly the routes that exist."""
    assert documented_routes() == set(routes())


def test_metrics() -> None:
    """The reference lists exactly the metrics that exist."""
    registry = create_app(Settings(data=Path("never-made"))).health.registry
    measured = {metric.name + ("_total" if metric.type == "counter" else "") for metric in registry.collect()}
    documented = {name for name in rows(page("http"), 2) if name.startswith("suhbat_")}
    assert documented == {name for name in measured if name.startswith("suhbat_")}


def test_command_line() -> None:
    """The reference lists exactly the commands that exist."""
    group: Any = typer.main.get_command(build())
    verbs = set()
    for name, command in group.commands.items():
        verbs |= (
            {f"suhbat {name} {under}" for under in command.commands}
            if hasattr(command, "commands")
            else {f"suhbat {name}"}
        )
    assert rows(page("cli"), 2).keys() == verbs


def test_every_text_in_every_language() -> None:
    """Each error code has a text. Each text and reason exists in all languages, with the same placeholders."""
    assert {error.code for error in ERRORS} == {key.partition(".")[0] for key in TEXTS}
    assert {error.code for error in ERRORS} <= TEXTS.keys()
    for key, texts in {**TEXTS, **REASONS, **PUSHES}.items():
        assert texts.keys() == set(WRITTEN), key
        assert all(text.strip() for text in texts.values()), key
        placeholders = {
            language: sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)
            for language, text in texts.items()
        }
        assert len({tuple(names) for names in placeholders.values()}) == 1, (key, placeholders)


def test_expectations() -> None:
    """docs/web.md lists the expectations, each with the tests that show it, and these tests exist. Speed is
    measured."""
    text = (ROOT / "docs" / "web.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \|$", section(text, "What people expect"), re.MULTILINE)
    assert [int(number) for number, _, _ in listed] == [*range(1, 45), 47, 48, 49, 50, 55]
    without = [int(number) for number, _, tests in listed if not code(tests)]
    assert without == [40]
    for test in {test for _, _, tests in listed for test in code(tests)}:
        path, _, name = test.partition("::")
        source = (ROOT / "tests" / path).read_text(encoding="utf-8")
        wanted = rf"^(?:async )?def {name}\(" if path.endswith(".py") else rf'^test\("{re.escape(name)}'
        assert name and re.search(wanted, source, re.MULTILINE), test


def outside_code(text: str) -> str:
    """A Markdown text without its code blocks."""
    return re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)


def blocks(text: str) -> list[tuple[str, str]]:
    """The code blocks: their language, and their content without comments and quoted words of Python."""
    found = re.findall(r"^( *)```(\w*)\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    bare = []
    for indent, language, body in found:
        lines = [re.sub(r"\s*# .*$", "", line.removeprefix(indent)) for line in body.splitlines()]
        if language == "python":
            lines = [re.sub(r'= ".*"$', '= "…"', line) for line in lines]
        bare.append((language, "\n".join(line for line in lines if line)))
    return bare


def test_the_readmes_are_one() -> None:
    """README.md and README.uz.md have the same sections, code, commands and links."""
    english = (ROOT / "README.md").read_text(encoding="utf-8")
    uzbek = (ROOT / "README.uz.md").read_text(encoding="utf-8")
    depths = [re.findall(r"^(#+) ", outside_code(text), re.MULTILINE) for text in (english, uzbek)]
    assert depths[0] == depths[1]
    assert blocks(english) == blocks(uzbek)
    own = {"README.md": "README", "README.uz.md": "README", "postman/README.uz.md": "postman/README.md"}
    links = [[own.get(link, link) for link in targets(text) if not link.startswith("#")] for text in (english, uzbek)]
    assert set(links[0]) == set(links[1])


def targets(text: str) -> list[str]:
    """The targets of the links in a Markdown text."""
    return re.findall(r"\]\(<?([^)\s>]+)>?\)", outside_code(text))


def anchors(path: Path) -> set[str]:
    """The anchors of a Markdown file's headings: letters, digits, `_` and `-` in lower case, spaces as hyphens."""
    found = set()
    for heading in re.findall(r"^#+ (.+)$", outside_code(path.read_text(encoding="utf-8")), re.MULTILINE):
        bare = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", heading).lower()
        found.add(re.sub(r"[^\w\- ]", "", bare).replace(" ", "-"))
    return found


@pytest.mark.parametrize("path", [path for path in files() if path.suffix == ".md"], ids=lambda p: p.name)
def test_links_lead_somewhere(path: Path) -> None:
    """Every link within the documentation leads to an existing file and heading."""
    for link in targets(path.read_text(encoding="utf-8")):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists() and target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors(target), link


def test_every_page_is_in_the_index() -> None:
    """docs/index.md links every page under docs/."""
    linked = {(ROOT / "docs" / link.partition("#")[0]).resolve() for link in targets(_index())}
    assert {path for path in (ROOT / "docs").rglob("*.md") if path.name != "index.md"} <= linked


def _index() -> str:
    return (ROOT / "docs" / "index.md").read_text(encoding="utf-8")


def test_changelog_has_unreleased() -> None:
    """The changelog begins with the section Unreleased, in the form of Keep a Changelog."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE)[0] == "[Unreleased]"
    kinds = set(re.findall(r"^### (.+)$", text, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


HOME = re.compile(r"(?<![\w.])/(?:root|home|Users|work|mnt|media|opt)/(?!me\b)\w")
"""A directory of somebody's machine. (`/home/me` is nobody's.)"""
REGISTRY = re.compile(
    r"""(?:index-url|find-links|registry)["']?[ =:]+["']?(?:https?|file):|https?://[^\s"'`)]*/(?:simple|pypi|npm)\b""",
    re.IGNORECASE,
)
"""The address of a package registry. It is set on the machine, never in the project."""


def test_no_machine_and_no_registry() -> None:
    """No file names a directory of the machine it was written on, or the host of a package registry."""
    for path in files():
        if path == Path(__file__):
            continue
        text = path.read_bytes().decode("utf-8", "ignore")
        for pattern in (HOME, REGISTRY):
            found = pattern.search(text)
            assert found is None, f"{path.relative_to(ROOT)}: {text[max(0, found.start() - 40) : found.end() + 40]!r}"
        assert str(ROOT) not in text, path
