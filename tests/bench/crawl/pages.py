"""The benchmark's site: invented articles on realistic pages, what is true of each, and a server of prepared bytes.

`python tests/bench/crawl/pages.py PAGES TRUTH` prints `READY PORT` and serves until its standard input closes; the same
pages for the same number, every time. They stand on eight addresses of the loopback network, as on eight sites.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from layouts import LAYOUTS, PATHS, render
from text import NAMES, UNITS, headline, paragraphs

HOSTS = [f"127.0.0.{number}" for number in range(2, 10)]
GARBLED, REPRINTED = 0.04, 0.10
"""Shares of the pages that a content farm damaged, and that tell another page's story again."""
FIRST = datetime(2026, 1, 1, 8, 0, tzinfo=timezone(timedelta(hours=8)))


@dataclass(frozen=True)
class Made:
    """A page of the site and what is true of it."""

    host: str
    path: str
    title: str
    time: str
    body: str
    markup: str
    garbled: bool


def pages(count: int) -> Iterator[Made]:
    """`count` pages, each determined by its number alone."""
    from crawler.replica.corrupt import corrupt

    for number in range(count):
        chance = random.Random(number)
        reprinted = number > 100 and chance.random() < REPRINTED
        told = random.Random(number - 100 if reprinted else number)
        title, lines = headline(told), paragraphs(told)
        if reprinted:
            lines = ["本报讯 据当地媒体报道，此事受到关注。", *lines]
        garbled = not reprinted and chance.random() < GARBLED
        time = f"{FIRST + timedelta(minutes=53 * number):%Y-%m-%d %H:%M}"
        host = HOSTS[number % len(HOSTS)]
        values = {"title": title, "time": time, "source": chance.choice(UNITS), "editor": chance.choice(NAMES)}
        values |= {"site": f"示范{number % len(HOSTS)}县人民政府", "host": host}
        shown = lines
        if garbled:
            shown, values["title"] = [corrupt(line) for line in lines], corrupt(title)
        layout = chance.choice(list(LAYOUTS))
        markup = render(layout, chance, shown, values)
        yield Made(host, PATHS[layout].format(number=number), title, time, "\n".join(lines), markup, garbled)


class Server(asyncio.Protocol):
    """HTTP/1.1 with keep-alive over prepared answers: a look-up and a write for each request."""

    def __init__(self, answers: dict[bytes, bytes]) -> None:
        self.answers = answers
        self.waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        *requests, self.waiting = (self.waiting + data).split(b"\r\n\r\n")
        for request in requests:
            answer = self.answers.get(request.split(b" ", 2)[1], self.answers[b"404"])
            self.transport.write(answer)  # type: ignore[attr-defined]


def answers(count: int, truth: Path) -> dict[bytes, bytes]:
    """Every page as the bytes of its whole answer, compressed as real servers send it; what is true goes to `truth`."""
    made = {b"404": b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"}
    with truth.open("w", encoding="utf-8") as file:
        for page in pages(count):
            body = gzip.compress(page.markup.encode(), 6)
            head = f"Content-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}"
            made[page.path.encode()] = f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode() + body
            row = asdict(page) | {"markup": None}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return made


async def serve(count: int, truth: Path) -> None:
    prepared = answers(count, truth)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Server(prepared), "0.0.0.0", 0)
    print("READY", server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
