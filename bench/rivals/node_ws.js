// Node `ws`, broadcast to everybody. Nothing is stored.
//   node node_ws.js PORT            each message: stringified once, `client.send` for each client, as its README shows
//   node node_ws.js PORT coalesce   the messages of one event-loop turn: framed once, one socket write for each client
"use strict";
const { WebSocket, WebSocketServer } = require("ws");

const port = Number(process.argv[2]);
const coalesce = process.argv[3] === "coalesce";
const server = new WebSocketServer({ host: "127.0.0.1", port, perMessageDeflate: false, backlog: 2048 });
let seq = 0;
let gathered = [];

function broadcast(text) {
  for (const client of server.clients) {
    if (client.readyState === WebSocket.OPEN) client.send(text);
  }
}

function gather(text) {
  if (gathered.length === 0) setImmediate(flush); // after the reads of this turn
  const data = Buffer.from(text);
  gathered.push(...WebSocket.Sender.frame(data, { fin: true, opcode: 1, mask: false, readOnly: true, rsv1: false }));
}

function flush() {
  const frames = Buffer.concat(gathered);
  gathered = [];
  for (const client of server.clients) {
    if (client.readyState === WebSocket.OPEN) client._socket.write(frames);
  }
}

server.on("connection", (socket, request) => {
  const from_user = decodeURIComponent(request.url.slice("/ws/".length));
  const from_uid = "u" + from_user.padStart(21, "0");
  socket.on("error", () => {});
  socket.on("message", (data) => {
    const { message } = JSON.parse(data);
    seq += 1;
    const sent_at = new Date().toISOString();
    const event = { type: "message", conversation: "lobby", seq, from_user, from_uid, to_user: "", message, sent_at };
    (coalesce ? gather : broadcast)(JSON.stringify(event));
  });
});
