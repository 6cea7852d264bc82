"""A python-socketio server for asyncio, as a node of a cluster: `cluster_coroutines.py URL CHANNEL`."""

import asyncio

import socketio
from aiohttp import web

import commands


async def main():
    server = socketio.AsyncServer(async_mode="aiohttp", client_manager=commands.manager(asyncio=True))
    app = web.Application()
    server.attach(app)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    commands.answer(runner.addresses[0][1])
    while command := await asyncio.to_thread(commands.read):
        name, args, kwargs = command
        try:
            commands.answer(await _result(getattr(server, name)(*args, **kwargs)))
        except Exception as error:
            commands.refuse(error)


async def _result(value):
    return await value if asyncio.iscoroutine(value) else value


asyncio.run(main())
