// The contract of bench/README.md on socket.io, with ws and bufferutil, its quickest engine on npm.
const http = require("node:http");
const { createAdapter } = require("@socket.io/redis-adapter");
const { createClient } = require("redis");
const { Server } = require("socket.io");

async function main() {
  const server = http.createServer();
  const io = new Server(server, {
    pingInterval: 25_000,
    pingTimeout: 20_000,
    perMessageDeflate: false,
    httpCompression: false,
    serveClient: false,
  });
  if (process.env.REDIS_URL) {
    const publisher = createClient({ url: process.env.REDIS_URL });
    const subscriber = publisher.duplicate();
    await Promise.all([publisher.connect(), subscriber.connect()]);
    io.adapter(createAdapter(publisher, subscriber));
  }
  io.on("connection", (socket) => {
    socket.on("echo", (data) => socket.emit("echo", data));
    socket.on("echo_ack", (data, ack) => ack(data));
    socket.on("join", (ack) => {
      socket.join("all");
      ack();
    });
    socket.on("fan", (data) => io.to("all").emit("fan", data));
  });
  server.listen(Number(process.env.PORT), "127.0.0.1", 4096);
}

main();
