"""A python-socketio server for threads, as a node of a cluster: `cluster_threads.py URL CHANNEL`."""

import threading
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import socketio

import commands
import serving


class Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Requests(WSGIRequestHandler):
    def get_environ(self):
        # Where the WebSocket library looks for the connection.
        return super().get_environ() | {"werkzeug.socket": self.connection}

    def log_message(self, *_):
        pass


server = socketio.Server(async_mode="threading", client_manager=commands.manager())
serving.serve(server)
app = socketio.WSGIApp(server)


def quiet(environ, start_response):
    try:
        return app(environ, start_response)
    except ConnectionError as error:  # the end of a WebSocket, which leaves nothing to answer
        raise ConnectionAbortedError from error


http = make_server("127.0.0.1", 0, quiet, Threads, Requests)
threading.Thread(target=http.serve_forever, daemon=True).start()
commands.answer(http.server_port)
commands.obey(server)
