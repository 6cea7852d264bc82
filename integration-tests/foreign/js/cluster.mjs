// Three servers that act as one, with clients on each: every operation from each node to each.
//
//     node cluster.mjs 8000 8001 8002
import { ask, check, collect, connected, done, equal, options, until, value, within } from "./harness.mjs";

const ports = [process.argv[2], ...options];
const WAYS = ["websocket", "polling"];

let fences = 0;

/** Two clients on each node; `hears` is the news that each has been told up to now by the node `from`. */
async function everybody(from) {
  const all = await Promise.all(
    ports.flatMap((port, node) => WAYS.map(async (way) => Object.assign(await connected(way, "/", { at: port }), { node }))),
  );
  const news = all.map((socket) => collect(socket, "news"));
  const asker = all.find((socket) => socket.node === from);
  const order = (operation, who = {}, what = null) => value(asker, "do", operation, who, what);
  return {
    all,
    order,
    on: (node) => all.filter((socket) => socket.node === node),
    others: all.filter((socket) => socket.node !== from),
    // What a node sends arrives in order: behind a mark nothing that was sent before it is on its way.
    async hears() {
      const mark = `mark ${(fences += 1)}`;
      const marked = all.map((socket, index) =>
        socket.connected
          ? within(`the mark of node ${from}`, (resolve) => {
              const look = () => news[index].seen.includes(mark) && (socket.off("news", look), resolve());
              socket.on("news", look);
              look();
            })
          : null,
      );
      await order("emit", {}, mark);
      await Promise.all(marked);
      return news.map(({ seen }) => seen.filter((text) => !String(text).startsWith("mark ")));
    },
  };
}

/** One fact for each node that does it. */
async function fromEach(name, run) {
  await Promise.all(ports.map((_, from) => check(`from node ${from}: ${name}`, async () => run(await everybody(from), from))));
}

/** Rooms of one check alone: those of others run at the same time. */
let rooms = 0;
const room = () => `room ${(rooms += 1)}`;
const enter = (sockets, name, data = null) => Promise.all(sockets.map((socket) => value(socket, "put me into", name, data)));
const ids = (sockets) => sockets.map(({ id }) => id).sort();
const told = (all, chosen, text) => all.map((socket) => (chosen.includes(socket) ? [text] : []));

await fromEach("an emit reaches the sockets of a room on each node", async ({ all, order, on, hears }) => {
  for (const node of [0, 1, 2]) {
    const name = room();
    await enter(on(node), name);
    const before = await hears();
    await order("emit", { to: [name] }, "hello");
    const after = await hears();
    equal(after.map((texts, index) => texts.slice(before[index].length)), told(all, on(node), "hello"));
  }
});

await fromEach("an emit to everybody of several rooms leaves out who is excepted", async ({ all, order, on, hears }) => {
  const [one, two, out] = [room(), room(), room()];
  await enter(all, one);
  await enter(on(1), two);
  await enter([on(0)[0], on(1)[1]], out);
  await order("emit", { to: [one, two], except: [out, on(2)[0].id] }, "hello");
  equal(await hears(), told(all, [on(0)[1], on(1)[0], on(2)[1]], "hello"));
});

await fromEach("an emit that is local stays on its node", async ({ all, order, on, hears }, from) => {
  const name = room();
  await enter(all, name);
  await order("emit", { to: [name], local: true }, "here");
  equal(await hears(), told(all, on(from), "here"));
});

await fromEach("bytes arrive on each node", async ({ all, order, hears }) => {
  const name = room();
  await enter(all, name);
  await order("emit bytes", { to: [name] });
  equal(await hears(), all.map(() => [["bytes", Buffer.from([0, 1, 2, 255])]]));
});

await fromEach("sockets are fetched with what their nodes tell of them", async ({ all, order, on }) => {
  const name = room();
  for (const node of [0, 1, 2]) {
    await enter(on(node), name, { node });
  }
  const fetched = await order("fetch", { to: [name] });
  equal(Object.keys(fetched).sort(), ids(all));
  for (const socket of all) {
    const { rooms, data, address, secure, recent, eio, transport } = fetched[socket.id];
    equal(rooms, [name, socket.id].sort());
    equal({ data, address, secure, recent, eio }, {
      data: { node: socket.node }, address: "127.0.0.1", secure: false, recent: true, eio: "4",
    });
    // Only what is named in `share_handshake` is told.
    equal(transport, null);
  }
  equal(Object.keys(await order("fetch", { to: [name], except: [on(2)[0].id] })).length, 5);
});

await fromEach("a fetched socket is emitted to, joined, left and disconnected", async ({ all, order, on, hears }) => {
  for (const node of [0, 1, 2]) {
    const [name, inner] = [room(), room()];
    const [socket] = on(node);
    await enter([socket], name);
    const before = await hears();
    await order("emit to fetched", { to: [name] }, "for you");
    await order("join fetched", { to: [name] }, inner);
    await order("emit", { to: [inner] }, "in");
    await order("leave fetched", { to: [name] }, inner);
    await order("emit", { to: [inner] }, "out");
    const after = await hears();
    equal(
      after.map((texts, index) => texts.slice(before[index].length)),
      all.map((each) => (each === socket ? ["for you", "in"] : [])),
    );
    // The one that asks goes last, and not by itself.
    const leaver = on(node)[1];
    const left = within("the end", (resolve) => leaver.once("disconnect", resolve));
    await order("disconnect fetched", { to: [leaver.id] });
    equal(await left, "io server disconnect");
  }
});

await fromEach("sockets are counted, and so are those of a room", async ({ all, order, on }) => {
  const name = room();
  await enter(all, name);
  equal(await order("count", { to: [name] }), [3, 6, 0]);
  equal(await order("count", { to: [name], except: [on(1)[0].id] }), [3, 5, 0]);
});

await fromEach("rooms are told with their number of sockets", async ({ all, order, on }) => {
  const [one, two] = [room(), room()];
  await enter(all, one);
  await enter(on(2), two);
  // A node that does not answer in 5 s is left out.
  await until("all nodes to tell", async () => {
    const told = await order("rooms");
    return told[one] === 6 && told[two] === 2;
  });
});

await fromEach("sockets join, leave and are disconnected by rooms", async ({ all, order, on, hears }, from) => {
  const [name, inner] = [room(), room()];
  await enter(all, name);
  await order("join", { to: [name], except: [on(1)[0].id] }, inner);
  await order("emit", { to: [inner] }, "in");
  await order("leave", { to: [on(2)[0].id] }, inner);
  await order("emit", { to: [inner] }, "still in");
  const joined = all.filter((socket) => socket !== on(1)[0]);
  const heard = all.map((socket) => {
    const first = joined.includes(socket) ? ["in"] : [];
    return socket === on(2)[0] || first.length === 0 ? first : ["in", "still in"];
  });
  equal(await hears(), heard);

  const out = room();
  const leavers = all.filter((socket) => socket !== on(from)[0]);
  await enter(leavers, out);
  const ends = leavers.map((socket) => within("the end", (resolve) => socket.once("disconnect", resolve)));
  await order("disconnect", { to: [out] });
  equal(await Promise.all(ends), leavers.map(() => "io server disconnect"));
  equal(await order("count", { to: [name] }), [3, 1, 0]);
});

await fromEach("a room is closed, and whole connections are", async ({ all, order, on, hears }, from) => {
  const name = room();
  await enter(all, name);
  await order("close room", {}, name);
  await order("emit", { to: [name] }, "nobody");
  equal(await hears(), told(all, [], ""));
  equal(await order("count", { to: [name] }), [3, 0, 0]);

  const leavers = all.filter((socket) => socket !== on(from)[0]);
  const ends = leavers.map((socket) => within("the end", (resolve) => socket.io.engine.once("close", resolve)));
  await enter(leavers, name);
  await order("close", { to: [name] });
  await Promise.all(ends);
});

await fromEach("servers tell each other something", async ({ all, others, on, order }, from) => {
  const text = room();
  const noted = others.map((socket) =>
    within("the note", (resolve) => socket.on("noted", (note) => note === text && resolve(note))),
  );
  const mine = collect(on(from)[0], "noted");
  await order("tell servers", {}, text);
  equal(await Promise.all(noted), others.map(() => text));
  await ask(on(from)[0], "put me into", "anywhere", null);
  equal(mine.seen.filter((note) => note === text), []);
  equal(all.length, 6);
});

await fromEach("servers ask each other something", async ({ order }) => {
  equal(await order("ask servers", {}, 21), [42, 42]);
});

await fromEach("a broadcast gathers the acks of all", async ({ all, order, on }) => {
  const name = room();
  await enter(all, name);
  for (const socket of all) {
    socket.on("question", (number, answer) => answer([socket.node, number]));
  }
  const answers = await order("ask", { to: [name], except: [on(0)[1].id] }, 7);
  equal(Object.keys(answers).sort(), ids(all.filter((socket) => socket !== on(0)[1])));
  for (const socket of all.filter(({ id }) => id in answers)) {
    equal(answers[socket.id], [socket.node, 7]);
  }
});

await fromEach("one client is called on each node", async ({ all, order }) => {
  for (const socket of all) {
    socket.on("question", (number, answer) => answer(`${socket.id} ${number}`));
  }
  for (const socket of all) {
    equal(await order("call", { to: [socket.id] }, 5), `${socket.id} 5`);
  }
});

await fromEach("every node is a member", async ({ order }) => {
  equal(await order("members"), 3);
});

done();
