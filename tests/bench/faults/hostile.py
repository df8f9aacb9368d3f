"""A hostile site: one port that is a proxy for its host, and notes whoever is asked for besides."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

HOST = "www.qingtian.gov.cn"
LIST = "/col/col1229365841/index.html"
BODY = "县市场监管局对全县学校食堂食品安全开展检查，发现问题三处，均已责令当场改正。检查组要求落实主体责任。" * 3

Answer = Callable[["Handler"], None]


def article(number: int) -> str:
    """The path of an article."""
    return f"/art/2026/11/{1 + number % 20}/art_1229365841_{700000 + number}.html"


def page(title: str, body: str = BODY, head: str = "") -> bytes:
    """An article page."""
    return (
        f'<html><head><meta charset="utf-8">{head}<meta name="ArticleTitle" content="{title}"></head><body>'
        f"<h1>{title}</h1><div>发布日期：2026-11-20 08:30 来源：县市场监管局</div>"
        f'<div id="zoom"><p>{body}</p></div></body></html>'
    ).encode()


def listing(paths: list[str], following: str = "", title: str = "学校食堂食品安全检查") -> bytes:
    """A list page; `following` the address of the next one."""
    rows = "".join(
        f'<li><a href="{path}" title="{title}第{n}号通报">{title}第{n}号通报</a><span>2026-11-20</span></li>'
        for n, path in enumerate(paths)
    )
    more = f'<div class="page"><a href="{following}">下一页</a></div>' if following else ""
    return f'<html><head><meta charset="utf-8"></head><body><ul class="list">{rows}</ul>{more}</body></html>'.encode()


class _Server(ThreadingHTTPServer):
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up on a bomb is what we want."""


class Hostile:
    """The server; `answers` are its paths (a path with a query falls back to the bare one). Whatever else is asked for
    through it is in `leaked`. It listens at `place`. Use it as a context manager."""

    def __init__(self, place: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self.answers: dict[str, Answer] = {"/robots.txt": lambda handler: handler.reply(b"", status=404)}
        self.leaked: list[str] = []
        self.asked: list[str] = []
        self._server = _Server(place, Handler)
        self._server.daemon_threads = True
        self._server.hostile = self  # type: ignore[attr-defined]
        self.closing = threading.Event()
        self.address = f"{place[0]}:{self._server.server_address[1]}"

    def __enter__(self) -> Hostile:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer, or note that somebody was asked for who must not be."""
        hostile: Hostile = self.server.hostile  # type: ignore[attr-defined]
        parts = urlsplit(self.path)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        if parts.netloc not in {"", HOST}:
            hostile.leaked.append(self.path)
            self.reply(page("内网页面"))
            return
        hostile.asked.append(target)
        answer = hostile.answers.get(target) or hostile.answers.get(parts.path)
        if answer is None:
            self.reply(b"<h1>404</h1>", status=404)
        else:
            answer(self)

    def do_CONNECT(self) -> None:
        """A tunnel to anywhere is a leak."""
        self.server.hostile.leaked.append(f"CONNECT {self.path}")  # type: ignore[attr-defined]
        self.send_error(502)

    def reply(self, body: bytes, status: int = 200, **headers: str) -> None:
        """Send `body`."""
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def sends(body: bytes, status: int = 200, **headers: str) -> Answer:
    """An answer that sends `body`."""
    return lambda handler: handler.reply(body, status, **headers)


def redirects(target: str) -> Answer:
    """An answer that leads to `target`."""
    return lambda handler: handler.reply(b"", 302, Location=target)


def hangs(handler: Handler) -> None:
    """Never answers."""
    handler.server.hostile.closing.wait(60)  # type: ignore[attr-defined]
    handler.close_connection = True


def trickles(handler: Handler) -> None:
    """A byte a second."""
    handler.send_response(200)
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    for _ in range(60):
        if handler.server.hostile.closing.wait(1):  # type: ignore[attr-defined]
            break
        try:
            handler.wfile.write(b"<")
        except OSError:
            break
    handler.close_connection = True


def closes_midway(handler: Handler) -> None:
    """Promises more than it sends."""
    handler.send_response(200)
    handler.send_header("Content-Length", "50000")
    handler.end_headers()
    handler.wfile.write(page("半页")[:200])
    handler.close_connection = True


def resets(handler: Handler) -> None:
    """RST in place of an answer."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()
    time.sleep(0)


def bomb(encoding: str, megabytes: int = 300) -> Answer:
    """An answer that unpacks to so many MB."""
    block = b" " * (1 << 20)
    if encoding == "gzip":
        packed = gzip.compress(page("炸弹") + block * megabytes, 6)
    elif encoding == "deflate":
        packed = zlib.compress(page("炸弹") + block * megabytes, 6)
    elif encoding == "br":
        import brotli

        packed = brotli.compress(page("炸弹") + block * megabytes, quality=4)
    elif encoding == "zstd":
        from backports import zstd

        packed = zstd.compress(page("炸弹") + block * megabytes)
    else:
        packed = gzip.compress(gzip.compress(page("炸弹") + block * megabytes, 6), 6)
        encoding = "gzip, gzip"
    return sends(packed, Content_Encoding=encoding)
