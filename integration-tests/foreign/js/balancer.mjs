// Chromium at a load balancer that ends TLS: node balancer.mjs PORT "let in"|"refused"
//
// `CHROMIUM` names the browser; without it `/usr/bin/chromium` is taken.
import { fileURLToPath } from "node:url";
import { open, visit } from "../tabs.mjs";
import { check, done, equal, options, truthy, WAYS, within } from "./harness.mjs";

const origin = `https://127.0.0.1:${process.argv[2]}`;
const [promise] = options;
const library = fileURLToPath(new URL("../node_modules/socket.io-client/dist/socket.io.min.js", import.meta.url));
// For WebSockets too, unlike Playwright's setting.
const browser = await open(process.env.CHROMIUM ?? "/usr/bin/chromium", "--ignore-certificate-errors");

/** A page in a browser of its own, as far as cookies go. */
async function page() {
  // Any document of that origin will do, and the nodes have no other.
  const tab = await visit(await browser.newContext(), `${origin}/socket.io/?EIO=4&transport=polling`);
  await tab.addScriptTag({ path: library });
  return tab;
}

const promises = {
  async "let in"() {
    // As many as it takes for the cookies to name different nodes.
    const tabs = await Promise.all(Array.from({ length: 10 }, page));
    for (const [way, transports] of Object.entries(WAYS)) {
      await check(`${way}: clients are let in, stay on their node and hear those of the others`, async () => {
        const connecting = tabs.map((tab) =>
          tab.evaluate(async (transports) => {
            window.said = [];
            window.socket = io({ transports, reconnection: false, forceNew: true });
            socket.on("said", (text) => said.push(text));
            await new Promise((resolve, reject) => socket.on("connect", resolve).on("connect_error", reject));
            const engine = socket.io.engine;
            if (transports.length > 1 && engine.transport.name === "polling") {
              await new Promise((resolve) => engine.once("upgrade", resolve));
            }
            const places = [];
            for (let time = 0; time < 10; time += 1) places.push(await socket.timeout(20_000).emitWithAck("where am I"));
            return places;
          }, transports),
        );
        const places = await Promise.all(connecting);
        for (const answers of places) {
          const [first] = answers;
          equal(answers, answers.map(() => first));
          equal([first.secure, first.address], [true, "127.0.0.1"]);
          equal(first.transport, way === "polling" ? "polling" : "websocket");
        }
        truthy(new Set(places.map(([{ node }]) => node)).size > 1, "all clients are on one node");

        const texts = tabs.map((_, index) => `from ${index}`);
        await Promise.all(tabs.map((tab, index) => tab.evaluate((text) => socket.emit("say", text), texts[index])));
        for (const tab of tabs) {
          await tab.waitForFunction((count) => said.length === count, tabs.length, { timeout: 20_000 });
          equal((await tab.evaluate(() => said)).sort(), texts);
        }
        await Promise.all(tabs.map((tab) => tab.evaluate(() => void socket.disconnect())));
      });
    }
  },

  async refused() {
    const tab = await page();
    // With its GETs to its own origin a browser sends no `Origin`, so that polling fails at the first POST.
    const refusals = [
      ["polling", "xhr post error", /status of 400/],
      ["websocket", "websocket error", /response code: 400/],
    ];
    for (const [way, message, line] of refusals) {
      await check(`${way}: the page is refused`, async () => {
        // With which status, only the console says.
        const status = tab.waitForEvent("console", (said) => line.test(said.text()));
        const said = await within("the refusal", (resolve, reject) =>
          tab
            .evaluate((transports) => {
              const socket = io({ transports, reconnection: false, forceNew: true });
              return new Promise((resolve) => {
                socket.on("connect", () => resolve("it connected"));
                socket.on("connect_error", (error) => resolve(error.message));
              });
            }, WAYS[way])
            .then(resolve, reject),
        );
        equal(said, message);
        await status;
      });
    }
  },
};

try {
  await promises[promise]();
} finally {
  await browser.close();
}
done();
