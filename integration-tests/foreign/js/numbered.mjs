// Numbered events both ways while the connection changes from polling to WebSocket: none lost, doubled or out of order.
//
//     node numbered.mjs <port> <clients> <events>
import { NodeWebSocket, NodeXHR } from "engine.io-client";
import { check, client, done, equal, joined, options, truthy, value, within } from "./harness.mjs";

const [clients, events] = options.map(Number);

/** So many have come by polling, each way, before the WebSocket is opened. */
const BEFORE = events / 10;

/** A busy machine takes its time for all of them together. */
const PATIENCE = 150_000;

const name = (i) => `client ${i}: ${events} events each way`;
await Promise.all(Array.from({ length: clients }, (_, i) => check(name(i), run, PATIENCE)));
done();

async function run() {
  let open;
  const mayOpen = new Promise((resolve) => (open = resolve));
  class LaterWebSocket extends NodeWebSocket {
    doOpen() {
      mayOpen.then(() => super.doOpen());
    }
  }
  const socket = client("upgrade", "/numbered", { transports: [NodeXHR, LaterWebSocket] });
  const down = [];
  let received = false;
  const look = () => received && down.length > BEFORE && open();
  let isUpgraded = false;
  socket.io.on("open", () => socket.io.engine.once("upgrade", () => (isUpgraded = true)));

  const all = within(`${events} events from the server`, (resolve) => {
    socket.on("down", (number, payload) => {
      down.push(Buffer.isBuffer(payload) ? [number, payload.length] : number);
      look();
      if (down.length >= events) {
        resolve();
      }
    });
  }, PATIENCE);
  all.catch(() => {}); // It is awaited below.
  await joined(socket);
  socket.emit("start", events);

  // A few at a time: at most half of them before the change, the rest across and after it.
  const begun = Date.now();
  for (let sent = 0; sent < events; ) {
    const end = isUpgraded || sent < events / 2 ? Math.min(sent + 10, events) : sent;
    for (; sent < end; sent++) {
      // Every seventh has an attachment, which must stay with its event.
      const args = sent % 7 === 3 ? [sent, Buffer.alloc(sent % 50, 1)] : [sent];
      sent === BEFORE ? socket.emit("up", ...args, () => ((received = true), look())) : socket.emit("up", ...args);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
    truthy(socket.connected, "the connection is gone");
    truthy(Date.now() - begun < PATIENCE, "the upgrade does not come");
  }
  await all.catch(({ message }) => truthy(false, `${message}; ${down.length} came, the last was ${down.at(-1)}`));

  const report = await value(socket, "report");
  equal(report, { count: events, wrong: null, transports: ["polling", "websocket"] });
  equal(down, Array.from({ length: events }, (_, i) => (i % 7 === 3 ? [i, i % 50] : i)));
}
