// The client's files, as the server gives them, work with it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";
import { check, done, equal, url, within } from "./harness.mjs";

// The browser's bundles, as far as they run here: by WebSocket.
globalThis.WebSocket ??= WebSocket;
const folder = mkdtempSync(join(tmpdir(), "socketio-bundles-"));

for (const [file, name, encoding] of [
  ["socket.io.esm.min.js", "esm.mjs", "br"],
  ["socket.io.js", "full.cjs", "gzip"],
  ["socket.io.min.js", "min.cjs", "deflate"],
  ["socket.io.msgpack.min.js", "msgpack.cjs", "br"],
]) {
  await check(`the served ${file} connects`, async () => {
    const path = join(folder, name);
    const response = await fetch(`${url}/socket.io/${file}`, { headers: { "accept-encoding": encoding } });
    equal([response.status, response.headers.get("content-encoding")], [200, encoding]);
    writeFileSync(path, await response.text());
    const { io } = name.endsWith(".mjs") ? await import(path) : createRequire(import.meta.url)(path);
    const socket = io(url, { transports: ["websocket"], forceNew: true, reconnection: false });
    try {
      await within("the CONNECT answer", (resolve, reject) => {
        socket.once("connect", resolve);
        socket.once("connect_error", reject);
      });
      equal(await within("the ack", (resolve) => socket.emit("echo", { a: [1, "ä"] }, resolve)), { a: [1, "ä"] });
    } finally {
      socket.disconnect();
    }
  });
}

await check("a second visit gets 304", async () => {
  const first = await fetch(`${url}/socket.io/socket.io.min.js`);
  const again = await fetch(`${url}/socket.io/socket.io.min.js`, { headers: { "if-none-match": first.headers.get("etag") } });
  equal([again.status, await again.text()], [304, ""]);
});

rmSync(folder, { recursive: true });
done();
