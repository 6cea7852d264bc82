"""What the scripts beside this file share: checks with a deadline, one JSON line per check.

    python threads.py 8000
    python threads.py 8000 msgpack          the same with a client that speaks msgpack
    {"check": "websocket: bytes both ways", "ok": true}
    {"done": 1}
"""

import json
import sys
import traceback

import socketio

URL = f"http://127.0.0.1:{sys.argv[1]}" if len(sys.argv) > 1 else ""
DEADLINE = 20
SERIALIZER = "msgpack" if "msgpack" in sys.argv else "default"
WAYS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": None}

#: What goes to the server and comes back the same: the arguments of an event.
VALUES = {
    "text": ("ä € 😀",),
    "a number beyond 64 bits": (2**70,),
    "a list": ([1, "two", None, [3]],),
    "an object": ({"name": "alice", "tags": ["a"]},),
    "several arguments": (1, "two", {"three": 3}),
    "no arguments": (),
    "half of a surrogate pair": ("\ud83d",),
    "bytes": (bytes([0, 1, 254, 255]),),
    "no bytes": (b"",),
    "nested bytes": ({"file": {"name": "a.png", "data": b"\x01\x02"}, "more": [b"\x03", b""]},),
    "several arguments with bytes": ("a", b"\x01", {"b": b"\x02"}),
    "a large value": ("0123456789" * 50_000, bytes(300_000)),
    "a value nested 400 deep": (json.loads("[" * 400 + "]" * 400),),
}

if SERIALIZER == "msgpack":
    # It has no numbers beyond 64 bits and no half characters, and the server takes 128 levels of it.
    for name in ["a number beyond 64 bits", "half of a surrogate pair", "a value nested 400 deep"]:
        del VALUES[name]
    VALUES |= {
        "the ends of 64 bits": (2**64 - 1, -(2**63), 2**53 + 1),
        # As text and bytes together, a POST's base64 included, below what a server takes.
        "a large value": ("0123456789" * 40_000, bytes(200_000)),
        "fractions": (0.1, -1.5e300, 5e-324),
        "bytes as long as each of their headers can say": (bytes(255), bytes(256), bytes(65_536)),
        "a value nested 100 deep": (json.loads("[" * 100 + "]" * 100),),
    }

#: Why the namespace `/login` refuses a token, and what the client is told.
REFUSALS = {
    "wrong": {"message": "not authorized"},
    "later": {"message": "try later", "data": {"seconds": 5}},
    "list": {"message": "no", "data": [1, "two", {"three": 3}]},
    "silent": {"message": "Connection rejected by server"},
}


class Client(socketio.Client):
    """The client for threads, handling messages as they come.

    Left to itself it starts a thread for each, and so loses their order, even of a header and its attachment.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, reconnection=False, request_timeout=DEADLINE, **kwargs)
        trigger = self.eio._trigger_event
        self.eio._trigger_event = lambda event, *args, run_async=False, **kwargs: trigger(event, *args, **kwargs)


_count = 0


def report(name, error=None):
    global _count
    _count += 1
    line = {"check": name, "ok": error is None}
    if error is not None:
        line["error"] = "".join(traceback.format_exception(error))
    print(json.dumps(line), flush=True)


def done():
    print(json.dumps({"done": _count}), flush=True)


def as_data(args):
    """The arguments as `emit` takes them: a tuple is several, None none."""
    return {0: None, 1: args[0] if args else None}.get(len(args), args)


def as_answer(args):
    """The arguments of an ack as `call` gives them."""
    return as_data(args)


def equal(actual, expected):
    assert actual == expected, f"{shortened(actual)} is not {shortened(expected)}"


def shortened(value):
    text = repr(value)
    return text if len(text) < 500 else f"{text[:500]}… ({len(text)} characters)"
