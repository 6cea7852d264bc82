"""The guide's latency check with both of python's clients.

    python latency.py 8000 http
    python latency.py 8000 https CERTIFICATE
"""

import asyncio
import ssl
import sys
import threading
import time

import aiohttp
import requests
import socketio
from harness import DEADLINE, WAYS, done, report

SCHEME, *CERTIFICATE = sys.argv[2:]
URL = f"{SCHEME}://127.0.0.1:{sys.argv[1]}"


def with_threads(transports):
    session = requests.Session()
    session.trust_env = False
    if CERTIFICATE:
        session.verify = CERTIFICATE[0]
    client = socketio.Client(reconnection=False, request_timeout=DEADLINE, http_session=session)
    answered = threading.Event()
    client.on("pong_from_server", answered.set)
    client.connect(URL, transports=transports, wait_timeout=DEADLINE)
    try:
        asked = time.monotonic()
        client.emit("ping_from_client")
        assert answered.wait(DEADLINE), "no answer"
        assert time.monotonic() > asked
    finally:
        client.disconnect()


async def with_coroutines(transports):
    trust = ssl.create_default_context(cafile=CERTIFICATE[0]) if CERTIFICATE else True
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)) as session:
        client = socketio.AsyncClient(reconnection=False, request_timeout=DEADLINE, http_session=session)
        answered = asyncio.Event()
        client.on("pong_from_server", answered.set)
        await client.connect(URL, transports=transports, wait_timeout=DEADLINE)
        try:
            await client.emit("ping_from_client")
            await asyncio.wait_for(answered.wait(), DEADLINE)
        finally:
            await client.disconnect()


for way, transports in WAYS.items():
    for kind, run in [
        ("threads", with_threads),
        ("coroutines", lambda transports: asyncio.run(with_coroutines(transports))),
    ]:
        try:
            run(transports)
            report(f"{SCHEME}, {way}, {kind}: an answer comes")
        except Exception as error:
            report(f"{SCHEME}, {way}, {kind}: an answer comes", error)
done()
