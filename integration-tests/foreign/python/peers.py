"""python-socketio's asyncio client, as the checks use it."""

import asyncio

import socketio

from harness import DEADLINE, SERIALIZER, URL, WAYS, as_data


class Peer:
    """A client whose events are waited for."""

    def __init__(self, way, namespace="/", auth=None, namespaces=None, url=URL, serializer=SERIALIZER):
        self.url, self.way, self.namespace, self.auth = url, way, namespace, auth
        self.namespaces = namespaces or [namespace]
        self.events = asyncio.Queue()
        self.client = socketio.AsyncClient(
            reconnection=False, request_timeout=DEADLINE, handle_sigint=False, serializer=serializer
        )
        for each in self.namespaces:
            self.client.on("*", self._record, namespace=each)
            self.client.on("disconnect", self._record_end, namespace=each)
            self.client.on("connect_error", self._record_refusal, namespace=each)
        self.client.on("question", self._answer, namespace=namespace)
        self.answer = lambda *args: None

    async def __aenter__(self):
        try:
            await self.client.connect(
                self.url,
                transports=WAYS[self.way],
                auth=self.auth,
                namespaces=self.namespaces,
                wait_timeout=DEADLINE,
            )
        except BaseException:
            await self.client.shutdown()
            raise
        return self

    async def __aexit__(self, *_):
        await self.client.disconnect()

    async def call(self, event, *args):
        return await self.client.call(event, as_data(args), namespace=self.namespace, timeout=DEADLINE)

    async def emit(self, event, *args):
        await self.client.emit(event, as_data(args), namespace=self.namespace)

    async def next(self, event):
        """The arguments of the next event of that name; others are passed over."""
        while True:
            name, args = await asyncio.wait_for(self.events.get(), DEADLINE)
            if name == event:
                return args

    async def _record(self, name, *args):
        await self.events.put((name, args))

    async def _record_end(self, reason):
        await self.events.put(("disconnect", (reason,)))

    async def _record_refusal(self, data):
        await self.events.put(("connect_error", (data,)))

    async def _answer(self, *args):
        return self.answer(*args)
