// A client that listens while brokers fail: it stays connected, and every number comes once and in order.
//
//     node faults.mjs <port>
import { check, connected, done, equal, truthy, within } from "./harness.mjs";

/** Faults take their time. */
const PATIENCE = 300_000;

await check("a socket.io-client hears every number once, in order, and is not cut off", run, PATIENCE);
done();

async function run() {
  const heard = [[], [], []];
  const wrong = [];
  const socket = await connected("websocket");
  socket.on("disconnect", (reason) => wrong.push(`disconnected: ${reason}`));
  socket.on("n", (source, number) => {
    const before = heard[source].at(-1) ?? 0;
    if (number <= before) {
      wrong.push(`${number} of source ${source} came after ${before}`);
    }
    heard[source].push(number);
  });
  const end = await within("the end", (resolve) => socket.on("end", resolve), PATIENCE);
  equal(wrong, []);
  const lost = heard.map((numbers, source) => {
    // This client came a little later than the first message.
    const from = Math.max(end.joined[source], numbers[0] - 1);
    return end.said[source] - from - numbers.filter((number) => number > from).length;
  });
  truthy(lost.reduce((a, b) => a + b) <= end.mayBeLost, `lost of each source: ${lost}`);
}
