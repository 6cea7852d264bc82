// Asks, measures, draws, and asks again a second later.
const shown = 100;
const times = [];
const element = (id) => document.getElementById(id);
const socket = io();
let asked;

function ask() {
  asked = performance.now();
  socket.emit("ping_from_client");
}

socket.on("connect", () => {
  element("transport").textContent = socket.io.engine.transport.name;
  socket.io.engine.on("upgrade", (transport) => (element("transport").textContent = transport.name));
  ask();
});

socket.on("pong_from_server", () => {
  times.push(performance.now() - asked);
  times.splice(0, times.length - shown);
  element("latency").textContent = `${times.at(-1).toFixed(1)} ms`;
  draw();
  setTimeout(() => socket.connected && ask(), 1000);
});

socket.on("disconnect", () => (element("latency").textContent = "not connected"));

function draw() {
  const most = Math.max(...times, 1);
  const points = times.map((time, at) => `${(at * 100) / (shown - 1)},${40 - (time * 38) / most}`);
  document.querySelector("polyline").setAttribute("points", points.join(" "));
  element("scale").textContent = `up to ${most.toFixed(1)} ms, the last ${times.length}`;
}
