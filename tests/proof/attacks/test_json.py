"""JSON that breaks parsers or encoders, over both dialects and HTTP."""

from __future__ import annotations

import http.client
import json

from tests.servers import PATIENCE
from tests.system.raw import TEXT, Raw

from .siege import Siege, name

DEEP = "[" * 20_000
BAD: dict[str, str] = {
    "20,000 levels that end": DEEP + "]" * 20_000,
    "20,000 levels that do not end": DEEP,
    "20,000 objects": '{"a":' * 10_000 + "1" + "}" * 10_000,
    "levels in a field nobody knows": '{"KEY":VALUE,"x":' + DEEP + "]" * 20_000 + "}",
    "5,000 digits": '{"KEY":' + "9" * 5_000 + "}",
    "5,000 digits in a field nobody knows": '{"KEY":5,"x":' + "9" * 5_000 + "}",
    "an exponent": '{"KEY":1e999999}',
    "NaN": '{"KEY":NaN}',
    "NaN alone": "NaN",
    "-Infinity": '{"KEY":-Infinity}',
    "a lone surrogate": '{"KEY":"\\ud800"}',
    "the other half": '{"KEY":"\\udfff\\ud800"}',
    "NUL": '{"KEY":"a\\u0000b"}',
    "a control of the line": '{"KEY":"a\nb"}',
    "a number": '{"KEY":5}',
    "true": '{"KEY":true}',
    "null": '{"KEY":null}',
    "an array": '{"KEY":["a"]}',
    "an object": '{"KEY":{"$ne":""}}',
    "no object": '["KEY"]',
    "a text": '"KEY"',
    "nothing": "",
    "two objects": "{}{}",
    "an unknown type": '{"type":"dance","KEY":5}',
    "a type that is none": '{"type":{"a":1},"KEY":5}',
    "__proto__": '{"__proto__":{"KEY":"x"}}',
    "a byte order mark": "\ufeff{}",
    "single quotes": "{'KEY': 'x'}",
}
"""What each dialect and each body must refuse; KEY stands for the field that matters there, VALUE for a right one."""


def filled(template: str, key: str, type: str | None = None) -> str:
    said = template.replace("KEY", key).replace("VALUE", '"salom"')
    if type is not None and said.startswith('{"' + key) and '"type"' not in said:
        said = '{"type":"' + type + '","id":77,"conversation":"lobby",' + said[1:]
    return said


def test_the_simple_dialect(siege: Siege) -> None:
    """Each gets `bad_request` with a correct example; the connection stays, and other users notice nothing."""
    speaker, witness = name("speaker"), name("witness")
    with siege.attack(), Raw(siege.server.port, f"/ws/{witness}") as other:
        with Raw(siege.server.port, f"/ws/{speaker}") as raw:
            raw.until("joined", user_id=speaker)
            for kind, template in BAD.items():
                raw.frame(TEXT, filled(template, "message").encode())
                answer = raw.until("error")
                assert answer["code"] == "bad_request" and "Salom hammaga!" in answer["message"], (kind, answer)
            raw.say({"message": f"{speaker} is here"})
        while (heard := other.hear())["type"] != "message" or heard["message"] != f"{speaker} is here":
            assert heard.get("from_user") != speaker and heard["type"] in ("joined", "left", "message")


def test_v1(siege: Siege) -> None:
    """Each gets `bad_request`, before `hello` (an invalid token excepted) and after it."""
    with siege.attack():
        for kind, template in BAD.items():
            with Raw(siege.server.port, "/api/v1/ws") as raw:
                raw.frame(TEXT, filled(template, "token", "hello").encode())
                answer = raw.hear()
                nobody = kind in ("NUL", "null") and answer["code"] == "unauthenticated"
                assert answer["type"] == "error" and (nobody or answer["code"] == "bad_request"), (kind, answer)
    with siege.attack(), Raw(siege.server.port, "/api/v1/ws") as raw:
        raw.hello(siege.guest(name("speaker")))
        for kind, template in BAD.items():
            raw.frame(TEXT, filled(template, "text", "send").encode())
            answer = raw.until("error")
            assert answer["code"] == "bad_request" and len(answer["message"]) < 1_000, (kind, answer)
        raw.say({"type": "ping", "id": "still here"})
        assert raw.until("pong")["id"] == "still here"


def test_http(siege: Siege) -> None:
    """Each body gets a 400 with its reason, at several endpoints."""
    token = siege.guest(name("speaker"))
    places = {
        "/api/v1/conversations/lobby/messages": "text",
        "/api/v1/conversations": "title",
        "/api/v1/guests": "user_id",
        "/api/v1/sessions": "user_id",
    }
    with siege.attack():
        connection = http.client.HTTPConnection("127.0.0.1", siege.server.port, timeout=PATIENCE)
        for path, key in places.items():
            for kind, template in BAD.items():
                headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
                connection.request("POST", path, filled(template, key).encode(), headers)
                answer = connection.getresponse()
                problem = json.loads(answer.read())
                assert (answer.status, problem["code"]) == (400, "bad_request"), (path, kind, problem)
                assert len(problem["detail"]) < 1_000
        connection.close()


def test_doubled_keys(siege: Siege) -> None:
    """Of two equal keys the last one counts in every part of the server."""
    first, last = name("first"), name("last")
    with siege.attack(), Raw(siege.server.port, f"/ws/{name('speaker')}") as raw:
        raw.frame(TEXT, f'{{"message":"{first}","message":"{last}","to_user":"nobody-here","to_user":""}}'.encode())
        assert raw.until("message", message=last)
        connection = http.client.HTTPConnection("127.0.0.1", siege.server.port, timeout=PATIENCE)
        body = f'{{"user_id":"{first}","user_id":"{last}"}}'
        connection.request("POST", "/api/v1/guests", body, {"Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())
        connection.close()
        assert answer["user"]["user_id"] == last
        siege.secrets.add(answer["token"])
