"""How the competing message brokers are configured and started: NATS with JetStream, nchan, centrifuge and
mosquitto."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import installs
from machine import free_port
from nats.aio.client import Client as NatsClient
from nats.js.api import AckPolicy, ConsumerConfig, StorageType

ONE_CORE = {"GOMAXPROCS": "1"}
"""Go starts no more threads than it has cores."""
NCHAN = """
daemon off;
pid {data}/nginx.pid;
error_log stderr warn;
worker_processes 1;
worker_rlimit_nofile {files};
load_module {modules}/ngx_nchan_module.so;
{user}
events {{ worker_connections {files}; }}
http {{
  access_log off;
  client_body_temp_path {data}/body; proxy_temp_path {data}/proxy; fastcgi_temp_path {data}/fastcgi;
  uwsgi_temp_path {data}/uwsgi; scgi_temp_path {data}/scgi;
  nchan_shared_memory_size 512m;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location ~ ^/room/(.+)$ {{
      nchan_pubsub websocket;
      nchan_channel_id $1;
      nchan_message_buffer_length 5000;
      nchan_message_timeout 1h;
    }}
  }}
}}
"""
MOSQUITTO = """
listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_inflight_messages 0
max_queued_messages 0
set_tcp_nodelay true
log_type error
"""
"""No limits on what a member has not acknowledged: by default 20 messages at once and 1,000 waiting, then they are dropped."""
NCHAN_FILES = 16_384


class Launch(NamedTuple):
    """How a server is started. `prepare`: what is done when it accepts connections, before it counts as ready."""

    argv: list[str]
    settings: Mapping[str, str] = MappingProxyType({})
    prepare: Callable[[], None] | None = None


def nats(key: str, port: int, data: Path) -> Launch:
    """NATS, and with JetStream a stream that stores what is said in the room and in the conversations of one."""
    bare = key.endswith("-tcp")
    clients = port if bare else free_port()
    lines = [f'listen: "127.0.0.1:{clients}"']
    if not bare:
        lines.append(f'websocket {{ listen: "127.0.0.1:{port}", no_tls: true }}')
    stored = key.startswith("jetstream")
    if stored:
        flushed = "sync_interval: always" if "always" in key or "first" in key else ""
        lines.append(f'jetstream {{ store_dir: "{data}/store"\n {flushed} }}')
    config = data / "nats.conf"
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    storage = StorageType.MEMORY if key == "jetstream-memory" else StorageType.FILE
    make = (lambda: asyncio.run(_make_stream(clients, storage, key == "jetstream-first"))) if stored else None
    return Launch([installs.nats_server(), "-c", str(config)], ONE_CORE, make)


async def _make_stream(port: int, storage: StorageType, delivers: bool) -> None:
    """`delivers`: a consumer publishes what is stored to the subject `delivered`, in the order of the stream."""
    client = NatsClient()
    await client.connect(f"nats://127.0.0.1:{port}")
    stream = client.jetstream()
    await stream.add_stream(name="room", subjects=["room", "own.*"], storage=storage)
    if delivers:
        everybody = ConsumerConfig(durable_name="all", deliver_subject="delivered", ack_policy=AckPolicy.NONE)
        await stream.add_consumer("room", everybody)
    await client.close()


def nchan(port: int, data: Path) -> Launch:
    folder = installs.nchan()
    config = data / "nginx.conf"
    modules = folder / "usr" / "lib" / "nginx" / "modules"
    user = f"user {getpass.getuser()};" if getpass.getuser() == "root" else ""  # its worker must read `data`
    text = NCHAN.format(data=data, port=port, modules=modules, files=NCHAN_FILES, user=user)
    config.write_text(text, encoding="utf-8")
    return Launch([str(folder / "usr" / "sbin" / "nginx"), "-e", "stderr", "-p", str(data), "-c", str(config)])


def centrifuge(key: str, port: int) -> Launch:
    """`centrifuge`, or a later version, with the milliseconds that a write may wait for others."""
    if key == "centrifuge":
        return Launch([installs.centrifuge(), str(port)], ONE_CORE)
    delay = ["5"] if key.endswith("-5ms") else []
    return Launch([installs.later_centrifuge(), str(port), *delay], ONE_CORE)


def mosquitto(port: int, data: Path) -> Launch:
    folder = installs.mosquitto()
    config = data / "mosquitto.conf"
    config.write_text(MOSQUITTO.format(port=port), encoding="utf-8")
    libraries = ":".join(str(path.parent) for path in sorted(folder.rglob("lib*.so.*")))
    return Launch([str(folder / "usr" / "sbin" / "mosquitto"), "-c", str(config)], {"LD_LIBRARY_PATH": libraries})
