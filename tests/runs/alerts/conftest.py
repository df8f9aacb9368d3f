"""Services of our own on loopback that check what they are sent as the real ones document it."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme


@dataclass
class Robot:
    """A web service that remembers what it was sent; `answers` are given one after another, then `{"errcode": 0}`."""

    url: str = ""
    posts: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: list[tuple[int, bytes]] = field(default_factory=list)


@pytest.fixture
def robot() -> Iterator[Callable[..., Robot]]:
    running = []

    def start(context: ssl.SSLContext | None = None) -> Robot:
        told = Robot()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                told.posts.append((self.path, dict(self.headers), body))
                status, answer = told.answers.pop(0) if told.answers else (200, b'{"errcode": 0, "errmsg": "ok"}')
                self.send_response(status)
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                pass  # a client that doesn't trust our certificate hangs up

        server = Server(("127.0.0.1", 0), Handler)
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        running.append((server, thread))
        told.url = (
            f"http{'s' if context else ''}://localhost:{server.server_address[1]}/robot/send?access_token=TOP-SECRET"
        )
        return told

    yield start
    for server, thread in running:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def authority() -> trustme.CA:
    """An authority that nobody trusts but who is given its certificate."""
    return trustme.CA()


@pytest.fixture
def certificate(authority: trustme.CA, tmp_path: Path) -> Path:
    """The authority's certificate, for a client that is to trust it."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    """The server's side: a certificate of that authority for `localhost`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context
