// Clients of a node of ours and of one of python-socketio's, which are one server: each node in turn is asked to do what servers do,
// and clients of both see it.
//
//     node both_nodes.mjs <our port> <python's port>
import { ask, check, connected, done, equal, next, options, port, within } from "./harness.mjs";

const NODES = { "our node": port, "python's node": options[0] };

/** Both clients of a node by its name. Python's breaks a broadcast of bytes to both transports: python-engineio encodes it but once. */
const WAYS = { "our node": ["websocket", "polling"], "python's node": ["websocket", "upgrade"] };

/** Two clients on the node that is asked, two on the other, each hearing. */
async function four(name) {
  const [far] = Object.keys(NODES).filter((other) => other !== name);
  const places = [name, far].flatMap((node) => WAYS[node].map((way) => [way, NODES[node]]));
  const clients = await Promise.all(places.map(([way, at]) => connected(way, "/", { at })));
  for (const client of clients) {
    client.heard = [];
    client.on("heard", (...args) => client.heard.push(args));
    client.on("question", (question, answer) => answer(client.id, { question }));
  }
  return clients;
}

/** What each has heard before an emit to everybody, which the first asks for now. */
async function heard(clients) {
  const ends = clients.map((client) => next(client, "end"));
  await ask(clients[0], "end");
  await Promise.all(ends);
  return clients.map((client) => client.heard);
}

const all = (what) => [what, what, what, what];

for (const name of Object.keys(NODES)) {
  const fact = (what, run) => check(`${name}: ${what}`, async () => run(await four(name)));

  await fact("an emit reaches everybody with all its arguments", async (clients) => {
    await ask(clients[0], "say", { to: null, skip: [] }, "hello");
    await ask(clients[1], "say", { to: null, skip: [] }, "ä € 😀");
    equal(await heard(clients), all(["hello", "ä € 😀"].map((text) => [text, [1, { two: null }]])));
  });

  await fact("rooms are entered, left and closed on either node", async (clients) => {
    const [a, b, c, d] = clients;
    for (const [client, room] of [[a, "x"], [c, "x"], [b, "y"], [d, "y"], [d, "x"]]) {
      await ask(a, "put", client.id, room);
    }
    await ask(a, "say", { to: ["x"], skip: [] }, "x");
    await ask(a, "say", { to: ["x", "y"], skip: [] }, "x or y");
    await ask(a, "take", d.id, "x");
    await ask(a, "say", { to: ["x"], skip: [] }, "x again");
    await ask(a, "close", "y");
    await ask(a, "say", { to: ["y"], skip: [] }, "nobody");
    const [inX, inY, inBoth] = [["x", "x or y", "x again"], ["x or y"], ["x", "x or y"]];
    equal((await heard(clients)).map((each) => each.map(([text]) => text)), [inX, inY, inX, inBoth]);
  });

  await fact("a client is a room, and may be skipped", async (clients) => {
    const [a, b, c, d] = clients;
    await ask(a, "say", { to: [d.id], skip: [] }, "d");
    await ask(a, "say", { to: null, skip: [c.id] }, "not c");
    await ask(a, "say", { to: null, skip: [b.id, d.id] }, "a and c");
    const texts = (await heard(clients)).map((each) => each.map(([text]) => text));
    equal(texts, [["not c", "a and c"], ["not c"], ["a and c"], ["d", "not c"]]);
  });

  await fact("bytes arrive as bytes", async (clients) => {
    const bytes = Buffer.from([0, 1, 254, 255]);
    await ask(clients[0], "show", bytes);
    equal(await heard(clients), all([[bytes, { picture: [bytes] }]]));
  });

  await fact("a client of either node answers a call", async (clients) => {
    for (const client of clients) {
      equal(await ask(clients[0], "ask", client.id, 7), [client.id, { question: 7 }]);
    }
    equal(await heard(clients), all([]));
  });

  await fact("a client of either node is disconnected", async (clients) => {
    const [a, b, c, d] = clients;
    for (const client of [b, c]) {
      const end = within("the end", (resolve) => client.once("disconnect", resolve));
      await ask(a, "kick", client.id);
      equal(await end, "io server disconnect");
    }
    await ask(a, "say", { to: null, skip: [] }, "who is left");
    equal((await heard([a, d])).map((each) => each.length), [1, 1]);
    equal([b.heard, c.heard], [[], []]);
  });
}

done();
process.exit(0); // Python's node takes its time to close connections, which nobody here looks at.
