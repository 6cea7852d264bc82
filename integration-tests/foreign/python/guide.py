"""python-socketio's clients of the book's programs: python guide.py PORT PROGRAM"""

import queue
import sys

import socketio

import harness
from harness import DEADLINE, URL, WAYS, done, equal, report

program = sys.argv[2]


class Client:
    """The client for threads, whose events are waited for."""

    def __init__(self, way, namespace="/", auth=None, query="", headers=None):
        self.namespace = namespace
        self.events = queue.Queue()
        self.client = harness.Client(handle_sigint=False)
        self.client.on("*", lambda event, *args: self.events.put((event, args)), namespace=namespace)
        self.client.on("disconnect", lambda reason: self.events.put(("disconnect", (reason,))), namespace=namespace)
        self.client.on("connect_error", lambda data: self.events.put(("connect_error", data)), namespace=namespace)
        self.client.on("confirm", lambda question: question == "tea?", namespace=namespace)
        self.client.on("vote", lambda: 1, namespace=namespace)
        try:
            self.client.connect(
                URL + query,
                headers=headers or {},
                transports=WAYS[way],
                auth=auth,
                namespaces=[namespace],
                wait_timeout=DEADLINE,
            )
        except socketio.exceptions.ConnectionError:
            self.client.shutdown()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.disconnect()

    @property
    def id(self):
        return self.client.get_sid(self.namespace)

    def call(self, event, data=None):
        return self.client.call(event, data, namespace=self.namespace, timeout=DEADLINE)

    def emit(self, event, data=None):
        self.client.emit(event, data, namespace=self.namespace)

    def next(self, event):
        """The arguments of the next event of that name; others are passed over."""
        while True:
            name, args = self.events.get(timeout=DEADLINE)
            if name == event:
                return args


def readme(way):
    # One for each way: who was connected in another may still be leaving.
    room = f"lobby {way}"
    with Client(way) as ada, Client(way) as bob:
        for client in (ada, bob):
            client.emit("join", room)
            client.call("say", ("nowhere", ""))
        equal(ada.call("say", (room, "hello")), 1)
        equal(bob.next("say"), (ada.id, "hello"))


def start(way):
    with Client(way) as client:
        equal(client.call("hello", "Ada"), "Hello, Ada")


def handlers(way):
    with Client(way, auth={"token": "t"}) as client:
        equal(client.call("my_event", {"answer": 42}), {"answer": 42})
        client.emit("my custom event", ("Ada", 3))
        equal(client.next("heard"), ("Ada", 4))
    with Client(way, query="?name=mallory") as client:
        equal(client.next("connect_error"), {"message": "authentication failed", "data": 401})


def emitting(way):
    with Client(way) as one, Client(way) as other:
        one.emit("announce")
        for client in (one, other):
            equal(client.next("my event"), ({"data": "foobar"},))
        equal(other.call("whoami"), other.id)
        equal(one.call("to", other.id), True)
        equal(other.next("my event"), ({"data": "for you"},))
        one.emit("kinds")
        equal(one.next("text"), ("hello",))
        equal(one.next("bytes"), (b"\x01\x02\x03",))
        equal(one.next("list"), ([1, 2, 3],))
        equal(one.next("several"), ("two", 2, {"x": [7]}))
        equal(one.next("none"), ())


def acks(way):
    with Client(way) as client:
        equal(client.call("my event", "data"), ("OK", 123))
        equal(client.call("buy", "tea"), "tea bought")
        equal(client.call("buy", "coffee"), "cancelled")
        client.emit("poll")
        equal(client.next("voted"), (client.id, 1))


def namespaces(way):
    with Client(way) as root, Client(way, namespace="/chat") as chat:
        equal([root.call("where"), chat.call("where")], ["/", "/chat"])
        chat.emit("my custom event", "hello")
        equal(chat.next("my response"), ("hello",))
    with Client(way, namespace="/board-7") as board:
        equal(board.call("board"), 7)
    with Client(way, namespace="/nowhere") as nowhere:
        equal(nowhere.next("connect_error"), {"message": "Invalid namespace"})


def rooms(way):
    with Client(way) as ada, Client(way) as bob:
        for client in (ada, bob):
            client.call("begin_chat")
        ada.call("my_message", "hello")
        equal(bob.next("my reply"), ("hello",))
        bob.call("exit_chat")
        ada.call("my_message", "anybody?")
        bob.call("begin_chat")
        ada.call("my_message", "again")
        equal(bob.next("my reply"), ("again",))


def sessions(way):
    with Client(way, query="?username=ada") as client:
        equal(client.call("message"), "message from ada")
        equal([client.call("count"), client.call("count")], [1, 2])
    with Client(way) as client:
        equal(client.next("connect_error"), {"message": "who are you?"})


def auth(way):
    with Client(way, auth={"token": "t-ada"}) as client:
        equal(client.call("whoami"), "ada")
    with Client(way, headers={"Cookie": "token=t-ada"}) as client:
        equal(client.call("whoami"), "ada")
    with Client(way, auth={"token": "t-eve"}) as client:
        equal(client.next("connect_error"), {"message": "wrong token", "data": 401})
    with Client(way, auth={"token": "t-bob"}) as client:
        equal(client.next("disconnect"), ("server disconnect",))


def cross_origin(way):
    with Client(way) as client:
        if way == "websocket":  # it says that it is a page of the server's own, which is not listed
            equal(client.next("connect_error"), "Connection error")
        else:
            equal(client.call("hello"), "hello")


def scaling_2(way):
    with Client(way) as client:
        client.emit("report", 7)
        equal(client.call("quick"), "at once")
        equal(client.call("report", 8), "report of 8")


for way in WAYS:
    try:
        globals()[program](way)
        report(f"python: {way}: {program}")
    except Exception as error:
        report(f"python: {way}: {program}", error)
done()
