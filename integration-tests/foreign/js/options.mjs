// What the client sees of a server with allow_request, ids and an initial packet of its own, and cookies.
import { check, client, connected, done, equal, everyWay, next, truthy, value, within } from "./harness.mjs";

const query = { token: "good" };

await everyWay("a request that is refused says why", async (way) => {
  const socket = client(way, "/", { query: { token: "bad" } });
  const refusal = await within("the refusal", (resolve, reject) => {
    socket.once("connect", () => reject(new Error("the connection was accepted")));
    // The client clears the answer when its handlers have run.
    socket.once("connect_error", ({ message, description, context }) =>
      resolve(way === "websocket" ? message : [description, JSON.parse(context.responseText)]),
    );
  });
  equal(refusal, way === "websocket" ? "websocket error" : [403, { code: 4, message: "which token?" }]);
});

await everyWay("the session has the id that the application made, and the initial packet comes first", async (way) => {
  const socket = client(way, "/", { query });
  const news = next(socket, "news");
  await within("the CONNECT answer", (resolve) => socket.once("connect", resolve));
  truthy(/^made-\d+$/.test(socket.io.engine.id), socket.io.engine.id);
  equal(await news, ["hello"]);
});

await everyWay("a client that leaves the path's slash out is let in", async (way) => {
  const socket = await connected(way, "/", { query, addTrailingSlash: false });
  equal(await value(socket, "transport"), way === "polling" ? "polling" : "websocket");
});

// The server looks at the cookies itself.
await check("a client that keeps cookies", async () => {
  const socket = await connected("polling", "/", { query, withCredentials: true });
  equal(await value(socket, "transport"), "polling");
});

done();
