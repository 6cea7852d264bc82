// What a client finds wherever the server is mounted: node deployment.mjs PORT [axum]
import { ask, check, client, connected, done, equal, everyWay, next, options, refusal, truthy, until, url, value, WAYS, within } from "./harness.mjs";

const untilAlone = (speaker) =>
  until("the others to be gone", async () => (await value(speaker, "say", "is anybody there?")) === 0);

/** The only client, connected in this way: those of the check before may still be leaving. */
async function alone(way) {
  const speaker = await connected(way);
  await untilAlone(speaker);
  return speaker;
}

await everyWay("a client is connected and its events are acked", async (way) => {
  const socket = await alone(way);
  equal(socket.io.engine.transport.name, way === "polling" ? "polling" : "websocket");
});

await everyWay("others hear it, whichever way they came", async (way) => {
  const speaker = await alone(way);
  const others = await Promise.all(Object.keys(WAYS).map((other) => connected(other)));
  const heard = Promise.all(others.map((other) => next(other, "said")));
  equal(await value(speaker, "say", "hello ä😀"), 3);
  equal(await heard, [["hello ä😀"], ["hello ä😀"], ["hello ä😀"]]);
});

await everyWay("large messages go both ways whole", async (way) => {
  const speaker = await alone(way);
  const other = await connected(way);
  const text = "0123456789".repeat(90_000);
  const heard = next(other, "said");
  equal(await value(speaker, "say", text), 1);
  truthy((await heard)[0] === text, "it is another text");
});

await everyWay("a hundred events one after the other keep their order", async (way) => {
  const [speaker, other] = await Promise.all([connected(way), connected(way)]);
  const seen = [];
  const all = within("a hundred events", (resolve) =>
    other.on("said", (text) => seen.push(text) === 100 && resolve()),
  );
  const texts = Array.from({ length: 100 }, (_, index) => `number ${index}`);
  texts.forEach((text) => speaker.emit("say", text));
  await all;
  equal(seen, texts);
});

await everyWay("a client that leaves is gone at once", async (way) => {
  const speaker = await alone(way);
  const other = await connected(way);
  equal(await value(speaker, "say", "are you there?"), 1);
  other.disconnect();
  await untilAlone(speaker);
});

if (options.includes("axum")) {
  const json = { "content-type": "application/json" };
  const post = (path, body, headers = {}) =>
    fetch(`${url}${path}`, { method: "POST", headers: { ...json, ...headers }, body: JSON.stringify(body) });

  await check("a wrong password is refused, and a guest may not notify", async () => {
    equal((await post("/login", { name: "ada", password: "guess" })).status, 401);
    equal((await post("/notify", "hello")).status, 401);
  });

  await everyWay("who is not logged in is not let into the members' namespace", async (way) => {
    equal(await refusal(way, "/members"), { message: "log in first" });
  });

  await everyWay("the cookie of the login opens the namespace and the route, which emits through its state", async (way) => {
    const login = await post("/login", { name: "ada", password: "open sesame" });
    equal(login.status, 200);
    const [cookie] = login.headers.get("set-cookie").split(";");
    const member = client(way, "/members", { extraHeaders: { cookie } });
    equal(await next(member, "welcome"), ["ada"]);

    const listener = await alone(way);
    const notice = next(listener, "notice");
    const told = await post("/notify", "the kettle is on", { cookie });
    equal([told.status, await told.text()], [200, "1 clients\n"]);
    equal(await notice, ["ada", "the kettle is on"]);
  });
}

done();
