from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pymongo.errors import WriteError

import crawler
from crawler.errors import StoreError
from crawler.items import Article, Attachment, Image, Reject, StoredArticle, Table, info
from crawler.parsing.gov_index import FIELDS
from crawler.storage.schema import COLLECTIONS, VERSION, Collection, field_rows, markdown_table, rules_of
from crawler.storage.state import RunStore
from crawler.storage.store import ensure
from crawler.storage.views import SYSTEM_VIEWS, VIEWS
from crawler.transfer.columns import columns_of

ROOT = Path(__file__).resolve().parents[2]
DAY = datetime(2026, 3, 1, tzinfo=UTC)


def test_every_field_of_the_items_has_a_rule_with_a_description():
    assert {field.name for field in fields(Article)} <= set(COLLECTIONS["articles"].fields)
    # What a reject calls seen_at is stored as first_seen_at and last_seen_at, its canonical_url as the hash `article`.
    assert {field.name for field in fields(Reject)} - {"seen_at", "canonical_url"} <= set(COLLECTIONS["rejects"].fields)
    for name, collection in COLLECTIONS.items():
        for key, rule in collection.fields.items():
            assert rule["description"].strip(), f"{name}.{key}"
        assert set(collection.required) <= set(collection.fields), name


@dataclass(slots=True, kw_only=True)
class Laboratory:
    name: str = field(metadata=info("检验机构"))
    batches: int | None = field(default=None, metadata=info("batches it tested", minimum=0))


@dataclass(slots=True, kw_only=True)
class Extended(StoredArticle):
    topics: list[str] = field(default_factory=list, metadata=info("主题 | 分类"))
    laboratories: list[Laboratory] = field(default_factory=list, metadata=info("who tested"))
    recalled_at: datetime | None = field(default=None, metadata=info("召回时间", export=False))
    grade: str | None = field(default=None, metadata=info("what it was rated", enum=["a", "b", None]))


def test_a_field_declared_once_is_in_the_validator_the_exports_and_the_table():
    known = set(COLLECTIONS["articles"].fields)
    extended = Collection(rules_of(Extended), (*COLLECTIONS["articles"].required, "grade"), (), "an article")
    assert {name: rule for name, rule in extended.fields.items() if name not in known} == {
        "topics": {"bsonType": "array", "items": {"bsonType": "string"}, "description": "主题 | 分类"},
        "laboratories": {
            "bsonType": "array",
            "items": {
                "bsonType": "object",
                "required": ["name"],
                "properties": {
                    "name": {"bsonType": "string", "minLength": 1, "description": "检验机构"},
                    "batches": {"bsonType": ["int", "long", "null"], "minimum": 0, "description": "batches it tested"},
                },
            },
            "description": "who tested",
        },
        "recalled_at": {"bsonType": ["date", "null"], "description": "召回时间 (UTC)"},
        "grade": {"enum": ["a", "b", None], "description": "what it was rated"},
    }
    old = {column.name for column in columns_of(StoredArticle)}
    new = [(column.name, column.kind.name, column.is_default) for column in columns_of(Extended)]
    assert [column for column in new if column[0] not in old] == [
        ("topics", "TEXTS", True),
        ("laboratories", "OBJECTS", True),
        ("grade", "TEXT", True),
        ("recalled_at", "TIME", False),
    ]
    assert set(markdown_table(extended)) - set(markdown_table(COLLECTIONS["articles"])) == {
        "| `topics` | array of string |  | 主题 \\| 分类 |",
        "| `laboratories` | array of object |  | who tested |",
        "| `laboratories[].name` | string | yes | 检验机构 |",
        "| `laboratories[].batches` | int or long or null |  | batches it tested |",
        "| `recalled_at` | date or null |  | 召回时间 (UTC) |",
        '| `grade` | "a" or "b" or null | yes | what it was rated |',
    }


def test_the_documentation_has_the_table_of_the_articles():
    page = (Path(crawler.__file__).parent / "docs" / "data.md").read_text("utf-8")
    assert "\n".join(markdown_table(COLLECTIONS["articles"])) in page, "paste that of `scrapy schema --markdown`"


def test_what_lies_in_an_object_or_a_list_is_described_too():
    described = {row.name for row in field_rows(COLLECTIONS["articles"])}
    nested = {"images[]": Image, "attachments[]": Attachment, "tables[]": Table}
    assert {f"{name}.{field.name}" for name, kind in nested.items() for field in fields(kind)} <= described
    assert {f"gov_index.{name}" for name in FIELDS} <= described
    verdicts = {row.name for row in field_rows(COLLECTIONS["sites"])}
    assert {"known", "recent[].verdict", "days[].day", "days[].new", "days[].verdict"} <= verdicts


def test_opening_twice_changes_nothing_and_sets_everything_up(opened):
    async def scenario():
        async with opened() as store:
            names = await store.database.list_collection_names(filter={"type": "collection"})
            indexes = {name: set(await store.database[name].index_information()) for name in names}
        async with opened() as again:
            return names, indexes, {name: set(await again.database[name].index_information()) for name in names}

    names, indexes, again = asyncio.run(scenario())
    assert set(names) - {SYSTEM_VIEWS} == set(COLLECTIONS)
    assert indexes == again
    for name, collection in COLLECTIONS.items():
        assert indexes[name] == {"_id_", *(index.name for index in collection.indexes)}


def test_an_older_validator_is_replaced(opened):
    async def scenario():
        async with opened() as store:
            older = {"$jsonSchema": {"bsonType": "object", "required": ["gone"]}}
            await store.database.command({"collMod": "runs", "validator": older})
        async with opened() as store:
            await RunStore(store).write([{"_id": "run-1", "spider": "county", "started_at": DAY}])
            await RunStore(store).update(
                "run-1", {"spider": "county", "finished_at": DAY, "counts": {"articles/new": 3}}
            )
            return await store.database["runs"].find_one({"_id": "run-1"})

    run = asyncio.run(scenario())
    assert (run["spider"], run["finished_at"], run["counts"]) == ("county", DAY, {"articles/new": 3})


@pytest.mark.parametrize(
    ("version", "message"),
    [
        (
            None,
            r"follows version 1 of the schema, which this program \(version 3\) no longer reads: choose",
        ),
        (VERSION + 1, r"version 4 of the schema, newer than version 3 of this program: update the program, or choose"),
    ],
)
def test_a_database_of_another_version_is_refused_with_what_to_do(opened, mongo_uri, database, version, message):
    async def scenario():
        async with opened() as store:
            versions = store.database["maintenance"]
            await versions.delete_many({})
            if version:
                await versions.insert_one({"_id": "schema", "version": version})
        async with opened():
            pass

    with pytest.raises(StoreError, match=message):
        asyncio.run(scenario())
    environment = {**os.environ, "MONGO_URI": mongo_uri, "MONGO_DATABASE": database}
    command = [sys.executable, "-m", "scrapy", "crawl", "page", "-a", "url=http://127.0.0.1:9/"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert len(re.findall(message, done.stderr)) == 1
    assert "Traceback" not in done.stderr


def test_an_index_of_our_name_with_other_keys_is_told(opened):
    async def scenario():
        async with opened() as store:
            await store.database["rejects"].drop_index("by_run")
            await store.database["rejects"].create_index([("other", 1)], name="by_run")
        async with opened():
            pass

    with pytest.raises(StoreError, match=r"rejects .* has an index of one of our names"):
        asyncio.run(scenario())


@pytest.mark.parametrize(
    ("collection", "document"),
    [
        ("articles", {"_id": "a", "url": "http://x.example/", "title": "题"}),
        ("revisions", {"_id": "a:1", "article": "a"}),
        ("rejects", {"_id": "a:blocked", "article": "a", "url": "http://x.example/", "reason": ""}),
        ("runs", {"_id": "r", "spider": "cfsn", "started_at": "2026-03-01"}),
        ("sections", {"_id": "s:k", "site": "s", "key": "k", "open": "yes"}),
        ("sites", {"_id": "s", "updated_at": 5}),
    ],
)
def test_validators_refuse_bad_documents(opened, collection, document):
    async def scenario():
        async with opened() as store:
            await store.database[collection].insert_one(document)

    with pytest.raises(WriteError) as refused:
        asyncio.run(scenario())
    assert refused.value.code == 121


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({"published_at": {"$gte": DAY}}, "by_published"),
        ({"site.code": "xishan", "published_at": {"$gte": DAY}}, "by_site_and_published"),
        ({"first_seen_at": {"$gte": DAY}}, "by_first_seen"),
        ({"url": "http://x.example/"}, "by_url"),
        ({"content_hash": {"$in": ["h"]}}, "by_content_hash"),
        ({"also_at._id": {"$in": ["a"]}}, "by_other_address"),
        ({"cluster": "a"}, "by_cluster"),
        ({"cluster": {"$in": ["a", "b"]}}, "by_cluster"),
        ({"cluster": None}, "by_cluster"),
        ({"fingerprint": {"$in": [1, 2]}}, "by_fingerprint"),
    ],
)
def test_queries_use_the_index_made_for_them(opened, query, index):
    async def scenario():
        async with opened() as store:
            return await store.database["articles"].find(query).explain()

    assert f"'indexName': '{index}'" in str(asyncio.run(scenario())["queryPlanner"]["winningPlan"])


def test_ensure_is_safe_for_several_processes_at_once(opened):
    async def scenario():
        async with opened() as store:
            await store.database.client.drop_database(store.database.name)
            await asyncio.gather(*(ensure(store.database) for _ in range(4)))
            return await store.database.list_collection_names()

    assert set(asyncio.run(scenario())) - {SYSTEM_VIEWS} == set(COLLECTIONS) | set(VIEWS)
