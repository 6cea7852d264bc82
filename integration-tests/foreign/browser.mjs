// The demo's page in headless Chromium: node browser.mjs PROMISE SERVER CHROMIUM
//
// SERVER is the demo's program. Ends with 0 when the promise holds, and says what failed when it does not.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import http from "node:http";
import net from "node:net";
import { fileURLToPath } from "node:url";
import { enter as enterAt, online, open, problems, say, sees } from "./tabs.mjs";

const [promise, program, executablePath] = process.argv.slice(2);
const client = fileURLToPath(new URL("node_modules/socket.io-client/dist", import.meta.url));

const promises = {
  async two_tabs_chat() {
    const [ada, bo] = [await enter("Ada"), await enter("Bo")];
    await sees(ada, "#people", "Bo");
    await sees(bo, "#people", "Ada");

    await bo.type("#text", "hel");
    await sees(ada, "#typing", "Bo is typing");
    await say(bo, "hello Ada");
    await sees(ada, ".said:not(.mine) .bubble", "hello Ada");
    await sees(ada, "#typing", "");
    await sees(bo, ".fate", "1 person got it");

    await bo.click("#rooms >> text=rust");
    await sees(ada, "#log", "Bo left");
    await say(ada, "anybody?");
    await sees(ada, ".fate", "nobody else is here");
    assert.doesNotMatch(await bo.textContent("#log"), /anybody/);
    await bo.click("#rooms >> text=lobby");
    await sees(ada, "#log", "Bo came in");
  },

  async an_image_arrives_byte_for_byte() {
    const [ada, bo] = [await enter("Ada"), await enter("Bo")];
    const buffer = await ada.screenshot();
    await ada.setInputFiles("#file", { name: "page.png", mimeType: "image/png", buffer });
    await bo.waitForFunction(() => document.querySelector(".photo img")?.naturalWidth > 0);
    const bytes = await bo.evaluate(async () => {
      const image = await fetch(document.querySelector(".photo img").src);
      return [...new Uint8Array(await image.arrayBuffer())];
    });
    assert.equal(sha256(Buffer.from(bytes)), sha256(buffer));
    await sees(ada, ".fate", "1 person got it");
  },

  async a_reload_keeps_the_seat() {
    const [ada, bo] = [await enter("Ada"), await enter("Bo", "#coffee")];
    await ada.click("#rooms >> text=coffee");
    await sees(bo, "#log", "Ada came in");
    await ada.reload();
    await online(ada);
    await sees(bo, "#log", "Ada left");
    await sees(ada, "#room", "coffee");
    await sees(ada, "#people", "Bo");
    await say(bo, "there you are");
    await sees(ada, ".said .bubble", "there you are");
  },

  async both_are_back_after_a_restart() {
    const [ada, bo] = [await enter("Ada"), await enter("Bo")];
    for (const signal of ["SIGINT", "SIGKILL"]) {
      await stop(signal);
      for (const tab of [ada, bo]) await tab.waitForSelector("[data-state=offline]");
      await start();
      for (const tab of [ada, bo]) await online(tab);
      await sees(ada, "#people", "Bo");
      await sees(bo, "#people", "Ada");
      await say(bo, `said after ${signal}`);
      await sees(ada, ".said:not(.mine) .bubble", `said after ${signal}`);
      await sees(bo, ".fate", "1 person got it");
    }
  },

  async the_page_of_the_same_origin_is_let_in_by_polling() {
    await chatsBy("polling");
  },

  async the_page_of_the_same_origin_is_let_in_by_websocket() {
    await chatsBy("websocket");
  },

  async a_page_of_another_origin_gets_400() {
    const script = await readFile(`${client}/socket.io.min.js`);
    const elsewhere = http.createServer((request, response) => {
      response.setHeader("content-type", request.url === "/client.js" ? "text/javascript" : "text/html");
      response.end(request.url === "/client.js" ? script : "<!doctype html><script src=client.js></script>");
    });
    elsewhere.listen(0, "127.0.0.1");
    await once(elsewhere, "listening");
    const tab = await browser.newPage();
    await tab.goto(`http://127.0.0.1:${elsewhere.address().port}/`);

    const network = await tab.context().newCDPSession(tab);
    await network.send("Network.enable");
    // Which of the two events of a request comes first is not said.
    const [ours, statuses] = [new Set(), new Map()];
    const polled = new Promise((done) => {
      const look = () => ours.forEach((id) => statuses.has(id) && done(statuses.get(id)));
      network.on("Network.requestWillBeSent", ({ requestId, request }) => {
        if (request.url.includes("/socket.io/")) ours.add(requestId);
        look();
      });
      network.on("Network.responseReceivedExtraInfo", ({ requestId, statusCode }) => {
        statuses.set(requestId, statusCode);
        look();
      });
    });
    assert.match(await connect(tab, "polling"), /xhr poll error/);
    assert.equal(await polled, 400);

    const upgraded = tab.waitForEvent("console", (line) => line.text().includes("WebSocket"));
    assert.match(await connect(tab, "websocket"), /websocket error/);
    assert.match((await upgraded).text(), /response code: 400/);
    elsewhere.close();
  },
};

async function chatsBy(transport) {
  const [ada, bo] = [await enter("Ada", `?transport=${transport}`), await enter("Bo", `?transport=${transport}`)];
  for (const [from, to] of [[ada, bo], [bo, ada]]) {
    await sees(from, "#link", transport);
    await say(from, `by ${transport}`);
    await sees(to, ".said:not(.mine) .bubble", `by ${transport}`);
  }
}

/** Opens a tab and comes in under that name. */
function enter(name, where = "") {
  return enterAt(context, `http://127.0.0.1:${port}/${where}`, name);
}

/** What the client says when it connects from that page. */
async function connect(tab, transport) {
  const attempt = ([port, transport]) =>
    new Promise((done) => {
      const socket = io(`http://127.0.0.1:${port}`, { transports: [transport], reconnection: false });
      socket.on("connect", () => done("it connected"));
      socket.on("connect_error", (error) => done(error.message));
    });
  return tab.evaluate(attempt, [port, transport]);
}

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

// The server.

let server;
async function start() {
  const child = spawn(program, [client, "--port", port], { stdio: ["ignore", "pipe", "inherit"] });
  server = { child, ended: once(child, "exit") };
  const started = (async () => {
    for (let said = ""; !said.includes("The chat is on"); said += await once(child.stdout, "data"));
  })();
  await Promise.race([started, server.ended.then(() => assert.fail("the server did not start"))]);
}
async function stop(signal) {
  server.child.kill(signal);
  await server.ended;
}

async function freePort() {
  const probe = net.createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  return port;
}

process.on("exit", () => server?.child.kill("SIGKILL"));

const port = await freePort();
await start();
const browser = await open(executablePath);
const context = await browser.newContext();
try {
  assert.ok(promises[promise], `no such promise: ${promise}`);
  await promises[promise]();
  assert.deepEqual(problems, []);
} finally {
  await browser.close();
  server.child.kill("SIGKILL");
}
