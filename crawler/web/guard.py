"""What protects the page: one ASGI middleware in front of every route.

It answers GET and HEAD only, for the hosts it is given, to those who hold the token (if there is one), with at most
`max_concurrent` requests at a time and `max_seconds` for each, and adds the security headers to every answer.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Explain = Callable[[int, str, Scope], tuple[str, bytes]]
"""(status, key of the sentence, scope) → (content type, body): how a refusal is shown."""

MAX_QUERY_STRING = 8192
"""Bytes of a query string; a request with more is refused before anything reads it."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True)
class GuardOptions:
    """`hosts`: names (without port) that the Host header may give; `token`: None lets everybody read."""

    hosts: frozenset[str]
    token: str | None = None
    max_concurrent: int = 8
    max_waiting: int = 200
    max_seconds: float = 10.0
    public: bool = False
    """Whether any Host header will do: a proxy in front of us has checked it."""
    open_paths: frozenset[str] = field(default_factory=lambda: frozenset({"/healthz", "/static/style.css"}))
    """Paths that need no token."""


class Guard:
    """Wraps `app`. `explain` makes the body of a refusal."""

    def __init__(self, app: App, options: GuardOptions, explain: Explain) -> None:
        self.app = app
        self.options = options
        self.explain = explain
        self.turns = asyncio.Semaphore(options.max_concurrent)
        self.waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; `lifespan` events go straight to the application."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if refusal := self._refusal(scope):
            status, key, extra = refusal
            await self._refuse(scope, send, status, key, extra)
            return
        if self.waiting >= self.options.max_waiting:
            await self._refuse(scope, send, 503, "busy", {"Retry-After": "5"})
            return
        self.waiting += 1
        try:
            async with self.turns:
                await self._answer(scope, receive, send)
        finally:
            self.waiting -= 1

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *((k.encode(), v.encode()) for k, v in HEADERS.items() if k.lower().encode() not in present),
                ]
            await send(message)

        try:
            async with asyncio.timeout(self.options.max_seconds):
                await self.app(scope, receive, send_with_headers)
        except TimeoutError:
            if started:
                raise
            await self._refuse(scope, send, 503, "too_slow", {"Retry-After": "5"})

    def _refusal(self, scope: Scope) -> tuple[int, str, dict[str, str]] | None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if scope["method"] not in {"GET", "HEAD"}:
            return 405, "method", {"Allow": "GET, HEAD"}
        if not self.options.public and host_name(headers.get("host", "")) not in self.options.hosts:
            return 421, "host", {}
        if len(scope["query_string"]) > MAX_QUERY_STRING:
            return 414, "long_query", {}
        if self.options.token and scope["path"] not in self.options.open_paths:
            given = given_tokens(headers.get("authorization", ""), scope["query_string"])
            # As bytes: compare_digest refuses text that is not ASCII.
            expected = self.options.token.encode()
            if not any(hmac.compare_digest(each.encode(), expected) for each in given):
                return 401, "token", {"WWW-Authenticate": 'Basic realm="food safety", charset="UTF-8"'}
        return None

    async def _refuse(self, scope: Scope, send: Send, status: int, key: str, extra: dict[str, str]) -> None:
        content_type, body = self.explain(status, key, scope)
        headers = {"Content-Type": content_type, "Content-Length": str(len(body)), **HEADERS, **extra}
        pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def host_name(header: str) -> str:
    """The name in a Host header, without its port, in lower case (RFC 9110 §7.2)."""
    header = header.strip().lower()
    if header.startswith("["):
        return header.partition("]")[0] + "]"
    return header.partition(":")[0]


def given_tokens(authorization: str, query_string: bytes) -> list[str]:
    """The tokens a request offers: `Bearer TOKEN`, the password of `Basic`, or `?token=` (for feed readers)."""
    scheme, _, value = authorization.partition(" ")
    tokens: list[str] = []
    if scheme.lower() == "bearer":
        tokens.append(value.strip())
    elif scheme.lower() == "basic":
        try:
            decoded = base64.b64decode(value.strip(), validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            decoded = ""
        tokens.append(decoded.partition(":")[2])
    tokens += parse_qs(query_string.decode("latin-1")).get("token", [])
    return [token for token in tokens if token]
