"""For the tests of your application: a real server on loopback, and people who talk to it (docs/how-to/in-your-app.md).

    pytest_plugins = ["suhbat.testing"]          # in conftest.py

    def test_a_greeting(suhbat_server):
        ali, vali = suhbat_server.person("ali"), suhbat_server.person("vali")
        ali.says("salom")
        assert vali.waits_for("salom")["sender"] == "ali"

`serving(app, "/chat")` does the same for an application that has mounted Suhbat. It needs nothing but pytest.

PYTEST_DONT_REWRITE: a conftest may import this module as well as name it as a plugin.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from suhbat.client import Refused
from suhbat.runtime.app import create_app

from .people import TestPerson, TestServer
from .serving import serving, settings


@pytest.fixture
def suhbat_server(tmp_path: Path) -> Iterator[TestServer]:
    """A Suhbat of its own for one test, with an empty store."""
    with serving(create_app(settings(tmp_path / "suhbat"), quiet=True)) as server:
        yield server


__all__ = ["Refused", "TestPerson", "TestServer", "serving", "settings", "suhbat_server"]
