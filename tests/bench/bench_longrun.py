"""A long crawl in one process: pages a second, memory, open files and sockets, and the size of its log, every so many
pages; at the end what is stored, compared address by address with what the sites have.

`python -m tests.bench.bench_longrun [--pages 200000] [--sites 200] [NAME=VALUE …]`: sites of the fleet on loopback, as
many articles each as make so many pages, crawled by one process without the waits that real sites are owed. Exit status
1 where an article is missing or too many, or the crawl failed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from crawler.parsing.urls import article_id, canonical_url
from crawler.replica import proxy_environment
from crawler.replica.fleet.hosts import Fleet
from crawler.storage import embedded

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {
    "DOWNLOAD_DELAY": 0,
    "AUTOTHROTTLE_ENABLED": 0,
    "ROBOTSTXT_OBEY": 1,
    "CONCURRENT_REQUESTS": 32,
    "RUN_PROGRESS_SECONDS": 30,
    "MAX_LIST_PAGES": 5000,
}
COLUMNS = ("articles stored", "s", "a second", "memory MB", "files", "sockets", "log KB", "list cache MB", "replica MB")


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=200_000)
    parser.add_argument("--sites", type=int, default=200)
    parser.add_argument("--rows", type=int, default=20, help="rows of the table: one every 10,000 pages by default")
    parser.add_argument("settings", nargs="*", metavar="NAME=VALUE", help="settings of the crawl")
    options = parser.parse_args()
    fleet = Fleet(options.sites, options.pages // options.sites)
    command = [sys.executable, "-m", "crawler.replica", "--fleet", str(options.sites)]
    command += ["--articles", str(options.pages // options.sites)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        with tempfile.TemporaryDirectory(prefix="longrun-") as folder:
            try:
                return _crawl(Path(folder), address, server.pid, fleet, options)
            finally:
                embedded.stop(Path(folder))
    finally:
        server.terminate()
        server.wait()


def _crawl(folder: Path, address: str, server: int, fleet: Fleet, options: argparse.Namespace) -> int:
    uri = embedded.ensure_running(folder)
    given = dict(part.split("=", 1) for part in options.settings)
    values = {"MONGO_URI": uri, "MONGO_DATABASE": "long", **SETTINGS, **given}
    command = [sys.executable, "-m", "scrapy", "crawl", "county", "-a", f"site={','.join(fleet.codes())}"]
    command += ["-a", "keep=all", *(part for name, value in values.items() for part in ("-s", f"{name}={value}"))]
    log = folder / "crawl.log"
    environment = {**os.environ, **proxy_environment(address), "CRAWLER_DATA": str(folder)}
    client: MongoClient[dict[str, Any]] = MongoClient(uri)
    with log.open("w") as errors, client:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=errors, stderr=errors)
        try:
            cpu = _watch(process, server, client["long"]["articles"], log, options)
        finally:
            process.kill()
            process.wait()
        stored = {row["_id"] for row in client["long"]["articles"].find({}, {"revision": 1})}
    truth = _truth(fleet)
    print(f"\nexit status {process.returncode}; {_last(log)}")
    print(f"{len(stored & truth)} of {len(truth)} articles stored, {len(stored - truth)} that no site has")
    daemon = embedded.status(folder)
    print(f"CPU s: crawler {cpu:.0f}, replica {_cpu(server):.0f}, store {_cpu(daemon.pid) if daemon else 0:.0f}")
    return int(process.returncode != 0 or stored != truth)


def _watch(
    process: subprocess.Popen[bytes], server: int, articles: Any, log: Path, options: argparse.Namespace
) -> float:
    """Print a row every so many pages until the crawl ends; the CPU seconds it took."""
    step = options.pages // options.rows
    began, due, cpu = time.monotonic(), step, 0.0
    print(f"| {' | '.join(COLUMNS)} |\n|{'--:|' * len(COLUMNS)}")
    at, before = 0.0, 0
    while process.poll() is None:
        time.sleep(5)  # the embedded server counts its articles one by one
        pages, seconds = articles.estimated_document_count(), time.monotonic() - began
        try:
            cpu = _cpu(process.pid)
            if pages >= due:
                due = pages - pages % step + step
                files, sockets = _open(process.pid)
                cache = sum(path.stat().st_size for path in log.parent.glob("httpcache/**/*") if path.is_file()) / 1e6
                rate, at, before = (pages - before) / (seconds - at), seconds, pages
                size = log.stat().st_size / 1024
                row = (seconds, rate, _memory(process.pid), files, sockets, size, cache, _memory(server))
                print(f"| {pages:,} | {' | '.join(f'{value:.0f}' for value in row)} |", flush=True)
        except FileNotFoundError:
            break  # it ended meanwhile
    process.wait()
    return cpu


def _truth(fleet: Fleet) -> set[str]:
    """The ids of all articles that the sites have."""
    origins = {name: str(host.column.table["origin"]) for name, host in fleet.hosts.items()}
    return {
        article_id(canonical_url(origins[name] + host.article(index).path))
        for name, host in fleet.hosts.items()
        for index in range(host.articles)
    }


def _memory(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _open(pid: int) -> tuple[int, int]:
    links = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            links.append(os.readlink(entry))
        except OSError:
            continue
    sockets = sum(link.startswith("socket:") for link in links)
    return len(links) - sockets, sockets


def _last(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "no log"


if __name__ == "__main__":
    sys.exit(main())
