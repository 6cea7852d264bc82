"""What python's client finds wherever the server is mounted: python deployment.py PORT"""

import threading
import time

import socketio

from harness import DEADLINE, URL, WAYS, done, equal, report


def until_alone(client):
    """The server may still have to notice that the clients of the check before have gone."""
    until = time.monotonic() + DEADLINE
    while client.call("say", "is anybody here?", timeout=DEADLINE):
        assert time.monotonic() < until, "the clients of the check before have not gone"


for way, transports in WAYS.items():
    try:
        heard, said = threading.Event(), []
        speaker, other = socketio.Client(reconnection=False), socketio.Client(reconnection=False)

        @other.on("said")
        def on_said(text):
            said.append(text)
            heard.set()

        for client in (speaker, other):
            client.connect(URL, transports=transports, wait_timeout=DEADLINE)
            equal(client.transport(), "polling" if way == "polling" else "websocket")
            if client is speaker:
                until_alone(speaker)
        equal(speaker.call("say", "hello ä😀", timeout=DEADLINE), 1)
        assert heard.wait(DEADLINE), "nothing was heard"
        equal(said, ["hello ä😀"])
        for client in (speaker, other):
            client.disconnect()
        report(f"{way}: python's clients hear each other")
    except Exception as error:
        report(f"{way}: python's clients hear each other", error)

done()
