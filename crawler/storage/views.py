"""Views for readers: what most questions start from, under names of their own, always as fresh as the articles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SYSTEM_VIEWS = "system.views"
"""The collection in which a server may keep the definitions of views."""
_MACHINE_FIELDS = (
    "fingerprint",
    "content_hash",
    "provenance",
    "place_codes",
    "also_at",
    "change",
)
_BEIJING = "Asia/Shanghai"


@dataclass(frozen=True)
class View:
    """`pipeline` over the collection `source`; `description` says what one document of it is."""

    source: str
    pipeline: list[dict[str, Any]]
    description: str


def _published(form: str) -> dict[str, Any]:
    return {"$dateToString": {"date": "$published_at", "format": form, "timezone": _BEIJING}}


_READABLE: list[dict[str, Any]] = [
    {"$project": dict.fromkeys(_MACHINE_FIELDS, 0)},
    {"$addFields": {"published_on": _published("%Y-%m-%d")}},
]
_COUNTY_MONTH: list[dict[str, Any]] = [
    {"$match": {"site.kind": "county", "published_at": {"$ne": None}}},
    {
        "$group": {
            "_id": {"site": "$site.code", "month": _published("%Y-%m")},
            "province": {"$first": "$site.province"},
            "city": {"$first": "$site.city"},
            "county": {"$first": "$site.name"},
            "articles": {"$sum": 1},
            "reprints": {"$sum": {"$cond": [{"$ifNull": ["$original", False]}, 1, 0]}},
        }
    },
    {
        "$project": {
            "_id": {"$concat": ["$_id.site", ":", "$_id.month"]},
            "site": "$_id.site",
            "month": "$_id.month",
            **dict.fromkeys(("province", "city", "county", "articles", "reprints"), 1),
        }
    },
]

VIEWS = {
    "originals": View(
        "articles",
        [{"$match": {"original": None}}, *_READABLE],
        "an article that reprints no other, without the fields only machines need, with its Beijing day",
    ),
    "latest": View(
        "articles",
        _READABLE,
        "an article at its latest revision, without the fields only machines need, with its Beijing day",
    ),
    "county_months": View("articles", _COUNTY_MONTH, "how much one county published in one month of Beijing time"),
}
