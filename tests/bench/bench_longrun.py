"""A long crawl in one process: memory, open files and sockets, and the size of its log, every so many pages.

`python -m tests.bench.bench_longrun [--pages 200000] [--sites 200] [NAME=VALUE …]`: sites of the fleet on loopback, as
many articles each as make so many pages, crawled by one process without the waits that real sites are owed. The crawl
remembers of each page that it was asked for: the id of its address, 32 letters.
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


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=200_000)
    parser.add_argument("--sites", type=int, default=200)
    parser.add_argument("--rows", type=int, default=20, help="rows of the table")
    parser.add_argument("settings", nargs="*", metavar="NAME=VALUE", help="settings of the crawl")
    options = parser.parse_args()
    each = options.pages // options.sites
    command = [sys.executable, "-m", "crawler.replica", "--fleet", str(options.sites), "--articles", str(each)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        with tempfile.TemporaryDirectory(prefix="longrun-") as folder:
            try:
                _crawl(Path(folder), address, options, each)
            finally:
                embedded.stop(Path(folder))
    finally:
        server.terminate()
        server.wait()


def _crawl(folder: Path, address: str, options: argparse.Namespace, each: int) -> None:
    codes = ",".join(Fleet(options.sites, each, []).codes())
    uri = embedded.ensure_running(folder)
    given = dict(part.split("=", 1) for part in options.settings)
    values = {"REPLICA": address, "MONGO_URI": uri, "MONGO_DATABASE": "long", **SETTINGS, **given}
    command = [sys.executable, "-m", "scrapy", "crawl", "county", "-a", f"site={codes}", "-a", "keep=all"]
    command += [part for name, value in values.items() for part in ("-s", f"{name}={value}")]
    log = folder / "crawl.log"
    environment = {**os.environ, "CRAWLER_DATA": str(folder)}
    client: MongoClient[dict[str, Any]] = MongoClient(uri)
    with log.open("w") as errors, client:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=errors, stderr=errors)
        try:
            _watch(process, client["long"]["articles"], log, options)
        finally:
            process.kill()
            process.wait()
        stored = client["long"]["articles"].estimated_document_count()
    print(f"\nexit status {process.returncode}; {stored} of {options.sites * each} articles stored; {_last(log)}")


def _watch(process: subprocess.Popen[bytes], articles: Any, log: Path, options: argparse.Namespace) -> None:
    step = options.pages // options.rows
    began, due, pages = time.monotonic(), step, 0
    print(
        "| articles stored | s | memory MB | files | sockets | log KB | list cache MB |\n|--:|--:|--:|--:|--:|--:|--:|"
    )
    while process.poll() is None:
        time.sleep(0.5)
        pages = articles.estimated_document_count()
        if pages >= due:
            due = pages - pages % step + step
            files, sockets = _open(process.pid)
            cache = sum(path.stat().st_size for path in log.parent.glob("httpcache/**/*") if path.is_file()) / 1e6
            size = log.stat().st_size / 1024
            row = (time.monotonic() - began, _memory(process.pid), files, sockets, size, cache)
            print(f"| {pages} | {' | '.join(f'{value:.0f}' for value in row)} |", flush=True)


def _memory(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


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
