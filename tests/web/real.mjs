// One chat over real servers, controlled by tests/test_web_units.py: it reads and writes JSON lines.
// It exits when its input ends.
//
// Usage: node real.mjs URL TOKEN

import { createInterface } from "node:readline";

import { Chat } from "../../suhbat/web/js/sdk/chat.js";

const [base, token] = process.argv.slice(2);
const chat = new Chat({ base, token });
const tell = (...told) => process.stdout.write(`${JSON.stringify(told)}\n`);

chat.on("status", ({ state, code }) => tell("status", state, code));
chat.on("event", (event) => event.type === "message.created" && tell("message", event.seq, event.message.text));
chat.on("reset", (conversation) => tell("reset", conversation));
chat.on("snapshot", () => tell("snapshot"));
chat.connect();

for await (const line of createInterface({ input: process.stdin })) {
  const text = JSON.parse(line);
  chat.send({ conversation: "lobby", text }).then(({ seq }) => tell("ok", seq, text));
}
chat.close();
