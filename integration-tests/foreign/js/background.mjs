// Clients of `examples/background.rs`: node background.mjs PORT STOP
//
// A connection to the port STOP asks for the shutdown.
import { connect } from "node:net";
import { check, connected, done, equal, options, truthy, WAYS, within } from "./harness.mjs";

const [stop] = options;

await check("clients hear a tick each second, and are sent away when the server stops", async () => {
  const sockets = await Promise.all(Object.keys(WAYS).map((way) => connected(way)));
  const threeTicks = (socket) =>
    within("three ticks", (resolve) => {
      const ticks = [];
      socket.on("tick", (number) => ticks.push(number) === 3 && resolve([...ticks]));
    });
  const heard = await Promise.all(sockets.map(threeTicks));
  for (const ticks of heard) {
    const [first] = ticks;
    truthy(first >= 1, `the first tick is ${first}`);
    equal(ticks, [first, first + 1, first + 2]);
  }
  const ended = sockets.map((socket) => within("the end", (resolve) => socket.once("disconnect", resolve)));
  connect(Number(stop), "127.0.0.1");
  for (const reason of await Promise.all(ended)) {
    truthy(/^transport /.test(reason), `it ends by "${reason}"`);
  }
});

done();
