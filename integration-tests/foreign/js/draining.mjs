// Orders while a node drains: node draining.mjs PORT COUNT KITCHEN STOP
//
// COUNT clients place orders through the load balancer at PORT, each the next one when the last is acknowledged, and the same again when
// it is not. A kitchen at the port KITCHEN, of a node that stays, writes down what it hears. A connection to the port STOP says that all
// are at work; when it ends, the draining is over.
import { once } from "node:events";
import { connect } from "node:net";
import { check, client, connected, done, equal, options, truthy, within } from "./harness.mjs";

const [count, kitchenPort, stop] = options;
const ways = ["websocket", "upgrade", "polling"];
/** What a client sets that has something to lose. Cookies are what the load balancer goes by. */
const settings = { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 500, withCredentials: true };

await check("no acknowledged order is lost, and every client goes on", async () => {
  const kitchen = await connected("websocket", "/", { at: kitchenPort });
  const heard = new Map();
  kitchen.on("ordered", (number) => heard.set(number, (heard.get(number) ?? 0) + 1));
  await kitchen.emitWithAck("cook");

  const acknowledged = [];
  const perClient = Array(Number(count)).fill(0);
  const seen = { disconnects: 0, repeated: 0, errors: new Map() };
  let draining = true;

  async function work(index) {
    const socket = client(ways[index % ways.length], "/", settings);
    socket.on("disconnect", () => (seen.disconnects += 1));
    socket.on("connect_error", ({ message }) => seen.errors.set(message, (seen.errors.get(message) ?? 0) + 1));
    let after = 0;
    for (let number = 0; after < 5; number += 1) {
      const order = `${index}/${number}`;
      while (true) {
        try {
          equal(await socket.timeout(5_000).emitWithAck("order", order), "accepted");
          break;
        } catch (error) {
          if (error.code === "ERR_ASSERTION") throw error;
          seen.repeated += 1;
        }
      }
      acknowledged.push(order);
      perClient[index] += 1;
      if (!draining) after += 1;
    }
    truthy(socket.connected, `client ${index} is not connected`);
    socket.disconnect();
  }

  const all = Promise.all(Array.from({ length: Number(count) }, (_, index) => work(index)));
  await within("all to be at work", async (resolve, reject) => {
    all.catch(reject);
    while (perClient.some((orders) => orders < 5)) await new Promise((soon) => setTimeout(soon, 20));
    resolve();
  }, 60_000);
  const drained = connect(Number(stop), "127.0.0.1");
  drained.resume();
  await once(drained, "close");
  draining = false;
  await all;

  const lost = () => acknowledged.filter((order) => !heard.has(order));
  await within(`the kitchen to hear of all orders`, async (resolve) => {
    while (lost().length > 0) await new Promise((soon) => setTimeout(soon, 20));
    resolve();
  }).catch((error) => {
    throw new Error(`${lost().length} of ${acknowledged.length} acknowledged orders are lost, such as ${lost()[0]}`, { cause: error });
  });
  console.log(
    `${acknowledged.length} orders acknowledged, 0 lost, ${seen.disconnects} disconnects, ` +
      `${seen.repeated} repeated, errors ${JSON.stringify([...seen.errors])}`,
  );
  // Those whose own way out it was are as many as there are clients.
  truthy(seen.disconnects > count, "no client was on the node that drained");
}, 120_000);

done();
