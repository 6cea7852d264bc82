// A page in Chromium that connects to a server: node pages.mjs PORT "let in"|"refused" http|https PAGE
//
// `CHROMIUM` names the browser; without it `/usr/bin/chromium` is taken.
import { fileURLToPath } from "node:url";
import { open, visit } from "../tabs.mjs";
import { check, done, equal, options, port, truthy, WAYS } from "./harness.mjs";

const [promise, scheme, page] = options;
const server = `${scheme}://127.0.0.1:${port}`;
const library = fileURLToPath(new URL("../node_modules/socket.io-client/dist/socket.io.min.js", import.meta.url));
const browser = await open(process.env.CHROMIUM ?? "/usr/bin/chromium", "--ignore-certificate-errors");

/** What became of a client, and of what it said. */
function connect(tab, transports) {
  return tab.evaluate(
    async ([server, transports]) => {
      const client = () => io(server, { transports, reconnection: false, forceNew: true, withCredentials: true });
      const joined = (socket) =>
        new Promise((resolve) => {
          socket.on("connect", () => resolve("let in"));
          socket.on("connect_error", (error) => resolve(`refused: ${error.message}`));
        });
      const [one, other] = [client(), client()];
      const heard = new Promise((resolve) => other.on("said", (text) => text === "from a page" && resolve(text)));
      const fates = await Promise.all([joined(one), joined(other)]);
      if (fates.some((fate) => fate !== "let in")) return { fates };
      if (transports.length > 1 && one.io.engine.transport.name === "polling") {
        await new Promise((resolve) => one.io.engine.once("upgrade", resolve));
      }
      // Those of the way before may still be leaving.
      while ((await one.timeout(20_000).emitWithAck("say", "is it only us?")) !== 1);
      const acked = await one.timeout(20_000).emitWithAck("say", "from a page");
      const result = { fates, acked, heard: await heard, transport: one.io.engine.transport.name };
      one.disconnect();
      other.disconnect();
      return result;
    },
    [server, transports],
  );
}

try {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const tab = await visit(context, page);
  await tab.addScriptTag({ path: library });
  for (const [way, transports] of Object.entries(WAYS)) {
    await check(`${way}: pages of ${page} are ${promise}`, async () => {
      const { fates, ...rest } = await connect(tab, transports);
      if (promise === "let in") {
        equal(fates, ["let in", "let in"]);
        equal(rest, { acked: 1, heard: "from a page", transport: way === "polling" ? "polling" : "websocket" });
      } else {
        truthy(fates.every((fate) => fate.startsWith("refused: ")), `they are ${fates}`);
      }
    });
  }
} finally {
  await browser.close();
}
done();
