"""Every index has the query it is documented for, and every documented query has its index, on both servers' rules.

Which index mongod can use follows from the rules of its manual. An index serves a query if the query limits its first
key, or if the query limits nothing and the index has the order asked for. Keys behind the first count as far as those
before them are compared for equality. The order comes out of the index where its keys behind those with one value are
the keys sorted by, in the same or in the opposite direction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from crawler.storage.schema import COLLECTIONS, Index

Sort = tuple[tuple[str, int], ...]
_SINGLE, _SEVERAL, _RANGE = "one value", "several values", "a range"
_RANGE_OPERATORS = frozenset({"$gt", "$gte", "$lt", "$lte"})
DAY = datetime(2026, 3, 1, tzinfo=UTC)
NEXT = datetime(2026, 3, 2, tzinfo=UTC)

# collection, the index that `scrapy schema` names, the query it says the index serves, its order
DOCUMENTED: list[tuple[str, str, dict[str, Any], Sort]] = [
    ("articles", "by_published", {"published_at": {"$gte": DAY, "$lt": NEXT}}, (("published_at", -1),)),
    ("articles", "by_published", {}, (("published_at", -1),)),
    ("articles", "by_site_and_published", {"site.code": "331121"}, (("published_at", -1),)),
    (
        "articles",
        "by_site_and_published",
        {"site.code": "331121", "published_at": {"$gte": DAY}},
        (("published_at", -1),),
    ),
    ("articles", "by_place_and_published", {"place_codes": "331121"}, (("published_at", -1),)),
    ("articles", "by_place_and_published", {"place_codes": {"$in": ["331121", "330000"]}}, ()),
    ("articles", "by_first_seen", {"first_seen_at": {"$gte": DAY}}, ()),
    ("articles", "by_url", {"url": "http://x.example/"}, ()),
    ("articles", "by_content_hash", {"content_hash": {"$in": ["h", "i"]}}, ()),
    ("articles", "by_other_address", {"also_at._id": {"$in": ["a"]}}, ()),
    ("articles", "by_fingerprint", {"fingerprint": {"$in": [1, 2]}}, ()),
    ("articles", "by_change", {"change": {"$gt": 1, "$lte": 9}}, ()),
    ("articles", "by_cluster", {"cluster": {"$in": ["a", "b"]}}, ()),
    ("articles", "by_cluster", {"cluster": None}, ()),
    ("revisions", "by_article", {"article": "a"}, (("revision", -1),)),
    ("rejects", "by_article", {"article": {"$in": ["a"]}}, ()),
    ("rejects", "by_last_seen", {"last_seen_at": {"$gte": DAY}}, (("last_seen_at", -1),)),
    ("rejects", "by_site_and_last_seen", {"site.code": "331121"}, (("last_seen_at", -1),)),
    ("rejects", "by_run", {"run": "r"}, ()),
    ("runs", "by_started", {}, (("started_at", -1),)),
    ("runs", "by_site_and_started", {"site": "331121"}, (("started_at", -1),)),
    ("sections", "by_site", {"site": "331121"}, ()),
    ("alarms", "by_waiting", {"waiting": "mail"}, ()),
    ("alarms", "by_at", {"at": {"$gte": DAY}}, (("at", -1),)),
    ("leases", "by_owner", {"owner.id": {"$gt": ""}}, ()),
    ("due", "by_due", {"due_at": {"$lte": DAY}}, ()),
    ("due", "by_schedule", {"schedule": "daily"}, ()),
]


def index_for(query: Mapping[str, Any], sort: Sort, indexes: Iterable[Index]) -> Index | None:
    """The index that limits most keys of `query` and gives its order; None for a scan of the collection."""
    limits = {key: limit for key, value in query.items() if (limit := _limit(value))}
    useful = [index for index in indexes if _used(index, limits) or (not query and _sorted(index, limits, sort))]
    return max(useful, key=lambda index: (_used(index, limits), _sorted(index, limits, sort)), default=None)


def gives_order(index: Index, query: Mapping[str, Any], sort: Sort) -> bool:
    """Whether the documents come out of `index` in the order of `sort`, so that nothing is sorted in memory."""
    return _sorted(index, {key: limit for key, value in query.items() if (limit := _limit(value))}, sort)


def _limit(value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return _SINGLE
    operators = {name for name in value if name.startswith("$")}
    if not operators or "$eq" in operators:
        return _SINGLE
    if "$in" in operators or "$all" in operators:
        return _SEVERAL
    # $ne, $exists and $not bound nothing worth an index.
    return _RANGE if operators & _RANGE_OPERATORS else None


def _used(index: Index, limits: Mapping[str, str]) -> int:
    used = 0
    for key, _ in index.keys:
        if key not in limits:
            break
        used += 1
        if limits[key] == _RANGE:
            break
    return used


def _sorted(index: Index, limits: Mapping[str, str], sort: Sort) -> bool:
    keys = list(index.keys)
    while keys and limits.get(keys[0][0]) == _SINGLE and keys[0] not in sort:
        keys.pop(0)
    following = tuple(keys[: len(sort)])
    return following in (sort, tuple((key, -direction) for key, direction in sort))


@pytest.mark.parametrize(("collection", "name", "query", "sort"), DOCUMENTED)
def test_mongod_has_an_index_for_every_documented_query(collection, name, query, sort):
    index = index_for(query, sort, COLLECTIONS[collection].indexes)
    assert index is not None
    assert index.name == name
    assert not sort or gives_order(index, query, sort)


def test_the_embedded_server_uses_it(opened):
    async def plans() -> list[str]:
        async with opened() as store:
            return [
                str((await store.database[collection].find(query).explain())["queryPlanner"]["winningPlan"])
                for collection, _, query, _ in DOCUMENTED
                if query
            ]

    expected = [name for _, name, query, _ in DOCUMENTED if query]
    for plan, name in zip(asyncio.run(plans()), expected, strict=True):
        assert f"'indexName': '{name}'" in plan
        assert "COLLSCAN" not in plan


def test_every_index_says_what_it_serves_and_has_its_query():
    documented = {(collection, name) for collection, name, _, _ in DOCUMENTED}
    assert documented == {(name, index.name) for name, spec in COLLECTIONS.items() for index in spec.indexes}
    assert all(index.serves for spec in COLLECTIONS.values() for index in spec.indexes)
    assert all(spec.description for spec in COLLECTIONS.values())


@pytest.mark.parametrize(
    ("query", "sort", "name"),
    [
        # What mongod's manual says of prefixes, equality before range, and order.
        ({"a": 1}, (), "a_b"),
        ({"b": 1}, (), None),
        ({"a": 1, "b": {"$gt": 1}}, (), "a_b"),
        ({"a": {"$ne": 1}}, (), None),
        ({"a": {"$exists": True}}, (), None),
        ({"c": 1, "a": {"$in": [1]}}, (), "a_b"),
        ({}, (("a", 1), ("b", -1)), "a_b"),
        ({}, (("a", -1), ("b", 1)), "a_b"),
        ({}, (("a", 1), ("b", 1)), None),
        ({}, (("b", -1),), None),
    ],
)
def test_the_rules(query, sort, name):
    index = index_for(query, sort, [Index("a_b", (("a", 1), ("b", -1)), "a test")])
    assert (index.name if index else None) == name


def test_the_rules_of_order():
    index = Index("a_b", (("a", 1), ("b", -1)), "a test")
    assert gives_order(index, {"a": 1}, (("b", 1),))
    assert not gives_order(index, {"a": {"$in": [1, 2]}}, (("b", 1),))
    assert not gives_order(index, {"a": {"$gt": 1}}, (("b", 1),))
