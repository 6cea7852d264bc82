// Acks in both directions: what a handler returns, and what the server asks for.
import { ask, check, collect, connected, done, equal, everyWay, fence, next, told, truthy, value, within } from "./harness.mjs";

const ACKS = {
  "a handler that returns nothing acks without arguments": ["ack nothing", []],
  "a returned value is the ack": ["ack one", ["one"]],
  "a returned tuple is several arguments": ["ack tuple", [1, "two", { three: 3 }]],
  "a returned list is one argument": ["ack list", [[1, 2, 3]]],
  "a returned struct is one argument": ["ack struct", [{ name: "alice", tags: ["a"], at: null }]],
  "a returned None is null": ["ack option", [null]],
  "a returned Ok is what it holds": ["ack ok", [5]],
  "a returned Ok of a tuple is several arguments": ["ack ok tuple", [1, 2]],
  "a returned Ok of nothing acks without arguments": ["ack ok nothing", []],
  "returned bytes are bytes": ["ack bytes", [Buffer.from([1, 2, 3])]],
  "an error that carries an ack is acked": ["ack error with value", [{ error: "told" }]],
  "an error that carries several values acks them all": ["ack error with tuple", ["error", 42]],
  "an async handler acks when it is ready": ["ack later", ["later"]],
  "an ack by hand is sent once": ["ack by hand", ["by", "hand"]],
  "an ack by hand may come from another task": ["ack from a task", ["task"]],
};

for (const [name, [event, expected]] of Object.entries(ACKS)) {
  await everyWay(name, async (way) => {
    equal(await ask(await connected(way), event), expected);
  });
}

for (const [name, event] of Object.entries({
  "an error sends no ack": "ack error",
  "an async error sends no ack": "ack error later",
  "an Ack that is taken and not used sends none": "ack never",
  "a panic sends no ack": "panic",
  "an argument that does not fit sends no ack": "typed",
})) {
  await everyWay(name, async (way) => {
    const socket = await connected(way);
    let acked = false;
    socket.emit(event, "not a number", () => (acked = true));
    await fence(socket);
    truthy(!acked, "it was acked");
  });
}

await everyWay("events without an ack id run all the same", async (way) => {
  const socket = await connected(way);
  const echoed = next(socket, "echoed");
  socket.emit("echo", 1);
  equal(await echoed, [1]);
});

await everyWay("the server asks, the client answers nothing", async (way) => {
  const socket = await connected(way);
  socket.on("question", (ack) => ack());
  equal(await value(socket, "ask nothing"), "nothing");
});

await everyWay("the server asks, the client answers one value", async (way) => {
  const socket = await connected(way);
  socket.on("question", (number, ack) => ack(number * 2));
  equal(await value(socket, "ask number", 21), 42);
});

await everyWay("the server asks, the client answers several values", async (way) => {
  const socket = await connected(way);
  socket.on("question", (ack) => ack(1, "two"));
  equal(await value(socket, "ask pair"), { number: 1, text: "two" });
});

await everyWay("the server asks with bytes, the client answers with bytes", async (way) => {
  const socket = await connected(way);
  socket.on("question", (bytes, ack) => ack(Buffer.concat([bytes, Buffer.from([4])])));
  equal(await value(socket, "ask bytes", Buffer.from([1, 2, 3])), Buffer.from([1, 2, 3, 4]));
});

await everyWay("an answer that does not fit is an error for who asked", async (way) => {
  const socket = await connected(way);
  socket.on("question", (number, ack) => ack("many"));
  equal(await value(socket, "ask number", 1), "does not fit");
});

await everyWay("a silent client is a timeout", async (way) => {
  const socket = await connected(way);
  socket.on("question", () => {});
  equal(await value(socket, "ask shortly"), "timeout");
});

await everyWay("an answer after the timeout is nobody's", async (way) => {
  const socket = await connected(way);
  let late;
  socket.on("question", (ack) => (late = ack));
  equal(await value(socket, "ask shortly"), "timeout");
  late("late");
  socket.off("question");
  socket.on("question", (number, ack) => ack(number + 1));
  equal(await value(socket, "ask number", 1), 2);
});

await everyWay("a client that leaves while it is asked is gone for who asked", async (way) => {
  const watcher = await connected("websocket");
  await value(watcher, "watch");
  const socket = await connected(way);
  const outcome = told(watcher, "outcome", socket.id);
  socket.on("question", () => socket.disconnect());
  socket.emit("ask patiently");
  equal(await outcome, "disconnected");
});

await everyWay("a client whose connection breaks while it is asked is gone for who asked", async (way) => {
  const watcher = await connected("websocket");
  await value(watcher, "watch");
  const socket = await connected(way);
  const outcome = told(watcher, "outcome", socket.id);
  socket.on("question", () => socket.io.engine.close());
  socket.emit("ask patiently");
  equal(await outcome, "disconnected");
});

await everyWay("many questions at once get each their own answer", async (way) => {
  const socket = await connected(way);
  socket.on("question", (number, ack) => setTimeout(() => ack(number * 2), number % 7));
  // By polling, with handlers that take turns, each has a journey of its own.
  const ack = (i) => within(`answer ${i}`, (resolve) => socket.emit("ask number", i, resolve), 55_000);
  const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => ack(i)));
  equal(answers, Array.from({ length: 100 }, (_, i) => i * 2));
});

await everyWay("handlers that do not wait ack in the order of arrival", async (way) => {
  const socket = await connected(way);
  const order = [];
  for (let i = 0; i < 500; i++) {
    socket.emit("count", i, (number) => order.push(number));
  }
  await fence(socket);
  equal(order, Array.from({ length: 500 }, (_, i) => i));
});

await everyWay("handlers that wait overtake nobody at the start", async (way) => {
  const socket = await connected(way);
  const started = collect(socket, "started");
  for (let i = 0; i < 40; i++) {
    socket.emit("start and wait", i, (i * 7) % 20);
  }
  equal(await started.read(), Array.from({ length: 40 }, (_, i) => i));
});

await check("emitWithAck of the client resolves and times out", async () => {
  const socket = await connected("websocket");
  equal(await socket.emitWithAck("ack one"), "one");
  await socket.timeout(50).emitWithAck("ack never").then(
    () => { throw new Error("it was acked"); },
    () => {},
  );
});

done();
