"""A name whose address changes while a crawl is at its host: first an allowed one, then one of the private network."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import dns.flags
import dns.message
import dns.rrset

from tests.bench.faults.ground import Tried, ground, must
from tests.bench.faults.hostile import BODY, Answer, Handler, Hostile, page

ROOT = Path(__file__).resolve().parents[3]
NAME = "www.rebind.example"
SITE, VICTIM = "127.0.0.2", "127.0.0.1"
LATER = [VICTIM, "10.0.0.1", "169.254.169.254"]
# Scrapy with the name server at the port of its first argument. The C library asks those of /etc/resolv.conf, at port
# 53, where a test can't be; the questions, the answers and all that follows from them are real.
PROGRAM = """
import socket, sys
import dns.resolver
names = dns.resolver.Resolver(configure=False)
names.nameservers, names.port = ["127.0.0.1"], int(sys.argv.pop(1))
socket.gethostbyname = lambda name: names.resolve(name, "A")[0].to_text()
from scrapy.cmdline import execute
execute(sys.argv)
"""


class NameServer:
    """Answers every question for an A record with `address`, valid for no time at all; `asked` are the answers given.
    Use it as a context manager."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> NameServer:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._socket.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            packet, client = self._socket.recvfrom(4096)
            if not packet:
                return
            answer = dns.message.make_response(dns.message.from_wire(packet))
            answer.flags |= dns.flags.AA | dns.flags.RA
            answer.answer = [dns.rrset.from_text(answer.question[0].name, 0, "IN", "A", self.address)]
            self.asked.append(self.address)
            self._socket.sendto(answer.to_wire(), client)


@dataclass
class Rebound:
    """What came of it: the crawl, what its name server answered, and how often the victim was connected to."""

    crawl: subprocess.CompletedProcess[str]
    answers: list[str] = field(default_factory=list)
    connections: int = 0


def rebound(later: str, environment: Mapping[str, str], *, first: str = SITE, **settings: object) -> Rebound:
    """A crawl of two articles of NAME, which leads to `first` until one of them was read, then to `later`. SITE is
    allowed by GUARD_ALLOWED; at the same port of VICTIM somebody listens who must not be asked."""
    with socket.create_server((VICTIM, 0)) as victim, NameServer(first) as names:
        port = victim.getsockname()[1]
        with Hostile((SITE, port)) as site:
            site.answers |= {f"/{n}.html": _turning(names, later, n) for n in range(2)}
            urls = " ".join(f"http://{NAME}:{port}/{n}.html" for n in range(2))
            options = {"GUARD_ALLOWED": SITE, "DNSCACHE_SECONDS": 0, "DOWNLOAD_DELAY": 0, "RETRY_TIMES": 1, **settings}
            line = [sys.executable, "-c", PROGRAM, str(names.port), "crawl", "page", "-a", f"url={urls}"]
            line += [part for name, value in options.items() for part in ("-s", f"{name}={value}")]
            crawl = subprocess.run(
                line, cwd=ROOT, env={**environment}, capture_output=True, text=True, timeout=120, check=False
            )
        return Rebound(crawl, names.asked, _accepted(victim))


def rebinding(base: Path) -> list[Tried]:
    """The crawl reads one article, and asks nobody for the other."""
    for later in LATER:
        with ground(base, f"rebinding {later}") as here:
            seen = rebound(later, here.env)
            log = seen.crawl.stderr
            must(seen.answers[0] == SITE and seen.answers[-1] == later, f"the name did not change: {seen.answers}")
            must(not seen.connections, f"{later} was connected to")
            must(f"{NAME} leads to {later}" in log, f"{later} was not refused: {log[-500:]}")
            must("Traceback" not in log, f"a traceback: {log[-800:]}")
            with here.articles() as articles:
                kept, reasons = articles.count_documents({}), [r["reason"] for r in articles.database["rejects"].find()]
            must((kept, reasons) == (1, ["private_address"]), f"{kept} articles stored, rejects {reasons}")
    return [Tried("name that leads elsewhere at the second request (DNS rebinding)", len(LATER), "private_address 3")]


def _turning(names: NameServer, later: str, number: int) -> Answer:
    def answer(handler: Handler) -> None:
        names.address = later
        handler.reply(page(f"食堂检查第{number}号", f"{number}{BODY}{number}"), Connection="close")

    return answer


def _accepted(victim: socket.socket) -> int:
    """How many connections wait to be accepted."""
    victim.setblocking(False)
    count = 0
    while True:
        try:
            victim.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1
