"""What workers do with a round of many sites: from the store alone, and through a queue; killed at random, and not.

    python tests/bench/bench_workers.py [--sites 300] [--articles 5] [--only "2 workers" killed]

Serves a fleet of replica sites on loopback (`crawler.replica --fleet`), starts workers and schedulers as a user does,
and prints a Markdown table. Each case has a database of its own and is a first crawl of every site. `seconds` runs from
the first lease taken to the last site done, so the start of the processes is not in it; `CPU` is that of workers and
schedulers, their start included, and `queue CPU` that of Redis or PostgreSQL. `recovery` is the time from a kill until
another process has taken over the last of the sites the victim was crawling. `once` are sites with one finished crawl;
`open` is the most requests that a host had at the same time; `ahead` by how many requests, in the worst span of time at
the worst host, more came than one in each 0.1 seconds: below 1 nobody came before his turn but by what the way took,
which is longer where the machine is busy.
Needs redis-server for Celery's cases; for Procrastinate's, PostgreSQL's programs and what
`pip install -e .[bench]` brings.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import postgres_server
from pymongo import MongoClient

from crawler.replica import proxy_environment
from crawler.replica.fleet.log import HostLog
from crawler.storage import embedded

ROOT = Path(__file__).resolve().parents[2]
DELAY = 0.1
CONCURRENT = 16
KILL_SECONDS = 2.0
LONGEST = 600.0


@dataclass
class Case:
    """`schedulers` 0: the workers look in the store themselves. `kills`: how many workers are killed on the way."""

    name: str
    workers: int
    schedulers: int = 0
    kills: int = 0
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def queue(self) -> str:
        """What brings the work."""
        return self.name.partition(",")[0]

    @property
    def can_run(self) -> bool:
        """Whether what it needs is installed."""
        if self.queue == "Celery":
            return shutil.which("redis-server") is not None
        if self.queue == "Procrastinate":
            return all(map(find_spec, ("procrastinate", "psycopg"))) and postgres_server.programs() is not None
        return True


CASES = (
    Case("store alone, 1 worker", 1),
    Case("store alone, 2 workers", 2),
    Case("Celery, 1 worker, 1 scheduler", 1, 1),
    Case("Celery, 2 workers, 1 scheduler", 2, 1),
    Case("Procrastinate, 2 workers, 1 scheduler", 2, 1),
    Case("store alone, 3 workers, 4 killed", 3, 0, 4),
    Case("Celery, 3 workers, 2 schedulers, 4 killed", 3, 2, 4),
    Case("Procrastinate, 3 workers, 2 schedulers, 4 killed", 3, 2, 4),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, default=300)
    parser.add_argument("--articles", type=int, default=5)
    parser.add_argument("--only", nargs="+", default=[""], metavar="NAME", help="cases whose names hold one of these")
    options = parser.parse_args()
    chosen = [case for case in CASES if any(part in case.name for part in options.only)]
    cases = [case for case in chosen if case.can_run]
    for case in chosen:
        if case not in cases:
            print(f"{case.name}: left out, for something it needs is not installed", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as ending:
        uri = embedded.ensure_running(Path(folder, "store"))
        ending.callback(embedded.stop, Path(folder, "store"))
        client: MongoClient[dict[str, Any]] = ending.enter_context(MongoClient(uri, tz_aware=True))
        client.admin.command("ping")
        for case in cases:
            with Bench(case, client, Path(folder), options) as bench:
                bench.run()
            print(f"{case.name}: {case.figures}", file=sys.stderr)
    print_table(cases, options.sites)
    return 0


class Bench:
    """One case: its fleet, its queue's server, its processes."""

    def __init__(self, case: Case, client: MongoClient[dict[str, Any]], folder: Path, options: Any) -> None:
        self.case, self.options = case, options
        self.name = f"bench_{CASES.index(case)}"
        self.database = client[self.name]
        self.folder = folder / self.name
        host, port = client.address or ("", 0)
        uri = f"mongodb://{host}:{port}/?replicaSet=secantus"
        self.folder.mkdir()
        self.settings = {"MONGO_URI": uri, "MONGO_DATABASE": self.name, "HTTPCACHE_DIR": self.folder / "cache"}
        self.started: list[subprocess.Popen[Any]] = []
        self.random = random.Random(self.name)
        self.recoveries: list[float] = []
        self.ending = ExitStack()

    def __enter__(self) -> Bench:
        articles = ["--articles", str(self.options.articles), "--latency", "0.02"]
        fleet = [sys.executable, "-m", "crawler.replica", "--fleet", str(self.options.sites), *articles]
        process = subprocess.Popen(fleet, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self.started.append(process)
        assert process.stdout
        self.address = process.stdout.readline().strip()
        process.stdout.readline()
        found = re.search(r"site=(\S+)", process.stdout.readline())
        assert found
        self.codes = found[1].split(",")
        quoted = ", ".join(f'"{code}"' for code in self.codes)
        self.file = self.folder / "round.toml"
        self.file.write_text(f'[round]\nsite = [{quoted}]\nevery = "9999d"\ntime_limit = "5m"\n', "utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self.started):
            process.terminate()
            process.wait(60)
            if process.stdout:
                process.stdout.close()
        self.ending.close()

    def run(self) -> None:
        """The round; fills in the case's figures."""
        servers = {"Celery": self._redis, "Procrastinate": self._postgres}
        address = servers[self.case.queue]() if self.case.schedulers else ""
        serving = self.started[-1:] if address else []
        before = cpu_of_ended()
        measured = self._start(address)
        self._until_done()
        self._end(measured)
        ours = cpu_of_ended()
        self._end(serving)
        self.case.figures = self._figures() | {"CPU": ours - before, "queue_CPU": cpu_of_ended() - ours}

    def _end(self, processes: list[subprocess.Popen[Any]]) -> None:
        for process in processes:
            process.terminate()
            process.wait(60)

    def _start(self, address: str) -> list[subprocess.Popen[Any]]:
        workers = ["--processes", str(self.case.workers), "--concurrent", str(CONCURRENT)]
        if not self.case.schedulers:
            return [self._python("scrapy", "schedule", str(self.file), "--now", *workers)]
        schedulers = range(self.case.schedulers)
        if self.case.queue == "Procrastinate":
            module, queue = "tests.bench.queue_procrastinate", ["--queue", address]
            return [
                self._python(module, "workers", *queue, *workers),
                *(self._python(module, "scheduler", *queue, "--file", str(self.file)) for _ in schedulers),
            ]
        return [
            self._python("scrapy", "worker", "--broker", address, *workers),
            *(self._python("scrapy", "schedule", str(self.file), "--now", "--broker", address) for _ in schedulers),
        ]

    def _postgres(self) -> str:
        from queue_procrastinate import prepare

        server = postgres_server.PostgresServer(self.ending)
        self.started.append(server)
        prepare(server.address)
        return server.address

    def _redis(self) -> str:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        time.sleep(1)
        return f"redis://127.0.0.1:{port}/0"

    def _python(self, module: str, *arguments: str) -> subprocess.Popen[Any]:
        given = {**self.settings, "DOWNLOAD_DELAY": DELAY, "AUTOTHROTTLE_ENABLED": 0}
        options = [part for name, value in given.items() for part in ("-s", f"{name}={value}")]
        log = (self.folder / f"log-{len(self.started)}.txt").open("w")
        with log:
            command = [sys.executable, "-m", module, *arguments, *options]
            env = {**os.environ, **proxy_environment(self.address)}
            self.started.append(subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log))
        return self.started[-1]

    def _until_done(self) -> None:
        began, kills, kill_at = time.monotonic(), self.case.kills, None
        while (done := self.database["due"].count_documents({"last.outcome": "finished"})) < len(self.codes):
            if time.monotonic() - began > LONGEST:
                logs = "\n".join(path.read_text("utf-8")[-3000:] for path in self.folder.glob("log-*.txt"))
                raise SystemExit(f"{self.case.name}: only {done} sites in {LONGEST:.0f} s\n{logs}")
            if kills and done:
                kill_at = kill_at or time.monotonic()
                if time.monotonic() >= kill_at:
                    kills -= self._kill()
                    kill_at = time.monotonic() + KILL_SECONDS
            time.sleep(0.05)

    def _kill(self) -> int:
        """`kill -9` of a worker at work; 1 where there was one. Waits until its sites are in other hands."""
        leases = list(self.database["leases"].find({"owner.id": {"$gt": ""}}))
        busy = {row["owner"]["id"]: row["owner"]["pid"] for row in leases}
        if not busy:
            return 0
        victim = self.random.choice(sorted(busy))
        os.kill(busy[victim], signal.SIGKILL)
        killed = time.monotonic()
        while any(self._is_due(row["site"]) for row in self.database["leases"].find({"owner.id": victim})):
            time.sleep(0.02)
        self.recoveries.append(time.monotonic() - killed)
        return 1

    def _is_due(self, site: str) -> bool:
        """False where the victim had just ended the crawl: then nobody takes it over."""
        row = self.database["due"].find_one({"_id": f"round:round:{site}"})
        return row is not None and row["last"] is None

    def _figures(self) -> dict[str, Any]:
        taken = [row["taken_at"] for row in self.database["leases"].find({})]
        ends = [row["last"]["ended_at"] for row in self.database["due"].find({})]
        started = [run["started_at"] for run in self.database["runs"].find({}) if run.get("site")]
        finished = Counter(
            run["site"] for run in self.database["runs"].find({"finish_reason": "finished"}) if run.get("site")
        )
        opener = build_opener(ProxyHandler({"http": self.address}))
        text = opener.open("http://www.cfsn.cn/__replica__/fleet").read()
        felt = [HostLog.from_json(log) for log in json.loads(text).values()]
        return {
            "seconds": (max(ends) - min([*taken, *started])).total_seconds(),
            "once": sum(times == 1 for times in finished.values()),
            "articles": self.database["articles"].count_documents({}),
            "most_open": max(log.most_open for log in felt),
            "ahead": max(log.most_ahead(DELAY) for log in felt),
            "recovery": self.recoveries,
        }


def cpu_of_ended() -> float:
    """Seconds of CPU of all processes started here that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def print_table(cases: list[Case], sites: int) -> None:
    """The table, in Markdown."""
    print(f"{sites} sites, {DELAY} s between requests to a host, {CONCURRENT} crawls at once in a worker\n")
    heads = ["seconds", "sites/s", "CPU", "queue CPU", "once", "articles", "open", "ahead", "recovery"]
    print(f"| | {' | '.join(heads)} |\n|{'---|' * (len(heads) + 1)}")
    for case in cases:
        row = case.figures
        times = row["recovery"]
        recovery = f"{statistics.median(times):.1f} s, at most {max(times):.1f} s" if times else ""
        queue = f"{row['queue_CPU']:.1f}" if case.schedulers else ""
        print(
            f"| {case.name} | {row['seconds']:.1f} | {sites / row['seconds']:.1f} | {row['CPU']:.1f} | {queue} "
            f"| {row['once']} of {sites} | {row['articles']} | {row['most_open']} "
            f"| {row['ahead']:.2f} | {recovery} |"
        )


if __name__ == "__main__":
    sys.exit(main())
