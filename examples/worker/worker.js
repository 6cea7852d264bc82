// Asks for jobs and shows how far they are.

const $ = (id) => document.getElementById(id);
const number = (value) => value.toLocaleString("en");
const jobs = new Map(); // those that are not done, by the number that we gave them
let last = 0;

const socket = io("/jobs");

// What the worker tells.

socket.on("progress", (id, percent) => {
  const job = jobs.get(id);
  if (!job) return;
  job.bar.value = percent;
  job.amount.textContent = `${percent} %`;
  show(job, "running", percent === 0 ? "A worker has it" : "A worker counts");
});

socket.on("done", (id, primes, seconds) => {
  const job = jobs.get(id);
  if (!job) return;
  jobs.delete(id);
  job.bar.value = 100;
  job.amount.textContent = number(primes);
  show(job, "done", `Done in ${seconds.toFixed(1)} s`);
});

// What we tell the server.

function ask(below) {
  const id = ++last;
  const job = entry(`Primes below ${number(below)}`);
  jobs.set(id, job);
  show(job, "waiting", "Waits for the server");
  socket.timeout(10_000).emit("count", id, below, (error, refusal, ahead) => {
    if (error || refusal) fail(id, refusal ?? "The server does not answer");
    // The worker may have been faster than this answer.
    else if (job.item.className === "waiting") show(job, "waiting", waiting(ahead));
  });
}

function waiting(ahead) {
  if (ahead === 0) return "Waits for a worker";
  return ahead === 1 ? "Waits for a worker, behind one other job" : `Waits for a worker, behind ${ahead} other jobs`;
}

// A connection that comes back has another id: what was asked for under the old one is heard by nobody.
socket.on("disconnect", () => {
  link("offline", "connection lost");
  for (const id of jobs.keys()) fail(id, "The connection was lost: ask again");
});
socket.on("connect", () => {
  link("online", "connected");
  const { engine } = socket.io;
  document.body.dataset.transport = engine.transport.name;
  engine.on("upgrade", ({ name }) => (document.body.dataset.transport = name));
});
socket.on("connect_error", () => link("offline", "no connection"));

function fail(id, words) {
  const job = jobs.get(id);
  if (!job) return;
  jobs.delete(id);
  job.amount.textContent = "";
  show(job, "failed", words);
}

// The page.

function entry(what) {
  const item = $("job").content.cloneNode(true).firstElementChild;
  const [title, amount, bar, state] = ["b", "output", "progress", ".state"].map((part) => item.querySelector(part));
  title.textContent = what;
  bar.ariaLabel = what;
  $("jobs").prepend(item);
  return { item, amount, bar, state };
}

function show(job, kind, words) {
  job.item.className = kind;
  if (job.state.textContent !== words) job.state.textContent = words;
}

function link(state, words) {
  document.body.dataset.state = state;
  $("link").textContent = words;
}

$("order").onsubmit = (event) => {
  event.preventDefault();
  ask(Number(new FormData($("order")).get("below")));
};
