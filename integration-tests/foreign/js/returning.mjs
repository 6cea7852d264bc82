// Clients that are sent away by one node and come back to another: node returning.mjs PORT COUNT STOP
//
// They try again without the random delay that would spread them. A connection to the port STOP says that all are there.
import { connect } from "node:net";
import { ask, check, client, done, equal, options, within } from "./harness.mjs";

const [count, stop] = options;
const HASTY = { reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 20, randomizationFactor: 0 };
/** A node that is full, or gone, refuses: they are led to it now and then, and try again. */
const PATIENCE = 60_000;

const gathered = (what, sockets, event) =>
  Promise.all(sockets.map((socket) => within(what, (resolve) => socket.once(event, resolve), PATIENCE)));
const places = (sockets) => Promise.all(sockets.map(async (socket) => (await ask(socket, "where am I"))[0]));

await check("all are sent away, and all are back at the other node", async () => {
  const sockets = Array.from({ length: Number(count) }, () => client("websocket", "/", HASTY));
  await gathered("a client to be let in", sockets, "connect");
  equal(new Set(await places(sockets)), new Set(["leaving"]));

  const away = gathered("a client to be sent away", sockets, "disconnect");
  const back = gathered("a client to be back", sockets, "connect");
  connect(Number(stop), "127.0.0.1");
  equal(new Set(await away), new Set(["transport close"]));
  await back;
  equal(new Set(await places(sockets)), new Set(["staying"]));
}, 2 * PATIENCE);

done();
