"""python-socketio's asyncio client against the catch-alls: what it is answered is what python's own server would answer."""

import asyncio

import socketio

from harness import DEADLINE, URL, done, equal, report

#: Namespace and event, and who handles it in python's order.
ORDER = [
    ("/nothing-of-its-own", "event", "every namespace, event"),
    ("/own-event", "event", "namespace, event"),
    ("/own-any", "event", "namespace, any: event"),
    ("/own-any", "other", "namespace, any: other"),
    ("/own-both", "event", "namespace, event"),
    ("/own-both", "other", "namespace, any"),
    ("/board-1", "event", "parent, event"),
    ("/board-1", "other", "parent, any"),
    ("/own-event", "other", "every namespace, any: other"),
]


def name_of(answer):
    """The first argument: a catch-all for every namespace answers with the namespace too."""
    return answer[0] if isinstance(answer, tuple) else answer


async def ours():
    namespaces = sorted({namespace for namespace, _, _ in ORDER} | {"/tenant/acme/room-7"})
    client = socketio.AsyncClient(reconnection=False, request_timeout=DEADLINE, handle_sigint=False)
    await client.connect(URL, namespaces=namespaces, wait_timeout=DEADLINE)
    try:
        for namespace, event, who in ORDER:
            answer = await client.call(event, namespace=namespace, timeout=DEADLINE)
            equal((namespace, event, name_of(answer)), (namespace, event, who))
        where = await client.call("where", namespace="/tenant/acme/room-7", timeout=DEADLINE)
        equal(where, ("acme", 7, "/tenant/acme/room-7"))
    finally:
        await client.disconnect()


async def theirs():
    """The same table in python's server, where it has these tables."""
    server = socketio.AsyncServer(namespaces="*")
    server.on("event", lambda namespace, sid: "every namespace, event", namespace="*")
    server.on("*", lambda event, namespace, sid: f"every namespace, any: {event}", namespace="*")
    server.on("event", lambda sid: "namespace, event", namespace="/own-event")
    server.on("*", lambda event, sid: f"namespace, any: {event}", namespace="/own-any")
    server.on("event", lambda sid: "namespace, event", namespace="/own-both")
    server.on("*", lambda event, sid: "namespace, any", namespace="/own-both")
    for namespace, event, who in ORDER:
        if namespace != "/board-1":
            equal((namespace, event, await server._trigger_event(event, namespace, "sid")), (namespace, event, who))


async def main():
    for name, check in [("our order of handlers", ours), ("python's order of handlers is the same", theirs)]:
        try:
            await asyncio.wait_for(check(), 3 * DEADLINE)
        except Exception as error:
            report(name, error)
        else:
            report(name)


asyncio.run(main())
done()
