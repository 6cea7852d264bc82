// Clients of the book's programs: node guide.mjs PORT PROGRAM [MORE...]
import { spawnSync } from "node:child_process";
import { ask, beside, check, client, collect, connected, done, equal, joined, next, options, refusal, truthy, url, value, WAYS, within } from "./harness.mjs";

const [program, ...more] = options;

/** The fact, for each way of being connected. */
const each = async (fact, run) => {
  for (const way of Object.keys(WAYS)) await check(`${way}: ${program}: ${fact}`, () => run(way));
};

/** Whoever connects as this page gets through, or does not. */
const asPage = (origin) => ({ transports: ["websocket"], extraHeaders: { origin } });

const PROGRAMS = {
  async readme() {
    await each("what is said in a room is heard by the others there, and the speaker knows by how many", async (way) => {
      // One for each way: who was connected in another may still be leaving.
      const room = `lobby ${way}`;
      const [ada, bob, eve] = await Promise.all([connected(way), connected(way), connected(way)]);
      for (const socket of [ada, bob]) socket.emit("join", room);
      // Acks come behind what was asked before; nobody is in a room of that name.
      for (const socket of [ada, bob, eve]) equal(await value(socket, "say", "nowhere", ""), 0);
      const heard = next(bob, "say");
      const own = collectNow(ada, "say");
      equal(await value(ada, "say", room, "hello"), 1);
      equal(await heard, [ada.id, "hello"]);
      equal(own, []);
    });
  },

  async start() {
    await each("what the handler returns is the answer", async (way) => {
      equal(await ask(await connected(way), "hello", "Ada"), ["Hello, Ada"]);
    });
  },

  async handlers() {
    await each("an event by its function's name, and one with spaces", async (way) => {
      const socket = await connected(way, "/", { auth: { token: "t" } });
      equal(await value(socket, "my_event", { answer: 42 }), { answer: 42 });
      const heard = next(socket, "heard");
      equal(await ask(socket, "my custom event", "Ada", 3), []);
      equal(await heard, ["Ada", 4]);
    });
    await each("who is refused hears why, with data", async (way) => {
      equal(await refusal(way, "/", { query: { name: "mallory" } }), { message: "authentication failed", data: 401 });
    });
  },

  async emitting() {
    await each("everybody, or one client by its id", async (way) => {
      const [one, other] = await Promise.all([connected(way), connected(way)]);
      const all = Promise.all([one, other].map((socket) => next(socket, "my event")));
      truthy((await value(one, "announce")) >= 2, "two heard it");
      equal(await all, [[{ data: "foobar" }], [{ data: "foobar" }]]);
      equal(await value(other, "whoami"), other.id);
      const missed = collectNow(one, "my event");
      const heard = next(other, "my event");
      equal(await value(one, "to", other.id), true);
      equal(await heard, [{ data: "for you" }]);
      equal(missed, []);
    });
    await each("text, bytes, a list, several arguments, none", async (way) => {
      const socket = await connected(way);
      const heard = Promise.all(["text", "bytes", "list", "several", "none"].map((event) => next(socket, event)));
      socket.emit("kinds");
      const [text, [bytes], list, several, none] = await heard;
      equal([text, list, several, none], [["hello"], [[1, 2, 3]], ["two", 2, { x: [7] }], []]);
      equal([...bytes], [1, 2, 3]);
    });
  },

  async acks() {
    await each("a tuple is several values of the answer", async (way) => {
      equal(await ask(await connected(way), "my event", "data"), ["OK", 123]);
    });
    await each("the server asks back before it answers", async (way) => {
      const socket = await connected(way);
      socket.on("confirm", (question, answer) => answer(question === "tea?"));
      equal(await value(socket, "buy", "tea"), "tea bought");
      equal(await value(socket, "buy", "coffee"), "cancelled");
    });
    await each("a callback is called once for each client that was asked", async (way) => {
      const [one, other] = await Promise.all([connected(way), connected(way)]);
      one.on("vote", (answer) => answer(1));
      other.on("vote", (answer) => answer(2));
      const votes = within("two votes", (resolve) => {
        const seen = [];
        // Who was connected in another way may still be leaving, and is silent.
        one.on("voted", (sid, vote) => [one.id, other.id].includes(sid) && seen.push([sid, vote]) === 2 && resolve(seen));
      });
      one.emit("poll");
      equal(new Map(await votes), new Map((await votes).map(([sid]) => [sid, sid === one.id ? 1 : 2])));
    });
  },

  async namespaces() {
    await each("each is a world of its own over one connection", async (way) => {
      const root = await connected(way);
      const chat = await beside(root, "/chat");
      truthy(root.id !== chat.id, "two ids");
      equal([await value(root, "where"), await value(chat, "where")], ["/", "/chat"]);
      const [missed, heard] = [collectNow(root, "my response"), next(chat, "my response")];
      chat.emit("my custom event", "hello");
      equal(await heard, ["hello"]);
      await value(root, "where");
      equal(missed, []);
    });
    await each("by pattern, and none that nobody opened", async (way) => {
      equal(await value(await connected(way, "/board-7"), "board"), 7);
      equal(await refusal(way, "/nowhere"), { message: "Invalid namespace" });
    });
  },

  async rooms() {
    await each("who is in the room hears it, but for the sender, until it leaves", async (way) => {
      const [ada, bob, eve] = await Promise.all([connected(way), connected(way), connected(way)]);
      for (const socket of [ada, bob]) await ask(socket, "begin_chat");
      const [own, missed] = [collectNow(ada, "my reply"), collectNow(eve, "my reply")];
      const heard = next(bob, "my reply");
      await ask(ada, "my_message", "hello");
      equal(await heard, ["hello"]);
      await ask(bob, "exit_chat");
      const after = collectNow(bob, "my reply");
      await ask(ada, "my_message", "anybody?");
      for (const socket of [bob, eve]) await ask(socket, "exit_chat");
      equal([own, missed, after], [[], [], []]);
    });
  },

  async sessions() {
    await each("it is there for every event, is changed in a scope, and gone with the connection", async (way) => {
      const query = { username: `ada-${way}` };
      const socket = await connected(way, "/", { query });
      equal(await value(socket, "message"), `message from ada-${way}`);
      equal([await value(socket, "count"), await value(socket, "count")], [1, 2]);
      socket.disconnect();
      equal(await value(await connected(way, "/", { query }), "count"), 1);
    });
    await each("who does not say who it is, is refused", async (way) => {
      equal(await refusal(way), { message: "who are you?" });
    });
  },

  async auth() {
    await each("a token lets in, by auth or by cookie; none and a wrong one do not", async (way) => {
      equal(await value(await connected(way, "/", { auth: { token: "t-ada" } }), "whoami"), "ada");
      equal(await value(await connected(way, "/", { extraHeaders: { cookie: "a=b; token=t-ada" } }), "whoami"), "ada");
      equal(await refusal(way), { message: "log in first" });
      equal(await refusal(way, "/", { auth: { token: "t-eve" } }), { message: "wrong token", data: 401 });
    });
    await each("who has a token that ends is sent away then", async (way) => {
      const socket = client(way, "/", { auth: { token: "t-bob" } });
      const ended = within("the end", (resolve) => socket.once("disconnect", resolve));
      await joined(socket);
      equal(await ended, "io server disconnect");
    });
  },

  async cross_origin() {
    await check("cross_origin: pages that are listed get through, others and the server's own do not", async () => {
      for (const origin of ["https://app.example", "http://localhost:5173"]) {
        equal(await value(await connected("websocket", "/", asPage(origin)), "hello"), "hello");
        equal(await status(origin), 200);
      }
      for (const origin of ["https://evil.example", url]) {
        truthy((await refusal("websocket", "/", asPage(origin))).message.startsWith("websocket error"), origin);
        equal(await status(origin), 400);
      }
      equal(await status(undefined), 200);
    });
  },

  async scaling_2() {
    await each("a handler that blocks holds up no other", async (way) => {
      const socket = await connected(way);
      const order = [];
      // By polling it has the first POST to itself, and what follows is in the next.
      const first = value(socket, "quick");
      const slow = Array.from({ length: 4 }, (_, year) => value(socket, "report", year).then((text) => order.push(text)));
      equal(await value(socket, "quick"), "at once");
      order.push("quick");
      await Promise.all([first, ...slow]);
      equal(order[0], "quick");
      equal(order.slice(1).sort(), [0, 1, 2, 3].map((year) => `report of ${year}`));
    });
  },

  async limits() {
    await each("a message over the limit ends the connection, and a smaller one does not", async (way) => {
      const socket = await connected(way);
      equal(await value(socket, "size", "x".repeat(9_000)), 9_000);
      const ended = within("the end", (resolve) => socket.once("disconnect", resolve));
      socket.emit("size", "x".repeat(20_000));
      truthy(/^transport /.test(await ended), "it ends by its transport");
    });
  },

  async migration_node() {
    await each("the program in the manner of Node answers as Node's", async (way) => {
      const auth = { token: "secret" };
      const [ada, bob] = await Promise.all([connected(way, "/", { auth }), connected(way, "/", { auth })]);
      const heard = next(bob, "said");
      equal(await ask(ada, "say", "hello"), ["OK", 5]);
      equal(await heard, [ada.id, "hello"]);
      equal(await refusal(way, "/", { auth: { token: "wrong" } }), { message: "authentication failed" });
    });
  },

  /** The scaling chapter's node, another of it, and the worker of the next chapter. */
  async workers() {
    const [other, worker, redis] = more;
    await check("workers: what one node says is heard on the other", async () => {
      const [here, there] = await Promise.all([connected("upgrade"), connected("upgrade", "/", { at: other })]);
      for (const socket of [here, there]) await ask(socket, "join", "lobby");
      // The nodes find each other in their time: who speaks too early is not heard.
      const heard = next(there, "said");
      const speaking = setInterval(() => here.emit("say", "hello"), 50);
      equal(await heard.finally(() => clearInterval(speaking)), ["hello"]);
    });
    await check("workers: what a process emits that is no server is heard on every node", async () => {
      const clients = await Promise.all([connected("websocket"), connected("polling", "/", { at: other })]);
      await ask(clients[1], "join", "my room");
      const all = Promise.all(clients.map((socket) => next(socket, "my event")));
      const progress = next(clients[1], "progress");
      const ran = spawnSync(worker, ["workers"], { env: { ...process.env, REDIS_URL: redis }, encoding: "utf8" });
      equal([ran.status, ran.stdout], [0, "2 sent, 0 dropped\n"]);
      equal(await all, [["foo", "bar"], ["foo", "bar"]]);
      equal(await progress, [100]);
    });
  },
};

/** What comes from now on. */
function collectNow(socket, event) {
  return collect(socket, event).seen;
}

/** Of a handshake by polling from a page. */
async function status(origin) {
  const response = await fetch(`${url}/socket.io/?EIO=4&transport=polling`, { headers: origin ? { origin } : {} });
  const allowed = response.headers.get("access-control-allow-origin");
  equal(allowed, response.ok ? (origin ?? null) : null);
  return response.status;
}

await PROGRAMS[program]();
done();
