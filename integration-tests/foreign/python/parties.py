"""Starts parties of clusters: a process for each connection, forked from this one so that none has to load python-socketio.

The first line on stdout is the port. The first line on a connection is the party's command line, `cluster_threads URL CHANNEL`; from
there on the connection is its stdin and stdout. The end of stdin is the end of this process.
"""

import os
import runpy
import select
import signal
import socket
import sys
from pathlib import Path

import aiohttp.web  # noqa: F401, for those who come
import socketio  # noqa: F401


def main():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)
    print(listener.getsockname()[1], flush=True)
    while listener in select.select([listener, sys.stdin], [], [])[0]:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            become(connection)
        connection.close()


def become(connection):
    """This process is the party from now on, and ends with it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for standard in (0, 1):
        os.dup2(connection.fileno(), standard)
    connection.close()
    sys.stdin, sys.stdout = open(0), open(1, "w")
    sys.argv = sys.stdin.readline().split()
    try:
        runpy.run_path(str(Path(__file__).with_name(sys.argv[0] + ".py")), run_name="__main__")
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


main()
