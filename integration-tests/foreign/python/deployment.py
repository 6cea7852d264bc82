"""What python's client finds wherever the server is mounted: python deployment.py PORT"""

import threading

from harness import DEADLINE, URL, WAYS, Client, done, equal, report

for way, transports in WAYS.items():
    try:
        heard, said = threading.Event(), []
        speaker, other = Client(), Client()

        @other.on("said")
        def on_said(text):
            said.append(text)
            heard.set()

        for client in (speaker, other):
            client.connect(URL, transports=transports, wait_timeout=DEADLINE)
            equal(client.transport(), "polling" if way == "polling" else "websocket")
            if client is speaker:
                # A polling client may leave without a word, and be there until its ping timeout.
                left_over = speaker.call("say", "is anybody here?", timeout=DEADLINE)
        others = speaker.call("say", "hello ä😀", timeout=DEADLINE)
        assert 1 <= others <= left_over + 1, f"{others} heard it, beside {left_over} of the check before"
        assert heard.wait(DEADLINE), "nothing was heard"
        equal(said, ["hello ä😀"])
        for client in (speaker, other):
            client.disconnect()
        report(f"{way}: python's clients hear each other")
    except Exception as error:
        report(f"{way}: python's clients hear each other", error)

done()
