"""The guarded client against hosts on loopback that misbehave."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from pathlib import Path

import pytest

from suhbat.outgoing.client import SLOTS, OutgoingLimits
from suhbat.outgoing.errors import AddressRefused, NotReached, OutgoingError, TimedOut, failure_of
from suhbat.outgoing.resolving import SystemResolver
from tests.outgoing.hosts import LOOPBACK, Names, make_certificate, make_client, plain, serving

SHORT = OutgoingLimits(seconds=0.3)


async def test_a_request_and_its_answer() -> None:
    """The request has its own headers and no more; status, headers and body of the answer arrive."""
    async with serving(plain(201, "X-A: 1\r\nx-a: 2\r\nSet-Cookie: a=b\r\n", b"salom")) as host:
        client = make_client()
        answer = await client.request("POST", host.url("/p?q"), {"ttl": "60"}, b"body")
        await client.request("GET", host.url("/again"))
    assert (answer.status, answer.headers["x-a"], answer.body, answer.is_cut) == (201, "1, 2", b"salom", False)
    first, second = (head.decode().split("\r\n") for head in host.heads)
    assert first[0] == "POST /p?q HTTP/1.1"
    assert {line.partition(":")[0].lower() for line in first[1:] if line} == {
        *("host", "user-agent", "accept-encoding", "connection", "content-length", "ttl")
    }
    assert not any(line.lower().startswith(("cookie", "content-length")) for line in second)


async def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address goes to the host that was checked, whatever the environment says of proxies."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with serving(plain()) as host:
        assert (await make_client().request("GET", host.url())).status == 200


async def test_nothing_private_is_reached() -> None:
    """Without `outgoing_allow`, addresses and names that lead to this machine get no connection, over https either."""
    async with serving(plain()) as host:
        client = make_client(Names(inside_example=[["127.0.0.1"]], mixed_example=[["1.1.1.1", "127.0.0.1"]]), allow=())
        for name in ("127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "inside.example", "mixed.example"):
            for scheme in ("http", "https"):
                with pytest.raises(AddressRefused):
                    await client.request("GET", host.url("/secret", name, scheme))
    assert host.heads == []


async def test_a_name_that_changes_its_address_gains_nothing() -> None:
    """The connection goes to the address that was checked: a request looks its name up once, and the next one checks anew."""
    names = Names(rebinding_example=[["127.0.0.1"], ["10.9.9.9"]])
    async with serving(plain()) as host:
        client = make_client(names)
        assert (await client.request("GET", host.url(host="rebinding.example"))).status == 200
        assert names.asked == ["rebinding.example"]
        with pytest.raises(AddressRefused, match=r"rebinding\.example"):
            await client.request("GET", host.url(host="rebinding.example"))
    assert b"host: rebinding.example" in host.heads[0].lower()


async def test_redirects_are_not_followed_by_default() -> None:
    """A redirect is an answer like another, and so is one of a POST."""
    async with serving(plain(302, "Location: /b\r\n")) as host:
        client = make_client()
        assert (await client.request("GET", host.url())).status == 302
        assert (await client.request("POST", host.url(), limits=OutgoingLimits(redirects=3))).status == 302
    assert len(host.heads) == 2


async def test_each_redirect_is_checked() -> None:
    """A host that may be reached cannot lead to one that may not be, nor go on for ever."""
    names = Names(outside_example=[["127.0.0.1"]])
    async with serving(plain(302, "Location: http://127.8.8.8/private\r\n")) as host:
        with pytest.raises(AddressRefused, match=r"127\.8\.8\.8"):
            await make_client(names, allow=("127.0.0.1/32",)).request(
                "GET", host.url(host="outside.example"), limits=OutgoingLimits(redirects=3)
            )
    async with serving(plain(307, "Location: /again\r\n")) as host:
        with pytest.raises(NotReached, match="too often"):
            await make_client().request("GET", host.url(), limits=OutgoingLimits(redirects=3))
    assert len(host.heads) == 4


async def test_a_redirect_takes_no_secret_along() -> None:
    """Headers for the first host stay there when a redirect leads to another one."""
    sent, limits = {"authorization": "secret", "accept": "text/html"}, OutgoingLimits(redirects=1)
    async with (
        serving(plain(200, body=b"there")) as other,
        serving(plain(301, f"Location: {other.url('/x')}\r\n")) as first,
    ):
        answer = await make_client().request("GET", first.url(), sent, limits=limits)
    assert (answer.body, answer.url) == (b"there", other.url("/x"))
    assert b"secret" in first.heads[0] and b"secret" not in other.heads[0] and b"text/html" in other.heads[0]


async def test_a_long_answer_is_cut() -> None:
    """Of a long answer and of one without an end only the beginning is read, and with `most=0` no body is waited for."""

    async def endless(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 10_000)
            await writer.drain()

    async def tiny_chunks(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1;" + b"e" * 10_000 + b"\r\nx\r\n")
            await writer.drain()

    async def never(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\n")
        await asyncio.Event().wait()

    client = make_client()
    async with serving(plain(body=b"y" * 5000)) as host:
        answer = await client.request("GET", host.url(), limits=OutgoingLimits(most=1000))
        assert (answer.body, answer.is_cut) == (b"y" * 1000, True)
        answer = await client.request("GET", host.url(), limits=OutgoingLimits(most=5000))
        assert (len(answer.body), answer.is_cut) == (5000, False)
    async with serving(endless) as host:
        answer = await client.request("GET", host.url(), limits=OutgoingLimits(most=100_000))
        assert (len(answer.body), answer.is_cut) == (100_000, True)
    async with serving(tiny_chunks) as host:
        answer = await client.request("GET", host.url(), limits=OutgoingLimits(most=10_000))
        assert answer.is_cut and len(answer.body) < 100
    async with serving(never) as host:
        answer = await client.request("POST", host.url(), limits=OutgoingLimits(most=0))
        assert (answer.status, answer.body) == (201, b"")


async def test_a_slow_answer_is_given_up() -> None:
    """The time is that of the whole answer: a byte now and then does not extend it, and neither do interim answers."""

    async def silent(head: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async def dribbling(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await asyncio.sleep(0.02)

    async def interim(head: bytes, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            await asyncio.sleep(0.02)

    for respond in (silent, dribbling, interim):
        async with serving(respond) as host:
            with pytest.raises(TimedOut) as caught:
                await make_client().request("GET", host.url("/secret"), limits=SHORT)
            assert "secret" not in str(caught.value)


async def test_a_broken_answer_is_a_failure() -> None:
    """Headers without an end, an answer that breaks off, and what is no HTTP: all can be tried again, none takes memory."""

    async def huge(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-Long: " + b"x" * 10_000 + b"\r\n")
            await writer.drain()

    async def hints(head: bytes, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: " + b"x" * 1000 + b"\r\n\r\n")
            await writer.drain()

    async def short(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")

    async def nothing(head: bytes, writer: asyncio.StreamWriter) -> None:
        return

    async def garbage(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n" * 10)

    for respond in (huge, hints, short, nothing, garbage):
        async with serving(respond) as host:
            with pytest.raises(NotReached):
                await make_client().request("GET", host.url())


async def test_a_certificate_must_be_for_the_name(tmp_path: Path) -> None:
    """Over https the name is proven, not the address: a certificate for another name, or of nobody, ends the request."""
    trusted, context = make_certificate(tmp_path, "right.example")
    names = Names(right_example=[["127.0.0.1"]], wrong_example=[["127.0.0.1"]])
    async with serving(plain(body=b"in secret"), context) as host:
        client = make_client(names, trusted=trusted)
        answer = await client.request("GET", host.url(host="right.example", scheme="https"))
        assert answer.body == b"in secret"
        strict = make_client(names)
        for asking, name in ((client, "wrong.example"), (client, "127.0.0.1"), (strict, "right.example")):
            with pytest.raises(NotReached, match="certificate"):
                await asking.request("GET", host.url("/secret", name, "https"))
    assert len(host.heads) == 1


async def test_the_next_address_is_tried() -> None:
    """A host of which one address is closed is reached at another; one without any can be tried later."""
    names = Names(two_example=[["::1", "127.0.0.1"]], none_example=[[]])
    async with serving(plain()) as host:
        client = make_client(names, allow=(*LOOPBACK, "::1"))
        assert (await client.request("GET", host.url(host="two.example"))).status == 200
        for name in ("none.example", "unknown.example", "[::1]"):
            with pytest.raises(NotReached):
                await client.request("GET", host.url(host=name))


async def test_why_there_was_no_answer(tmp_path: Path) -> None:
    """Each failure has one of a few words. That of a closed address says more than that of one which no way leads to."""

    async def broken(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async def silent(head: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = unused.getsockname()[1]
        names = Names(none_example=[[]], two_example=[["127.0.0.1", "240.0.0.1"]])
        client = make_client(names, allow=(*LOOPBACK, "240.0.0.0/4"))
        async with (
            serving(broken) as breaks,
            serving(silent) as hangs,
            serving(plain(), encrypted(tmp_path)) as strange,
        ):
            for url, reason in (
                ("http://10.0.0.1/", "address"),
                ("http://unknown.example/", "name"),
                ("http://none.example/", "name"),
                (f"http://127.0.0.1:{closed}/", "refused"),
                (f"http://two.example:{closed}/", "refused"),
                (breaks.url(), "broken"),
                (hangs.url(), "timeout"),
                (strange.url(scheme="https"), "tls"),
            ):
                with pytest.raises(OutgoingError) as caught:
                    await client.request("POST", url, limits=SHORT if reason == "timeout" else None)
                assert (url, caught.value.reason) == (url, reason)


def encrypted(directory: Path) -> ssl.SSLContext:
    """Of a host whose certificate nobody trusts."""
    return make_certificate(directory, "strange.example")[1]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.EHOSTUNREACH, "No route to host"), "unreachable"),
        (OSError(errno.ETIMEDOUT, "Connection timed out"), "timeout"),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), "broken"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('10.0.0.7', 80)"), "refused"),
        (ssl.SSLCertVerificationError(1, "self-signed"), "tls"),
        (OSError(errno.EMFILE, "Too many open files"), "broken"),
    ],
)
def test_failures_of_the_system(error: OSError, reason: str) -> None:
    """They become one of the words, so nothing that the system says of its network gets out."""
    assert failure_of(error) == reason


async def test_one_host_gets_few_requests_at_a_time() -> None:
    """Of many requests to a slow host a few run at a time; another host answers meanwhile."""
    running, most, release = 0, 0, asyncio.Event()

    async def slow(head: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await release.wait()
        running -= 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    names = Names(other_example=[["127.0.0.1"]])
    async with serving(slow) as host, serving(plain()) as other:
        client = make_client(names)
        requests = [asyncio.create_task(client.request("GET", host.url())) for _ in range(3 * SLOTS.per_host)]
        assert (await client.request("GET", other.url(host="other.example"))).status == 200
        while running < SLOTS.per_host:
            await asyncio.sleep(0.01)
        release.set()
        assert {answer.status for answer in await asyncio.gather(*requests)} == {200}
    assert most == SLOTS.per_host


def test_an_address_can_be_checked_before_it_is_used() -> None:
    """`check` refuses what can never be reached, without looking a name up."""
    closed, opened = make_client(allow=()), make_client()
    assert closed.check("https://push.example.org/a").host == "push.example.org"
    assert opened.check("http://inside.example/a").host == "inside.example"
    assert opened.check("http://127.0.0.1:99/a").port == 99
    assert opened.check("http://localhost/a").host == "localhost"
    for url in (
        "http://push.example.org/", "https://10.0.0.1/", "https://[::1]/", "https://a:b@push.example.org/",
        "https://localhost/", "https://LOCALHOST.:8443/", "https://app.localhost/",
    ):  # fmt: skip
        with pytest.raises(AddressRefused):
            closed.check(url)


async def test_names_of_the_system() -> None:
    """The resolver of the system finds loopback, and fails with OSError for a name that cannot be."""
    assert all(address.is_loopback for address in await SystemResolver()("localhost"))
    with pytest.raises(OSError):
        await SystemResolver()("a" * 64 + ".invalid")
