// Rooms and broadcasts: who hears what, and how often.
import { beside, check, collect, connected, done, equal, everyWay, told, truthy, value } from "./harness.mjs";

/** Three clients `a`, `b`, `c`, with what each hears. */
async function three(way) {
  const sockets = await Promise.all([connected(way), connected(way), connected(way)]);
  const [a, b, c] = sockets;
  const heard = sockets.map((socket) => collect(socket, "heard"));
  return { a, b, c, heard: () => Promise.all(heard.map((each) => each.read())) };
}

/** Room names that no other check uses: rooms outlive no client, but checks may overlap at their ends. */
let rooms = 0;
const room = () => `room ${process.pid} ${++rooms}`;

await everyWay("a room hears, without the sender", async (way) => {
  const { a, b, heard } = await three(way);
  const hall = room();
  await value(a, "join", [hall]);
  await value(b, "join", [hall]);
  equal(await value(a, "say", { to: [hall], text: "hello" }), 1);
  equal(await heard(), [[], ["hello"], []]);
});

await everyWay("a room hears a sender who is not in it", async (way) => {
  const { a, b, c, heard } = await three(way);
  const hall = room();
  await value(a, "join", [hall]);
  await value(b, "join", [hall]);
  equal(await value(c, "say", { to: [hall], text: "hello" }), 2);
  equal(await heard(), [["hello"], ["hello"], []]);
});

await everyWay("the server speaks to a whole room", async (way) => {
  const { a, b, heard } = await three(way);
  const hall = room();
  await value(a, "join", [hall]);
  await value(b, "join", [hall]);
  equal(await value(a, "announce", { to: [hall], text: "all" }), 2);
  equal(await heard(), [["all"], ["all"], []]);
});

await everyWay("of several rooms each client hears once", async (way) => {
  const { a, b, c, heard } = await three(way);
  const [one, two] = [room(), room()];
  await value(a, "join", [one, two]);
  await value(b, "join", [two]);
  await value(c, "join", [one]);
  equal(await value(a, "announce", { to: [one, two], text: "once" }), 3);
  equal(await heard(), [["once"], ["once"], ["once"]]);
});

await everyWay("rooms may be left out", async (way) => {
  const { a, b, c, heard } = await three(way);
  const [one, two] = [room(), room()];
  for (const socket of [a, b, c]) {
    await value(socket, "join", [one]);
  }
  await value(b, "join", [two]);
  equal(await value(a, "announce", { to: [one], except: [two], text: "but b" }), 2);
  equal(await value(a, "announce", { to: [one], except: [two, c.id], text: "a alone" }), 1);
  equal(await heard(), [["but b", "a alone"], [], ["but b"]]);
});

await everyWay("except without a room means everybody else", async (way) => {
  const { a, b, c, heard } = await three(way);
  const out = room();
  await value(b, "join", [out]);
  await value(a, "announce", { except: [out], text: "but b" });
  await value(a, "say", { except: [out], text: "but a and b" });
  const [inA, inB, inC] = await heard();
  equal([inA, inB, inC], [["but b"], [], ["but b", "but a and b"]]);
  truthy(c.id, "c is there");
});

await everyWay("a broadcast leaves the sender out", async (way) => {
  const { a, heard } = await three(way);
  await value(a, "broadcast", "to all others");
  equal(await heard(), [[], ["to all others"], ["to all others"]]);
});

await everyWay("the namespace speaks to everybody", async (way) => {
  const { a, heard } = await three(way);
  await value(a, "announce", { text: "everybody" });
  equal(await heard(), [["everybody"], ["everybody"], ["everybody"]]);
});

await everyWay("each client is a room of its own", async (way) => {
  const { a, b, heard } = await three(way);
  equal(await value(a, "rooms"), [a.id]);
  equal(await value(a, "say", { to: [b.id], text: "psst" }), 1);
  equal(await value(a, "say", { to: [a.id], text: "to myself" }), 0);
  equal(await value(a, "announce", { to: [a.id], text: "from the server" }), 1);
  equal(await heard(), [["from the server"], ["psst"], []]);
});

await everyWay("rooms() lists what was joined, once", async (way) => {
  const { a } = await three(way);
  const [one, two] = [room(), room()];
  await value(a, "join", [one]);
  await value(a, "join", [one, two, two]);
  equal((await value(a, "rooms")).sort(), [a.id, one, two].sort());
});

await everyWay("who has left a room hears nothing more", async (way) => {
  const { a, b, heard } = await three(way);
  const hall = room();
  await value(a, "join", [hall]);
  await value(b, "join", [hall]);
  await value(b, "leave", [hall]);
  await value(b, "leave", ["never joined"]);
  equal(await value(a, "announce", { to: [hall], text: "hello" }), 1);
  equal(await heard(), [["hello"], [], []]);
  equal(await value(b, "rooms"), [b.id]);
});

await everyWay("a closed room is empty and may be joined again", async (way) => {
  const { a, b, heard } = await three(way);
  const hall = room();
  await value(a, "join", [hall]);
  await value(b, "join", [hall]);
  await value(a, "close room", hall);
  equal(await value(a, "announce", { to: [hall], text: "nobody" }), 0);
  equal([await value(a, "rooms"), await value(b, "rooms")], [[a.id], [b.id]]);
  await value(b, "join", [hall]);
  equal(await value(a, "announce", { to: [hall], text: "b again" }), 1);
  equal(await heard(), [[], ["b again"], []]);
});

await everyWay("an empty room is no error", async (way) => {
  const { a, heard } = await three(way);
  equal(await value(a, "announce", { to: [room()], text: "hello" }), 0);
  equal(await heard(), [[], [], []]);
});

await everyWay("a socket is found by its id from anywhere in the program", async (way) => {
  const { a, b, heard } = await three(way);
  const hall = room();
  equal(await value(a, "put into", { sid: b.id, room: hall }), true);
  equal(await value(a, "put into", { sid: "nobody", room: hall }), false);
  equal(await value(a, "announce", { to: [hall], text: "found" }), 1);
  equal(await heard(), [[], ["found"], []]);
});

await everyWay("rooms are gone with the client", async (way) => {
  const { a, b } = await three(way);
  const hall = room();
  await value(b, "join", [hall]);
  await value(a, "watch");
  const left = told(a, "left", b.id);
  b.disconnect();
  await left;
  equal(await value(a, "announce", { to: [hall], text: "anybody?" }), 0);
});

await everyWay("bytes are broadcast to every transport", async (way) => {
  const hall = room();
  const sockets = [await connected("polling"), await connected("websocket"), await connected(way)];
  const heard = sockets.map((socket) => collect(socket, "heard"));
  for (const socket of sockets) {
    await value(socket, "join", [hall]);
  }
  const picture = Buffer.from([137, 80, 78, 71]);
  equal(await value(sockets[0], "show", hall, picture), 3);
  for (const each of heard) {
    equal(await each.read(), [{ picture }]);
  }
});

await everyWay("broadcasts and direct emits arrive in the order made", async (way) => {
  const socket = await connected(way);
  const hall = room();
  await value(socket, "join", [hall]);
  const numbers = collect(socket, "number");
  await value(socket, "mixed numbers", hall, 300);
  equal(await numbers.read(), Array.from({ length: 300 }, (_, i) => i));
});

await check("a room reaches sockets of one namespace only", async () => {
  const main = await connected("websocket");
  const world = await beside(main, "/world");
  const [inMain, inWorld] = [collect(main, "heard"), collect(world, "heard")];
  await value(main, "join", ["hall"]);
  await value(world, "join hall");
  equal(await value(world, "say to hall as server", "here"), 1);
  equal([await inMain.read(), await inWorld.read()], [[], ["here"]]);
});

done();
