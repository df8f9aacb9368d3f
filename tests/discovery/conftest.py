"""Commands as a user starts them, in a copy of the project whose registry the test may change, against sites on
loopback: the replica, or a server of a few odd sites."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from crawler.replica import Replica, proxy_environment
from crawler.sites.edit import insert_row, parse_rows

ROOT = Path(__file__).resolve().parents[2]
NOT_FOUND = (404, "<html><head><title>404</title></head><body><h1>404 Not Found</h1></body></html>")


class Project:
    """A copy of the project in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("crawler", "tests/pages"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "scrapy.cfg", folder)
        self.rows_file = folder / "crawler/sites/counties.csv"
        self.environment = {**os.environ, "PYTHONPATH": str(folder), "CRAWLER_DATA": str(folder / "data")}

    def row(self, code: str) -> dict[str, str]:
        """A row of its registry."""
        return parse_rows(self.rows_file.read_text("utf-8"))[code]

    def change(self, code: str, **cells: str) -> None:
        """Change a row of its registry."""
        text = self.rows_file.read_text("utf-8")
        self.rows_file.write_text(insert_row(text, parse_rows(text)[code] | cells), "utf-8")

    def run(self, *command: str, proxy: str = "", **settings: object) -> subprocess.CompletedProcess[str]:
        """Run `scrapy COMMAND` in it to the end, on the server at `proxy`, without the waits that real sites are
        owed."""
        values = {"DOWNLOAD_DELAY": 0, "AUTOTHROTTLE_ENABLED": 0, "RETRY_BACKOFF_SECONDS": 0.01, **settings}
        options = [part for name, value in values.items() for part in ("-s", f"{name}={value}")]
        return subprocess.run(
            [sys.executable, "-m", "scrapy", *command, *options],
            cwd=self.folder,
            env=self.environment | (proxy_environment(proxy) if proxy else {}),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
        )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


@pytest.fixture
def crawl(project: Project, mongo_uri: str, database: str, tmp_path: Path) -> Callable[..., Any]:
    """Crawl county sites into this test's database."""

    def run(codes: str, *arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:
        store = {"MONGO_URI": mongo_uri, "MONGO_DATABASE": database, "HTTPCACHE_DIR": tmp_path / "cache"}
        return project.run("crawl", "county", "-a", f"site={codes}", "-a", "keep=all", *arguments, **store, **settings)

    return run


@pytest.fixture
def stored(mongo_uri: str, database: str) -> Iterator[Database]:
    client: MongoClient = MongoClient(mongo_uri, tz_aware=True)
    yield client[database]
    client.close()


@pytest.fixture
def replica() -> Iterator[Replica]:
    with Replica() as running:
        yield running


class OddSites:
    """A server that answers as a proxy, over http only, for the sites in `pages`: host → path → (status, page).
    `asked` has every address asked for; what answers a host's missing paths stands under `*`."""

    def __init__(self, pages: dict[str, dict[str, tuple[int, str] | str]]) -> None:
        self.pages = pages
        self.asked: list[str] = []
        sites = self

        class Handler(BaseHTTPRequestHandler):
            def do_CONNECT(self) -> None:
                self.send_error(503)

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                sites.asked.append(self.path)
                status, markup = sites.answer(parts.hostname or "", parts.path)
                body = markup.encode()
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", markup)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def answer(self, host: str, path: str) -> tuple[int, str]:
        """Status and page of an address."""
        pages = self.pages.get(host, {})
        found = pages.get(path) or (NOT_FOUND if path == "/robots.txt" else pages.get("*", NOT_FOUND))
        return found if isinstance(found, tuple) else (200, found)

    def asked_at(self, host: str) -> list[str]:
        """The paths asked for at a host, robots.txt left out."""
        paths = [urlsplit(url).path for url in self.asked if urlsplit(url).hostname == host]
        return [path for path in paths if path != "/robots.txt"]

    def close(self) -> None:
        """Stop answering."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def odd_sites() -> Iterator[Callable[..., OddSites]]:
    running: list[OddSites] = []

    def start(pages: dict[str, dict[str, tuple[int, str] | str]]) -> OddSites:
        running.append(OddSites(pages))
        return running[-1]

    yield start
    for sites in running:
        sites.close()
