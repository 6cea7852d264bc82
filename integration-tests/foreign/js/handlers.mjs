// Handlers and sessions: registering, replacing, failing.
import { ask, check, connected, done, equal, everyWay, fence, truthy, value } from "./harness.mjs";

await everyWay("a session is saved, read, edited, and starts empty", async (way) => {
  const socket = await connected(way);
  equal(await value(socket, "session"), null);
  await value(socket, "save session", { name: "alice" });
  equal(await value(socket, "session"), { name: "alice", visits: 0 });
  await value(socket, "edit session");
  await value(socket, "edit session");
  equal(await value(socket, "session"), { name: "alice", visits: 2 });
  equal(await value(socket, "session as argument"), "alice");
});

await everyWay("a session that was never saved is edited from its default", async (way) => {
  const socket = await connected(way);
  await value(socket, "edit session");
  equal(await value(socket, "session"), { name: "", visits: 1 });
});

await everyWay("a session belongs to one client", async (way) => {
  const [one, two] = [await connected(way), await connected(way)];
  await value(one, "save session", { name: "alice" });
  equal(await value(two, "session"), null);
});

await everyWay("state is the same for every client", async (way) => {
  const [one, two] = [await connected(way), await connected(way)];
  const first = await value(one, "visitor number");
  equal(await value(two, "visitor number"), first + 1);
});

await everyWay("the event name and all arguments are there for who asks", async (way) => {
  const socket = await connected(way);
  equal(await ask(socket, "all arguments", 1, "two", [3]), ["all arguments", 1, "two", [3]]);
});

await everyWay("a missing argument is as null", async (way) => {
  const socket = await connected(way);
  equal(await value(socket, "optional argument"), "none");
  equal(await value(socket, "optional argument", "some"), "some");
});

await everyWay("a handler may answer for an argument that does not fit", async (way) => {
  const socket = await connected(way);
  equal(await value(socket, "typed result", 7), 7);
  equal(typeof (await value(socket, "typed result", { not: "a number" })), "string");
});

await everyWay("a handler with an argument that does not fit is not run", async (way) => {
  const socket = await connected(way);
  const before = await value(socket, "typed runs");
  socket.emit("typed", "not a number");
  socket.emit("typed", { deep: [1, { er: null }] });
  socket.emit("typed");
  equal(await value(socket, "typed runs"), before);
  equal(await value(socket, "typed", 5), 5);
  equal(await value(socket, "typed runs"), before + 1);
});

for (const event of ["panic", "panic later", "panic in extractor", "panic in serialization"]) {
  await everyWay(`the connection lives on after: ${event}`, async (way) => {
    const socket = await connected(way);
    socket.emit(event);
    socket.emit(event, () => {});
    await fence(socket);
    equal(await value(socket, "ack one"), "one");
  });
}

// One server for all: these change its table of handlers.
await check("a handler comes, is replaced, and goes, while clients are connected", async () => {
  const socket = await connected("websocket");
  await value(socket, "switch", "off");
  const answered = async () => {
    let answer = "none";
    socket.emit("switched", (value) => (answer = value));
    await fence(socket);
    return answer;
  };
  equal(await answered(), "none");
  await value(socket, "switch", "first");
  equal(await answered(), "first");
  await value(socket, "switch", "second");
  equal(await answered(), "second");
  await value(socket, "switch", "off");
  equal(await answered(), "none");
});

await check("sync and async handlers share one table", async () => {
  const socket = await connected("websocket");
  equal(await Promise.all(["ack one", "ack later"].map((event) => value(socket, event))), ["one", "later"]);
  truthy(socket.connected, "it is gone");
});

done();
