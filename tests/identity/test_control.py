"""The secret for commands of the command line: one for all processes of a data directory."""

from __future__ import annotations

from pathlib import Path

from suhbat.identity.control import Control


def test_a_worker_takes_what_its_parent_made(tmp_path: Path) -> None:
    """Each worker accepts the parent's secret and no other, and leaves the file when it ends."""
    parent = Control(tmp_path)
    secret = parent.begin("http://127.0.0.1:8000")
    worker, another = Control(tmp_path, secret), Control(tmp_path, secret)
    for control in (worker, another):
        assert control.is_shown(secret)
        for wrong in ("", "wrong", secret + "x", "ʻ"):
            assert not control.is_shown(wrong)
    del worker
    assert parent.read() == ("http://127.0.0.1:8000", secret)
    parent.end()
    assert parent.read() is None


def test_workers_of_another_program(tmp_path: Path) -> None:
    """Of processes that uvicorn or hypercorn started on one directory the first makes the secret and each accepts it, also that
    of its successor."""
    first, second = Control(tmp_path), Control(tmp_path)
    assert not second.is_shown("anything"), "nobody has made one"
    secret = first.begin("http://127.0.0.1:8000")
    assert second.is_shown(secret)
    renewed = Control(tmp_path).begin("http://127.0.0.1:8000")
    assert second.is_shown(renewed) and not second.is_shown(secret)
