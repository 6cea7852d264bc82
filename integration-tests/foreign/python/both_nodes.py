"""Clients of a node of ours and of one of python-socketio's, which are one server: each node in turn is asked to do what servers do,
and clients of both see it.

    python both_nodes.py <our port> <python's port>
"""

import asyncio
import sys
from contextlib import AsyncExitStack

from harness import DEADLINE, done, equal, report
from peers import Peer

NODES = {"our node": sys.argv[1], "python's node": sys.argv[2]}
#: Both clients of a node. Python's breaks a broadcast of bytes to both transports: python-engineio encodes it but once.
WAYS = {"our node": ["websocket", "polling"], "python's node": ["websocket", "upgrade"]}
CHECKS = []


def fact(name):
    """Runs the function later, for each node."""

    def keep(function):
        CHECKS.append((name, function))

    return keep


async def heard(peers):
    """What each has heard before an emit to everybody, which the first asks for now."""
    await peers[0].call("end")
    return [[args async for args in before_the_end(peer)] for peer in peers]


async def before_the_end(peer):
    while True:
        name, args = await asyncio.wait_for(peer.events.get(), DEADLINE)
        if name == "end":
            return
        equal(name, "heard")
        yield args


async def texts(peers):
    return [[args[0] for args in each] for each in await heard(peers)]


def sid(peer):
    return peer.client.get_sid()


@fact("an emit reaches everybody with all its arguments")
async def _(peers):
    for text in ["hello", "ä € 😀"]:
        await peers[0].call("say", {"to": None, "skip": []}, text)
    equal(await heard(peers), [[(text, [1, {"two": None}]) for text in ["hello", "ä € 😀"]]] * 4)


@fact("rooms are entered, left and closed on either node")
async def _(peers):
    a, b, c, d = peers
    for peer, room in [(a, "x"), (c, "x"), (b, "y"), (d, "y"), (d, "x")]:
        await a.call("put", sid(peer), room)
    await a.call("say", {"to": ["x"], "skip": []}, "x")
    await a.call("say", {"to": ["x", "y"], "skip": []}, "x or y")
    await a.call("take", sid(d), "x")
    await a.call("say", {"to": ["x"], "skip": []}, "x again")
    await a.call("close", "y")
    await a.call("say", {"to": ["y"], "skip": []}, "nobody")
    in_x = ["x", "x or y", "x again"]
    equal(await texts(peers), [in_x, ["x or y"], in_x, ["x", "x or y"]])


@fact("a client is a room, and may be skipped")
async def _(peers):
    a, b, c, d = peers
    await a.call("say", {"to": [sid(d)], "skip": []}, "d")
    await a.call("say", {"to": None, "skip": [sid(c)]}, "not c")
    await a.call("say", {"to": None, "skip": [sid(b), sid(d)]}, "a and c")
    equal(await texts(peers), [["not c", "a and c"], ["not c"], ["a and c"], ["d", "not c"]])


@fact("bytes arrive as bytes")
async def _(peers):
    data = bytes([0, 1, 254, 255])
    await peers[0].call("show", data)
    equal(await heard(peers), [[(data, {"picture": [data]})]] * 4)


@fact("a client of either node answers a call")
async def _(peers):
    for peer in peers:
        peer.answer = lambda question, peer=peer: (sid(peer), {"question": question})
        equal(await peers[0].call("ask", sid(peer), 7), (sid(peer), {"question": 7}))
    equal(await heard(peers), [[]] * 4)


@fact("a client of either node is disconnected")
async def _(peers):
    a, b, c, d = peers
    for peer in [b, c]:
        await a.call("kick", sid(peer))
        equal(await peer.next("disconnect"), ("server disconnect",))
    await a.call("say", {"to": None, "skip": []}, "who is left")
    equal(await texts([a, d]), [["who is left"]] * 2)


async def run(function, near, far):
    """Two clients on the node that is asked, two on the other."""
    async with AsyncExitStack() as stack:
        peers = [Peer(way, url=f"http://127.0.0.1:{NODES[node]}") for node in (near, far) for way in WAYS[node]]
        await function([await stack.enter_async_context(peer) for peer in peers])


async def main():
    for near, far in [("our node", "python's node"), ("python's node", "our node")]:
        for name, function in CHECKS:
            try:
                await asyncio.wait_for(run(function, near, far), 3 * DEADLINE)
            except Exception as error:
                report(f"{near}: {name}", error)
            else:
                report(f"{near}: {name}")


asyncio.run(main())
done()
