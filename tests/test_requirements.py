"""The pinned requirements: exact, complete, and available as wheels for Windows and macOS too."""

from __future__ import annotations

import ast
import base64
import csv
import hashlib
import re
import subprocess
import sys
import tomllib
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import uv
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.tags import mac_platforms, sys_tags
from packaging.utils import canonicalize_name, parse_wheel_filename

from tests.servers import PATIENCE, ROOT

RUNTIME = ROOT / "requirements.txt"
DEVELOPMENT = ROOT / "requirements-dev.txt"
EMPTY = ROOT / "deploy" / "windows" / "uvloop-9999-py3-none-win32.win_amd64.win_arm64.whl"
FIND_LINKS = "--find-links deploy/windows"
PLATFORMS = ("x86_64-pc-windows-msvc", "aarch64-apple-darwin", "x86_64-apple-darwin")
PYTHONS = ("3.11", "3.14")

WINDOWS = """
import runpy, sys
import pip._vendor.packaging.markers as markers

here = markers.default_environment()
markers.default_environment = lambda: {**here, "sys_platform": "win32", "platform_system": "Windows", "os_name": "nt",
                                       "platform_machine": "AMD64"}
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""
"""Options that make pip select wheels for Windows. With --platform alone it evaluates markers for this machine."""


def every_pin(path: Path) -> list[Requirement]:
    """The requirements of a file, without options (`--find-links`). One that differs between machines is there twice."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if not line.startswith("--")]


def pins(path: Path) -> dict[str, Requirement]:
    """The requirements of a file by name: of one that is there twice, that for all but Macs with Intel processors."""
    intel = {**default_environment(), "sys_platform": "darwin", "platform_machine": "x86_64"}
    found = sorted(every_pin(path), key=lambda pin: pin.marker is None or not pin.marker.evaluate(intel))
    return {canonicalize_name(one.name): one for one in found}


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command that must succeed; gives its output."""
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def uv_would_install(platform: str, python: str, *arguments: str | Path, cwd: Path, target: Path) -> dict[str, str]:
    """The names and versions of the wheels that uv would install on that platform, with its markers."""
    options = ["--dry-run", "--only-binary", ":all:", "--python-platform", platform, "--python-version", python]
    said = run(uv.find_uv_bin(), "pip", "install", *options, "--target", target, *arguments, cwd=cwd)
    return {canonicalize_name(name): version for name, version in re.findall(r"^ \+ (\S+)==(\S+)", said, re.MULTILINE)}


@pytest.mark.parametrize("path", [RUNTIME, DEVELOPMENT], ids=lambda path: path.name)
def test_every_line_is_a_pin(path: Path) -> None:
    """Each line of a requirements file is `name==version`, with a marker if necessary: no index, no address, no open
    version."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if path == RUNTIME:
        assert lines.pop(0) == FIND_LINKS
    for line in lines:
        assert re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*( ; [a-z_]+ .+)?", line), line
        assert "://" not in line and "@" not in line, line


def test_runtime_is_the_closure(tmp_path: Path) -> None:
    """requirements.txt is the transitive closure of pyproject.toml's dependencies: compiling it again changes no line."""
    closure = RUNTIME.read_text(encoding="utf-8").removeprefix(FIND_LINKS + "\n")
    again = tmp_path / "requirements.txt"
    again.write_text(closure, encoding="utf-8")
    options = ["--universal", "--python-version", "3.11", "--no-emit-index-url", "--no-annotate", "--no-header"]
    run(uv.find_uv_bin(), "pip", "compile", "--quiet", *options, "pyproject.toml", "--output-file", again, cwd=ROOT)
    assert again.read_text(encoding="utf-8") == closure


def test_development_is_the_closure_with_tools(tmp_path: Path) -> None:
    """requirements-dev.txt is the closure of the runtime and the group `dev`: compiling it again changes no line."""
    written = DEVELOPMENT.read_text(encoding="utf-8")
    again = tmp_path / "requirements-dev.txt"
    again.write_text(written, encoding="utf-8")
    options = ["--universal", "--python-version", "3.11", "--no-emit-index-url", "--no-annotate", "--no-header"]
    arguments = ["--group", "dev", "pyproject.toml", "--output-file", again]
    run(uv.find_uv_bin(), "pip", "compile", "--quiet", *options, *arguments, cwd=ROOT)
    assert again.read_text(encoding="utf-8") == written


def test_development_has_the_same_runtime() -> None:
    """The tests run with the same versions as the runtime: each runtime pin is also in requirements-dev.txt."""
    assert set(map(str, every_pin(RUNTIME))) <= set(map(str, every_pin(DEVELOPMENT)))


def test_pins_satisfy_the_project() -> None:
    """Each dependency of pyproject.toml is pinned to a version that it allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for path, wanted in (
        (RUNTIME, project["project"]["dependencies"]),
        (DEVELOPMENT, project["dependency-groups"]["dev"]),
    ):
        pinned = [(canonicalize_name(pin.name), str(pin.specifier).removeprefix("==")) for pin in every_pin(path)]
        for requirement in map(Requirement, wanted):
            versions = [version for name, version in pinned if name == canonicalize_name(requirement.name)]
            assert any(map(requirement.specifier.contains, versions)), requirement


def test_uvloop_is_not_for_windows() -> None:
    """uvloop is required everywhere but on Windows; colorama, which uvicorn needs there, only on Windows."""
    runtime = pins(RUNTIME)
    for name, windows, elsewhere in (("uvloop", False, True), ("colorama", True, False)):
        marker = runtime[name].marker
        assert marker is not None
        for platform in ("win32", "linux", "darwin"):
            environment = {**default_environment(), "sys_platform": platform}
            assert marker.evaluate(environment) is (windows if platform == "win32" else elsewhere), (name, platform)


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_wheels_exist(platform: str, python: str, tmp_path: Path) -> None:
    """Every dependency has a wheel for Windows and for both kinds of Mac, so that nobody needs a compiler."""
    found = uv_would_install(platform, python, "-r", "requirements.txt", cwd=ROOT, target=tmp_path / "none")
    system = "win32" if "windows" in platform else "darwin"
    machine = "AMD64" if system == "win32" else "arm64" if platform.startswith("aarch64") else "x86_64"
    environment = {**default_environment(), "sys_platform": system, "platform_machine": machine}
    wanted = {
        canonicalize_name(pin.name): str(pin.specifier).removeprefix("==")
        for pin in every_pin(RUNTIME)
        if pin.marker is None or pin.marker.evaluate(environment)
    }
    assert found == wanted


@pytest.mark.parametrize("elsewhere", [False, True], ids=["from the root", "from elsewhere"])
def test_the_seeds_line_works_on_windows(elsewhere: bool, tmp_path: Path) -> None:
    """`pip install -r requirements.txt uvloop` on Windows installs the empty wheel of deploy/windows, from any
    directory."""
    cwd, file = (tmp_path, RUNTIME) if elsewhere else (ROOT, Path("requirements.txt"))

    def found(python: str, *options: str) -> dict[str, str]:
        asked = ("-r", file, *options, "uvloop")
        return uv_would_install(PLATFORMS[0], python, *asked, cwd=cwd, target=tmp_path / "none")

    with ThreadPoolExecutor() as threads:  # each waits for the index
        asked = [threads.submit(found, python, *more) for python in PYTHONS for more in ([], ["--no-deps"])]
    for one in asked:
        assert one.result()["uvloop"] == "9999"
        assert one.result().keys() == pins(RUNTIME).keys()


def test_the_seeds_line_takes_uvloop_elsewhere(tmp_path: Path) -> None:
    """On a Mac the same command installs the real uvloop at its pinned version."""
    found = uv_would_install(
        PLATFORMS[1], "3.11", "-r", "requirements.txt", "--no-deps", "uvloop", cwd=ROOT, target=tmp_path / "none"
    )
    assert f"=={found['uvloop']}" == str(pins(RUNTIME)["uvloop"].specifier)


def test_the_seeds_line_works_in_pip_on_windows(tmp_path: Path) -> None:
    """pip itself, with the wheels and markers of Windows, installs all pins and the empty wheel with that command."""
    platform = ["--platform", "win_amd64", "--python-version", "3.11", "--only-binary", ":all:"]
    said = run(
        *(sys.executable, "-c", WINDOWS, "install", "--dry-run", "--disable-pip-version-check", *platform),
        *("--target", tmp_path / "none", "-r", RUNTIME, "--no-deps", "uvloop"),
        cwd=tmp_path,
    )
    found = re.search(r"^Would install (.+)$", said, re.MULTILINE)
    assert found, said
    installed = {canonicalize_name(one.rpartition("-")[0]): one.rpartition("-")[2] for one in found[1].split()}
    wanted = {name: str(pin.specifier).removeprefix("==") for name, pin in pins(RUNTIME).items()}
    assert installed == wanted | {"uvloop": "9999"}


def test_only_windows_takes_the_empty_wheel() -> None:
    """The empty wheel fits any Python 3 on Windows, on any processor, and nothing else."""
    name, version, _, tags = parse_wheel_filename(EMPTY.name)
    assert (name, str(version)) == ("uvloop", "9999")
    assert {str(tag) for tag in tags} == {"py3-none-win32", "py3-none-win_amd64", "py3-none-win_arm64"}
    foreign = {tag.platform for tag in tags} & {
        "any",
        *mac_platforms((15, 0), "arm64"),
        *mac_platforms((15, 0), "x86_64"),
    }
    assert not foreign
    if sys.platform != "win32":
        assert not tags & set(sys_tags())
    assert [path.name for path in EMPTY.parent.iterdir()] == [EMPTY.name]


def test_the_empty_wheel_is_empty() -> None:
    """The empty wheel contains metadata only: no code and no dependency. Its RECORD is correct."""
    folder = "uvloop-9999.dist-info"
    with zipfile.ZipFile(EMPTY) as wheel:
        assert sorted(wheel.namelist()) == [f"{folder}/{name}" for name in ("METADATA", "RECORD", "WHEEL")]
        held = {name: wheel.read(name) for name in wheel.namelist()}
    metadata = held[f"{folder}/METADATA"].decode()
    assert "Name: uvloop\n" in metadata and "Requires-Dist" not in metadata
    for name, digest, size in csv.reader(held[f"{folder}/RECORD"].decode().splitlines()):
        if digest:
            expected = base64.urlsafe_b64encode(hashlib.sha256(held[name]).digest()).rstrip(b"=").decode()
            assert (digest, int(size)) == (f"sha256={expected}", len(held[name])), name
        else:
            assert name == f"{folder}/RECORD"


def test_main_parses_on_an_old_python() -> None:
    """main.py is valid Python 3.8, so that an old Python can read it and say what is needed."""
    ast.parse((ROOT / "main.py").read_text(encoding="utf-8"), feature_version=(3, 8))


@pytest.mark.parametrize("version", [(3, 8, 20), (3, 10, 14)], ids=str)
def test_an_old_python_is_told_what_is_needed(version: tuple[int, int, int], tmp_path: Path) -> None:
    """On a Python before 3.11 main.py ends with one plain sentence before it imports anything of Suhbat."""
    pretend = f"import sys; sys.version_info = (*{version}, 'final', 0); sys.path.insert(0, {str(ROOT)!r}); import main"
    done = subprocess.run(
        [sys.executable, "-S", "-c", pretend], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 1
    assert f"needs Python 3.11 or newer; this is Python {version[0]}.{version[1]}." in done.stderr
    assert "Traceback" not in done.stderr
