"""The contract of bench/README.md on python-socketio's AsyncServer, with uvicorn, uvloop, httptools and sans-I/O websockets."""

import os

import socketio
import uvicorn


def manager():
    url = os.environ.get("REDIS_URL")
    return socketio.AsyncRedisManager(url) if url else None


sio = socketio.AsyncServer(
    async_mode="asgi",
    client_manager=manager(),
    ping_interval=25,
    ping_timeout=20,
    http_compression=False,
)


@sio.event
async def echo(sid, data):
    await sio.emit("echo", data, to=sid)


@sio.event
async def echo_ack(sid, data):
    return data


@sio.event
async def join(sid):
    await sio.enter_room(sid, "all")
    return ()


@sio.event
async def fan(sid, data):
    await sio.emit("fan", data, to="all")


uvicorn.run(
    socketio.ASGIApp(sio),
    host="127.0.0.1",
    port=int(os.environ["PORT"]),
    loop="uvloop",
    http="httptools",
    ws="websockets-sansio",
    ws_per_message_deflate=False,
    log_level="error",
    access_log=False,
    backlog=4096,
)
