"""What clients may ask of the nodes beside this file; our nodes have the same in `tests/interop/clients.rs`."""

import asyncio


def serve(server):
    def on(name, handler):
        async def for_asyncio(*args):
            return await handler(*args)

        server.on(name, for_asyncio if asyncio.iscoroutinefunction(server.emit) else handler)

    on("put", lambda _, sid, room: server.enter_room(sid, room))
    on("take", lambda _, sid, room: server.leave_room(sid, room))
    on("close", lambda _, room: server.close_room(room))
    on("say", lambda _, to, text: server.emit("heard", (text, [1, {"two": None}]), to=to["to"], skip_sid=to["skip"]))
    on("show", lambda _, picture: server.emit("heard", (picture, {"picture": [picture]})))
    on("end", lambda _: server.emit("end"))
    on("ask", lambda _, sid, question: server.call("question", question, to=sid))
    on("kick", lambda _, sid: server.disconnect(sid))
