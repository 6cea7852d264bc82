// Clients of `examples/background.rs`: node background.mjs PORT STOP
//
// A connection to the port STOP asks for the shutdown.
import { connect } from "node:net";
import { check, connected, done, equal, next, options, truthy, WAYS, within } from "./harness.mjs";

const [stop] = options;

await check("clients hear a tick each second, and are sent away when the server stops", async () => {
  const sockets = await Promise.all(Object.keys(WAYS).map((way) => connected(way)));
  const heard = await Promise.all(
    sockets.map(async (socket) => {
      const ticks = [];
      for (let time = 0; time < 3; time += 1) ticks.push(...(await next(socket, "tick")));
      return ticks;
    }),
  );
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
