// socket.io, `io.emit` to everybody, over WebSocket only. Nothing is stored.
//   node socketio.js PORT
"use strict";
const { createServer } = require("node:http");
const { Server } = require("socket.io");

const http = createServer();
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false, serveClient: false });
let seq = 0;

io.on("connection", (socket) => {
  const from_user = socket.handshake.query.user_id;
  const from_uid = "u" + from_user.padStart(21, "0");
  socket.on("message", ({ message }) => {
    seq += 1;
    const sent_at = new Date().toISOString();
    const event = { type: "message", conversation: "lobby", seq, from_user, from_uid, to_user: "", message, sent_at };
    io.emit("message", event);
  });
});
http.listen({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 2048 });
