// Numbered events both ways while the connection changes from polling to WebSocket: none lost, doubled or out of order.
//
//     node numbered.mjs <port> <clients> <events>
import { NodeWebSocket, NodeXHR } from "engine.io-client";
import { check, client, done, equal, joined, options, truthy, value, within } from "./harness.mjs";

const [clients, events] = options.map(Number);

/** A WebSocket that is opened a little later, so that much is on its way by polling when the change comes. */
class LaterWebSocket extends NodeWebSocket {
  doOpen() {
    setTimeout(() => super.doOpen(), 50 + Math.random() * 100);
  }
}

await Promise.all(Array.from({ length: clients }, (_, i) => check(`client ${i}: ${events} events each way`, run)));
done();

async function run() {
  const socket = client("upgrade", "/numbered", { transports: [NodeXHR, LaterWebSocket] });
  const down = [];
  let isUpgraded = false;
  socket.io.on("open", () => socket.io.engine.once("upgrade", () => (isUpgraded = true)));

  const all = within(`${events} events from the server`, (resolve) => {
    socket.on("down", (number, payload) => {
      down.push(Buffer.isBuffer(payload) ? [number, payload.length] : number);
      if (down.length >= events) {
        resolve();
      }
    });
  });
  all.catch(() => {}); // It is awaited below.
  await joined(socket);
  socket.emit("start", events);

  // A few at a time: at most half of them before the change, the rest across and after it.
  const begun = Date.now();
  for (let sent = 0; sent < events; ) {
    const end = isUpgraded || sent < events / 2 ? Math.min(sent + 10, events) : sent;
    for (; sent < end; sent++) {
      // Every seventh has an attachment, which must stay with its event.
      sent % 7 === 3 ? socket.emit("up", sent, Buffer.alloc(sent % 50, 1)) : socket.emit("up", sent);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
    truthy(socket.connected, "the connection is gone");
    truthy(Date.now() - begun < 40_000, "the upgrade does not come");
  }
  await all;

  const report = await value(socket, "report");
  equal(report, { count: events, wrong: null, transports: ["polling", "websocket"] });
  equal(down, Array.from({ length: events }, (_, i) => (i % 7 === 3 ? [i, i % 50] : i)));
}
