"""The files of deploy/ are correct: they parse, use existing settings, paths and commands, wait long enough, and hold
no secret. Anything that only nginx, HAProxy, Caddy or Docker can judge was tested by hand."""

from __future__ import annotations

import configparser
import inspect
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import uvicorn
import yaml
from fastapi.routing import iter_route_contexts

from suhbat.cli import build
from suhbat.config import PREFIX, Settings
from suhbat.runtime.app import create_app
from suhbat.runtime.shutdown import NOTICE_SECONDS
from suhbat.transport.admission import V1_PATH
from suhbat.transport.keepalive import TURN_SECONDS, TURNS
from tests.project import files
from tests.servers import PATIENCE, ROOT, free_port, running

DEPLOY = ROOT / "deploy"
TEXTS = [path for path in files() if path.parent == DEPLOY and path.suffix != ".py"]
GUIDE = ROOT / "docs" / "how-to" / "deploy.md"

DRAIN_SECONDS = 10
"""How long a node drains after SIGTERM."""
PING_SECONDS = 2 * TURNS * TURN_SECONDS
"""The longest silence of a socket: one round to notice that nothing was received, one for the ping."""
QUIET_SECONDS = 60
"""The silence that docs/how-to/behind-a-proxy.md asks proxies to allow."""
KEPT_SECONDS: int = inspect.signature(uvicorn.Config).parameters["timeout_keep_alive"].default
"""How long a node keeps an idle HTTP connection. A proxy must close it earlier."""

USER = 10001


def text(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text("compose.yaml"))
    return found


def nodes() -> dict[str, dict[str, Any]]:
    """The services of Compose that run Suhbat itself: the nodes and `migrate`."""
    return {name: one for name, one in compose()["services"].items() if one["image"] == "suhbat"}


def kubernetes() -> dict[str, dict[str, Any]]:
    """The objects by their kind. There is one of each kind."""
    objects = list(yaml.safe_load_all(text("kubernetes.yaml")))
    found = {one["kind"]: one for one in objects}
    assert len(found) == len(objects)
    return found


def pods() -> list[dict[str, Any]]:
    return [kubernetes()[kind]["spec"]["template"]["spec"] for kind in ("Job", "Deployment")]


def containers() -> list[dict[str, Any]]:
    return [container for pod in pods() for container in pod["containers"]]


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions in order, with continued lines joined."""
    lines = [line for line in text("Dockerfile").splitlines() if line.strip() and not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines())]


def last(instruction: str) -> str:
    return [rest for word, rest in instructions() if word == instruction][-1]


def unit() -> dict[str, str]:
    """The section [Service]. For a repeated key the last value counts."""
    parsed = configparser.ConfigParser(interpolation=None, strict=False)
    parsed.optionxform = str
    parsed.read_string(text("suhbat.service"))
    assert set(parsed.sections()) == {"Unit", "Service", "Install"}
    return dict(parsed["Service"])


Directive = tuple[list[str], list[Any]]


def nginx() -> list[Directive]:
    """nginx.conf as directives: their words, and the directives in their braces. Raises if the braces are not balanced."""
    bare = re.sub(r"(?m)(^|\s)#.*$", "", text("nginx.conf"))
    tokens = iter(re.findall(r"'[^']*'|\"[^\"]*\"|[{};]|[^\s{};]+", bare))

    def block(depth: int) -> list[Directive]:
        found: list[Directive] = []
        words: list[str] = []
        for token in tokens:
            if token in (";", "{"):
                assert words, f"nothing before {token}"
                found.append((words, block(depth + 1) if token == "{" else []))
                words = []
            elif token == "}":
                assert depth and not words, f"not ended: {words}"
                return found
            else:
                words.append(token.strip("'\""))
        assert not depth and not words, f"not closed or not ended: {words}"
        return found

    return block(0)


def walk(directives: list[Directive]) -> Iterator[list[str]]:
    for words, inside in directives:
        yield words
        yield from walk(inside)


def haproxy() -> dict[str, list[str]]:
    """haproxy.cfg by section: its lines without comments."""
    found: dict[str, list[str]] = {}
    for line in text("haproxy.cfg").splitlines():
        bare = re.sub(r"(^|\s)#.*$", "", line).rstrip()
        if not bare:
            continue
        if not bare.startswith(" "):
            assert bare.split()[0] in {"global", "defaults", "frontend", "backend"}, bare
            found[bare] = []
        else:
            found[list(found)[-1]].append(bare.strip())
        assert bare.count("{") == bare.count("}"), bare
    return found


def seconds(duration: str) -> float:
    number, factor = re.fullmatch(r"(\d+)(ms|s|m|h|)", duration).groups()
    return int(number) * {"ms": 0.001, "s": 1, "": 1, "m": 60, "h": 3600}[factor]


def test_every_file_is_known() -> None:
    """Every file in deploy/ is checked here and explained in the guide."""
    names = {"Caddyfile", "Dockerfile", "compose.yaml", "example.env", "haproxy.cfg", "kubernetes.yaml", "nginx.conf"}
    watching = {"alerts.yaml", "grafana.json"}  # see test_monitoring
    assert {path.name for path in TEXTS} == names | watching | {"suhbat.service"}
    guide = GUIDE.read_text(encoding="utf-8")
    assert {path.name for path in TEXTS if path.name not in guide} == set()


@pytest.mark.parametrize("path", [*TEXTS, GUIDE], ids=lambda path: path.name)
def test_variables_are_settings(path: Path) -> None:
    """Every SUHBAT_ variable in the files is a setting."""
    named = set(re.findall(rf"\b{PREFIX}(\w+)", path.read_text(encoding="utf-8")))
    assert {name.lower() for name in named} <= Settings.model_fields.keys()


def environments() -> dict[str, dict[str, str]]:
    """The environment of each kind of node, with `${…}` and secrets filled in."""
    secrets = {"database-url": "postgresql://suhbat:x@postgres:5432/suhbat", "bus-url": "nats://suhbat:x@nats:4222"}
    found = {
        f"compose {name}": {key: _filled(value) for key, value in one["environment"].items()}
        for name, one in nodes().items()
    }
    for container in containers():
        found[f"kubernetes {container['name']}"] = {
            one["name"]: one["value"] if "value" in one else secrets[one["valueFrom"]["secretKeyRef"]["key"]]
            for one in container["env"]
        }
    found["Dockerfile"] = dict(part.split("=", 1) for part in last("ENV").split() if part.startswith(PREFIX))
    found["systemd"] = dict(part.split("=", 1) for part in unit()["Environment"].split() if part.startswith(PREFIX))
    return found


def _filled(value: str) -> str:
    return re.sub(r"\$\{\w+(?::-([^}]*))?[^}]*\}", lambda found: found[1] or "x.example.org", value)


@pytest.mark.parametrize("name", environments())
def test_environments_are_accepted(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A node accepts its environment: names, addresses, networks, choices."""
    monkeypatch.chdir(tmp_path)
    given = environments()[name]
    for variable, value in given.items():
        monkeypatch.setenv(variable, value)
    settings = Settings()
    assert str(settings.data) == given["SUHBAT_DATA"]
    if "SUHBAT_PUBLIC_URL" in given:
        # Behind a proxy on the internet the proxy and the access must be set explicitly.
        assert settings.trusted_proxies and settings.public_url and settings.access == "invite"


def test_paths_exist() -> None:
    """Every path of a health check is served, and every file that can checks /readyz."""
    app = create_app(Settings(data=Path("never-made")))
    served = {context.path for context in iter_route_contexts(app.fastapi.routes)}
    for path in TEXTS:
        assert set(re.findall(r"(?<![\w.])/(?:\w+z|metrics)\b", path.read_text(encoding="utf-8"))) <= served, path
    assert "'/readyz'" in last("HEALTHCHECK")
    assert "health_uri /readyz" in text("Caddyfile")
    assert any("uri /readyz" in line for line in haproxy()["backend suhbat"])
    (node,) = kubernetes()["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert node["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert node["livenessProbe"]["httpGet"]["path"] == "/healthz"


SECRET = re.compile(r"""(?i)(?:passw(?:or)?d|pass|token|secret)["']?[ \t]*[:=][ \t]*["']?([^\s"'{]+)""")
"""An assignment whose name suggests a secret, and its value."""
CREDENTIALS = re.compile(r"\w+://[^\s/@:]*:([^\s/@]+)@")
"""A URL with a password, and the password."""


def secrets(written: str) -> set[str]:
    """Texts that look like secrets. A reference `${…}` or a switch is none."""
    bare = re.sub(r"\$\{[^}]*\}", "$", written)
    return {*SECRET.findall(bare), *CREDENTIALS.findall(bare)} - {"$", "false", "true"}


@pytest.mark.parametrize("path", [*TEXTS, GUIDE], ids=lambda path: path.name)
def test_no_secret(path: Path) -> None:
    """No password is written in the files, not even in a URL: they come from the environment or a Secret."""
    assert secrets(path.read_text(encoding="utf-8")) == set()


def test_the_search_for_secrets_finds_them() -> None:
    """The search of test_no_secret finds secrets and ignores references."""
    for line in ("POSTGRES_PASSWORD: hunter2", 'password: "hunter2"', "NATS_TOKEN=hunter2", "nats://a:hunter2@nats"):
        assert secrets(line) == {"hunter2"}, line
    for line in (
        "POSTGRES_PASSWORD: ${A:?set it}",
        "NATS_PASSWORD=\nNEXT=1",
        "nats://a:${A:?set it}@nats",
        "token: false",
    ):
        assert secrets(line) == set(), line


def test_example_env_must_be_filled_in() -> None:
    """In example.env each variable without a default is empty, and Compose refuses to start with an empty one."""
    lines = [line for line in text("example.env").splitlines() if line and not line.startswith("#")]
    example = dict(line.split("=", 1) for line in lines)
    used = re.findall(r"\$\{(\w+)(:[?-][^}]*)?\}", text("compose.yaml"))
    assert {name for name, _ in used} == example.keys()
    for name, rest in used:
        assert rest.startswith(":-") if example[name] else rest.startswith(":?"), name


def test_env_is_nobodys_business() -> None:
    """Neither git nor the image includes deploy/.env."""
    assert ".env" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    taken = {line.removeprefix("!") for line in rules if line.startswith("!")}
    assert not any("env" in one or one in {".", "deploy"} for one in taken)
    # The image's context must contain everything that it copies.
    copied = {
        source
        for word, rest in instructions()
        if word == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    }
    assert copied == taken
    assert all((ROOT / source).exists() for source in copied)


def test_compose_waits_for_a_node_to_drain() -> None:
    """Docker gives a node more time than it needs to drain."""
    for name, node in nodes().items():
        assert seconds(node["stop_grace_period"]) > DRAIN_SECONDS, name
    assert last("STOPSIGNAL") == "SIGTERM"


def test_kubernetes_waits_for_a_node_to_drain() -> None:
    """Kubernetes gives a node more time than it needs to drain, and has another one ready before."""
    spec = kubernetes()["Deployment"]["spec"]
    pod = spec["template"]["spec"]
    before = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert before > NOTICE_SECONDS and pod["terminationGracePeriodSeconds"] > before + DRAIN_SECONDS
    assert spec["replicas"] == 2 and spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_systemd_waits_for_a_node_to_drain() -> None:
    """systemd sends SIGTERM, gives a node more time than it needs to drain, and restarts it when it fails."""
    assert seconds(unit()["TimeoutStopSec"]) > DRAIN_SECONDS
    assert (unit()["KillSignal"], unit()["Restart"]) == ("SIGTERM", "on-failure")


def test_the_image_is_not_root() -> None:
    """The container runs under a fixed user id that owns /data, the only place it writes to."""
    assert last("USER") == f"{USER}:{USER}"
    making = last("RUN")
    assert f"--uid {USER}" in making and f"--gid {USER}" in making and f"-o {USER} -g {USER} /data" in making
    assert (last("VOLUME"), json.loads(last("CMD"))) == ("/data", ["suhbat", "serve", "--host", "0.0.0.0"])


def test_the_image_has_one_python() -> None:
    """What is installed with one Python runs with the same, and it is one that the tests run on."""
    first, second = [rest.removesuffix(" AS build") for word, rest in instructions() if word == "FROM"]
    assert first == second
    tested = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))
    assert (
        first.removeprefix("python:").removesuffix("-slim") in tested["jobs"]["linux"]["strategy"]["matrix"]["python"]
    )


def test_compose_takes_rights_away() -> None:
    """A node in Compose cannot write outside its data directory or gain privileges, and each has its own data."""
    assert set(nodes()) == {"migrate", "node1", "node2"}
    for name, node in nodes().items():
        assert node["read_only"] and node["cap_drop"] == ["ALL"] and "user" not in node, name
        assert node["security_opt"] == ["no-new-privileges:true"], name
        assert "ports" not in node, name
    volumes = [nodes()[name]["volumes"] for name in ("node1", "node2")]
    assert volumes == [["node1:/data"], ["node2:/data"]]


def test_kubernetes_takes_rights_away() -> None:
    """A pod is not root, cannot become root, and writes to /data only."""
    for pod in pods():
        assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] == USER
        assert pod["volumes"] == [{"name": "data", "emptyDir": {}}]
        for container in pod["containers"]:
            rights = container["securityContext"]
            assert rights["readOnlyRootFilesystem"] and not rights["allowPrivilegeEscalation"]
            assert rights["capabilities"] == {"drop": ["ALL"]}
            assert container["volumeMounts"] == [{"name": "data", "mountPath": "/data"}]


def test_systemd_takes_rights_away() -> None:
    """Under systemd a node has its own user, writes to its state directory only, and may open many files."""
    service = unit()
    assert service["User"] not in {"", "root"} and service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["Environment"].split()[0] == f"SUHBAT_DATA=/var/lib/{service['StateDirectory']}"
    default: int = Settings.model_fields["connections"].default
    assert int(service["LimitNOFILE"]) > default
    assert all(node["ulimits"]["nofile"] > default for node in nodes().values())


def test_no_variables_of_services() -> None:
    """For a Service `suhbat` Kubernetes would set SUHBAT_PORT=tcp://…, which is not a port, so every pod turns these
    variables off."""
    assert kubernetes()["Service"]["metadata"]["name"] == "suhbat"
    assert [pod["enableServiceLinks"] for pod in pods()] == [False, False]


def test_kubernetes_fits_together() -> None:
    """The Service, the Ingress and the budget select the nodes and not the migration. URLs come from the Secret."""
    found = kubernetes()
    labels = found["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert found["Job"]["spec"]["template"]["metadata"]["labels"] != labels
    assert found["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert (
        found["Service"]["spec"]["selector"]
        == found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"]
        == labels
    )
    (path,) = found["Ingress"]["spec"]["rules"][0]["http"]["paths"]
    assert path["backend"]["service"] == {"name": found["Service"]["metadata"]["name"], "port": {"name": "http"}}
    for container in containers():
        for one in container["env"]:
            if one["name"].endswith(("DATABASE_URL", "BUS_URL")):
                assert one["valueFrom"]["secretKeyRef"]["name"] == "suhbat", one
    # `kubectl apply -l` in the guide applies the migration first and then the rest.
    chosen = {kind: one["metadata"]["labels"]["suhbat"] for kind, one in found.items()}
    assert [kind for kind, step in chosen.items() if step == "migrate"] == ["Job"]
    assert set(chosen.values()) == {"migrate", "node"}


def test_compose_fits_together() -> None:
    """The migration runs before the nodes and the proxy starts last. Only the proxy can be reached."""
    services = compose()["services"]
    for name in ("node1", "node2"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
        assert services["caddy"]["depends_on"][name]["condition"] == "service_healthy"
        assert f"{name}:8000" in text("Caddyfile")
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert services["migrate"]["restart"] == "no"
    assert [name for name, one in services.items() if "ports" in one] == ["caddy"]
    # In the network whose X-Forwarded-For is trusted there are only the proxy and the nodes.
    (network,) = compose()["networks"]["front"]["ipam"]["config"]
    assert services["node1"]["environment"]["SUHBAT_TRUSTED_PROXIES"] == network["subnet"]
    assert {name for name, one in services.items() if "front" in one["networks"]} == {"caddy", "node1", "node2"}
    assert compose()["networks"]["back"]["internal"]
    # PostgreSQL 18 keeps its data one directory higher than earlier versions.
    assert services["postgres"]["image"] == "postgres:18"
    assert services["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]
    assert not any("js" in str(word) or "jetstream" in str(word) for word in services["nats"]["command"])


def there() -> set[str]:
    """The commands of suhbat, such as `serve` and `user add`."""
    command: Any = typer.main.get_command(build())
    found = set()
    for name, one in command.commands.items():
        found |= {f"{name} {verb}" for verb in one.commands} if hasattr(one, "commands") else {name}
    return found


def commands() -> set[str]:
    """Every command of suhbat in the files and the guide."""
    given = [json.loads(last("CMD")), unit()["ExecStart"].split()]
    given += [node["command"] for node in nodes().values() if "command" in node]
    given += [container["command"] for container in containers()]
    shell = "".join(re.findall(r"```sh\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL))
    given += [["suhbat", *words.split()] for words in re.findall(r"(?<= |/)suhbat ([a-z]+ [^\n#]*)", shell)]
    assert all(words[0].rpartition("/")[2] == "suhbat" for words in given)
    groups = {name.partition(" ")[0] for name in there() if " " in name}
    return {" ".join(words[1 : 3 if words[1] in groups else 2]) for words in given}


def test_commands_exist() -> None:
    """Every such command exists on the command line."""
    assert commands() == {"serve", "migrate", "user add"}
    assert commands() <= there()


def test_extras_exist() -> None:
    """Every extra that is installed exists in pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    installed = set(re.findall(r'"\.\[(\w+)\]"', text("Dockerfile") + GUIDE.read_text(encoding="utf-8")))
    assert installed == {"cluster"}
    assert installed <= project["optional-dependencies"].keys()


def test_nginx() -> None:
    """nginx.conf is balanced, forwards upgrades, the host and the client's address, buffers nothing, and waits longer
    than a socket can be silent."""
    directives = list(walk(nginx()))
    headers = {words[1]: words[2] for words in directives if words[0] == "proxy_set_header"}
    assert headers["Upgrade"] == "$http_upgrade" and headers["Connection"] == "$connection_upgrade"
    assert headers["Host"] == "$http_host" and headers["X-Forwarded-For"] == "$proxy_add_x_forwarded_for"
    assert ["default", "upgrade"] in directives and ["map", "$http_upgrade", "$connection_upgrade"] in directives
    single = {words[0]: words[1:] for words in directives}
    assert single["proxy_http_version"] == ["1.1"] and single["proxy_buffering"] == ["off"]
    for name in ("proxy_read_timeout", "proxy_send_timeout"):
        assert seconds(single[name][0]) > max(PING_SECONDS, QUIET_SECONDS)
    # A request refused by a draining node goes to the next one. One that was sent is not repeated: no non_idempotent.
    assert single["proxy_next_upstream"] == ["error", "timeout", "http_503"]
    servers = [words for words in directives if words[0] == "server" and len(words) > 1]
    assert len(servers) == 2 and all("max_fails=0" in words for words in servers)
    # A socket's query string may hold a ticket, and the error log writes whole requests.
    assert ["location", "=", V1_PATH] in directives and ["error_log", "/dev/null"] in directives
    assert seconds(single["keepalive_timeout"][0]) < KEPT_SECONDS


def test_haproxy() -> None:
    """haproxy.cfg has its sections, uses HTTP mode, adds the client's address, checks nodes, retries only requests that
    were not sent, and waits longer than a socket can be silent."""
    sections = haproxy()
    assert list(sections) == ["global", "defaults", "frontend web", "backend suhbat"]
    defaults, backend = sections["defaults"], sections["backend suhbat"]
    # It starts with any limit of open files.
    assert not any(line.startswith("maxconn") for line in sections["global"])
    assert "mode http" in defaults  # forwards Upgrade by itself; after that `timeout tunnel` applies
    waits = {line.split()[1]: seconds(line.split()[2]) for line in defaults if line.startswith("timeout ")}
    assert min(waits["tunnel"], waits["client"], waits["server"]) > max(PING_SECONDS, QUIET_SECONDS)
    assert {"option forwardfor", "balance leastconn", "option httpchk", "retry-on conn-failure"} <= set(backend)
    (check,) = (line.split() for line in backend if line.startswith("default-server check"))
    waits = dict(zip(check[2::2], check[3::2], strict=True))
    assert seconds(waits["inter"]) * int(waits["fall"]) < NOTICE_SECONDS
    assert len([line for line in backend if line.startswith("server ")]) == 2
    # A draining node closes its sockets itself.
    assert not any("shutdown-sessions" in line for line in backend)


SECRET_PATHS = {
    "/hooks/s3cret": "/hooks/***",
    "/hooks/s3cret/slack": "/hooks/***/slack",
    "/bot12:s3cret/sendMessage": "/bot***/sendMessage",
    "/botss_s3cret/getMe": "/bot***/getMe",
    "/file/bot12:s3cret/f1/a.png": "/file/bot***/f1/a.png",
    "/api/v1/invites/s3cret": "/api/v1/invites/***",
    "/api/v1/conversations/lobby/messages": "/api/v1/conversations/lobby/messages",
    "/": "/",
}
"""Paths, and what a log may have of them."""


def test_logs_of_nginx_have_no_secrets() -> None:
    """The access log has masked paths. The error log writes whole requests, so there is none where a path is a secret."""
    (shown,) = (inside for words, inside in _deep(nginx()) if words == ["map", "$uri", "$shown"])
    rules = [(words[0].removeprefix("~").replace("(?<", "(?P<"), words[1]) for words, _ in shown if words[0][0] == "~"]

    def written(path: str) -> str:
        for rule, value in rules:
            if found := re.search(rule, path):
                return value.replace("$before", found["before"]).replace("$after", found["after"])
        return path

    assert {path: written(path) for path in SECRET_PATHS} == SECRET_PATHS
    assert "$shown" in text("nginx.conf").partition("log_format")[2].splitlines()[0]
    places = [(words[-1], inside) for words, inside in _deep(nginx()) if words[:2] == ["location", "~"]]
    silent = [rule for rule, inside in places if ["error_log", "/dev/null"] in [words for words, _ in inside]]
    for path in [path for path, shown in SECRET_PATHS.items() if path != shown]:
        assert any(re.search(rule, path) for rule in silent), path


def _deep(directives: list[Directive]) -> Iterator[Directive]:
    for words, inside in directives:
        yield words, inside
        yield from _deep(inside)


def test_the_log_of_haproxy_has_no_secrets() -> None:
    """It has masked paths only, also of requests that are redirected to https."""
    (wanted,) = (line for line in haproxy()["defaults"] if line.startswith("log-format"))
    assert "%[var(txn.shown)]" in wanted and not re.search(r"%H[PQUV]|%r\b|%\{.*\}r", wanted.replace("%HM", ""))
    first = next(line for line in haproxy()["frontend web"] if line.startswith("http-request"))
    assert first.startswith("http-request set-var(txn.shown)")
    rules = re.findall(r"regsub\('([^']*)','([^']*)'\)", first)
    for path, shown in SECRET_PATHS.items():
        for rule, value in rules:
            path = re.sub(rule, value, path, count=1)
        assert path == shown


def test_caddy() -> None:
    """The Caddyfile is balanced, distributes over two nodes, checks them, and keeps silent sockets."""
    bare = re.sub(r"(?m)^\s*#.*$", "", text("Caddyfile"))
    depth = 0
    for token in bare.split():
        depth += {"{": 1, "}": -1}.get(token, 0)
        assert depth >= 0 and (token in "{}" or token.count("{") == token.count("}")), token
    assert depth == 0
    assert re.search(r"(?m)^\{\$CHAT_HOST\} \{$", bare) and re.search(r"reverse_proxy \S+:8000 \S+:8000 \{", bare)
    asked = re.search(r"health_interval (\S+)\s+health_timeout (\S+)", bare)
    assert asked and seconds(asked[1]) < NOTICE_SECONDS and seconds(asked[2]) < NOTICE_SECONDS
    # No limit on a socket's life, no buffering, no repeated requests.
    assert not re.search(r"stream_timeout|_buffers|lb_retry_match|flush_interval", bare)
    found = re.search(r"keepalive (\S+)", bare)
    assert found and seconds(found[1]) < KEPT_SECONDS


def test_ingress() -> None:
    """The Ingress waits longer than a socket can be silent, with the annotations of each controller."""
    annotations = kubernetes()["Ingress"]["metadata"]["annotations"]
    waits = {
        name: seconds(value) for name, value in annotations.items() if name.endswith(("read-timeout", "send-timeout"))
    }
    assert len(waits) == 4 and min(waits.values()) > max(PING_SECONDS, QUIET_SECONDS)
    assert annotations["nginx.org/websocket-services"] == kubernetes()["Service"]["metadata"]["name"]


def test_the_health_check_of_the_image(tmp_path: Path) -> None:
    """The image's health check gives 0 while a server is ready, and another status if nothing listens."""
    command = json.loads(last("HEALTHCHECK").partition("CMD ")[2])
    assert command[:2] == ["python", "-c"]
    # A proxy of the environment must not be used.
    environment = {"PATH": "", "http_proxy": "http://127.0.0.1:9"}

    def check(port: int) -> int:
        asked = [sys.executable, *command[1:]]
        ended = subprocess.run(
            asked, env=environment | {"SUHBAT_PORT": str(port)}, capture_output=True, timeout=PATIENCE
        )
        return ended.returncode

    with running("suhbat", tmp_path / "data") as server:
        assert check(server.port) == 0
    assert check(free_port()) != 0
