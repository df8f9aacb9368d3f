"""The articles from Python, for notebooks: synchronous and read-only.

    from crawler import open_store

    with open_store() as store:
        for hit in store.search("食品抽检 不合格", region="浙江省", limit=5).hits:
            print(hit.article["title"])
        frame = store.to_pandas("米粉", since="2026-01-01")

Every method takes the filters of `scrapy search`: a query, and `since`, `until`, `seen_since`, `changed_since` (text or
datetime; without a zone it is Beijing time), `region`, `site`, `place`, `source`, `section`, `type` (words, several by
commas or as a list), `min_relevance`, `originals`, `synonyms`. Times that come out are aware, UTC. The search index is
brought up to date before each answer. Raises `QueryError` for a filter that can't be understood, `StoreError` if the
store can't be reached.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from crawler.search.filters import Filters
from crawler.search.follow import SECONDS, Fresh, catch_up
from crawler.search.index import SearchIndex
from crawler.search.search import Found, count_matching, matching, matching_ids, read_all
from crawler.search.search import search as find_best
from crawler.search.stats import Counts
from crawler.search.stats import count as count_by
from crawler.storage.store import connect, translate_errors
from crawler.transfer.columns import choose, projection, row

if TYPE_CHECKING:
    import pandas
    import pyarrow

_MACHINE = frozenset({"fingerprint", "change"})


class Conditions(TypedDict, total=False):
    """The filters every method takes."""

    since: str | datetime | None
    until: str | datetime | None
    seen_since: str | datetime | None
    changed_since: str | datetime | None
    region: str | Iterable[str]
    site: str | Iterable[str]
    place: str | Iterable[str]
    source: str | Iterable[str]
    section: str | Iterable[str]
    type: str | Iterable[str]
    min_relevance: float | None
    originals: bool
    synonyms: bool


class ArticleStore:
    """The stored articles. Opened by `open_store`, closed by `close` or the end of a `with`."""

    def __init__(self, uri: str | None, name: str, data: Path) -> None:
        with ExitStack() as unless_sound:
            self._client = unless_sound.enter_context(connect(uri, data))
            self._database = self._client[name]
            self._articles = self._database["articles"]
            unless_sound.pop_all()
        self._uri = uri
        self._index = SearchIndex(data, uri, name)

    def _fresh(self) -> Fresh:
        """The search index, brought up to date."""
        return catch_up(self._index, self._database, SECONDS)

    def search(
        self,
        query: str | None = None,
        *,
        limit: int = 10,
        page: int = 1,
        sort: str = "relevance",
        **conditions: Unpack[Conditions],
    ) -> Found:
        """Page `page` of the stories, `limit` on each, sorted by `relevance`, `newest` or `seen`, and how many articles
        matched. `note` is a sentence if the search index lacks something."""
        with translate_errors(self._uri):
            filters, fresh = Filters.read(query, **conditions), self._fresh()
            return find_best(fresh.snapshot, self._articles, filters, limit, page=page, sort=sort, note=fresh.note)

    def find(
        self, query: str | None = None, *, fields: Iterable[str] | None = None, **conditions: Unpack[Conditions]
    ) -> Iterator[dict[str, Any]]:
        """The articles as they are stored, one after the other, the newest first if there is a query or filter; only
        their `fields` if given, else all but those only machines need."""
        from crawler.storage.schema import COLLECTIONS

        names = [name for name in COLLECTIONS["articles"].fields if name not in _MACHINE] if fields is None else fields
        wanted = {"_id", *names}
        with translate_errors(self._uri):
            for document in self._matching(query, conditions, wanted):
                yield {name: value for name, value in document.items() if name in wanted}

    def ids(self, query: str | None = None, **conditions: Unpack[Conditions]) -> list[str]:
        """The `_id`s of the articles, the newest first, for a query or pipeline of your own:
        `{"_id": {"$in": store.ids("米粉")}}`."""
        with translate_errors(self._uri):
            filters = Filters.read(query, **conditions)
            return matching_ids(self._fresh().snapshot, filters)

    def count(self, query: str | None = None, **conditions: Unpack[Conditions]) -> int:
        """How many articles there are."""
        with translate_errors(self._uri):
            filters = Filters.read(query, **conditions)
            return count_matching(self._fresh().snapshot, filters)

    def stats(self, by: str | Iterable[str], query: str | None = None, **conditions: Unpack[Conditions]) -> Counts:
        """How many by one or two of `search.stats.BY`: `month`, or `place,month`."""
        with translate_errors(self._uri):
            filters = Filters.read(query, **conditions)
            return count_by(self._fresh().snapshot, filters, by)

    def to_arrow(
        self, query: str | None = None, *, columns: Iterable[str] | None = None, **conditions: Unpack[Conditions]
    ) -> pyarrow.Table:
        """The articles as an Arrow table with the columns of `scrapy export`. Needs pyarrow (extra `export`).

        pymongoarrow builds a table of what the server sends: the columns derived from a field (`published_on`,
        `image_count`, `site_name`) would be missing."""
        import pyarrow.parquet

        from crawler.transfer.parquet import Parquet

        chosen, buffer = choose(columns), io.BytesIO()
        sink = Parquet(buffer, chosen)
        with translate_errors(self._uri):
            for document in self._matching(query, conditions, projection(chosen)):
                sink.write([row(chosen, document)])
        sink.close()
        buffer.seek(0)
        return pyarrow.parquet.read_table(buffer)

    def to_pandas(
        self, query: str | None = None, *, columns: Iterable[str] | None = None, **conditions: Unpack[Conditions]
    ) -> pandas.DataFrame:
        """The articles as a pandas DataFrame with the columns of `scrapy export`. Needs pandas and pyarrow."""
        return self.to_arrow(query, columns=columns, **conditions).to_pandas()

    def _matching(self, query: str | None, conditions: Conditions, fields: Iterable[str]) -> Iterator[dict[str, Any]]:
        filters = Filters.read(query, **conditions)
        if filters == Filters():
            return read_all(self._articles, fields)
        return matching(self._fresh().snapshot, self._articles, filters, fields)

    def close(self) -> None:
        """Close the connection; the server runs on."""
        self._client.close()

    def __enter__(self) -> ArticleStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(uri: str | None = None, database: str | None = None, data: Path | str | None = None) -> ArticleStore:
    """The articles of `database` at the MongoDB address `uri`, else of the embedded server in the folder `data`
    (started if need be). What is None is as the commands have it: MONGO_URI, MONGO_DATABASE, CRAWLER_DATA. Raises
    StoreError."""
    from crawler import settings

    address = uri if uri is not None or data is not None else settings.MONGO_URI
    return ArticleStore(address, database or settings.MONGO_DATABASE, Path(data or settings.DATA_DIR))
