// Ends: who is told what, on both sides.
import { beside, connected, done, equal, everyWay, told, truthy, value, within } from "./harness.mjs";

const reason = (socket) => within("the disconnect", (resolve) => socket.once("disconnect", resolve));

/** A client, and a watcher who is told the server's reason. */
async function watched(way) {
  const watcher = await connected("websocket");
  await value(watcher, "watch");
  const socket = await connected(way);
  return { socket, left: told(watcher, "left", socket.id) };
}

await everyWay("a client that leaves a namespace", async (way) => {
  const { socket, left } = await watched(way);
  const gone = reason(socket);
  socket.disconnect();
  equal([await gone, await left], ["io client disconnect", "client namespace disconnect"]);
});

await everyWay("a client that leaves one namespace stays in the other", async (way) => {
  const { socket, left } = await watched(way);
  const world = await beside(socket, "/world");
  socket.disconnect();
  equal(await left, "client namespace disconnect");
  equal(await value(world, "who"), "world");
});

await everyWay("a client that comes back to a namespace on the same connection is a new one", async (way) => {
  const { socket, left } = await watched(way);
  const { id } = socket;
  await beside(socket, "/world");
  await value(socket, "save session", { name: "alice" });
  socket.disconnect();
  await left;
  socket.connect();
  await within("the CONNECT answer", (resolve) => socket.once("connect", resolve));
  truthy(socket.id !== id, "the id is the old one");
  equal(await value(socket, "session"), null);
});

await everyWay("a connection that ends", async (way) => {
  const { socket, left } = await watched(way);
  socket.io.engine.close();
  equal(await left, "transport close");
});

await everyWay("the server ends one namespace of a connection", async (way) => {
  const { socket, left } = await watched(way);
  const world = await beside(socket, "/world");
  const gone = reason(socket);
  socket.emit("disconnect me");
  equal([await gone, await left], ["io server disconnect", "server namespace disconnect"]);
  equal(await value(world, "who"), "world");
});

await everyWay("the server ends the whole connection", async (way) => {
  const { socket, left } = await watched(way);
  const world = await beside(socket, "/world");
  const [gone, worldGone] = [reason(socket), reason(world)];
  const closed = within("the end of the connection", (resolve) => socket.io.engine.once("close", resolve));
  socket.emit("close me");
  equal([await gone, await worldGone], ["io server disconnect", "io server disconnect"]);
  equal(await left, "server namespace disconnect");
  await closed;
});

await everyWay("what was emitted before the end arrives before it", async (way) => {
  const { socket, left } = await watched(way);
  const order = [];
  socket.on("last words", (number) => order.push(number));
  const gone = reason(socket);
  socket.emit("last words and close");
  equal([await gone, await left], ["io server disconnect", "server namespace disconnect"]);
  equal(order, [1, 2, 3]);
});

await everyWay("another handler ends a client by its id", async (way) => {
  const { socket, left } = await watched(way);
  const other = await connected(way);
  const gone = reason(socket);
  equal(await value(other, "kick", socket.id), true);
  equal([await gone, await left], ["io server disconnect", "server namespace disconnect"]);
});

await everyWay("the session is still there for on_disconnect", async (way) => {
  const watcher = await connected("websocket");
  await value(watcher, "watch");
  const socket = await connected(way);
  await value(socket, "save session", { name: "alice" });
  const farewell = told(watcher, "farewell", socket.id);
  socket.disconnect();
  equal(await farewell, "alice");
});

await everyWay("a handler that waits learns that its client has gone", async (way) => {
  const watcher = await connected("websocket");
  await value(watcher, "watch");
  const socket = await connected(way);
  const outcome = told(watcher, "outcome", socket.id);
  await value(socket, "wait until closed");
  socket.disconnect();
  equal(await outcome, "closed");
});

done();
