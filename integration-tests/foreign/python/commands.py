"""What the cluster's parties beside this file share: they do what stdin says, one JSON line each, and answer each line.

    > {"do": "emit", "args": ["news", {"$tuple": [1, {"$bytes": "AAH/"}]}], "kwargs": {"to": "a"}}
    < {"answer": null}
    > {"do": "call", "args": ["who"], "kwargs": {"to": "gone", "timeout": 1}}
    < {"error": "TimeoutError()"}

What JSON, or who writes it, has no words for is `{"$tuple": […]}`, `{"$bytes": base64}`, `{"$float": "nan"}` or `{"$json": text}`.

A server says first where it listens: `{"answer": 40123}`. The end of stdin is the end of the party.
"""

import asyncio
import base64
import json
import sys
from pathlib import Path

import socketio

URL, CHANNEL = sys.argv[1:3]


def manager(for_asyncio=False, **options):
    """The manager for threads or for asyncio, by the scheme of the broker's URL."""
    managers = {
        "redis": (socketio.RedisManager, socketio.AsyncRedisManager),
        "amqp": (socketio.KombuManager, socketio.AsyncAioPikaManager),
        "kafka": (_KafkaManager,),
        "kombu+redis": (_KombuManagerOverRedis,),
    }
    return managers[URL.split(":")[0]][for_asyncio](URL, channel=CHANNEL, **options)


def obey(party):
    """Does what stdin says until it ends, for parties that work with threads."""
    while command := _read():
        name, args, kwargs = command
        try:
            answer(getattr(party, name)(*args, **kwargs))
        except Exception as error:
            _refuse(error)


async def obey_for_asyncio(party):
    """The same for parties that work with coroutines."""
    while command := await asyncio.to_thread(_read):
        name, args, kwargs = command
        try:
            result = getattr(party, name)(*args, **kwargs)
            answer(await result if asyncio.iscoroutine(result) else result)
        except Exception as error:
            _refuse(error)


def answer(value):
    _write({"answer": value})


def _refuse(error):
    _write({"error": repr(error)})


def _read():
    """The next command, as `(name, args, kwargs)`; None at the end."""
    line = sys.stdin.readline()
    if not line:
        return None
    command = json.loads(line, object_hook=_value)
    return command["do"], command["args"], command["kwargs"]


def _KafkaManager(*args, **options):
    """The one that can publish, word for word as the documentation gives it."""
    readme = Path(__file__).parents[3] / "socketio-kafka/README.md"
    code = readme.read_text("utf-8").split("```python\n")[1].split("```")[0]
    names = {"socketio": socketio}
    exec(code, names)
    return names["KafkaManager"](*args, **options)


def _KombuManagerOverRedis(url, **options):
    return socketio.KombuManager(url.removeprefix("kombu+"), **options)


def _value(item):
    if "$tuple" in item:
        return tuple(item["$tuple"])
    if "$bytes" in item:
        return base64.b64decode(item["$bytes"])
    if "$json" in item:
        return json.loads(item["$json"])
    if "$float" in item:
        return float(item["$float"])
    return item


def _write(line):
    print(json.dumps(line), flush=True)
