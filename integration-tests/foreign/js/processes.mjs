// The chat of several processes behind a load balancer: node processes.mjs PORT COUNT STOP
//
// Each client has the load balancer's cookie, as a browser has it. A connection to the port STOP asks for the processes to be stopped and
// started again, one after the other; it is closed when all have been.
import { connect } from "node:net";
import { check, client, done, equal, options, truthy, until, upgraded, url, within } from "./harness.mjs";

const [count, stop] = options;
const HASTY = { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 200 };
/** While a process is away, the load balancer says so, and clients try again. */
const PATIENCE = 60_000;

await check("clients of all processes are one chat, and are back after a restart of each process", async () => {
  const sockets = [];
  for (let number = 0; number < Number(count); number++) {
    const page = await fetch(`${url}/`);
    truthy((await page.text()).includes("<html"), "a page");
    const cookie = page.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
    const seat = { name: `client ${number}`, room: "lobby" };
    const socket = client("upgrade", "/", { ...HASTY, auth: seat, extraHeaders: { cookie } });
    await within("the CONNECT answer", (resolve) => socket.once("connect", resolve), PATIENCE);
    await upgraded(socket);
    sockets.push(socket);
  }
  await everybodyHears(sockets, "before");
  await until("all to be counted", async () => (await (await fetch(`${url}/people`)).text()) === count, PATIENCE);

  const away = sockets.map((socket) => new Promise((resolve) => socket.once("disconnect", resolve)));
  await within("the restarts", (resolve) => connect(Number(stop), "127.0.0.1").resume().once("close", resolve), PATIENCE);
  await within("all to have been sent away", (resolve) => Promise.all(away).then(resolve), PATIENCE);
  await until("all to be back", () => sockets.every((socket) => socket.connected), PATIENCE);
  await everybodyHears(sockets, "after");
}, 3 * PATIENCE);

/** One says something, all others hear it, and the sender is told how many they are. */
async function everybodyHears([first, ...others], text) {
  await until("everybody to be there", async () => {
    const heard = await first.timeout(5_000).emitWithAck("say", "is everybody here?").catch(() => []);
    return Number(heard) === others.length;
  }, PATIENCE);
  const hear = others.map((socket) =>
    within("what was said", (resolve) => socket.on("say", (name, said) => said === text && resolve(name)), PATIENCE),
  );
  equal(await first.timeout(PATIENCE).emitWithAck("say", text), others.length);
  equal(new Set(await Promise.all(hear)), new Set(["client 0"]));
}

done();
