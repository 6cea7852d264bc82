// The chat page. What it knows of the server stands in the first two sections: what it hears, and what it says.
// `?transport=polling` or `?transport=websocket` keeps to one transport; `#name` opens that room.

const LARGEST_IMAGE = 4_000_000;
const IMAGES = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];
const ROOMS = ["lobby", "rust", "music", "coffee"];
const WHILE_AWAY = 20_000; // how long a message waits for the server before it counts as not sent

const $ = (id) => document.getElementById(id);
const transport = new URLSearchParams(location.search).get("transport");
const kept = JSON.parse(sessionStorage.getItem("seat") ?? "{}"); // per tab, so that two tabs can be two people
const seat = { name: kept.name ?? "", room: roomName(decodeURIComponent(location.hash.slice(1))) || kept.room || ROOMS[0] };

const socket = io({
  autoConnect: false,
  auth: (send) => send(seat), // asked anew at each reconnect: the server learns where we sit
  reconnectionDelay: 300,
  reconnectionDelayMax: 3000,
  ...(transport && { transports: [transport] }),
});

// What the server tells.

socket.on("connect", () => {
  state("online");
  $("door").close();
  const { engine } = socket.io;
  $("link").textContent = engine.transport.name;
  engine.on("upgrade", (to) => ($("link").textContent = to.name));
});

socket.on("disconnect", (reason) => {
  state("offline");
  stopTyping();
  if (reason === "io server disconnect") setTimeout(() => socket.connect(), 1000);
});

socket.on("connect_error", (error) => {
  if (socket.active) return state("offline"); // the client tries again by itself
  showDoor(error.message); // refused, with the server's words
});

let rooms = {}; // who is where: {"lobby": [["id", "Ada"], …], …}
socket.on("rooms", (now) => {
  rooms = now;
  showRooms();
});
socket.on("joined", (name) => add({ note: `${name} came in` }));
socket.on("left", (name) => {
  stopTyping(name);
  add({ note: `${name} left` });
});
socket.on("say", (name, text) => {
  stopTyping(name);
  add({ name, text });
});
socket.on("image", (name, type, bytes) => {
  stopTyping(name);
  add({ name, image: new Blob([bytes], { type: IMAGES.includes(type) ? type : IMAGES[0] }) });
});
socket.on("typing", (name, on) => (on ? startTyping(name) : stopTyping(name)));

// What we tell the server.

/** Sends an event to the room; the ack says how many got it. */
function tell(entry, event, ...args) {
  entry.fate = "sending";
  socket.timeout(WHILE_AWAY).emit(event, ...args, (error, heard) => {
    entry.fate = error ? "failed" : heard;
    entry.again = () => tell(entry, event, ...args);
    showFate(entry);
  });
  showFate(entry);
}

function say(text) {
  typingUntil = 0;
  tell(add({ name: seat.name, text, mine: true }), "say", text);
}

async function sendImage(file) {
  if (!file?.type.startsWith("image/")) return;
  const image = IMAGES.includes(file.type) && file.size <= LARGEST_IMAGE ? file : await shrink(file);
  if (!image) return add({ note: `${file.name} is no image that can be shown` });
  const bytes = await image.arrayBuffer();
  tell(add({ name: seat.name, image, mine: true }), "image", image.type, bytes);
}

function moveTo(room) {
  $("app").classList.remove("show-side");
  if (!room || room === seat.room) return;
  seat.room = room;
  keepSeat();
  stopTyping();
  // While away there is nobody to tell: `auth` will say it when we are back.
  if (socket.connected) socket.emit("move", room, () => {});
  showRooms();
  showLog();
}

let typingUntil = 0; // until then the others know
function typing() {
  const now = Date.now();
  const on = $("text").value.trim() !== "";
  if (socket.connected && (on ? now > typingUntil - 1000 : typingUntil > now)) socket.emit("typing", on);
  typingUntil = on ? now + 3000 : 0;
}

/** Large photos, and types that not every browser shows, become a JPEG of at most 2048 pixels. */
async function shrink(file) {
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return null;
  const scale = Math.min(1, 2048 / Math.max(picture.width, picture.height));
  const canvas = Object.assign(document.createElement("canvas"), {
    width: Math.round(picture.width * scale),
    height: Math.round(picture.height * scale),
  });
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.86));
}

// The room's log. Text outlives a reload of the page, images do not.

let stuck = true; // the log follows its end until the reader scrolls up
const logs = new Map(Object.entries(JSON.parse(sessionStorage.getItem("logs") ?? "{}")));
let unread = 0;

function add(entry) {
  const log = logs.get(seat.room) ?? [];
  logs.set(seat.room, log);
  entry.at ??= Date.now();
  log.push(entry);
  if (log.length > 300) log.shift();
  append(entry, log.at(-2));
  stuck ||= entry.mine;
  toEnd();
  if (document.hidden && entry.name) title((unread += 1));
  keepLogs();
  return entry;
}

function showLog() {
  $("log").replaceChildren();
  (logs.get(seat.room) ?? []).forEach((entry, at, log) => append(entry, log[at - 1]));
  stuck = true;
  toEnd();
}

function toEnd() {
  if (stuck) $("log").scrollTop = $("log").scrollHeight;
}

function append(entry, before) {
  if (entry.note) return $("log").append(element("li", "note", entry.note));
  const more = before?.name === entry.name && before.mine === entry.mine && entry.at - before.at < 120_000;
  const item = element("li", "said");
  item.classList.toggle("mine", entry.mine === true);
  item.classList.toggle("more", more);
  item.style.setProperty("--hue", hue(entry.name));
  if (more) $("log").lastElementChild?.classList.add("followed");
  const who = element("p", "who", entry.name);
  who.append(element("time", "", new Date(entry.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })));
  item.append(who, face(entry.name), entry.image ? photo(entry.image) : bubble(entry.text));
  entry.item = item;
  showFate(entry);
  $("log").append(item);
}

function bubble(text) {
  const few = /^(\p{Extended_Pictographic}|\p{Emoji_Component}){1,8}$/u.test(text) && /\p{Extended_Pictographic}/u.test(text);
  return element("div", few ? "bubble big" : "bubble", text);
}

function photo(image) {
  const frame = element("button", "bubble photo");
  const picture = element("img");
  picture.alt = "image";
  picture.src = URL.createObjectURL(image);
  picture.onload = toEnd; // its height is known only now
  frame.type = "button";
  frame.ariaLabel = "Show the image large";
  frame.onclick = () => {
    $("large").firstElementChild.src = picture.src;
    $("large").showModal();
  };
  frame.append(picture);
  return frame;
}

function showFate(entry) {
  if (!entry.item || entry.fate === undefined) return;
  entry.item.querySelector(".fate")?.remove();
  const failed = entry.fate === "failed";
  const words = failed ? "Not sent. Try again" : entry.fate === "sending" ? "sending…" : heardBy(entry.fate);
  const fate = element(failed ? "button" : "p", failed ? "fate failed" : "fate", words);
  fate.onclick = failed ? entry.again : null;
  entry.item.append(fate);
  toEnd();
  keepLogs();
}

function heardBy(number) {
  return number === 0 ? "nobody else is here" : number === 1 ? "✓ 1 person got it" : `✓ ${number} people got it`;
}

function keepLogs() {
  const texts = ([room, log]) => [room, log.filter((entry) => !entry.image && entry.fate !== "failed").slice(-50).map(plain)];
  const plain = ({ name, text, note, mine, at, fate }) => ({ name, text, note, mine, at, fate: fate === "sending" ? undefined : fate });
  sessionStorage.setItem("logs", JSON.stringify(Object.fromEntries([...logs].map(texts))));
}

// Rooms, people, typing.

function showRooms() {
  const here = rooms[seat.room] ?? [];
  const names = [...new Set([...ROOMS, ...Object.keys(rooms), seat.room])];
  $("room").textContent = seat.room;
  $("here").textContent = here.length === 1 ? "only you are here" : `${here.length} people are here`;
  $("text").placeholder = `Message #${seat.room}`;
  $("rooms").replaceChildren(...names.map((name) => {
    const button = element("button", "", name);
    if (name === seat.room) button.ariaCurrent = "true";
    if (rooms[name]?.length) button.append(element("i", "", rooms[name].length));
    button.onclick = () => moveTo(name);
    const item = element("li");
    item.append(button);
    return item;
  }));
  $("people").replaceChildren(...here.map(([id, name]) => {
    const item = element("li");
    item.append(face(name), element("span", "", name));
    if (id === socket.id) item.append(element("small", "", "you"));
    return item;
  }));
  $("faces").replaceChildren(...here.slice(0, 6).map(([, name]) => face(name)));
  $("my-name").textContent = seat.name;
  $("my-face").replaceWith(Object.assign(face(seat.name), { id: "my-face" }));
  title();
}

const typers = new Map(); // name -> the timer that takes the sign away, should the end of it get lost
function startTyping(name) {
  clearTimeout(typers.get(name));
  typers.set(name, setTimeout(() => stopTyping(name), 5000));
  showTyping();
}
function stopTyping(name) {
  for (const [other, timer] of typers) {
    if (name !== undefined && other !== name) continue;
    clearTimeout(timer);
    typers.delete(other);
  }
  showTyping();
}
function showTyping() {
  const names = [...typers.keys()];
  $("typing").replaceChildren();
  if (names.length === 0) return;
  const dots = element("i");
  dots.append(element("b"), element("b"), element("b"));
  const words = names.length > 2 ? "several people are" : `${names.join(" and ")} ${names.length === 1 ? "is" : "are"}`;
  $("typing").append(dots, `${words} typing`);
}

// The door.

function showDoor(error = "") {
  socket.disconnect();
  $("door-error").textContent = error;
  $("door-name").value = seat.name;
  $("door-rooms").replaceChildren(...[...new Set([...ROOMS, seat.room])].map((name) => {
    const label = element("label");
    const input = Object.assign(element("input"), { type: "radio", name: "room", value: name, checked: name === seat.room });
    label.append(input, element("span", "", name));
    return label;
  }));
  if (!$("door").open) $("door").showModal();
  $("door-name").focus();
}

function enter() {
  seat.name = $("door-name").value.trim();
  seat.room = new FormData($("door-form")).get("room") ?? seat.room;
  if (!seat.name) return showDoor("A name, please.");
  keepSeat();
  showRooms();
  showLog();
  socket.connect();
}

// Small things.

function keepSeat() {
  sessionStorage.setItem("seat", JSON.stringify(seat));
  history.replaceState(null, "", `#${encodeURIComponent(seat.room)}`);
}
function roomName(words) {
  return words.trim().toLowerCase().replaceAll(/\s+/g, "-").slice(0, 24);
}
function state(name) {
  $("app").dataset.state = name;
  if (name === "offline") $("link").textContent = "away";
}
function title() {
  document.title = unread ? `(${unread}) #${seat.room}` : `#${seat.room}`;
}
function element(tag, kind = "", text = "") {
  return Object.assign(document.createElement(tag), { className: kind, textContent: text });
}
function face(name) {
  const initials = name.split(/\s+/).slice(0, 2).map((word) => [...word][0] ?? "").join("").toUpperCase();
  const circle = element("span", "face", initials);
  circle.style.setProperty("--hue", hue(name));
  return circle;
}
function hue(name) {
  return [...name].reduce((sum, char) => (sum * 31 + char.codePointAt(0)) % 360, 7);
}

$("door-form").onsubmit = (event) => {
  event.preventDefault();
  enter();
};
$("door").oncancel = (event) => event.preventDefault();
$("composer").onsubmit = (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  $("text").value = "";
  grow();
  if (text) say(text);
  $("text").focus();
};
$("log").onscroll = ({ target }) => (stuck = target.scrollHeight - target.scrollTop - target.clientHeight < 80);
window.onresize = toEnd;
$("text").oninput = () => {
  grow();
  typing();
};
$("text").onkeydown = (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("composer").requestSubmit();
};
function grow() {
  $("text").style.height = "auto";
  $("text").style.height = `${$("text").scrollHeight}px`;
}
$("attach").onclick = () => $("file").click();
$("file").onchange = () => {
  sendImage($("file").files[0]);
  $("file").value = "";
};
$("text").onpaste = (event) => sendImage(event.clipboardData.files[0]);
const pane = document.querySelector(".chat");
pane.ondragover = (event) => {
  event.preventDefault();
  pane.classList.add("dropping");
};
pane.ondragleave = () => pane.classList.remove("dropping");
pane.ondrop = (event) => {
  event.preventDefault();
  pane.classList.remove("dropping");
  sendImage(event.dataTransfer.files[0]);
};
$("new-room").onsubmit = (event) => {
  event.preventDefault();
  moveTo(roomName($("new-room-name").value));
  $("new-room-name").value = "";
};
$("leave").onclick = () => {
  $("app").classList.remove("show-side");
  showDoor();
};
$("open-side").onclick = () => $("app").classList.add("show-side");
$("close-side").onclick = () => $("app").classList.remove("show-side");
$("large").onclick = () => $("large").close();
window.onhashchange = () => moveTo(roomName(decodeURIComponent(location.hash.slice(1))));
document.onvisibilitychange = () => {
  if (!document.hidden) title((unread = 0));
};

showRooms();
showLog();
if (kept.name) socket.connect();
else showDoor();
