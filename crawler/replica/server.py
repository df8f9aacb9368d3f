"""The replica's server: one port on loopback that answers for every host it knows, like the real sites.

It is an HTTP proxy to its clients: `http://www.cfsn.cn/` is asked for by its full address, `https://` through a
CONNECT tunnel whose other end is the replica itself with a certificate made at start. So a crawler keeps the real
addresses, no name is resolved, and nothing leaves the machine. A plain request with a Host header works as well.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import socket
import sys
import threading
import time
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from crawler.replica.exchange import Reply, Request
from crawler.replica.faults import fault_reply
from crawler.replica.sites import Sites
from crawler.replica.tls import server_context

GZIP_FROM_BYTES = 512


@dataclass(frozen=True)
class ReceivedRequest:
    """One request the replica answered: `time` in seconds on the wall clock (Unix), `path` with its query."""

    time: float
    scheme: str
    host: str
    method: str
    path: str
    status: int
    user_agent: str


class Replica:
    """A running replica of the sites. Use it as a context manager; `address` is "127.0.0.1:PORT".

    `day` starts at 1; `advance()` makes the sites publish their next day's articles and change two old ones.
    Raises OSError where `port` is taken (0: any free one).
    """

    def __init__(self, port: int = 0) -> None:
        self.sites = Sites()
        self.requests: list[ReceivedRequest] = []
        self._server = _Server(("127.0.0.1", port), self)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="replica", daemon=True)
        self._thread.start()

    @property
    def day(self) -> int:
        """Which day it is at the sites."""
        return self.sites.day

    def advance(self) -> None:
        """Go to the next day."""
        self.sites.day += 1

    def close(self) -> None:
        """Stop answering, drop open connections and free the port."""
        self._server.shutdown()
        self._server.drop_connections()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Replica:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def answer(self, request: Request) -> Reply:
        """What the replica says to `request`; notes it in `requests`, save where it concerns the replica itself."""
        if request.path == "/__replica__/log":
            return _json([asdict(seen) for seen in list(self.requests)])
        if request.path == "/__replica__/advance" and request.method == "POST":
            self.advance()
            return _json({"day": self.day})
        reply = _conditional(request, fault_reply(request) or self.sites.answer(request))
        agent = request.headers.get("user-agent", "")
        self.requests.append(
            ReceivedRequest(
                time.time(), request.scheme, request.host, request.method, request.target, reply.status, agent
            )
        )
        return reply


def _json(value: Any) -> Reply:
    return Reply(json.dumps(value, ensure_ascii=False).encode(), content_type="application/json; charset=utf-8")


def _conditional(request: Request, reply: Reply) -> Reply:
    if not reply.validated:
        return reply
    etag = f'"{hashlib.blake2b(reply.body, digest_size=8).hexdigest()}"'
    if request.headers.get("if-none-match") == etag:
        return Reply(status=304, content_type=reply.content_type, headers=(("ETag", etag), *reply.headers))
    return Reply(reply.body, reply.status, reply.content_type, (("ETag", etag), *reply.headers), delay=reply.delay)


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for every handler, so that no socket outlives the replica
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], replica: Replica) -> None:
        self.replica = replica
        self.closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Handle a new connection in its own thread."""
        self.watch(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End a connection whose handler is done."""
        self.forget(request)
        super().shutdown_request(request)

    def watch(self, connection: socket.socket, instead_of: socket.socket | None = None) -> None:
        """Remember an open connection; `instead_of` the one it took over."""
        with self._lock:
            self._open -= {instead_of}
            self._open.add(connection)
            closing = self.closing.is_set()
        if closing:
            _end(connection)

    def forget(self, connection: socket.socket) -> None:
        """A connection was closed."""
        with self._lock:
            self._open.discard(connection)

    def drop_connections(self) -> None:
        """End every open connection: their handlers then read nothing and finish."""
        self.closing.set()
        with self._lock:
            for connection in self._open:
                _end(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that disconnects in the middle of a page is an ordinary event here; anything else is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _end(connection: socket.socket) -> None:
    # Not the TLS socket's own `shutdown`, which pulls the session from under the thread that reads it.
    with contextlib.suppress(OSError):  # the client was first
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    scheme = "http"

    def do_CONNECT(self) -> None:
        """Open a tunnel that ends here: the next requests of this connection come through TLS."""
        self.send_response(200, "Connection established")
        self.end_headers()
        self.wfile.flush()
        context = server_context(tuple(self.server.replica.sites.hosts()))
        plain, self.scheme = self.connection, "https"
        self.connection = context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        self.server.watch(self.connection, instead_of=plain)
        try:
            self.connection.do_handshake()
            self.rfile = self.connection.makefile("rb", -1)
            self.wfile = self.connection.makefile("wb", 0)
            self.close_connection = False
            while not self.close_connection:
                self.handle_one_request()
        finally:
            self.server.forget(self.connection)
            self.connection.close()

    def do_GET(self) -> None:
        """Answer one request of any method with a body or without."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        parts = urlsplit(self.path)
        host = (parts.netloc or self.headers.get("Host") or "").partition(":")[0].lower()
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.scheme, host, self.command, target, headers, body)
        reply = self.server.replica.answer(request)
        if reply.delay:
            self.server.closing.wait(reply.delay)
        self._send(request, reply)

    do_HEAD = do_POST = do_GET

    def _send(self, request: Request, reply: Reply) -> None:
        body, headers = reply.body, list(reply.headers)
        accepts = "gzip" in request.headers.get("accept-encoding", "")
        if accepts and not reply.packed and len(body) >= GZIP_FROM_BYTES and reply.status == 200:
            body = gzip.compress(body, 6, mtime=0)
            headers += [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
        self.send_response(reply.status)
        for name, value in headers:
            self.send_header(name, value)
        if reply.status != 304:
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if request.method != "HEAD" and reply.status != 304:
            self.wfile.write(body)

    def version_string(self) -> str:
        """The Server header."""
        return "nginx"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the replica keeps its own log."""
