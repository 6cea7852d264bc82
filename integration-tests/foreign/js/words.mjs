// What a server says and hears of its clients beside events: rooms, ends, what is sent, sessions in every form, questions to many.
import { ask, beside, check, client, collect, connected, done, equal, everyWay, fence, joined, next, told, truthy, upgraded, value, within } from "./harness.mjs";

let rooms = 0;
const room = () => `room ${(rooms += 1)}`;

async function watcher(of) {
  const socket = await connected("websocket", "/words");
  await value(socket, "join", [of]);
  return socket;
}

await everyWay("on_disconnecting sees the rooms, on_disconnect no more, each once", async (way) => {
  const watching = await watcher("watchers");
  const socket = await connected(way, "/words");
  await value(socket, "join", ["b", "a"]);
  const [before, after] = [collect(watching, "leaving"), told(watching, "left", socket.id)];
  const { id } = socket;
  const first = told(watching, "leaving", id);
  socket.disconnect();
  equal(await first, [["a", "b"], "client namespace disconnect"]);
  equal(await after, [[], "client namespace disconnect"]);
  equal((await before.read()).filter(([sid]) => sid === id).length, 1);
});

await everyWay("on_disconnecting sees the rooms of a client that is sent away", async (way) => {
  const watching = await watcher("watchers");
  const socket = await connected(way, "/words");
  await value(socket, "join", ["hall"]);
  const first = told(watching, "leaving", socket.id);
  socket.emit("disconnect me");
  equal(await first, [["hall"], "server namespace disconnect"]);
});

await everyWay("a client whose time is over is sent away, and the reason says so", async (way) => {
  const watching = await watcher("watchers");
  const socket = await connected(way, "/words");
  const [gone, after] = [within("the end", (resolve) => socket.once("disconnect", resolve)), told(watching, "left", socket.id)];
  socket.emit("expire in", 100);
  equal([await gone, await after], ["io server disconnect", [[], "expired"]]);
});

await check("a handler puts the end off, or takes it away", async () => {
  const socket = await connected("websocket", "/words");
  const gone = within("the end", (resolve) => socket.once("disconnect", resolve));
  await value(socket, "expire in", 60_000);
  const started = Date.now();
  // All at once: each is given before the one before it is over. Were one of them missed, the socket would go too early, or never.
  for (const ms of [1_000, 120_000]) socket.emit("expire in", ms);
  socket.emit("never expire");
  socket.emit("expire in", 3_000);
  equal(await gone, "io server disconnect");
  truthy(Date.now() - started >= 2_900, "it came too early");
});

await everyWay("rooms are told of as they come and go", async (way) => {
  const watching = await watcher("watchers of rooms");
  const [a, b] = [await connected(way, "/words"), await connected(way, "/words")];
  const [hall, [first, second]] = [room(), [a.id, b.id]];
  const seen = collect(watching, "room");
  await value(a, "join", [hall]);
  await value(b, "join", [hall, hall]);
  await value(a, "leave", [hall]);
  const left = within("the last word", (resolve) => watching.on("room", (what) => what[0] === "delete" && what[1] === hall && resolve()));
  b.disconnect();
  await left;
  equal(seen.seen.filter(([, name]) => name === hall), [
    ["create", hall],
    ["join", hall, first],
    ["join", hall, second],
    ["leave", hall, first],
    ["leave", hall, second],
    ["delete", hall],
  ]);
});

await everyWay("what is sent is watched, to one, to a room, and as a question; acks are not", async (way) => {
  const watching = await watcher("watchers of sending");
  const socket = await connected(way, "/words");
  const hall = room();
  const seen = collect(watching, "sent");
  await value(socket, "join", [hall]);
  socket.on("question", (number, answer) => answer(number));
  await value(socket, "tell", hall, "hello");
  await value(socket, "ask room", hall);
  const own = (await seen.read()).filter(([sid, event]) => sid === socket.id && event !== "upgraded");
  equal(own, [
    [socket.id, "told", '"hello"'],
    [socket.id, "told to all", '"hello"'],
    [socket.id, "question", "20"],
  ]);
});

await check("a handler hears of the upgrade, and the transport has changed", async () => {
  const socket = client("upgrade", "/words");
  const heard = next(socket, "upgraded");
  await joined(socket);
  await upgraded(socket);
  equal(await heard, ["websocket"]);
  equal(await value(socket, "transport"), "websocket");
  const [polling, websocket] = [await connected("polling", "/words"), await connected("websocket", "/words")];
  equal([await value(polling, "transport"), await value(websocket, "transport")], ["polling", "websocket"]);
});

await everyWay("a session is the namespace's, a shared one the connection's", async (way) => {
  const one = await connected(way, "/words");
  const two = await beside(one, "/words/beside");
  await value(one, "save", "mine");
  equal([await value(one, "saved"), await value(two, "saved")], ["mine", null]);
  equal(await value(two, "saved in", "/words"), "mine");
  equal(await value(two, "saved in", "/nowhere"), null);
  equal(await value(one, "saved by", one.id), "mine");
  equal([await value(one, "shared"), await value(two, "shared")], [null, null]);
  await value(one, "save shared", "ours");
  await value(two, "edit shared");
  equal([await value(one, "shared"), await value(two, "shared")], ["ours!", "ours!"]);
  const stranger = await connected(way, "/words");
  equal(await value(stranger, "shared"), null);
});

await everyWay("a shared session outlasts a namespace that is left", async (way) => {
  const one = await connected(way, "/words");
  const two = await beside(one, "/words/beside");
  await value(one, "save shared", "ours");
  one.disconnect();
  await fence(two);
  equal(await value(two, "shared"), "ours");
});

await everyWay("a session that is edited in a scope is written at its end", async (way) => {
  const socket = await connected(way, "/words");
  equal(await value(socket, "scope"), null);
  equal(await value(socket, "scoped"), [1, 2]);
  equal(await value(socket, "scope"), 2);
  equal(await value(socket, "scoped"), [1, 2, 1, 2]);
});

await everyWay("a callback has the answer, or what came instead of one", async (way) => {
  const socket = await connected(way, "/words");
  let calledBack = next(socket, "called back");
  socket.once("question", (number, answer) => answer(number * 2));
  await value(socket, "call back", 21, 20_000);
  equal(await calledBack, [42]);
  calledBack = next(socket, "called back");
  await value(socket, "call back", 21, 100);
  const [words] = await calledBack;
  truthy(words.includes("did not answer"), words);
});

/** A room of one that answers, one whose answer does not fit, and one that is silent. */
async function panel(way) {
  const hall = room();
  const [fits, misfit, silent] = [await connected(way, "/words"), await connected("websocket", "/words"), await connected("websocket", "/words")];
  for (const socket of [fits, misfit, silent]) {
    await value(socket, "join", [hall]);
  }
  fits.on("question", (number, answer) => answer(number + 1));
  misfit.on("question", (_, answer) => answer("no number"));
  return { hall, fits, misfit, silent };
}

await everyWay("a room is asked as a whole, and who was silent is known", async (way) => {
  const { hall, fits, misfit, silent } = await panel(way);
  equal(await value(fits, "ask room", hall), { answers: [21], unfit: [misfit.id], silent: [silent.id] });
});

await everyWay("a room is asked and answers come as they come", async (way) => {
  const { hall, fits, misfit, silent } = await panel(way);
  const [came, quiet] = [collect(fits, "one answered"), collect(fits, "were silent")];
  await value(fits, "ask room as they come", hall);
  equal((await came.read()).sort(), [[fits.id, 21], [misfit.id, "no number"]].sort());
  equal(await quiet.read(), [[silent.id]]);
});

await everyWay("a room is asked with a callback, which is called once for each", async (way) => {
  const { hall, fits, misfit, silent } = await panel(way);
  const came = [];
  const all = within("three calls", (resolve) => fits.on("one called back", (...args) => came.push(args) === 3 && resolve()));
  await value(fits, "call room back", hall);
  await all;
  equal(came.sort(), [[fits.id, 21], [misfit.id, null], [silent.id, null]].sort());
});

await check("answers that are awaited have a bound, and who asks is told", async () => {
  const socket = await connected("websocket", "/words");
  equal(await value(socket, "ask too often", 10_002), 2);
});

await check("a namespace has words for all its sockets", async () => {
  const sockets = [await connected("websocket", "/crowd"), await connected("polling", "/crowd"), await connected("upgrade", "/crowd")];
  const [a, b, c] = sockets;
  equal(await value(a, "count"), 3);
  equal(await value(a, "fetch"), sockets.map(({ id }) => id).sort());
  await value(a, "all join", "everybody");
  equal(await value(a, "rooms"), [["everybody", 3]]);
  await value(a, "move", "everybody", "others");
  equal(await value(a, "rooms"), [["others", 3]]);
  await value(a, "all leave", "others");
  equal(await value(a, "rooms"), []);
  // Each socket is a room, and can be put into another from anywhere.
  await value(a, "move", b.id, "second");
  equal(await value(a, "rooms"), [["second", 1]]);
  const gone = within("the end of the second", (resolve) => b.once("disconnect", resolve));
  await value(a, "disconnect room", "second");
  equal(await gone, "io server disconnect");
  equal(await value(a, "count"), 2);
  const ends = [a, c].map((socket) => within("the end", (resolve) => socket.once("disconnect", resolve)));
  const closed = within("the end of the connection", (resolve) => c.io.engine.once("close", resolve));
  a.emit("disconnect all", true);
  equal(await Promise.all(ends), ["io server disconnect", "io server disconnect"]);
  await closed;
});

done();
