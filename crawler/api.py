"""The articles from Python, for notebooks: synchronous and read-only.

    from crawler import open_store

    with open_store() as store:
        for hit in store.search("食品抽检 不合格", region="浙江省", limit=5).hits:
            print(hit.article["title"])
        frame = store.to_pandas("米粉", since="2026-01-01")

Every method takes the filters of `scrapy search`: a query, and `since`, `until` (text or datetime; without a zone it is
Beijing time), `region`, `site`, `place`, `source`, `section` (words, several by commas or as a list), `min_relevance`,
`originals`. Times that come out are aware, UTC. Raises `QueryError` for a filter nobody can understand, `StoreError`
where the store can't be reached.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from crawler.search.filters import Filters, matching
from crawler.search.search import MOST, Found
from crawler.search.search import search as find_best
from crawler.search.stats import Counts
from crawler.search.stats import count as count_by
from crawler.storage.store import connect, translate_errors
from crawler.transfer.columns import choose, projection, row

if TYPE_CHECKING:
    import pandas
    import pyarrow

_MACHINE = frozenset({"tokens", "fingerprint"})


class Conditions(TypedDict, total=False):
    """The filters every method takes."""

    since: str | datetime | None
    until: str | datetime | None
    region: str | Iterable[str]
    site: str | Iterable[str]
    place: str | Iterable[str]
    source: str | Iterable[str]
    section: str | Iterable[str]
    min_relevance: float | None
    originals: bool


class ArticleStore:
    """The stored articles. Opened by `open_store`, closed by `close` or the end of a `with`."""

    def __init__(self, uri: str | None, name: str, data: Path) -> None:
        with ExitStack() as unless_sound:
            self._client = unless_sound.enter_context(connect(uri, data))
            self._articles = self._client[name]["articles"]
            unless_sound.pop_all()
        self._uri = uri

    def search(
        self, query: str, *, limit: int = 10, most: int | None = MOST, **conditions: Unpack[Conditions]
    ) -> Found:
        """The best `limit` stories, ranked, with how many articles matched. Where more than `most` match, the newest of
        them are counted and ranked, and `back_to` says how far back; None: all are."""
        with translate_errors(self._uri):
            return find_best(self._articles, Filters.read(query, **conditions), limit, most)

    def find(
        self, query: str | None = None, *, fields: Iterable[str] | None = None, **conditions: Unpack[Conditions]
    ) -> Iterator[dict[str, Any]]:
        """The articles as they are stored, one after the other, without order; of them only `fields`, where given,
        else all but those only machines need."""
        from crawler.storage.schema import COLLECTIONS

        names = [name for name in COLLECTIONS["articles"].fields if name not in _MACHINE] if fields is None else fields
        wanted = {"_id", *names}
        with translate_errors(self._uri):
            for document in matching(self._articles, Filters.read(query, **conditions), wanted):
                yield {name: value for name, value in document.items() if name in wanted}

    def ids(self, query: str | None = None, **conditions: Unpack[Conditions]) -> list[str]:
        """The `_id`s of the articles, for a query or pipeline of one's own: `{"_id": {"$in": store.ids("米粉")}}`."""
        with translate_errors(self._uri):
            return [row["_id"] for row in matching(self._articles, Filters.read(query, **conditions), ("title",))]

    def count(self, query: str | None = None, **conditions: Unpack[Conditions]) -> int:
        """How many articles there are."""
        with translate_errors(self._uri):
            return sum(1 for _ in matching(self._articles, Filters.read(query, **conditions), ("title",)))

    def stats(self, by: str, query: str | None = None, **conditions: Unpack[Conditions]) -> Counts:
        """How many by `day`, `week`, `month`, `region`, `site`, `source` or `topic`."""
        with translate_errors(self._uri):
            return count_by(self._articles, Filters.read(query, **conditions), by)

    def to_arrow(
        self, query: str | None = None, *, columns: Iterable[str] | None = None, **conditions: Unpack[Conditions]
    ) -> pyarrow.Table:
        """The articles as an Arrow table with the columns of `scrapy export`. Needs pyarrow (extra `export`).

        pymongoarrow isn't used where it is installed: it builds a table of what the server sends, and most filters are
        decided here (the embedded server uses an index only for a filter of one index's fields), as are the columns
        derived from a field (`published_on`, `image_count`, `site_name`). Its version 1.15 doesn't load beside
        pyarrow 26 either. Who has both in fitting versions calls its `find_arrow_all` with the filter of
        `scrapy search --explain`."""
        import pyarrow.parquet

        from crawler.transfer.parquet import Parquet

        chosen, buffer = choose(columns), io.BytesIO()
        sink = Parquet(buffer, chosen)
        with translate_errors(self._uri):
            for document in matching(self._articles, Filters.read(query, **conditions), projection(chosen)):
                sink.write([row(chosen, document)])
        sink.close()
        buffer.seek(0)
        return pyarrow.parquet.read_table(buffer)

    def to_pandas(
        self, query: str | None = None, *, columns: Iterable[str] | None = None, **conditions: Unpack[Conditions]
    ) -> pandas.DataFrame:
        """The articles as a pandas DataFrame with the columns of `scrapy export`. Needs pandas and pyarrow."""
        return self.to_arrow(query, columns=columns, **conditions).to_pandas()

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
