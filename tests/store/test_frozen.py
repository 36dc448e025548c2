"""A migration is frozen once it is on main: databases that ran it do not run it again."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from suhbat.store.migrate import SCRIPTS

VERSIONS = SCRIPTS / "versions"
CHECKSUMS = {
    "0001_the_log.py": "9acb1550edf9f0b50f427448d14d04c03d903708050f5ab6ff0e3d959f55ceb6",
    "0002_people.py": "798f7c231178b77410b9dbfba6ee951f0ee463873c94c5cbf91660b7fc5a6553",
    "0003_search.py": "310523b256c6187c6aa8b19aa00d934cba10711ad76369b2d210b2ea2cb34894",
    "0004_many_nodes.py": "e4b8289b51ee19ecc78bb353a84ea82e37fd8cac55c2ff5bd1c848407dcf17d1",
    "0005_names_of_guests.py": "a57057b60c38ed3379a578b12d74917ef6f1b292fca25b13ed58196292beaf09",
    "0006_reactions.py": "c8b8bb07dce6b00915042e11ccb5b04cb07d1e2bae595ba597ec2b2517445037",
    "0007_words.py": "4d492ba0c5016444cd4ee18601e43a95288588316831e90f3725822ac06fecc7",
    "0008_everyone.py": "9455f4d5824b16b3c45150d14fe975722f820a8bb58103b82b953ce6590fd340",
    "0009_being_added.py": "8a6c8cfdbb5830e54f2f7c2ca0d4337b0e15f3c6e07ad4ce385f697a612a2ffd",
    "0010_cursors.py": "e3426e89c7d07d9c79b37668b630df89d866a84ffe09f015679c1278c987d11a",
    "0011_threads.py": "41c051c5f129739098dd5ed8e564b70318c335649fef065964b5e6fca09ad0e4",
    "0012_files.py": "b1982b21b6c4d5374a872e6e5a14365466c7fc072062631c315de825ca2ce8d6",
    "0014_pictures.py": "f54aad3491e57dac382f9e47b1e3052a453cfc0445da6d075b696d8d12283cc2",
    "0016_notify.py": "46e7d3f252c80ae3d813129c1f7c86321c12717859da9b425a0728eebd699567",
    "0017_files_of_rooms.py": "784b7d2f2d2779c58583ef3480c68e572aeac8930f4625afb47cef4cd9f1db15",
    "0018_push.py": "e1184fe86c6160731a3133566563a7beac82846adfa2c5e855248f51eeaa1f80",
    "0020_push_due.py": "f5001aace404d151233b4786ec929ff1c7bd8ec3c380787f1358f873ead6e8ca",
    "0021_inbox.py": "d0430ede9e6f7128ca615916951cac3235f78a47f611b4c2ea268da09cb3f567",
    "0022_mail.py": "181499d093193b6fd55a729d83df757124c704689778ed0de84b052ca1e649ee",
    "0023_files_of_users.py": "007aa410bf9eba75a34b695f88a4f328a512092908587c041e5488471c7139fc",
    "0024_bots.py": "4c9e4fa0d6dc33a3b56fa50c0b810d5f8719d59368c7673c98bef6825acf6ac8",
    "0025_incoming_hooks.py": "094e286c8bc18eeb97c17b1ab06859a8c23f30264a29d09b96d44e75db1e19c3",
    "0026_growing.py": "ef48dd44bbdeba35d705fa418212aaa8d9976440a9a707144207c7638a892987",
    "0027_telegram.py": "b83d255c1be22692276b786b69973479194dd9ce248aa88cd9bd5919ff9c30ef",
    "0028_outgoing_hooks.py": "3beb43fa2611f17f67aaed0088a64f095f362cfd7c6f6588da2a1ad8f2098dab",
    "0029_commands_by_name.py": "6224b97b5eee3e7aeecb64da33ecf0c89085e78b043677eae58259e3422d813c",
    "0030_telegram_webhooks.py": "62dccfc16d302d089c24f7bdca9d565c5610f6c20e4efbfce78366542e79c19a",
    "0031_push_due_rooms.py": "8bcb9976d2efc29e272162e332f83e91b1c070e902fb2e2bb7b135f6c9d59c41",
}
"""By the name of the file. A new migration gets a line here; the lines that are there never change. The line for a new one
is in the message of the test that fails."""


def checksum(file: Path) -> str:
    """Of the text, not of the bytes: a checkout on Windows may have other line endings."""
    text = file.read_text(encoding="utf-8").replace("\r\n", "\n")
    return sha256(text.encode()).hexdigest()


def test_each_migration_has_its_checksum() -> None:
    """A migration without a line could still be edited in place; a line without its file is one that was taken away."""
    found = {file.name: checksum(file) for file in sorted(VERSIONS.glob("*.py"))}
    missing = "".join(f'\n    "{name}": "{found[name]}",' for name in found.keys() - CHECKSUMS.keys())
    assert found.keys() == CHECKSUMS.keys(), f"add to CHECKSUMS:{missing}"


@pytest.mark.parametrize("name", sorted(CHECKSUMS))
def test_no_migration_is_edited(name: str) -> None:
    """What a database of an older version went through is what a new database goes through. Write a new migration instead."""
    assert checksum(VERSIONS / name) == CHECKSUMS[name], f"{name} is frozen: put the change into a new migration"


def test_line_endings_do_not_matter(tmp_path: Path) -> None:
    """The same text has the same checksum, whether git wrote it with LF or with CRLF; another text has another."""
    for name, content in (("lf", b"a\nb\n"), ("crlf", b"a\r\nb\r\n"), ("other", b"a\nc\n")):
        (tmp_path / name).write_bytes(content)
    assert checksum(tmp_path / "lf") == checksum(tmp_path / "crlf") != checksum(tmp_path / "other")
