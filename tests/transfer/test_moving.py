"""A whole database from one server to another, byte for byte."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bson
import pytest
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from pymongo import MongoClient

from crawler.errors import StoreError, TransferError
from crawler.storage import embedded
from crawler.storage.changes import read_head
from crawler.storage.schema import COLLECTIONS, VERSION
from crawler.storage.store import connect, open_store
from crawler.transfer.dump import RAW, collections_of, export_database, import_database

ROOT = Path(__file__).resolve().parents[2]
SEEN = datetime(2026, 3, 1, 8, 0, 0, 123000, tzinfo=UTC)

pytestmark = pytest.mark.skipif(sys.version_info >= (3, 14), reason="the embedded database has no build for it")


def silent(what: str, done: int, total: int | None) -> None:
    """Hears of progress."""


def article(number: int) -> dict[str, Any]:
    url = f"http://x.example/{number}"
    story = {"url": url, "canonical_url": url, "title": "米粉抽检", "cluster": None, "revision": Int64(1)}
    seen = dict.fromkeys(("first_seen_at", "last_seen_at", "changed_at"), SEEN)
    return {"_id": f"{number:04}", **story, **seen, "fingerprint": [Int64(5), 5], "change": number + 1}


def contents(client: MongoClient[Any], name: str) -> dict[str, dict[str, bytes]]:
    """The bytes of every document, by collection and `_id`."""
    database = client[name]
    return {
        collection: {
            str(document["_id"]): bytes(document.raw)
            for document in database.get_collection(collection, codec_options=RAW).find()
        }
        for collection in collections_of(database)
    }


@pytest.fixture
def source(mongo_uri: str, database: str) -> str:
    """The name of a database with 700 articles, and with a collection of somebody's own."""

    async def set_up() -> None:
        await (await open_store(mongo_uri, database, None)).close()

    asyncio.run(set_up())
    with connect(mongo_uri, None) as client:
        client[database]["articles"].insert_many([article(number) for number in range(700)])
        note = {
            "_id": bson.ObjectId("65f0c0ffee65f0c0ffee0000"),
            "text": "看",
            "price": Decimal128("1.50"),
            "n": Int64(7),
        }
        client[database]["notes"].insert_one(note | {"when": SEEN, "nested": {"b": 1.0, "a": [None, True, b"x"]}})
        client[database]["notes"].create_index([("text", 1), ("n", -1)], name="by_text", unique=True)
    return database


@pytest.fixture(scope="module")
def other_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a second server."""
    directory = tmp_path_factory.mktemp("other")
    yield embedded.ensure_running(directory)
    embedded.stop(directory)


@pytest.fixture
def exported(source: str, mongo_uri: str, tmp_path: Path) -> Path:
    """A dump of the source."""
    said = export_database(mongo_uri, source, tmp_path, tmp_path / "dump", silent)
    assert said == f"702 documents of {len(COLLECTIONS)} collections are in {tmp_path / 'dump'}."
    return tmp_path / "dump"


@pytest.fixture
def carry(exported: Path, other_server: str, source: str) -> Iterator[Callable[..., str]]:
    """Imports the dump into a database of the second server: `carry(overwrite=False)`; what it said."""

    def carry(overwrite: bool = False) -> str:
        return import_database(other_server, source, exported, exported, overwrite=overwrite, progress=silent)

    yield carry
    with connect(other_server, None) as client:
        client.drop_database(source)


def test_everything_arrives_byte_for_byte(source, mongo_uri, other_server, tmp_path):
    def run(*arguments: str, uri: str) -> str:
        environment = {**os.environ, "MONGO_URI": uri, "MONGO_DATABASE": source}
        command = [sys.executable, "-m", "scrapy", "db", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    dump, collections = str(tmp_path / "dump"), len(COLLECTIONS)
    assert run("export", dump, uri=mongo_uri) == f"702 documents of {collections} collections are in {dump}.\n"
    told = run("import", dump, uri=other_server)
    assert told == (
        f"702 documents of {collections} collections are in the database {source}: 701 written, 1 were there already; "
        "counts and check sums agree.\n"
    )
    with connect(mongo_uri, None) as here, connect(other_server, None) as there:
        # A search index follows the change numbers, which go on behind those of the dump.
        assert read_head(there[source]).number >= 700
        assert read_head(there[source]).epoch != read_head(here[source]).epoch
        there[source]["changes"].delete_many({})
        moved = contents(there, source)
        assert moved == contents(here, source)
        assert len(moved["articles"]) == 700
        assert there[source]["notes"].find_one()["price"] == Decimal128("1.50")
        for name in moved:
            assert set(there[source][name].index_information()) == set(here[source][name].index_information())
        assert there[source]["notes"].index_information()["by_text"]["unique"]
        assert there[source]["latest"].count_documents({}) == 700
        there.drop_database(source)


def test_what_an_interruption_left_is_completed(carry, other_server, source):
    carry()
    with connect(other_server, None) as client:
        client[source]["articles"].delete_many({"_id": {"$in": [f"{number:04}" for number in range(300, 700)]}})
        client[source]["notes"].drop_index("by_text")
        assert "400 written, 302 were there already" in carry()
        assert client[source]["articles"].count_documents({}) == 700
        assert "by_text" in client[source]["notes"].index_information()
    assert "0 written, 702 were there already" in carry()


def test_other_data_is_not_written_over_without_being_asked(carry, other_server, source, mongo_uri):
    carry()
    with connect(other_server, None) as client:
        articles = client[source]["articles"]
        articles.update_one({"_id": "0005"}, {"$set": {"title": "由读者改过"}})
        articles.insert_one(article(9000))
        before = contents(client, source)
        with pytest.raises(
            TransferError, match="holds 1 documents that differ from the dump's and 1 that the dump has"
        ):
            carry()
        assert contents(client, source) == before
        assert "1 written, 701 were there already" in carry(overwrite=True)
        assert articles.find_one({"_id": "0005"})["title"] == "米粉抽检"
        assert articles.count_documents({}) == 701


def changed(text: bytes) -> bytes:
    return gzip.compress(gzip.decompress(text).replace("米粉抽检".encode(), "面粉抽检".encode(), 1))


@pytest.mark.parametrize(
    ("file", "damage", "said"),
    [
        ("articles.bson.gz", lambda text: text[: len(text) // 2], r"articles.bson.gz is missing or damaged: make the"),
        ("articles.bson.gz", lambda text: b"PK" + text[2:], r"articles.bson.gz is missing or damaged: make the"),
        ("articles.bson.gz", changed, r"articles.bson.gz isn't what the manifest says: make the dump again"),
        ("manifest.json", lambda text: text[:50], r"dump is not a dump of this program: its manifest.json is another"),
        (
            "manifest.json",
            lambda text: json.dumps(json.loads(text) | {"schema_version": VERSION + 1}).encode(),
            rf"The dump follows version {VERSION + 1} of the schema and this program version {VERSION}: import it with",
        ),
        (
            "manifest.json",
            lambda text: json.dumps(json.loads(text) | {"kind": "another dump"}).encode(),
            r"dump is not a dump of this program",
        ),
    ],
)
def test_a_damaged_dump_changes_nothing(file, damage, said, request):
    carry, exported, other_server, source = map(
        request.getfixturevalue, ("carry", "exported", "other_server", "source")
    )
    (exported / file).write_bytes(damage((exported / file).read_bytes()))
    with pytest.raises(TransferError, match=said):
        carry()
    with connect(other_server, None) as client:
        assert client[source]["articles"].count_documents({}) == 0


def test_folders_that_cannot_be_used_are_told(exported, source, mongo_uri, tmp_path):
    with pytest.raises(TransferError, match=r"dump exists already: name a new folder\.$"):
        export_database(mongo_uri, source, tmp_path, exported, silent)
    with pytest.raises(TransferError, match=r"no-folder is not a dump: manifest.json can't be read \(No such file"):
        import_database(mongo_uri, source, tmp_path, tmp_path / "no-folder", overwrite=False, progress=silent)
    with pytest.raises(TransferError, match=r"The database nobody holds nothing of the crawler"):
        export_database(mongo_uri, "nobody", tmp_path, tmp_path / "new", silent)
    assert not (tmp_path / "new").exists()


def test_a_dump_or_a_database_of_another_version_is_refused(exported, carry, other_server, source, tmp_path):
    manifest = exported / "manifest.json"
    older = tmp_path / "old"
    shutil.copytree(exported, older)
    (older / "manifest.json").write_text(json.dumps(json.loads(manifest.read_text()) | {"schema_version": 1}))
    with pytest.raises(TransferError, match=r"dump follows version 1 .* version 3: import it with the program that"):
        import_database(other_server, source, tmp_path, older, overwrite=False, progress=silent)
    with connect(other_server, None) as client:
        client[source]["articles"].insert_one({"_id": "a"})
    with pytest.raises(StoreError, match=r"follows version 1 of the schema, which this program \(version 3\)"):
        carry()
