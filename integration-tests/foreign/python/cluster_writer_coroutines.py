"""The same for asyncio: `cluster_writer_coroutines.py URL CHANNEL`."""

import asyncio

import commands


async def main():
    await commands.obey_for_asyncio(commands.manager(for_asyncio=True, write_only=True))


asyncio.run(main())
