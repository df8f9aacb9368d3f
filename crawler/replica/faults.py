"""Pages that hurt, at every host, linked from nowhere: tests and curious people ask for them by their paths."""

from __future__ import annotations

import gzip
import io
from functools import lru_cache

from crawler.replica.exchange import Reply, Request

LARGE_BYTES = 30 * 1024 * 1024
BOMB_BYTES = 200 * 1024 * 1024
HEAD = "<html><head><meta charset=utf-8><title>食品安全月报</title></head><body><h1>食品安全月报</h1><p>"


def fault_reply(request: Request) -> Reply | None:
    """The answer to `/__replica__/KIND`, None for any other path. Kinds: `large` (a page of 30 MB), `bomb` (gzip that
    unpacks to 200 MB), `loop` (redirects to itself), `slow` (10 s), `error` (500), `broken` (not decodable)."""
    kind = request.path.removeprefix("/__replica__/")
    if kind == request.path:
        return None
    if kind == "large":
        filler = ("食品安全" * 256).encode()
        return Reply(HEAD.encode() + filler * (LARGE_BYTES // len(filler)), packed=True)
    if kind == "bomb":
        return Reply(_bomb(), headers=(("Content-Encoding", "gzip"),), packed=True)
    if kind == "loop":
        return Reply(status=302, headers=(("Location", request.target),))
    if kind == "slow":
        return Reply(HEAD.encode(), delay=10.0)
    if kind == "error":
        return Reply(b"Internal Server Error", status=500)
    if kind == "broken":
        return Reply(HEAD.encode() + bytes(range(128, 256)) * 8)
    return Reply("没有这样的页面".encode(), status=404)


@lru_cache(maxsize=1)
def _bomb() -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as stream:
        block = b" " * (1 << 20)
        for _ in range(BOMB_BYTES // len(block)):
            stream.write(block)
    return packed.getvalue()
