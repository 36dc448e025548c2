"""The workflows for GitHub in `.github/workflows`: the commands they run exist, and they may not write anything."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
import yaml

from tests.servers import ROOT

FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def loaded(name: str) -> dict[str, Any]:
    workflow: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text(encoding="utf-8"))
    return workflow


def commands(workflow: dict[str, Any]) -> list[str]:
    return [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]


@pytest.mark.parametrize("name", [path.name for path in FILES])
def test_a_workflow(name: str) -> None:
    """Each workflow only reads the repository, has a time limit, and calls existing targets of the Makefile."""
    workflow = loaded(name)
    assert workflow["permissions"] == {"contents": "read"}
    assert all(0 < job["timeout-minutes"] <= 60 for job in workflow["jobs"].values())
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("$(VENV)", ".venv")
    for command in commands(workflow):
        for target in re.findall(r"\bmake (\S+)", command):
            assert re.search(rf"(?m)^{re.escape(target)}:", makefile), target


def test_each_named_python_is_tested() -> None:
    """The classifiers of the package name the versions on which the whole suite runs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [one.rpartition(" ")[2] for one in project["classifiers"] if ":: Python :: 3." in one]
    assert named == loaded("test.yml")["jobs"]["linux"]["strategy"]["matrix"]["python"]


def test_every_system_runs_the_tests() -> None:
    """Linux, macOS and Windows run the whole suite on the oldest supported Python."""
    jobs = loaded("test.yml")["jobs"]
    assert set(jobs) == {"linux", "macos", "windows"}
    assert "make test" in commands({"jobs": {"linux": jobs["linux"]}})
    assert any("pytest" in command for command in commands({"jobs": {"windows": jobs["windows"]}}))
    oldest = {jobs["linux"]["strategy"]["matrix"]["python"][0]}
    for system in ("macos", "windows"):
        oldest |= {step["with"]["python-version"] for step in jobs[system]["steps"] if "with" in step}
    assert oldest == {"3.11"}
