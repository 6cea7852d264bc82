// Connect handlers, refusals and namespaces, as a client meets them.
import { beside, check, client, collect, connected, done, equal, everyWay, fence, joined, next, refusal, refusedBeside, truthy, value } from "./harness.mjs";

const login = (token) => ({ auth: { token } });

await everyWay("a client with the right auth is let in", async (way) => {
  const socket = await connected(way, "/login", login("secret"));
  equal(await value(socket, "who"), "alice");
});

await everyWay("a client that asks for subprotocols is let in", async (way) => {
  equal(await value(await connected(way, "/guest", { protocols: ["v1", "v2"] }), "who"), "guest");
});

await everyWay("a refusal carries its message", async (way) => {
  equal(await refusal(way, "/login", login("wrong")), { message: "not authorized" });
});

await everyWay("a refusal carries data", async (way) => {
  equal(await refusal(way, "/login", login("later")), { message: "try later", data: { seconds: 5 } });
});

await everyWay("several values of a refusal come as a list", async (way) => {
  equal(await refusal(way, "/login", login("list")), { message: "no", data: [1, "two", { three: 3 }] });
});

await everyWay("a refusal without words has the default ones", async (way) => {
  equal(await refusal(way, "/login", login("silent")), { message: "Connection rejected by server" });
});

await everyWay("auth of the wrong shape is refused with a message", async (way) => {
  const { message } = await refusal(way, "/login", { auth: { token: 42 } });
  truthy(message.length > 0, "the message is empty");
});

await everyWay("required auth that was not sent is refused with a message", async (way) => {
  const { message } = await refusal(way, "/login");
  truthy(message.length > 0, "the message is empty");
});

await everyWay("optional auth is absent when the client sent none", async (way) => {
  equal(await value(await connected(way, "/guest"), "who"), "guest");
});

await everyWay("optional auth is there when the client sent it", async (way) => {
  equal(await value(await connected(way, "/guest", login("bob")), "who"), "bob");
});

await everyWay("optional auth of the wrong shape is refused with a message", async (way) => {
  const { message } = await refusal(way, "/guest", { auth: { token: [] } });
  truthy(message.length > 0, "the message is empty");
});

await everyWay("a connect handler that panics refuses", async (way) => {
  const { message } = await refusal(way, "/login", login("panic"));
  truthy(message.length > 0, "the message is empty");
  equal(await value(await connected(way, "/login", login("secret")), "who"), "alice");
});

await everyWay("an unknown namespace is refused by its name", async (way) => {
  equal(await refusal(way, "/nowhere"), { message: "Invalid namespace" });
});

await everyWay("emitting to a namespace opens nothing", async (way) => {
  const socket = await connected(way);
  await value(socket, "emit to nowhere");
  equal(await refusal(way, "/nowhere"), { message: "Invalid namespace" });
});

await everyWay("a namespace that the builder names is open without handlers", async (way) => {
  truthy((await connected(way, "/quiet")).id, "no id");
});

await everyWay("a query string behind the namespace is cut off", async (way) => {
  const socket = await connected(way, "/world?token=1");
  equal(await value(socket, "who"), "world");
});

await everyWay("a refused namespace leaves the others of the connection alone", async (way) => {
  const socket = await connected(way);
  await refusedBeside(socket, "/login", login("wrong"));
  equal(await value(socket, "who"), "main");
});

await everyWay("a client that was refused may try again on the same connection", async (way) => {
  const socket = await connected(way);
  const other = await refusedBeside(socket, "/login", login("wrong"));
  other.auth = { token: "secret" };
  other.connect();
  await joined(other);
  equal(await value(other, "who"), "alice");
});

await everyWay("what on_connect emits and broadcasts follows the CONNECT answer, in order", async (way) => {
  const socket = client(way, "/early");
  const order = [];
  socket.on("connect", () => order.push("connect"));
  socket.on("early", (number) => order.push(number));
  await joined(socket);
  await fence(socket);
  equal(order, ["connect", 1, 2, 3, 4]);
});

await everyWay("what on_connect emits is dropped at a refusal", async (way) => {
  const socket = await connected(way);
  const packets = [];
  socket.io.on("packet", (packet) => packet.nsp === "/early" && packets.push(packet.type));
  await refusedBeside(socket, "/early", { auth: { refuse: true } });
  await fence(socket);
  equal(packets, [4]);
});

await everyWay("on_connected may ask the client, who knows it is connected", async (way) => {
  const socket = client(way, "/asking");
  const answers = [];
  socket.on("who are you", (ack) => ack(`${socket.connected} ${socket.id.length > 0}`));
  socket.on("so you are", (answer) => answers.push(answer));
  const told = next(socket, "so you are");
  await joined(socket);
  equal(await told, ["true true"]);
});

await everyWay("events sent at once after connecting wait for a slow on_connect, in order", async (way) => {
  const socket = client(way, "/slow");
  const seen = [];
  for (let i = 0; i < 10; i++) {
    socket.emit("count", i, (number) => seen.push(number));
  }
  await joined(socket);
  await fence(socket);
  equal(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

await everyWay("each namespace has its own ids, handlers, rooms and sessions", async (way) => {
  const main = await connected(way);
  const world = await beside(main, "/world");
  truthy(main.id !== world.id, "one id for both");
  equal([await value(main, "who"), await value(world, "who")], ["main", "world"]);

  await value(main, "join", ["hall"]);
  await value(main, "save session", { name: "alice" });
  equal(await value(world, "rooms"), [world.id]);
  equal(await value(world, "session"), null);

  const [inMain, inWorld] = [collect(main, "heard"), collect(world, "heard")];
  equal(await value(world, "say in hall", "hello"), 0);
  equal(await inWorld.read(), []);
  equal(await inMain.read(), []);
});

await everyWay("the sid of the connection is not the id of a socket", async (way) => {
  const socket = await connected(way);
  truthy(socket.io.engine.id !== socket.id, "both are the same");
});

await everyWay("handlers see headers, query and the client's address", async (way) => {
  const socket = await connected(way, "/", { extraHeaders: { "x-test": "a header" }, query: { color: "light blue", empty: "" } });
  equal(await value(socket, "request"), { header: "a header", query: "light blue", address: "127.0.0.1" });
});

await check("the transports of a client end up as it asked", async () => {
  for (const [way, transport] of Object.entries({ polling: "polling", websocket: "websocket", upgrade: "websocket" })) {
    const socket = await connected(way);
    equal(socket.io.engine.transport.name, transport);
    equal(await value(socket, "transport"), transport);
  }
});

done();
