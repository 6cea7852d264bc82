// The demo's pages from several nodes, in headless Chromium: node nodes.mjs PROMISE CHROMIUM URL... [COMMAND]
//
// The URLs are of nodes, or of the load balancer before them. Ends with 0 when the promise holds, and says what failed when it does not.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { enter, online, open, problems, say, sees, visit } from "./tabs.mjs";

const [promise, executablePath, ...rest] = process.argv.slice(2);

const promises = {
  /** Each URL's page hears every other's, and all see who is where. */
  async all_chat(...urls) {
    const tabs = [];
    for (const [index, url] of urls.entries()) tabs.push(await enter(await browser.newContext(), url, `guest ${index}`));
    for (const tab of tabs) {
      for (const index of tabs.keys()) await tab.waitForSelector(`#people >> text=guest ${index}`);
    }
    for (const [index, tab] of tabs.entries()) {
      await say(tab, `hello from ${index}`);
      for (const other of tabs.filter((other) => other !== tab)) await sees(other, ".said:not(.mine) .bubble", `hello from ${index}`);
      await sees(tab, ".fate", tabs.length === 2 ? "1 person got it" : `${tabs.length - 1} people got it`);
    }
    await tabs.pop().close();
    const gone = `guest ${tabs.length}`;
    for (const tab of tabs) {
      await sees(tab, "#log", `${gone} left`);
      await tab.waitForSelector(`#people >> text=${gone}`, { state: "detached" });
    }
  },

  /** COMMAND is for the shell. */
  async the_shell_is_heard(url, command) {
    const tab = await enter(await browser.newContext(), url, "Ada");
    execFileSync("sh", ["-c", command]);
    await sees(tab, ".said:not(.mine) .who", "redis-cli");
    await sees(tab, ".said:not(.mine) .bubble", "Hello from the shell");
  },

  async the_bar_moves_for_the_client_that_asked(one, other) {
    const [asker, neighbour] = [await jobs(one), await jobs(other)];
    await asker.evaluate(() => {
      window.bar = [];
      const look = () => window.bar.push(document.querySelector("progress").value);
      new MutationObserver(look).observe(document.getElementById("jobs"), { attributeFilter: ["value"], subtree: true });
    });
    await count(asker);
    const bar = await asker.evaluate(() => window.bar);
    assert.deepEqual(bar, bar.toSorted((one, other) => one - other));
    assert.ok(new Set(bar).size > 10 && bar.at(-1) === 100, `the bar went ${bar}`);
    assert.deepEqual(asker.percents(), Array.from({ length: 101 }, (_, percent) => percent));

    // The other's job has the same number, from its own count.
    assert.deepEqual(neighbour.percents(), []);
    assert.equal(await neighbour.locator("#jobs li").count(), 0);
    await count(neighbour);
    assert.equal(asker.percents().length, 101);
  },
};

async function count(tab) {
  await tab.check("[value='200000']", { force: true });
  await tab.click("#order button");
  await sees(tab, ".done output", "17,984");
}

/** A tab with the worker's page, and what it has heard of progress. */
async function jobs(url) {
  const percents = [];
  const context = await browser.newContext();
  context.on("page", (tab) => tab.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => {
    const heard = /^42\/jobs,\["progress",\d+,(\d+)\]$/.exec(payload);
    if (heard) percents.push(Number(heard[1]));
  })));
  const tab = await visit(context, `${url}/worker/`);
  await online(tab);
  // From then on everything comes by WebSocket.
  await tab.waitForFunction(() => document.body.dataset.transport === "websocket");
  return Object.assign(tab, { percents: () => percents });
}

const browser = await open(executablePath);
try {
  assert.ok(promises[promise], `no such promise: ${promise}`);
  await promises[promise](...rest);
  assert.deepEqual(problems, []);
} finally {
  await browser.close();
}
