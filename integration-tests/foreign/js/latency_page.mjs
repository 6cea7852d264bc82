// The guide's latency page in Chromium: node latency_page.mjs PORT http|https
//
// `CHROMIUM` names the browser; without it `/usr/bin/chromium` is taken.
import { open, problems, visit } from "../tabs.mjs";
import { check, done, equal, options, port, truthy } from "./harness.mjs";

const [scheme] = options;
const browser = await open(process.env.CHROMIUM ?? "/usr/bin/chromium", "--ignore-certificate-errors");

await check(`${scheme}: the page draws how long answers take, and its client upgrades`, async () => {
  const tab = await visit(await browser.newContext(), `${scheme}://127.0.0.1:${port}/`);
  await tab.waitForFunction(() => /^\d+\.\d ms$/.test(document.getElementById("latency").textContent));
  await tab.waitForFunction(() => document.getElementById("transport").textContent === "websocket");
  // A second answer comes by itself, and is drawn beside the first.
  await tab.waitForFunction(() => document.querySelector("polyline").getAttribute("points").split(" ").length >= 2);
  const protocol = await tab.evaluate(() => performance.getEntriesByType("navigation")[0].nextHopProtocol);
  equal(protocol, scheme === "https" ? "h2" : "http/1.1");
  const style = await tab.evaluate(() => getComputedStyle(document.querySelector("polyline")).fill);
  truthy(style === "none", "the style sheet is there");
  equal(problems, []);
});

await browser.close();
done();
