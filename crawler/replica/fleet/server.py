"""Serves a fleet on one port of loopback, as an HTTP proxy like the replica's own server, fast enough to measure by.

`/__replica__/fleet` at any host returns what each host received, as JSON.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
import time
from collections import OrderedDict, defaultdict
from types import TracebackType
from typing import cast

from crawler.replica import proxy_environment
from crawler.replica.fleet.hosts import Fleet, Host
from crawler.replica.fleet.log import HostLog
from crawler.replica.tls import server_context

CACHED_BYTES = 128 * 1024 * 1024
ROBOTS = b"User-agent: *\nDisallow: /admin/\n"
STATUS = {200: "OK", 302: "Found", 404: "Not Found", 500: "Internal Server Error", 502: "Bad Gateway"}


class FleetServer:
    """A running fleet; `address` is "127.0.0.1:PORT", `log` what each host felt. Every answer takes `latency` seconds.

    Use it as a context manager. Raises OSError where `port` is taken (0: any free one)."""

    def __init__(self, fleet: Fleet, port: int = 0, latency: float = 0.0) -> None:
        self.fleet = fleet
        self.latency = latency
        self.log: defaultdict[str, HostLog] = defaultdict(HostLog)
        self.connections: set[asyncio.Transport] = set()
        self._cache: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._cached = 0
        self.loop = asyncio.new_event_loop()
        try:
            self._server = self.loop.run_until_complete(
                self.loop.create_server(lambda: _Connection(self), "127.0.0.1", port, backlog=1024)
            )
        except (OSError, OverflowError):
            self.loop.close()
            raise
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        self._thread = threading.Thread(target=self.loop.run_forever, name="fleet", daemon=True)
        self._thread.start()

    def warm(self) -> None:
        """Make all pages now, as far as the cache holds them: for measuring a crawler, not this server."""
        for host in self.fleet.hosts.values():
            for target in (*host.lists, *(host.article(index).path for index in range(host.articles))):
                self.page(host, target)

    def page(self, host: Host, target: str) -> bytes | None:
        """The page of a host, gzipped."""
        packed = self._cache.get((host.name, target))
        if packed is None:
            page = host.page(target)
            if page is None:
                return None
            packed = gzip.compress(page, 1, mtime=0)
            self._cache[host.name, target] = packed
            self._cached += len(packed)
            while self._cached > CACHED_BYTES:
                self._cached -= len(self._cache.popitem(last=False)[1])
        return packed

    def close(self) -> None:
        """Stop answering, drop open connections and free the port."""
        self.loop.call_soon_threadsafe(self._stop)
        self._thread.join()
        self.loop.run_until_complete(self._settle())
        self.loop.close()

    async def _settle(self) -> None:
        """End what still runs (an encryption that was being agreed on) and let every lost connection be lost."""
        unfinished = asyncio.all_tasks() - {asyncio.current_task()}
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
        await asyncio.sleep(0.05)

    def _stop(self) -> None:
        self._server.close()
        for transport in self.connections:
            transport.abort()
        self.loop.call_later(0.05, self.loop.stop)  # aborted connections are lost one turn later

    def __enter__(self) -> FleetServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Connection(asyncio.Protocol):
    def __init__(self, server: FleetServer) -> None:
        self.server = server
        self.buffer = b""
        self.transport: asyncio.Transport
        self.open: set[HostLog] = set()
        self.tunnelling = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.server.connections.add(self.transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.server.connections.discard(self.transport)
        for log in self.open:
            log.left()
        self.open.clear()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if self.tunnelling:
            return  # the first request can come before the encrypted transport to answer it on
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head, rest = self.buffer[:end].decode("latin-1"), self.buffer[end + 4 :]
            first, *lines = head.split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            length = int(headers.get("content-length") or 0)
            if len(rest) < length:
                return
            self.buffer = rest[length:]
            method, url, _ = first.split(" ", 2)
            if method == "CONNECT":
                self.transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                self.tunnelling = True
                self._task = self.server.loop.create_task(self._tunnel())
                return
            self._asked(url, headers)

    async def _tunnel(self) -> None:
        context = server_context(tuple(self.server.fleet.hosts))
        plain = self.transport
        try:
            secure = await self.server.loop.start_tls(plain, self, context, server_side=True)
        except OSError:  # the client disconnected during the handshake
            secure = None
        self.server.connections.discard(plain)
        if secure is not None:
            self.connection_made(secure)
            self.tunnelling = False
            self.data_received(b"")

    def _asked(self, url: str, headers: dict[str, str]) -> None:
        if url.startswith("http"):
            host, slash, path = url.partition("://")[2].partition("/")
            target = slash + path or "/"
        else:
            host, target = headers.get("host", ""), url
        host = host.partition(":")[0].lower()
        if target == "/__replica__/fleet":
            felt = {name: log.as_json() for name, log in self.server.log.items()}
            self._send(200, json.dumps(felt).encode(), "application/json")
            return
        known = self.server.fleet.hosts
        site = known.get(host) or known.get(f"www.{host}") or known.get(host.removeprefix("www."))
        if site is None:
            self._send(502, f"unknown host {host}".encode(), "text/plain")
            return
        log = self.server.log[site.name]
        log.arrived(time.time())
        self.open.add(log)
        if self.server.latency:
            self.server.loop.call_later(self.server.latency, self._answer, site, target, log)
        else:
            self._answer(site, target, log)

    def _answer(self, site: Host, target: str, log: HostLog) -> None:
        if log not in self.open or self.transport.is_closing():
            return
        if site.fault == "hang":
            return
        if site.fault == "trickle":
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n")
            self._drip()
            return
        self.open.discard(log)
        log.left()
        if site.fault in {"reset", "refused"}:
            self.transport.abort()
        elif site.fault == "error":
            self._send(500, b"<html><body>Internal Server Error</body></html>")
        elif site.fault == "redirect":
            number = int(target.rpartition("=")[2]) + 1 if "?again=" in target else 1
            self._send(302, b"", more=f"Location: /?again={number}\r\n")
        elif target == "/robots.txt":
            self._send(200, ROBOTS, "text/plain")
        elif (packed := self.server.page(site, target)) is None:
            self._send(404, b"<html><head><title>404</title></head><body><h1>404 Not Found</h1></body></html>")
        else:
            charset = f"; charset={site.channel.header_charset}" if site.channel.header_charset else ""
            self._send(200, packed, f"text/html{charset}", "Content-Encoding: gzip\r\n")

    def _drip(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(b" ")
            self.server.loop.call_later(1.0, self._drip)

    def _send(self, status: int, body: bytes, kind: str = "text/html; charset=utf-8", more: str = "") -> None:
        head = (
            f"HTTP/1.1 {status} {STATUS[status]}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
        )
        self.transport.write(head.encode("latin-1") + body)


def run(fleet: Fleet, port: int, latency: float, *, warm: bool = False) -> None:
    """Serve `fleet` until interrupted; the first line printed is the address, the last the crawl of it."""
    with FleetServer(fleet, port, latency) as server:
        if warm:
            server.warm()
        print(server.address, flush=True)
        print(f"{len(fleet.hosts)} sites; these fail: " + ", ".join(f"{h.site.code} {h.fault}" for h in fleet.bad()))
        proxy = " ".join(f"{name}={value}" for name, value in proxy_environment(server.address).items())
        print(f"{proxy} scrapy crawl county -a site={','.join(fleet.codes())}", flush=True)
        threading.Event().wait()
