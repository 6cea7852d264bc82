"""A python-socketio server for asyncio, as a node of a cluster: `cluster_coroutines.py URL CHANNEL`."""

import asyncio

import socketio
from aiohttp import web

import commands
import serving


async def main():
    server = socketio.AsyncServer(async_mode="aiohttp", client_manager=commands.manager(for_asyncio=True))
    serving.serve(server)
    app = web.Application()
    server.attach(app)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    commands.answer(runner.addresses[0][1])
    await commands.obey_for_asyncio(server)


asyncio.run(main())
