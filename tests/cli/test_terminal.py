"""Printed text is safe and fits the terminal's encoding. Commands that destroy data ask first."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from suhbat import __version__, cli
from suhbat.cli import room, terminal, user

ROOM = {
    "conversation": "r1",
    "title": "Choy\x1b[31mxona\u202e",
    "member_count": 3,
    "senior": None,
    "role": None,
    "retention": 0,
}
ALI = {"user_id": "oʻtkir", "role": "owner", "disabled": False, "created_at": "2026-01-02T00:00:00Z"}


class Terminal(io.TextIOWrapper):
    """Standard output with a given encoding."""

    def __init__(self, encoding: str) -> None:
        self.bytes = io.BytesIO()
        super().__init__(self.bytes, encoding=encoding)


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "oʻtkir Ўткир 👍"),
        ("cp1251", "o\\u02bbtkir Ўткир \\U0001f44d"),
        ("cp437", "o\\u02bbtkir \\u040e\\u0442\\u043a\\u0438\\u0440 \\U0001f44d"),
        ("ascii", "o\\u02bbtkir \\u040e\\u0442\\u043a\\u0438\\u0440 \\U0001f44d"),
    ],
)
def test_names_are_shown_as_they_are(monkeypatch: pytest.MonkeyPatch, encoding: str, shown: str) -> None:
    """Characters of the terminal's encoding are shown, others are escaped, and nothing ends with a traceback."""
    stream = Terminal(encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    terminal.say("oʻtkir Ўткир 👍")
    stream.flush()
    assert stream.bytes.getvalue().decode(encoding) == shown + "\n"


def test_nothing_reaches_the_terminal_raw(capsys: pytest.CaptureFixture[str]) -> None:
    """Escape sequences, bells, carriage returns and direction marks in names are escaped. Joined emoji stay joined."""
    terminal.say("a\x1b[2Jb\x07c\rd\u202ee\u2066f\x9bg\u2028h\x00i")
    terminal.say("👩\u200d🚀")
    out = capsys.readouterr().out
    assert out == "a\\x1b[2Jb\\x07c\\rd\\u202ee\\u2066f\\x9bg\\u2028h\\x00i\n👩\u200d🚀\n"


def test_tables_show_one_line_for_each() -> None:
    """A title with control characters or a line break stays on one line."""
    (line,) = room.table([ROOM | {"title": "a\nb\x1b"}])
    assert line.endswith("a\\nb\\x1b")
    (line,) = user.table([ALI | {"user_id": "a\nb"}])
    assert line.startswith("a\\nb ")


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The verbs that were executed. There is one room and one account."""
    done: list[str] = []
    monkeypatch.chdir(tmp_path)

    def execute(settings: object, **fields: object) -> list[dict[str, object]]:
        if fields["verb"] != "list":
            done.append(str(fields["verb"]))
        return [{**ROOM, **ALI}]

    monkeypatch.setattr(user, "execute", execute)
    monkeypatch.setattr(room, "execute", execute)
    return done


DESTROYING = [
    (["user", "erase", "oʻtkir"], "erase", "oʻtkir"),
    (["user", "erase", "oʻtkir", "--messages"], "erase", "everything they wrote"),
    (["room", "erase", "r1"], "erase", "Choy"),
    (["room", "retention", "r1", "7"], "retention", "older than 7 days"),
    (["room", "retention", "r1", "0", "--retention", "30"], "retention", "older than 30 days"),
]


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(cli.build(), arguments, input=typed)


@pytest.mark.parametrize(("arguments", "verb", "word"), DESTROYING)
def test_what_destroys_asks(
    executed: list[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str], verb: str, word: str
) -> None:
    """The question names what is deleted. Only `y` or `yes` confirms it. Without a terminal the command is refused
    unless `--yes` is given."""
    nobody = run(*arguments)
    assert nobody.exit_code == 2 and word in nobody.stderr and "--yes" in nobody.stderr and not executed
    assert "\x1b" not in nobody.stderr and "\u202e" not in nobody.stderr
    monkeypatch.setattr(terminal, "is_asked", lambda: True)
    for answer in ("\n", "n\n", "", "yeah\n"):
        refused = run(*arguments, typed=answer)
        assert refused.exit_code == 1 and "nothing was changed" in refused.stderr and not executed
    for answer in ("y\n", "YES\n"):
        assert run(*arguments, typed=answer).exit_code == 0
    assert run(*arguments, "--yes").exit_code == 0
    assert executed == [verb] * 3


def test_what_deletes_nothing_does_not_ask(executed: list[str]) -> None:
    """Keeping messages for ever loses nothing, and disabling an account can be undone."""
    assert run("room", "retention", "r1", "0").exit_code == 0
    assert run("user", "disable", "oʻtkir").exit_code == 0
    assert executed == ["retention", "disable"]


def test_the_version() -> None:
    """`suhbat --version` works without a verb and prints the same as `suhbat version`."""
    assert run("--version").output == run("version").output == f"suhbat {__version__}\n"


def test_every_verb_that_erases_asks() -> None:
    """Every verb called erase, retention, import or restore has `--yes`."""
    command: typer.Typer = typer.main.get_command(cli.build())
    for name, group in command.commands.items():
        for verb, under in getattr(group, "commands", {}).items():
            if verb in ("erase", "retention", "import", "restore"):
                assert any("--yes" in option.opts for option in under.params), (name, verb)
