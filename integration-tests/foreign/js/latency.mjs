// The guide's latency check: node latency.mjs PORT http
//                             node latency.mjs PORT https CERTIFICATE
import { readFileSync } from "node:fs";
import { io } from "socket.io-client";
import { check, done, equal, options, port, truthy, WAYS, within } from "./harness.mjs";

const [scheme, certificate] = options;
const ca = certificate && readFileSync(certificate);

for (const [way, transports] of Object.entries(WAYS)) {
  await check(`${scheme}, ${way}: an answer comes, and the time it took is known`, async () => {
    const socket = io(`${scheme}://127.0.0.1:${port}`, { transports, ca, forceNew: true, reconnection: false });
    try {
      await within("the connection", (resolve, reject) => socket.once("connect", resolve).once("connect_error", reject));
      if (way === "upgrade" && socket.io.engine.transport.name !== "websocket") {
        await within("the upgrade", (resolve) => socket.io.engine.once("upgrade", resolve));
      }
      const asked = performance.now();
      const answer = within("the answer", (resolve) => socket.once("pong_from_server", (...all) => resolve(all)));
      socket.emit("ping_from_client");
      equal(await answer, []);
      truthy(performance.now() - asked > 0, "it took some time");
    } finally {
      socket.disconnect();
    }
  });
}

done();
