// Middlewares: at the door of a namespace, and before the handlers of events.
import { ask, client, collect, connected, done, equal, everyWay, fence, refusal, value, within } from "./harness.mjs";

await everyWay("middlewares of the door are asked in order", async (way) => {
  equal(await value(await connected(way, "/door"), "asked"), ["first", "second", "handler"]);
});

for (const at of ["first", "second", "handler"]) {
  await everyWay(`who refuses at the door is heard with message and data: ${at}`, async (way) => {
    equal(await refusal(way, "/door", { auth: { at } }), { message: `stopped at ${at}`, data: at });
  });
}

await everyWay("a client that leaves while a middleware waits leaves nothing behind", async (way) => {
  const socket = client(way, "/door");
  await within("the connection", (resolve) => socket.io.once("open", resolve));
  socket.disconnect();
  const another = await connected(way, "/door");
  equal(await value(another, "asked"), ["first", "second", "handler"]);
});

await everyWay("an event that passes is answered by its handler, and the middleware sees both", async (way) => {
  const socket = await connected(way, "/middle");
  const passed = collect(socket, "passed");
  equal(await ask(socket, "number", 7), [7]);
  equal(await ask(socket, "several", 1, "two"), ["two", 1]);
  equal(await ask(socket, "nothing"), []);
  equal(await ask(socket, "slow"), ["slow"]);
  equal(await passed.read(), [
    ["number", "7", "7"],
    ["several", '1,"two"', '"two",1'],
    ["nothing", "", ""],
    ["slow", "", '"slow"'],
  ]);
});

await everyWay("a middleware refuses and the handler does not run", async (way) => {
  equal(await ask(await connected(way, "/middle"), "number", 13), ["refused"]);
});

await everyWay("a middleware changes the arguments", async (way) => {
  equal(await ask(await connected(way, "/middle"), "number", "text"), [5]);
});

await everyWay("a middleware answers for events that nobody handles", async (way) => {
  equal(await ask(await connected(way, "/middle"), "nobody"), ["nobody handles this"]);
});

await everyWay("behind middlewares an ack by hand, an error's ack and none are what they were", async (way) => {
  const socket = await connected(way, "/middle");
  equal(await ask(socket, "by hand"), ["by hand"]);
  equal(await ask(socket, "fails"), [{ error: "told" }]);
  const acked = [];
  for (const event of ["never", "panics"]) {
    socket.emit(event, () => acked.push(event));
  }
  await fence(socket);
  equal(acked, []);
});

await everyWay("bytes pass middlewares", async (way) => {
  const socket = await connected(way, "/middle");
  const passed = collect(socket, "passed");
  equal(await ask(socket, "nothing", Buffer.from([1, 2])), []);
  equal((await passed.read())[0][0], "nothing");
});

await everyWay("handlers start in the order of events also behind middlewares", async (way) => {
  const socket = await connected(way, "/middle");
  const answers = [];
  for (let number = 100; number < 300; number += 1) {
    socket.emit("number", number, (answer) => answers.push(answer));
  }
  await fence(socket);
  equal(answers, Array.from({ length: 200 }, (_, i) => i + 100));
});

await everyWay("a namespace overrides its dispatch", async (way) => {
  const socket = await connected(way, "/changing");
  equal(await value(socket, "v2:hello"), "handled as hello");
  equal(await value(socket, "hello"), "handled as hello");
  equal(await value(socket, "here"), "handled by the middleware");
});

done();
