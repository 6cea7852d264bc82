// What can be sent, both ways.
import { ask, collect, connected, done, equal, everyWay, fence, next, truthy, value } from "./harness.mjs";

const bytes = (...numbers) => Buffer.from(numbers);

/** Every value, and the arguments as which it arrives. */
const GIVEN = {
  string: ["text: ä € 😀 \u2028 \"quoted\""],
  number: [-12.5],
  "big number": [9007199254740991],
  boolean: [true],
  list: [[1, "two", null, [3]]],
  "list of bytes as numbers": [[1, 2, 255]],
  struct: [{ name: "alice", tags: ["a"], at: null }],
  none: [],
  null: [null],
  "empty string": [""],
  tuple: [1, "two", { three: 3 }],
  bytes: [bytes(0, 1, 254, 255)],
  "no bytes": [bytes()],
  "nested bytes": [{ file: { name: "a.png", data: bytes(1, 2, 3) }, more: [bytes(4), bytes()] }],
  "tuple with bytes": ["a", bytes(1), { b: bytes(2) }],
};

for (const [kind, args] of Object.entries(GIVEN)) {
  await everyWay(`the server emits: ${kind}`, async (way) => {
    const socket = await connected(way);
    const given = next(socket, "given");
    socket.emit("give", kind);
    equal(await given, args);
  });

  await everyWay(`an ack carries: ${kind}`, async (way) => {
    const socket = await connected(way);
    equal(await ask(socket, "give back", kind), args);
  });

  await everyWay(`what the client sends comes back the same: ${kind}`, async (way) => {
    const socket = await connected(way);
    const echoed = next(socket, "echoed");
    equal(await ask(socket, "echo", ...args), args);
    equal(await echoed, args);
  });
}

await everyWay("send is an event named message", async (way) => {
  const socket = await connected(way);
  const message = next(socket, "message");
  socket.send("hello", 2);
  equal(await message, ["hello", 2]);
});

await everyWay("event names are any text", async (way) => {
  const socket = await connected(way);
  for (const name of ["with spaces and ünïcödé", "*", "a/b,c", "\"quoted\"\\", "42", "constructor", "__proto__"]) {
    equal(await value(socket, name), name);
  }
});

await everyWay("the server emits under names that are any text", async (way) => {
  const socket = await connected(way);
  const seen = [];
  socket.onAny((name) => seen.push(name));
  await value(socket, "emit strange names");
  await fence(socket);
  equal(seen, ["with spaces and ünïcödé", "a/b,c", "\"quoted\"\\"]);
});

await everyWay("an event nobody listens to gets no ack", async (way) => {
  const socket = await connected(way);
  let acked = false;
  socket.emit("nobody listens", () => (acked = true));
  await fence(socket);
  truthy(!acked, "it was acked");
});

await everyWay("a large event goes both ways whole", async (way) => {
  const socket = await connected(way);
  const text = "0123456789abcdef€".repeat(20_000);
  const data = Buffer.alloc(300_000, 7);
  equal(await ask(socket, "echo", text, data), [text, data]);
});

await everyWay("a client that avoids binary frames is understood", async (way) => {
  const socket = await connected(way, "/", { forceBase64: true });
  const given = ["a", bytes(1, 2), { b: bytes(), c: Buffer.alloc(300_000, 7) }];
  equal(await ask(socket, "echo", ...given), given);
});

await everyWay("attachments up to the limit arrive", async (way) => {
  const socket = await connected(way);
  const ten = Array.from({ length: 10 }, (_, i) => Buffer.alloc(i * 100, i));
  equal(await ask(socket, "echo", ...ten), ten);
});

await everyWay("text between binary events stays between them", async (way) => {
  const socket = await connected(way);
  const echoed = collect(socket, "echoed");
  const sent = [];
  for (let i = 0; i < 60; i++) {
    const argument = i % 3 === 0 ? bytes(i, i, i) : i;
    sent.push(argument);
    socket.emit("echo", argument);
  }
  equal(await echoed.read(), sent);
});

done();
