// Who handles what: catch-alls, namespaces by pattern and by predicate.
import { ask, beside, check, collect, connected, done, equal, everyWay, refusal, truthy, value } from "./harness.mjs";

const order = [
  ["/nothing-of-its-own", "event", "every namespace, event"],
  ["/nothing-of-its-own", "other", "every namespace, any: other"],
  ["/own-event", "event", "namespace, event"],
  ["/own-event", "other", "every namespace, any: other"],
  ["/own-any", "event", "namespace, any: event"],
  ["/own-any", "other", "namespace, any: other"],
  ["/own-both", "event", "namespace, event"],
  ["/own-both", "other", "namespace, any"],
  ["/board-1", "event", "parent, event"],
  ["/board-1", "other", "parent, any"],
  ["/board-special", "event", "child, event"],
  ["/board-special", "other", "parent, any"],
];

await everyWay("handlers are looked up in python's order: namespace and event, namespace, event, neither", async (way) => {
  for (const [namespace, event, who] of order) {
    equal([namespace, event, await value(await connected(way, namespace), event)], [namespace, event, who]);
  }
});

await everyWay("a catch-all for every namespace knows the event and the namespace", async (way) => {
  const socket = await connected(way, "/anywhere");
  equal(await ask(socket, "whatever"), ["every namespace, any: whatever", "/anywhere"]);
});

await everyWay("handlers of one socket win, for it alone, and can be taken away", async (way) => {
  const socket = await connected(way, "/own-both");
  const other = await connected(way, "/own-both");
  equal(await value(socket, "event"), "namespace, event");
  // The namespace's catch-all stands before the word that equips: another namespace has it.
  const plain = await connected(way, "/own-event");
  await value(plain, "equip", "event");
  equal(await value(plain, "event"), "socket, event");
  equal(await value(plain, "other"), "every namespace, any: other");
  await value(plain, "equip", "any");
  equal(await value(plain, "other"), "socket, any: other");
  equal(await value(plain, "fence"), "socket, any: fence");
  equal(await value(other, "event"), "namespace, event");
});

await everyWay("a handler for once serves once", async (way) => {
  const socket = await connected(way, "/own-event");
  await value(socket, "equip", "once");
  equal(await value(socket, "event"), "socket, once");
  equal(await value(socket, "event"), "namespace, event");
});

await everyWay("a socket's handler that is taken away leaves the namespace's", async (way) => {
  const socket = await connected(way, "/own-event");
  await value(socket, "equip", "event");
  await value(socket, "equip", "off");
  equal(await value(socket, "event"), "namespace, event");
});

await everyWay("middlewares of one socket are for it alone", async (way) => {
  const [one, two] = [await connected(way, "/own-event"), await connected(way, "/own-event")];
  await value(one, "equip", "middleware");
  equal(await value(one, "event"), "the socket's own middleware");
  equal(await value(two, "event"), "namespace, event");
});

await everyWay("a namespace is let in by its parts, and handlers have them", async (way) => {
  const socket = await connected(way, "/tenant/acme/room-7");
  equal(await ask(socket, "where"), ["acme", 7, "/tenant/acme/room-7"]);
});

await everyWay("a middleware of a pattern refuses with its message and data", async (way) => {
  equal(await refusal(way, "/tenant/acme/room-13"), { message: "not this room", data: 13 });
});

await everyWay("a captured part that is no number refuses the client in words", async (way) => {
  const { message } = await refusal(way, "/tenant/acme/room-x");
  truthy(message.includes("does not fit"), message);
});

await everyWay("a predicate lets in by name", async (way) => {
  equal(await value(await connected(way, "/number-12"), "event"), "/number-12 is even");
  equal(await value(await connected(way, "/number-13"), "event"), "every namespace, event");
});

await check("a parent speaks to all its children", async () => {
  const one = await connected("websocket", "/tenant/family/room-1");
  const two = await beside(one, "/tenant/family/room-2");
  const stranger = await beside(one, "/number-2");
  const heard = [one, two, stranger].map((socket) => collect(socket, "told"));
  const children = await value(one, "children");
  equal(children.filter((name) => name.startsWith("/tenant/family/")), ["/tenant/family/room-1", "/tenant/family/room-2"]);
  truthy((await value(one, "tell all", "all")) >= 2, "two children heard it");
  equal([await heard[0].read(), await heard[1].read(), await heard[2].read()], [["all"], ["all"], []]);
});

await check("a listener hears of each new namespace and may give it handlers", async () => {
  const main = await connected("websocket");
  const fresh = `/fresh-${Date.now()}`;
  await beside(main, fresh);
  equal((await value(main, "namespaces seen")).filter((name) => name === fresh), [fresh]);
  const furnished = await beside(main, "/furnished");
  equal(await value(furnished, "event"), "given when it was made");
});

done();
