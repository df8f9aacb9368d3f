"""Crawls a fleet of replica sites, some of which fail, in one process, and prints a table: who is complete, how long it
took, whether any host was asked twice at once, and how much memory the crawl held while it went on.

`python tests/bench/bench_fleet.py [--sites 300] [--articles 20] [--faults …] [NAME=VALUE …]`: production's settings
but for those given. The fleet is served by a process of its own; the store is an embedded one in a temporary folder.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from crawler.replica import proxy_environment
from crawler.replica.fleet.hosts import Fleet, Host
from crawler.replica.fleet.log import HostLog
from crawler.storage import embedded

ROOT = Path(__file__).resolve().parents[2]
FAULTS = "reset,hang,error,redirect,pager"
LATENCY = 0.02


def serve(options: argparse.Namespace) -> tuple[subprocess.Popen[str], str]:
    """The process that serves the fleet, and its address."""
    command = [sys.executable, "-m", "crawler.replica", "--fleet", str(options.sites), "--warm"]
    command += ["--articles", str(options.articles), "--faults", options.faults, "--latency", str(LATENCY)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    address = server.stdout.readline().strip()
    while "scrapy crawl" not in (line := server.stdout.readline()):
        if not line:
            raise SystemExit("bench_fleet: the fleet did not start")
    return server, address


def crawl(command: list[str], environment: dict[str, str]) -> tuple[float, float, list[float], str]:
    """Run a crawl: seconds, seconds of CPU, its memory in MB once a second, its log."""
    started, memory = time.monotonic(), []
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, text=True)
        try:
            while process.poll() is None:
                memory.append(_resident(process.pid))
                time.sleep(1)
        finally:
            process.kill()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        log.seek(0)
        return time.monotonic() - started, cpu, [size for size in memory if size], log.read()


def _resident(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


def told(fleet: Fleet, felt: dict[str, HostLog], database: Any) -> list[tuple[str, str]]:
    """The rows of the table that come from the hosts and the store."""
    stored = Counter(row["site"]["code"] for row in database.articles.find({}, {"site.code": 1}))
    good = fleet.good()
    complete = sum(stored[host.site.code] == host.articles for host in good)
    mine = [felt[host.name] for host in good if host.name in felt]
    begun = min(seen.times[0] for seen in felt.values())
    gaps = [gap for seen in mine if (gap := seen.shortest_gap()) is not None]
    runs = {row["site"]: row.get("verdict") for row in database.runs.find({"site": {"$ne": None}})}

    def fate(host: Host) -> str:
        asked = len(felt[host.name].times) if host.name in felt else 0
        return f"{host.fault}: {asked} requests, {stored[host.site.code]} articles, verdict {runs.get(host.site.code)}"

    return [
        ("good sites complete", f"{complete} of {len(good)}"),
        ("articles stored", f"{sum(stored.values()):,}"),
        ("last request to a good site", f"after {max(seen.times[-1] for seen in mine) - begun:.1f} s"),
        ("most requests at once at a good host", str(max(seen.most_open for seen in mine))),
        ("shortest time between two requests to a good host", f"{min(gaps):.3f} s"),
        ("run records of sites", f"{len(runs)} ({dict(Counter(runs.values()))})"),
        *(("bad site", fate(host)) for host in fleet.bad()),
    ]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, default=300)
    parser.add_argument("--articles", type=int, default=20)
    parser.add_argument("--faults", default=FAULTS)
    parser.add_argument("--keep-log", type=Path, help="write the crawl's log there")
    parser.add_argument("settings", nargs="*", metavar="NAME=VALUE", help="settings of the crawl")
    options = parser.parse_args()
    fleet = Fleet(options.sites, options.articles, [fault for fault in options.faults.split(",") if fault])
    server, address = serve(options)
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            **proxy_environment(address),
            "CRAWLER_DATA": folder,
            "MONGO_URI": "",
            "MONGO_DATABASE": "bench",
        }
        command = [sys.executable, "-m", "scrapy", "crawl", "county", "-a", f"site={','.join(fleet.codes())}"]
        command += [part for value in options.settings for part in ("-s", value)]
        try:
            uri = embedded.ensure_running(Path(folder))
            seconds, cpu, memory, log = crawl(command, environment)
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": f"http://{address}"}))
            with opener.open("http://fleet.invalid/__replica__/fleet") as answer:
                felt = {host: HostLog.from_json(log) for host, log in json.load(answer).items()}
            client: MongoClient[dict[str, Any]]
            with MongoClient(uri) as client:
                rows = told(fleet, felt, client["bench"])
        finally:
            embedded.stop(Path(folder))
            server.terminate()
            server.wait()
    if options.keep_log:
        options.keep_log.write_text(log, encoding="utf-8")
    asked = sum(len(seen.times) for seen in felt.values())
    quarters = [memory[len(memory) * quarter // 4] for quarter in (1, 2, 3)] if memory else []
    sizes = ", ".join(f"{size:.0f}" for size in (*quarters, memory[-1])) if memory else "not known"
    print(
        f"| {options.sites} sites x {options.articles} articles | {' '.join(options.settings) or 'as in production'} |"
    )
    print("|---|---|")
    for label, value in (
        ("total time", f"{seconds:.1f} s, {asked} requests, {asked / seconds:.0f} a second"),
        ("CPU of the crawl", f"{cpu:.1f} s, {cpu / asked * 1000:.1f} ms a request"),
        *rows,
        ("memory of the crawl after 1/4, 1/2, 3/4, at the end", f"{sizes} MB"),
        ("last line", log.strip().splitlines()[-1] if log.strip() else ""),
    ):
        print(f"| {label} | {value} |")


if __name__ == "__main__":
    main()
