"""python-socketio's client for threads: both transports, the change between them, binary, acks, refusals."""

import queue
import threading

import socketio

from harness import (
    DEADLINE, REFUSALS, SERIALIZER, URL, VALUES, WAYS, Client, as_answer, as_data, done, equal, report
)


class SimpleClient(socketio.SimpleClient):
    client_class = Client


class Peer:
    """A client whose events are waited for."""

    def __init__(self, way, namespace="/", auth=None, namespaces=None):
        self.namespace = namespace
        self.events = queue.Queue()
        self.client = Client(handle_sigint=False, serializer=SERIALIZER)
        for each in namespaces or [namespace]:
            self.client.on("*", self._record(each), namespace=each)
            self.client.on("disconnect", self._record_end(each), namespace=each)
            self.client.on("connect_error", self._record_refusal(each), namespace=each)
        self.client.on("question", lambda *args: self.answer(*args), namespace=namespace)
        self.answer = lambda *args: None
        try:
            self.client.connect(
                URL, transports=WAYS[way], auth=auth, namespaces=namespaces or [namespace], wait_timeout=DEADLINE
            )
        except BaseException:
            self.client.shutdown()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.disconnect()

    def call(self, event, *args):
        return self.client.call(event, as_data(args), namespace=self.namespace, timeout=DEADLINE)

    def emit(self, event, *args):
        self.client.emit(event, as_data(args), namespace=self.namespace)

    def next(self, event):
        """The arguments of the next event of that name; others are passed over."""
        while True:
            _, name, args = self.events.get(timeout=DEADLINE)
            if name == event:
                return args

    def _record(self, namespace):
        return lambda name, *args: self.events.put((namespace, name, args))

    def _record_end(self, namespace):
        return lambda reason: self.events.put((namespace, "disconnect", (reason,)))

    def _record_refusal(self, namespace):
        return lambda data: self.events.put((namespace, "connect_error", (data,)))


def check(name):
    """Runs the function at once, for each way."""

    def run(function):
        for way in WAYS:
            try:
                function(way)
            except Exception as error:
                report(f"{way}: {name}", error)
            else:
                report(f"{way}: {name}")

    return run


for kind, args in VALUES.items():

    @check(f"{kind} both ways")
    def _(way, args=args):
        with Peer(way) as peer:
            equal(peer.call("echo", *args), as_answer(args))
            equal(peer.next("echoed"), args)


@check("the connection ends up where it was asked to")
def _(way):
    with Peer(way) as peer:
        expected = "polling" if way == "polling" else "websocket"
        equal(peer.client.transport(), expected)
        equal(peer.call("transport"), expected)


@check("the server asks, the client answers")
def _(way):
    with Peer(way) as peer:
        peer.answer = lambda number: number * 2
        equal(peer.call("ask number", 21), 42)
        peer.answer = lambda: (1, "two")
        equal(peer.call("ask pair"), {"number": 1, "text": "two"})
        peer.answer = lambda: None
        equal(peer.call("ask nothing"), "nothing")
        peer.answer = lambda data: data + b"\x04"
        equal(peer.call("ask bytes", b"\x01\x02\x03"), b"\x01\x02\x03\x04")


@check("an event nobody listens to gets no ack")
def _(way):
    with Peer(way) as peer:
        acked = threading.Event()
        peer.client.emit("nobody listens", callback=lambda *_: acked.set())
        peer.call("fence")
        assert not acked.is_set()


for token, words in REFUSALS.items():

    @check(f"a refusal says why: {token}")
    def _(way, token=token, words=words):
        client = Client(handle_sigint=False, serializer=SERIALIZER)
        refused = queue.Queue()
        client.on("connect_error", refused.put, namespace="/login")
        try:
            client.connect(URL, transports=WAYS[way], auth={"token": token}, namespaces=["/login"], wait_timeout=DEADLINE)
        except socketio.exceptions.ConnectionError:
            equal(refused.get(timeout=DEADLINE), words)
        else:
            raise AssertionError("the connection was accepted")
        finally:
            client.shutdown()


@check("an unknown namespace is refused")
def _(way):
    try:
        Peer(way, "/nowhere")
    except socketio.exceptions.ConnectionError:
        pass
    else:
        raise AssertionError("the connection was accepted")


@check("auth reaches the connect handler")
def _(way):
    with Peer(way, "/login", auth={"token": "secret"}) as peer:
        equal(peer.call("who"), "alice")


@check("no auth is no auth")
def _(way):
    with Peer(way, "/guest") as peer:
        equal(peer.call("who"), "guest")


@check("several namespaces share a connection")
def _(way):
    with Peer(way, namespaces=["/", "/world"]) as peer:
        equal(peer.client.call("who", timeout=DEADLINE), "main")
        equal(peer.client.call("who", namespace="/world", timeout=DEADLINE), "world")
        assert peer.client.get_sid() != peer.client.get_sid("/world")


@check("rooms and broadcasts arrive")
def _(way):
    with Peer(way) as one, Peer(way) as two:
        room = f"room of {one.client.get_sid()}"
        one.call("join", [room])
        two.call("join", [room])
        equal(one.call("say", {"to": [room], "text": "hello"}), 1)
        equal(two.next("heard"), ("hello",))
        equal(one.call("show", room, b"\x89PNG"), 2)
        equal(one.next("heard"), ({"picture": b"\x89PNG"},))
        equal(two.next("heard"), ({"picture": b"\x89PNG"},))


@check("the server ends the connection")
def _(way):
    with Peer(way) as peer:
        peer.emit("disconnect me")
        equal(peer.next("disconnect"), ("server disconnect",))


@check("the server learns that the client has left")
def _(way):
    with Peer("websocket") as watcher:
        watcher.call("watch")
        peer = Peer(way)
        sid = peer.client.get_sid()
        peer.client.disconnect()
        while True:
            left, reason = watcher.next("left")
            if left == sid:
                break
        # It says so and closes at once: which of the two is read first is a matter of chance.
        # A client that polls and is in the middle of a POST ends without having sent either: python-engineio's loop that writes ends first.
        silent = ("ping timeout",) if way == "polling" else ()
        assert reason in ("client namespace disconnect", "transport close", *silent), reason


@check("500 numbered events each way")
def _(way):
    with Peer(way, "/numbered") as peer:
        peer.emit("start at once", 500)
        for number in range(500):
            peer.emit("up", number)
        down = [peer.next("down")[0] for _ in range(500)]
        equal(down, list(range(500)))
        told = peer.call("report")
        equal((told["count"], told["wrong"]), (500, None))


@check("a burst reaches the client")
def _(way):
    # The polling client takes 16 packets an answer, and gives up at more.
    with Peer(way, "/numbered") as peer:
        peer.emit("start at once", 100)
        equal([peer.next("down")[0] for _ in range(100)], list(range(100)))


@check("the simple client works")
def _(way):
    with SimpleClient(handle_sigint=False, serializer=SERIALIZER) as client:
        client.connect(URL, transports=WAYS[way], wait_timeout=DEADLINE)
        equal(client.call("echo", b"\x01"), b"\x01")
        while (event := client.receive(timeout=DEADLINE))[0] != "echoed":
            pass
        equal(event, ["echoed", b"\x01"])


done()
