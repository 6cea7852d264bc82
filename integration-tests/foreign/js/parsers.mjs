// Clients that speak JSON and clients that speak msgpack, in one room of one server.
import { PARSERS, ask, collect, connected, done, equal, everyWay, fence, truthy, value } from "./harness.mjs";

const bytes = (...numbers) => Buffer.from(numbers);
let rooms = 0;

/** What is passed on, as everybody hears it. */
const VALUES = {
  text: ["ä € 😀 \u0000 \u2028 \"quoted\" \\ud83d"],
  numbers: [0, -1, 127, 128, -33, 65536, 2 ** 31, -(2 ** 31) - 1, 2 ** 53 - 1, -(2 ** 53) + 1, 0.1, -1.5e-300, 5e-324],
  "numbers beyond 53 bits": [2 ** 60, -(2 ** 60), 2 ** 63],
  literals: [null, true, false],
  nothing: [],
  nested: [{ a: [{ b: { c: [[], {}, [[1]]] } }], "": "", "with \"quotes\"": 1, 42: "number" }],
  bytes: [bytes(0, 1, 254, 255)],
  "bytes inside": [{ file: { name: "a.png", data: bytes(1, 2, 3) }, more: [bytes(4), bytes()] }, "and", bytes(5)],
  large: ["0123456789".repeat(20_000), Buffer.alloc(100_000, 7)],
  long: [Array.from({ length: 70_000 }, (_, i) => i % 10), Object.fromEntries(Array.from({ length: 20 }, (_, i) => [i, i]))],
};

await everyWay("the frames of each are those of its parser", async (way) => {
  const { json, msgpack } = await both(way);
  equal([await kinds(json), await kinds(msgpack)], [["string"], ["object"]]);
});

for (const [kind, args] of Object.entries(VALUES)) {
  await everyWay(`a broadcast reaches both, whoever it is from: ${kind}`, async (way) => {
    const { json, msgpack, other, room } = await both(way);
    const heard = [json, msgpack, other].map((socket) => collect(socket, "passed on"));
    equal(await value(json, "pass on", room, ...args), 2);
    equal(await value(msgpack, "pass on", room, ...args), 2);
    const arrived = args.length === 0 ? room : [room, ...args];
    const reads = await Promise.all(heard.map((each) => each.read()));
    equal(reads, [[arrived], [arrived], [arrived, arrived]]);
  });
}

await everyWay("what JavaScript leaves undefined is as in JSON", async (way) => {
  for (const socket of Object.values(await both(way)).slice(0, 2)) {
    equal(await ask(socket, "echo", undefined, { a: undefined, b: 1 }, [undefined]), [null, { b: 1 }, [null]]);
  }
});

await everyWay("a Date is refused in msgpack, and the connection goes on", async (way) => {
  const { json, msgpack } = await both(way);
  const date = new Date(1_700_000_000_000);
  equal(await value(json, "echo", date), date.toISOString());
  let answered = false;
  msgpack.emit("echo", date, () => (answered = true));
  equal(await value(msgpack, "echo", "after it"), "after it");
  equal(answered, false);
});

await everyWay("what is nested too deep for msgpack reaches those who speak JSON", async (way) => {
  const { json, msgpack, other, room } = await both(way);
  const deep = JSON.parse("[".repeat(200) + "]".repeat(200));
  const heard = [other, msgpack].map((socket) => collect(socket, "passed on"));
  await value(json, "join", [room]);
  equal(await value(json, "pass on", room, deep), 1);
  equal(await value(json, "pass on", room, "after it"), 2);
  equal(await Promise.all(heard.map((each) => each.read())), [[[room, deep], [room, "after it"]], [[room, "after it"]]]);
  msgpack.emit("echo", deep, () => truthy(false, "it was answered"));
  await fence(msgpack);
});

done();

/** A client that speaks JSON, one that speaks msgpack, and another one with JSON: all in a room. */
async function both(way) {
  const room = `parsers ${rooms++}`;
  const json = await connected(way, "/", { parser: PARSERS.json });
  const msgpack = await connected(way, "/", { parser: PARSERS.msgpack });
  const other = await connected(way, "/", { parser: PARSERS.json });
  for (const socket of [json, msgpack, other]) {
    await value(socket, "join", [room]);
  }
  return { json, msgpack, other, room };
}

/** The types of the messages in which an answer comes. */
async function kinds(socket) {
  const found = new Set();
  socket.io.engine.on("message", (data) => found.add(typeof data));
  await fence(socket);
  return [...found];
}
