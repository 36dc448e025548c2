// HTTP: the requests, and the two ways to fail.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Hooks } from "../../suhbat/web/js/sdk/hooks.js";
import { Email, askForPassword, confirmEmail, resetPassword } from "../../suhbat/web/js/sdk/email.js";
import { Api } from "../../suhbat/web/js/sdk/http.js";
import { socketUrl } from "../../suhbat/web/js/sdk/link.js";

function make(status, body, options = {}) {
  const asked = [];
  const fetch = async (url, init) => {
    asked.push([init.method, String(url), init.headers, init.body]);
    if (body instanceof Error) throw body;
    return new Response(body, { status });
  };
  return { api: new Api({ base: "https://h.example/chat/", fetch, ...options }), asked };
}

test("a path is below the server's root, wherever that is; what is null is not asked", async () => {
  const { api, asked } = make(200, '{"a":1}', { token: "t", language: "uz" });
  assert.deepEqual(await api.get("/search", { q: "salom dunyo", cursor: null, limit: 5 }), { a: 1 });
  const [[method, url, headers, body]] = asked;
  assert.deepEqual([method, body], ["GET", null]);
  assert.equal(url, "https://h.example/chat/api/v1/search?q=salom+dunyo&limit=5&lang=uz");
  assert.deepEqual(headers, { accept: "application/json", authorization: "Bearer t" });
});

test("what writes says that it is JSON, also where there is nothing to say; 204 is null", async () => {
  const { api, asked } = make(204, null);
  for (const method of ["post", "put", "patch", "delete"]) assert.equal(await api[method]("/me"), null);
  assert.deepEqual(asked.map(([method, , headers, body]) => [method, headers["content-type"], body]),
    ["POST", "PUT", "PATCH", "DELETE"].map((method) => [method, "application/json", "{}"])); // prettier-ignore
});

test("the address of an account, and what needs no login", async () => {
  const { api, asked } = make(200, "{}");
  const email = new Email(api);
  await email.get();
  await email.set("ali@example.org", "p");
  await email.setDigest(false);
  await email.remove("p");
  await confirmEmail(api, "c");
  await askForPassword(api, "ali");
  await resetPassword(api, "c", "new");
  assert.deepEqual(
    asked.map(([method, url, , body]) => [method, url.replace(/.*v1/, ""), JSON.parse(body)]),
    [
      ["GET", "/me/email", null],
      ["PUT", "/me/email", { address: "ali@example.org", current_password: "p" }],
      ["PATCH", "/me/email", { digest: false }],
      ["DELETE", "/me/email", { current_password: "p" }],
      ["POST", "/email-confirmations", { code: "c" }],
      ["POST", "/password-resets", { user_id: "ali" }],
      ["PUT", "/password-resets", { code: "c", password: "new" }],
    ],
  );
});

test("webhooks", async () => {
  const { api, asked } = make(200, '{"hooks":[],"deliveries":[]}');
  const hooks = new Hooks(api);
  await hooks.makeIncoming("r 1", "CI");
  assert.deepEqual(await hooks.incoming("r1"), []);
  await hooks.removeIncoming("r1", "h1");
  await hooks.make({ url: "https://x.example/", conversations: "all" });
  assert.deepEqual(await hooks.list(), []);
  await hooks.switch("k1", true);
  assert.deepEqual(await hooks.deliveries("k1"), []);
  await hooks.again("k1", 7);
  await hooks.test("k1");
  await hooks.remove("k1");
  assert.deepEqual(
    asked.map(([method, url, , body]) => [method, url.replace(/.*v1/, ""), JSON.parse(body)]),
    [
      ["POST", "/conversations/r%201/hooks", { name: "CI" }],
      ["GET", "/conversations/r1/hooks", null],
      ["DELETE", "/conversations/r1/hooks/h1", {}],
      ["POST", "/hooks", { url: "https://x.example/", conversations: "all" }],
      ["GET", "/hooks", null],
      ["PATCH", "/hooks/k1", { on: true }],
      ["GET", "/hooks/k1/deliveries", null],
      ["POST", "/hooks/k1/deliveries/7/again", {}],
      ["POST", "/hooks/k1/test", {}],
      ["DELETE", "/hooks/k1", {}],
    ],
  );
});

test("202 without a body is null", async () => {
  assert.equal(await make(202, null).api.post("/password-resets"), null);
});

test("a problem is Refused, with its code and when to come again", async () => {
  const { api } = make(
    429,
    JSON.stringify({ status: 429, code: "rate_limited", detail: "Sekinroq.", retry_after: 2.5 }),
  );
  await assert.rejects(api.get("/me"), {
    name: "Refused",
    status: 429,
    code: "rate_limited",
    message: "Sekinroq.",
    retryAfter: 2.5,
  });
});

test("whatever is not the server's word is Unreachable: no network, a proxy, a page where JSON should be", async () => {
  const cases = [
    [0, new TypeError("failed")],
    [502, "<html>"],
    [200, "<html>"],
    [404, "{}"],
    [500, "null"],
  ];
  for (const [status, body] of cases) {
    await assert.rejects(make(status, body).api.get("/me"), { name: "Unreachable", status: status || null });
  }
});

test("the socket of a server, from its root", () => {
  assert.equal(socketUrl("https://h.example/chat/"), "wss://h.example/chat/api/v1/ws");
  assert.equal(socketUrl(new URL("http://localhost:8000/"), "ru"), "ws://localhost:8000/api/v1/ws?lang=ru");
});
