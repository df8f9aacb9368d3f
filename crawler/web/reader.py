"""What the pages show, read from the store: plain values, no HTML. Everything here is synchronous and read-only."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from crawler.errors import QueryError
from crawler.parsing.date_forms import CST
from crawler.search.stats import UNKNOWN
from crawler.sites.site import SiteError
from crawler.text.document_type import document_type
from crawler.web.charts import TILES, province_of
from crawler.web.state import PER_PAGE, SearchState, StateError

if TYPE_CHECKING:
    from pymongo.database import Database

    from crawler.api import ArticleStore
    from crawler.runs.health import HealthRow, RunRow
    from crawler.search.stats import Counts

Document = dict[str, Any]
CARD_FIELDS = dict.fromkeys(
    (
        "title", "url", "site", "source", "published_at", "published_precision", "first_seen_at", "changed_at",
        "cluster", "original", "revision", "places", "type", "relevance",
    ),
    1,
)  # fmt: skip
"""What a list of articles shows of each."""
_ABSENT: dict[str, None] = dict.fromkeys(
    (
        *("type", "doubts", "restored", "tables", "attachments", "images", "relevance", "provenance", "places"),
        *("source", "author", "editor", "section", "site", "original", "original_evidence", "cluster"),
        *("published_at", "published_precision"),
    )
)
MAX_STORY = 200
"""Articles of one story that a page lists."""
MAX_REVISIONS = 50
MAX_MONTHS = 36
MAX_FACET_ROWS = 12
FACETS = ("month", "type", "region", "place", "site", "source")
"""The dimensions that a result is counted by."""
_WORD = re.compile(r"[A-Za-z0-9.]+|\s+|.", re.S)


@dataclass(frozen=True)
class Piece:
    """A piece of a text: `kind` is `same`, `added`, `removed` or `mark`."""

    kind: str
    text: str


@dataclass(frozen=True)
class StoryHit:
    """One story of a result: its article, the passage that shows why (pieces `same` and `mark`), and how many other
    articles of the story matched."""

    article: Document
    passage: tuple[Piece, ...] = ()
    reprints: int = 0


@dataclass(frozen=True)
class SearchResult:
    """A page of stories. `facets`: (name, rows of (label, count, change of the state)); `note`: what the index
    has not read yet; `synonyms` were searched too; `empty`: the database holds no article at all."""

    hits: tuple[StoryHit, ...] = ()
    matched: int = 0
    stories: int = 0
    more: bool = False
    note: str = ""
    synonyms: tuple[str, ...] = ()
    months: tuple[tuple[str, int], ...] = ()
    facets: tuple[tuple[str, tuple[tuple[str, int, dict[str, object]], ...]], ...] = ()
    hints: tuple[str, ...] = ()
    empty: bool = False


@dataclass(frozen=True)
class Today:
    """The figures of the home page; days are those of China Standard Time."""

    articles: int
    new_today: int
    new_week: int
    sites: int
    failing: tuple[Document, ...] = ()
    days: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Version:
    """One version of an article against the one before it, word by word; `first` has nothing to be compared with."""

    number: int
    seen_from: datetime
    seen_until: datetime
    title: str
    pieces: tuple[Piece, ...] = ()
    first: bool = False


@dataclass(frozen=True)
class ArticlePage:
    """An article with what the page shows around it: other articles of its story (in order of publication) and its
    versions (newest first)."""

    article: Document
    story: tuple[Document, ...] = ()
    versions: tuple[Version, ...] = ()
    samples: tuple[Document, ...] = ()


@dataclass(frozen=True)
class PlacePage:
    """A county (or another publisher): its registry row, its health and its newest articles."""

    code: str
    name: str
    region: str
    homepage: str
    health: Document | None
    newest: tuple[Document, ...] = field(default_factory=tuple)
    months: tuple[tuple[str, int], ...] = ()


def read_today(database: Database[Document], now: datetime) -> Today:
    """The figures at `now` (aware). Raises PyMongoError."""
    articles = database["articles"]
    midnight = now.astimezone(CST).replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight - timedelta(days=29)
    counts: dict[str, int] = {}
    for row in articles.find({"first_seen_at": {"$gte": first}}, {"first_seen_at": 1}):
        day = f"{row['first_seen_at'].astimezone(CST):%Y-%m-%d}"
        counts[day] = counts.get(day, 0) + 1
    days = [f"{first + timedelta(days=number):%Y-%m-%d}" for number in range(30)]
    states = list(database["sites"].find({}, {"name": 1, "verdict": 1, "reasons": 1, "since": 1, "page": 1}))
    states = [{**dict.fromkeys(("name", "verdict", "reasons", "since", "page")), **row} for row in states]
    failing = sorted((row for row in states if row.get("verdict") not in {None, "ok"}), key=_by_gravity)
    return Today(
        articles=articles.estimated_document_count(),
        new_today=counts.get(days[-1], 0),
        new_week=sum(counts.get(day, 0) for day in days[-7:]),
        sites=len(states),
        failing=tuple(failing[:10]),
        days=tuple((day, counts.get(day, 0)) for day in days),
    )


def _by_gravity(row: Mapping[str, Any]) -> tuple[int, str]:
    order = ("broken", "blocked", "degraded")
    verdict = row.get("verdict")
    return (order.index(verdict) if verdict in order else len(order), str(row["_id"]))


def read_article(database: Database[Document], key: str) -> ArticlePage | None:
    """The article with this `_id` (or one of which this is another address), or None. Raises PyMongoError."""
    articles = database["articles"]
    article = articles.find_one({"_id": key}) or articles.find_one({"also_at._id": key})
    if article is None:
        return None
    story: list[Document] = []
    if article.get("cluster"):
        story = [fill(row) for row in articles.find({"cluster": article["cluster"]}, CARD_FIELDS).limit(MAX_STORY)]
        story.sort(key=_by_publication)
    older = sorted(
        database["revisions"].find({"article": article["_id"]}).limit(MAX_REVISIONS), key=lambda row: row["revision"]
    )
    samples = database["samples"].find({"articles._id": article["_id"]}).limit(MAX_STORY)
    rows = tuple(_sample_row(row) for row in samples)
    return ArticlePage(fill(article), tuple(story), tuple(_versions(article, older)), rows)


def _by_publication(row: Mapping[str, Any]) -> tuple[bool, datetime, str]:
    return (row.get("original") is not None, row.get("published_at") or row["first_seen_at"], row["_id"])


def _versions(article: Document, older: Sequence[Document]) -> Iterable[Version]:
    # A kill can leave the current version among the older ones too.
    older = [row for row in older if row["revision"] < article["revision"]]
    if not older:
        return
    current = {
        "revision": article["revision"],
        "seen_from": article["changed_at"],
        "seen_until": article["last_seen_at"],
        "title": article["title"],
        "body": article["body"],
    }
    rows = [*older, current]
    for before, after in reversed(list(pairwise(rows))):
        pieces = tuple(compare_words(str(before.get("body") or ""), str(after.get("body") or "")))
        yield Version(after["revision"], after["seen_from"], after["seen_until"], after["title"], pieces)
    first = rows[0]
    yield Version(first["revision"], first["seen_from"], first["seen_until"], first["title"], first=True)


def compare_words(before: str, after: str, context: int = 40) -> Iterable[Piece]:
    """What changed between two texts, character by character for Chinese and word by word for Latin text and numbers;
    unchanged stretches are cut down to `context` characters beside a change."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    blocks = matcher.get_opcodes()
    for number, (kind, a, b, c, d) in enumerate(blocks):
        if kind == "equal":
            yield Piece("same", _cut("".join(old[a:b]), context, number > 0, number < len(blocks) - 1))
            continue
        if b > a:
            yield Piece("removed", "".join(old[a:b]))
        if d > c:
            yield Piece("added", "".join(new[c:d]))


def _cut(text: str, context: int, after_change: bool, before_change: bool) -> str:
    room = context * (after_change + before_change)
    if len(text) <= room + 10:
        return text
    head = text[:context] if after_change else ""
    tail = text[-context:] if before_change else ""
    return f"{head} … {tail}".strip(" ") if head or tail else "…"


def read_place(database: Database[Document], code: str, now: datetime) -> PlacePage | None:
    """The publisher of this code, or None for a code the registry does not know. Raises PyMongoError, RegistryError."""
    from crawler.sites.registry import load

    site = next((each for each in load().sites if each.code == code), None)
    if site is None:
        return None
    since = now - timedelta(days=365)
    published = {"site.code": code, "published_at": {"$gte": since}}
    found = database["articles"].find(published, CARD_FIELDS).sort("published_at", -1).limit(2000)
    rows = [fill(row) for row in found]
    months: dict[str, int] = {}
    for row in rows:
        month = f"{row['published_at'].astimezone(CST):%Y-%m}"
        months[month] = months.get(month, 0) + 1
    return PlacePage(
        code=code,
        name=site.name,
        region=" ".join(filter(None, (site.province, site.city))),
        homepage=site.homepage,
        health=_fill_health(database["sites"].find_one({"_id": code}, {"recent": 0})),
        newest=tuple(rows[:30]),
        months=tuple((month, months.get(month, 0)) for month in _last_months(now, 12)),
    )


def _fill_health(row: Document | None) -> Document | None:
    return {**dict.fromkeys(("verdict", "reasons", "run_at", "newest_at")), **row} if row else None


def _last_months(now: datetime, count: int) -> list[str]:
    year, month = now.astimezone(CST).year, now.astimezone(CST).month
    months = []
    for _ in range(count):
        months.append(f"{year}-{month:02}")
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return months[::-1]


class Reader:
    """All that the pages read, through one connection pool. Every method raises PyMongoError or StoreError if the
    database is unavailable."""

    def __init__(self, store: ArticleStore, database: Database[Document], progress_seconds: float) -> None:
        self.store = store
        self.database = database
        self.progress_seconds = progress_seconds

    def read_today(self) -> Today:
        """The figures of the home page."""
        return read_today(self.database, datetime.now(UTC))

    def read_article(self, key: str) -> ArticlePage | None:
        """An article with its story, versions and samples."""
        return read_article(self.database, key)

    def read_place(self, code: str) -> PlacePage | None:
        """A publisher."""
        return read_place(self.database, code, datetime.now(UTC))

    def read_runs(self, count: int) -> list[RunRow]:
        """The newest crawls."""
        from crawler.runs.health import read_runs

        now = datetime.now(UTC)
        since = now - timedelta(days=30)
        return read_runs(self.database, now, since=since, progress_seconds=self.progress_seconds)[:count]

    def read_health(self) -> list[HealthRow]:
        """The sites ever crawled, the worst first."""
        from crawler.runs.health import read_health

        return read_health(self.database, (), datetime.now(CST).date())

    def read_coverage(self) -> tuple[int, int, datetime | None]:
        """How many sites are registered, how many were crawled, and when the last crawl of one ended."""
        from crawler.sites.registry import load

        rows = list(self.database["sites"].find({}, {"run_at": 1}))
        times = [row["run_at"] for row in rows if row.get("run_at")]
        return len(load()), len(rows), max(times, default=None)

    def read_samples(self, filters: Mapping[str, str], count: int) -> tuple[Document, ...]:
        """Sample records, newest first."""
        wanted: dict[str, Any] = {}
        for name in ("product", "producer"):
            if filters.get(name):
                wanted[name] = {"$regex": re.escape(filters[name])}
        if filters.get("verdict") in {"pass", "fail"}:
            wanted["verdict"] = filters["verdict"]
        if filters.get("item"):
            wanted["items.name"] = {"$regex": re.escape(filters["item"])}
        rows = self.database["samples"].find(wanted).sort("noticed_at", -1).limit(count)
        return tuple(_sample_row(row) for row in rows)

    def count_provinces(self) -> tuple[dict[str, int], dict[str, str]]:
        """Articles by province of their publisher (short names), and where a click on each leads."""
        counts: dict[str, int] = {}
        for row in self.database["articles"].aggregate(
            [{"$group": {"_id": "$site.province", "count": {"$sum": 1}}}], allowDiskUse=True
        ):
            if name := province_of(row["_id"]):
                counts[name] = counts.get(name, 0) + row["count"]
        return counts, {name: f"/search?region={name}&sort=newest" for name in TILES}

    def saved_searches(self) -> list[tuple[str, str]]:
        """(name, query string) of the saved searches."""
        return []

    def search(self, state: SearchState) -> SearchResult:
        """A page of the stories that a state of the search page asks for. Raises StateError for a query nobody can
        read."""
        query, filters = state.q or None, state.filters()
        try:
            found = self.store.search(query, limit=PER_PAGE, page=state.page, sort=state.order, **filters)  # type: ignore[arg-type]
            counts = {name: self.store.stats(name, query, **filters) for name in FACETS} if found.matched else {}  # type: ignore[arg-type]
        except (QueryError, SiteError) as error:
            raise StateError("wrong_query", str(error)) from error
        cards = self._load([hit.article["_id"] for hit in found.hits], CARD_FIELDS)
        hits = tuple(
            StoryHit(cards[key], tuple(_pieces(hit.passage.text, hit.passage.spans)), len(hit.reprints))
            for hit in found.hits
            if (key := hit.article["_id"]) in cards
        )
        months = counts.pop("month").rows[-MAX_MONTHS:] if counts else ()
        return SearchResult(
            hits,
            found.matched,
            found.stories,
            more=found.stories > state.page * PER_PAGE,
            note=found.note,
            months=tuple((name, count) for name, count in months if name != UNKNOWN),
            facets=tuple((name, _facet(name, counts[name].rows)) for name in counts),
            empty=not found.matched and self.database["articles"].find_one({}, {"_id": 1}) is None,
        )

    def find_keys(self, state: SearchState) -> list[str]:
        """The `_id`s of all articles that a state asks for, the newest first. Raises QueryError, SiteError."""
        return self.store.ids(state.q or None, **state.filters())  # type: ignore[arg-type]

    def count(self, state: SearchState, by: str) -> Counts:
        """How many articles a state asks for, by one or two dimensions. Raises QueryError, SiteError."""
        return self.store.stats(by, state.q or None, **state.filters())  # type: ignore[arg-type]

    def read_documents(self, keys: list[str], names: Iterable[str] = ()) -> list[Document]:
        """The articles with these `_id`s in their order, whole or only the fields `names`."""
        wanted = dict.fromkeys(names, 1) or None
        rows = {row["_id"]: row for row in self.database["articles"].find({"_id": {"$in": keys}}, wanted)}
        return [rows[key] for key in keys if key in rows]

    def read_story(self, key: str) -> list[Document]:
        """The articles of a story, the original first."""
        rows = list(self.database["articles"].find({"cluster": key}).limit(MAX_STORY))
        return sorted(rows, key=_by_publication)

    def read_texts(self, keys: Iterable[str]) -> dict[str, Document]:
        """The articles with these `_id`s and their texts, for feeds."""
        return self._load(list(keys), {**CARD_FIELDS, "body": 1})

    def _load(self, keys: list[str], fields: Mapping[str, int]) -> dict[str, Document]:
        rows = self.database["articles"].find({"_id": {"$in": keys}}, fields)
        return {row["_id"]: fill(row) for row in rows}


def fill(row: Mapping[str, Any]) -> Document:
    """The article with its document type, and None for what an older schema lacks: an unknown name in a template is an
    error."""
    return {**_ABSENT, **row, "type": document_type(row.get("title")).name}


def _facet(name: str, rows: Iterable[tuple[Any, ...]]) -> tuple[tuple[str, int, dict[str, object]], ...]:
    """The most frequent names of a dimension, each with the change of the state that a click on it makes."""
    known = [(str(label), int(count)) for label, count in rows if label != UNKNOWN]
    return tuple((label, count, {name: label}) for label, count in known[:MAX_FACET_ROWS])


def _pieces(text: str, spans: Iterable[tuple[int, int]]) -> Iterable[Piece]:
    at = 0
    for begin, end in spans:
        yield Piece("same", text[at:begin])
        yield Piece("mark", text[begin:end])
        at = end
    yield Piece("same", text[at:])


def _sample_row(row: Mapping[str, Any]) -> Document:
    """A sample as the templates read it: `items` would be a dict's method there."""
    names = ("product", "producer", "sampled_unit", "verdict", "notice_number")
    article = next((each["_id"] for each in row.get("articles") or ()), None)
    return {**{name: row.get(name) for name in names}, "items_": row.get("items") or [], "article": article}
