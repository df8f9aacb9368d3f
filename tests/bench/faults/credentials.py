"""Credentials: every command that uses the store, with a server that asks for a password, and nothing tells it."""

from __future__ import annotations

import re
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from pymongo import MongoClient

from crawler.storage.embedded import executable
from tests.bench.faults.ground import Ground, Tried, ground, must
from tests.bench.faults.hostile import BODY, LIST, Hostile, article, listing, page, sends

USER, READER = "keeper", "looker"
# Of characters that have to be percent-encoded, and of words that stand nowhere else.
PASSWORD = "Zwiebel/Kuchen@Rezept:1%?#"
PIECES = ("Zwiebel", "Kuchen", "Rezept")
BROKER = f"redis://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:1/0"
COMMANDS = [
    ["search", "食品"],
    ["stats", "食品"],
    ["export", "食品", "-o", "-"],
    ["runs"],
    ["health"],
    ["duplicates"],
    ["history", "http://www.qingtian.gov.cn/art/1.html"],
    ["schedule", "status"],
    ["schedule", "crawler/deploy/schedule.toml", "--once"],
    ["schedule", "crawler/deploy/schedule.toml", "--broker", BROKER],
    ["worker", "--broker", BROKER],
    ["drain"],
    ["reindex"],
    ["db", "status"],
    ["db", "export", "dump"],
    ["crawl", "county", "-a", "site=qingtian"],
]
"""As a user types them, all of which need the store or a broker."""


@contextmanager
def guarded(folder: Path) -> Iterator[str]:
    """The place (`127.0.0.1:PORT`) of a server that asks for a password: USER may do everything, READER only read."""
    with _server(folder) as place, MongoClient(f"mongodb://{place}/?replicaSet=secantus") as client:
        client["admin"].command("createUser", USER, pwd=PASSWORD, roles=["root"])
        client["admin"].command("createUser", READER, pwd=PASSWORD, roles=[{"role": "read", "db": "food_safety"}])
    with _server(folder, "--auth") as place:
        yield place


@contextmanager
def _server(folder: Path, *options: str) -> Iterator[str]:
    command = [executable(), "--host", "127.0.0.1", "--port", "0", "--storage-path", str(folder / "guarded"), *options]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout is not None
        found = (re.search(r"listening on ([\d.]+:\d+)", line) for line in process.stdout)
        yield next(match[1] for match in found if match)
    finally:
        process.terminate()
        process.communicate()


def address(place: str, user: str = USER, password: str = PASSWORD) -> str:
    """MONGO_URI with credentials, as it must be written."""
    return f"mongodb://{user}:{quote(password, safe='')}@{place}/?replicaSet=secantus"


def wrong_addresses(place: str) -> dict[str, str]:
    """What people set MONGO_URI to by mistake."""
    return {
        "wrong password": address(place, password=f"{PASSWORD}2"),
        "not percent-encoded": f"mongodb://{USER}:{PASSWORD}@{place}/",
        "no scheme": f"{USER}:{quote(PASSWORD, safe='')}@{place}",
    }


def told(text: str) -> list[str]:
    """Pieces of the password in a text: as they are, percent-encoded, or in the header of a proxy."""
    header = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    return [piece for piece in (*PIECES, header) if piece in text]


def refused(here: Ground, command: list[str], uri: str) -> None:
    """A command whose MONGO_URI is wrong: exit status 1, one sentence, no secret. Raises Failed."""
    done = here.scrapy(*command, MONGO_URI=uri)
    said = f"{done.stdout}{done.stderr}"
    must(done.returncode == 1, f"{' '.join(command)}: exit status {done.returncode}: {said[-300:]}")
    must("Traceback" not in said, f"{' '.join(command)}: a traceback: {said[-800:]}")
    must(not told(said), f"{' '.join(command)} tells the password: {said[-300:]}")


def used(here: Ground, place: str) -> int:
    """A crawl as verbose as can be, with credentials for the store, for a proxy and in a header: nothing that it logs,
    stores, archives or caches holds them. How many articles it stored. Raises Failed."""
    with Hostile() as site:
        site.answers |= {article(n): sends(page(f"食堂检查第{n}号", f"{n}{BODY}{n}")) for n in range(8)}
        site.answers[LIST] = sends(listing([article(n) for n in range(8)]), ETag='"1"')
        proxy = f"http://{USER}:{quote(PASSWORD, safe='')}@{site.address}"
        settings = {
            "DOWNLOAD_DELAY": "0",
            "AUTOTHROTTLE_ENABLED": "0",
            "HTTPCACHE_GZIP": "0",
            "STATS_DUMP": "1",
            "ARCHIVE_DIR": str(here.folder / "archive"),
            "DEFAULT_REQUEST_HEADERS": f'{{"Authorization": "Bearer {PASSWORD}"}}',
        }
        options = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
        line = ["crawl", "county", "-a", "site=qingtian", "-a", "keep=all", "-v", *options]
        done = here.scrapy(*line, MONGO_URI=address(place), http_proxy=proxy)
    must(done.returncode == 0, f"the crawl failed: {done.stderr[-500:]}")
    must(not told(done.stdout + done.stderr), "the log tells the password")
    with MongoClient(address(place)) as client:
        database = client["food_safety"]
        documents = [row for name in database.list_collection_names() for row in database[name].find({})]
    must(not told(repr(documents)), "a document holds the password")
    for path in (path for path in here.folder.rglob("*") if path.is_file() and "guarded" not in path.parts):
        must(not told(_content(path)), f"{path.name} holds the password")
    return sum("fingerprint" in row and "first_seen_at" in row for row in documents)


def _content(path: Path) -> str:
    import gzip

    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("latin-1")


def credentials(base: Path) -> list[Tried]:
    """All of them."""
    with ground(base, "credentials") as here, guarded(here.folder) as place:
        wrong = wrong_addresses(place)
        for command in COMMANDS:
            for uri in wrong.values():
                refused(here, command, uri)
        refused(here, COMMANDS[-1], address(place, READER))
        must(used(here, place) == 8, "articles are missing")
    sentence = "exit status 1, one sentence without a piece of the password"
    return [
        Tried(f"wrong credentials: {len(COMMANDS)} commands, MONGO_URI wrong in {len(wrong)} ways", 1, sentence),
        Tried("credentials of store, proxy and header in a verbose crawl", 1, "not in log, store, archive or cache"),
    ]
