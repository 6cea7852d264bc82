// What the scripts beside this file share: clients by transport, checks with a deadline, one JSON line per check.
//
//     node rooms.mjs 8000
//     node rooms.mjs 8000 msgpack          the same with clients that speak msgpack
//     node rooms.mjs 8000 ca=FILE          the same by https and wss, of a server with this certificate
//     {"check":"websocket: a room of two","ok":true}
//     {"done":1}
import { deepStrictEqual } from "node:assert";
import { AsyncLocalStorage } from "node:async_hooks";
import { readFileSync } from "node:fs";
import { io } from "socket.io-client";
import * as msgpack from "socket.io-msgpack-parser";

const [, , port, ...rest] = process.argv;

/** The port. */
export { port };

/** Arguments after it, but for the parser's name and the certificate. */
export const options = rest.filter((option) => option !== "msgpack" && !option.startsWith("ca="));

/** Whether the clients speak msgpack unless they are told otherwise. */
export const speaksMsgpack = rest.includes("msgpack");

/** What `parser` can be. `undefined` is JSON. */
export const PARSERS = { json: undefined, msgpack: msgpack.default };

/** Long enough for a busy machine; a check that passes never waits for it. */
export const DEADLINE = 20_000;

/** The ways in which a client may be connected. */
export const WAYS = {
  polling: ["polling"],
  websocket: ["websocket"],
  upgrade: ["polling", "websocket"],
};

const certificate = rest.find((option) => option.startsWith("ca="))?.slice("ca=".length);
const ca = certificate && readFileSync(certificate);
const scheme = ca ? "https" : "http";

/** The server. */
export const url = `${scheme}://127.0.0.1:${port}`;

/** The clients of the check that runs: checks may run side by side. */
const clients = new AsyncLocalStorage();
let count = 0;

/** A client that is not waited for; each has a connection of its own unless `options.forceNew` is false. `at` is another port. */
export function client(way, namespace = "/", { at = port, ...options } = {}) {
  const parser = speaksMsgpack ? PARSERS.msgpack : PARSERS.json;
  const defaults = { transports: WAYS[way], parser, ca, forceNew: true, reconnection: false };
  const socket = io(`${scheme}://127.0.0.1:${at}${namespace}`, { ...defaults, ...options });
  socket.way = way;
  clients.getStore().add(socket);
  return socket;
}

/** A client that has its CONNECT answer and, on `upgrade`, its WebSocket. */
export async function connected(way, namespace = "/", options = {}) {
  const socket = client(way, namespace, options);
  await joined(socket);
  if (way === "upgrade") {
    await upgraded(socket);
  }
  return socket;
}

/** Waits for the CONNECT answer; a refusal throws. */
export function joined(socket) {
  return within("the CONNECT answer", (resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });
}

/** Waits until the connection has changed over to WebSocket. */
export function upgraded(socket) {
  const { engine } = socket.io;
  if (engine.transport.name === "websocket") {
    return Promise.resolve();
  }
  return within("the upgrade", (resolve) => engine.once("upgrade", resolve));
}

/** Another namespace on the connection of `socket`. */
export async function beside(socket, namespace, options = {}) {
  const other = socket.io.socket(namespace, options);
  clients.getStore().add(other);
  await joined(other);
  return other;
}

/** Another namespace on the connection of `socket`, which is refused; it may be tried again. */
export async function refusedBeside(socket, namespace, options = {}) {
  const other = socket.io.socket(namespace, options);
  clients.getStore().add(other);
  await within("the refusal", (resolve) => other.once("connect_error", resolve));
  return other;
}

/** The refusal that a client of `namespace` gets, as `{ message, data }`. */
export function refusal(way, namespace, options = {}) {
  const socket = client(way, namespace, options);
  return within("a refusal", (resolve, reject) => {
    socket.once("connect", () => reject(new Error("the connection was accepted")));
    socket.once("connect_error", ({ message, data }) => resolve(data === undefined ? { message } : { message, data }));
  }).finally(() => socket.disconnect());
}

/** What the server tells a watcher of the client `id`: the second argument of such an `event`. */
export function told(watcher, event, id) {
  return within(`the event "${event}" of ${id}`, (resolve) => watcher.on(event, (sid, what) => sid === id && resolve(what)));
}

/** The arguments of the next `event`. */
export function next(socket, event) {
  return within(`the event "${event}"`, (resolve) => socket.once(event, (...args) => resolve(args)));
}

/** All arguments of the ack of an event. */
export function ask(socket, event, ...args) {
  return within(`the ack of "${event}"`, (resolve) => socket.emit(event, ...args, (...answer) => resolve(answer)));
}

/** The first argument of the ack of an event. */
export async function value(socket, event, ...args) {
  return (await ask(socket, event, ...args))[0];
}

/** Collects every `event` from now on; `read()` gives what the server had sent before it was called. */
export function collect(socket, event) {
  const seen = [];
  socket.on(event, (...args) => seen.push(args.length === 1 ? args[0] : args));
  return {
    seen,
    async read() {
      await fence(socket);
      return seen;
    },
  };
}

/** What the server sent to `socket` before now has arrived: the ack comes behind it. */
export function fence(socket) {
  return ask(socket, "fence");
}

export const equal = deepStrictEqual;

export function truthy(value, what) {
  if (!value) {
    throw new Error(what);
  }
}

/** A promise that fails, with words, when nothing settles it in time. */
export function within(what, executor, ms = DEADLINE) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`waited ${ms} ms for ${what}`)), ms);
    executor(
      (result) => (clearTimeout(timer), resolve(result)),
      (error) => (clearTimeout(timer), reject(error)),
    );
  });
}

/** Comes back once `condition` holds, which may have to be asked for. */
export async function until(what, condition, ms = DEADLINE) {
  for (const end = Date.now() + ms; !(await condition()); await new Promise((resolve) => setTimeout(resolve, 20))) {
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`);
  }
}

/** One fact: runs, reports, and closes the clients it made. */
export async function check(name, run, ms = 3 * DEADLINE) {
  let report;
  const own = new Set();
  try {
    const result = clients.run(own, run);
    await within("the check to end", (resolve, reject) => result.then(resolve, reject), ms);
    report = { check: name, ok: true };
  } catch (error) {
    report = { check: name, ok: false, error: String(error?.stack ?? error) };
  }
  for (const socket of own) {
    socket.disconnect();
  }
  count += 1;
  console.log(JSON.stringify(report));
}

/** One fact per transport. */
export async function everyWay(name, run) {
  for (const way of Object.keys(WAYS)) {
    await check(`${way}: ${name}`, () => run(way));
  }
}

/** The last line: all checks were run. */
export function done() {
  console.log(JSON.stringify({ done: count }));
  // Connections that are still being closed must not be cut: the server is to see them end.
  setTimeout(() => process.exit(0), 2_000).unref();
}

process.on("unhandledRejection", (error) => {
  console.log(JSON.stringify({ check: "no promise is left rejected", ok: false, error: String(error?.stack ?? error) }));
});
