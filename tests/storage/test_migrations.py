"""From version to version, also where the process is killed on the way."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from crawler.errors import StoreError
from crawler.storage.maintenance import migrate
from crawler.storage.schema import VERSION
from crawler.storage.search_index import holding
from crawler.storage.store import connect, open_store
from crawler.storage.views import VIEWS

ROOT = Path(__file__).resolve().parents[2]
SEEN = datetime(2026, 3, 1, tzinfo=UTC)


def article_of_version_1(number: int, title: str = "县市场监管局抽检米粉", body: str | None = None) -> dict[str, Any]:
    """As the program stored it before there was a version."""
    url = f"http://x.example/{number}"
    return {
        "_id": f"{number:06}",
        **{"url": url, "canonical_url": url, "title": title, "body": body or f"青田县第{number}批米粉不合格。"},
        **{"site": None, "section": None, "source": None, "cluster": None, "revision": 1},
        **dict.fromkeys(("first_seen_at", "last_seen_at", "changed_at"), SEEN),
    }


@pytest.fixture
def old(mongo_uri: str, database: str) -> Iterator[Database[dict[str, Any]]]:
    """A database of version 1 with one article, one revision of it, and no word of a version."""
    with connect(mongo_uri, None) as client:
        store = client[database]
        store["articles"].insert_one(article_of_version_1(1))
        earlier = {"_id": "000001:1", "article": "000001", "seen_from": SEEN, "seen_until": SEEN, "diff": []}
        store["revisions"].insert_one(article_of_version_1(1, body="会议通知。") | earlier)
        yield store


def scrapy(store: Database[Any], uri: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MONGO_URI": uri, "MONGO_DATABASE": store.name}
    command = [sys.executable, "-m", "scrapy", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)


async def _as_it_is(database: Any) -> None:
    """Opens a database whatever its version."""


def test_an_older_database_is_refused_with_what_to_do_then_migrated(old, mongo_uri):
    with pytest.raises(
        StoreError,
        match=rf"^The database {old.name} follows version 1 of the schema and this program version {VERSION}: "
        r"run `scrapy migrate` once, then try again\.$",
    ):
        asyncio.run(open_store(mongo_uri, old.name, None))
    done = scrapy(old, mongo_uri, "migrate")
    assert done.returncode == 0, done.stderr
    now = f"The database {old.name} follows version {VERSION} of the schema"
    assert done.stdout == f"{now} now; it followed version 1.\n"
    article, revision = old["articles"].find_one(), old["revisions"].find_one()
    assert (article["schema_version"], revision["schema_version"]) == (3, 2)
    assert {"米粉", "抽检", "^抽检", "不合", "合格"} <= set(article["tokens"])
    assert "tokens" not in revision
    assert (revision["places"], revision["relevance"]["score"] > 0) == ([], True)
    assert (article["places"], article["place_codes"]) == (["青田县"], ["330000", "331100", "331121"])
    assert article["relevance"]["score"] > 0.5
    assert "米粉" in article["relevance"]["terms"]
    # What it was is as it was.
    assert {name: article[name] for name in article_of_version_1(1)} == article_of_version_1(1)
    assert {"by_published", "by_cluster"} <= set(old["articles"].index_information())
    assert holding(old, ["米粉", "不合"]) == ["000001"]
    assert set(VIEWS) <= set(old.list_collection_names())
    again = scrapy(old, mongo_uri, "migrate")
    assert again.stdout == f"{now} already.\n"


def test_a_newer_database_is_refused_with_what_to_do(old, mongo_uri):
    old["maintenance"].insert_one({"_id": "schema", "version": VERSION + 1})
    said = f"newer than version {VERSION} of this program: update the program, or choose another MONGO_DATABASE."
    with pytest.raises(StoreError, match=said):
        asyncio.run(open_store(mongo_uri, old.name, None))
    done = scrapy(old, mongo_uri, "migrate")
    assert done.returncode == 1
    assert done.stderr.endswith(f"{said}\n")
    assert "schema_version" not in old["articles"].find_one()


def test_a_crawl_on_an_older_database_says_so_in_one_line(old, mongo_uri):
    done = scrapy(old, mongo_uri, "crawl", "page", "-a", "url=http://127.0.0.1:9/")
    assert done.returncode == 1
    assert done.stderr.count("run `scrapy migrate` once") == 1
    assert "Traceback" not in done.stderr


def test_a_killed_migration_goes_on(old, mongo_uri):
    old["articles"].insert_many([article_of_version_1(number) for number in range(2, 1001)])
    command = [sys.executable, "-m", "scrapy", "migrate"]
    environment = {**os.environ, "MONGO_URI": mongo_uri, "MONGO_DATABASE": old.name}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline().strip() == "articles to version 2: 200 of 1000"
        process.send_signal(signal.SIGKILL)
    reached = old["articles"].count_documents({"schema_version": 2})
    assert 200 <= reached < 1000
    done = scrapy(old, mongo_uri, "migrate")
    assert done.returncode == 0, done.stderr
    assert f"articles to version 2: {1000 - reached} of {1000 - reached}\n" in done.stderr
    assert old["articles"].count_documents({"schema_version": 3}) == 1000
    assert sorted(holding(old, ["抽检"])) == [f"{number:06}" for number in range(1, 1001)]
    assert holding(old, ["1000"]) == ["001000"]
    last = old["articles"].find_one({"_id": "001000"})
    assert {"1000", "米粉"} <= set(last["tokens"])


def test_steps_follow_each_other_from_where_the_database_is(old, mongo_uri):
    calls: list[tuple[int, str]] = []
    steps = {
        1: {"articles": lambda row: calls.append((1, row["_id"])) or {"first": "one"}},
        2: {"articles": lambda row: calls.append((2, row["_id"])) or {"second": row["first"] + " two"}},
        3: {"articles": lambda row: calls.append((3, row["_id"])) or {"third": row["second"] + " three"}},
    }

    async def to(version: int) -> int:
        store = await open_store(mongo_uri, old.name, None, _as_it_is)
        try:
            return await migrate(store, lambda what, done, total: None, steps, until=version)
        finally:
            await store.close()

    with pytest.raises(StoreError, match="follows version 4"):
        # Carried out; then this program, which is of version 3, doesn't open it.
        asyncio.run(to(4))
    assert calls == [(1, "000001"), (2, "000001"), (3, "000001")]
    article = old["articles"].find_one()
    assert (article["first"], article["third"], article["schema_version"]) == ("one", "one two three", 4)
