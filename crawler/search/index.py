"""The search index: a Tantivy index beside the searcher, derived from MongoDB and disposable.

    CRAWLER_DATA/search/DATABASE-HASH/
        writer.lock     held by the one process that writes
        CURRENT         the name of the generation in use
        gen-…/          a generation: one Tantivy index

The index stores no text, only what it takes to find, count and sort articles; `state`, a document of its own, says how
far it has followed the database (`follow.py`) and is committed together with the articles. A reader opens the newest
commit and keeps it; a writer never changes what a reader has open. Whatever is broken, or of another format, is
deleted and built again.

Everything else in `search/` uses `SearchIndex` and `Snapshot` only. A store that outgrows one machine replaces these
two (see `docs/search.md`).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import tantivy

from crawler.errors import StoreError
from crawler.parsing.date_forms import CST
from crawler.storage.store import place_of
from crawler.text.document_type import document_type
from crawler.text.tokens import fold, token_text

FORMAT = 2
"""Goes up when the fields or the tokens change: an index of another format is built again."""
STATE_ID = "\x01state"
_HEAP_BYTES = 150_000_000
_TOKENIZER = "tokens"

FIELDS = (
    *("title", "body", "published_at", "first_seen_at", "changed_at", "site", "source", "section", "relevance"),
    *("places", "place_codes", "original", "cluster", "revision", "change", "document_type"),
)
"""The fields of an article that the index is made of."""
STAMP_FIELDS = ("change", "revision", "cluster", "original")


class IndexBroken(Exception):
    """The files of the index can't be used; they follow from the database, so they are built again."""


@dataclass(frozen=True)
class State:
    """How far an index is: every article whose change number is at most `number` is in it as it was then or later, and
    some up to `read`. `epoch` is that of the database. `unstamped`: whether the articles without a change number are in
    it. `surplus`: how many more articles the server claims to have than it has (an estimate may be wrong for ever)."""

    epoch: str = ""
    number: int = 0
    read: int = 0
    unstamped: bool = False
    surplus: int = 0
    format: int = FORMAT


@cache
def schema() -> tantivy.Schema:
    """The fields of an indexed article."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("state", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_boolean_field("article", indexed=True)
    for name in ("title", "body", "source_words", "section_words"):
        builder.add_text_field(name, tokenizer_name=_TOKENIZER, index_option="position")
    for name in ("site", "site_name", "province", "kind", "source", "section", "place", "topic", "type"):
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("place_codes", tokenizer_name="raw", index_option="basic")
    for name in ("published", "first_seen", "changed", "day", "month", "revision", "stamp"):
        builder.add_integer_field(name, fast=True)
    builder.add_integer_field("story", indexed=True, fast=True)
    # The same of those that are not the first of their story.
    builder.add_integer_field("joined_story", fast=True)
    builder.add_float_field("relevance", fast=True)
    for name in ("reprint", "root"):
        builder.add_boolean_field(name, indexed=True, fast=True)
    return builder.build()


def stamp_of(article: dict[str, Any]) -> int:
    """A number that differs for another version of an article, computed from its STAMP_FIELDS."""
    return number_of("\n".join(str(article.get(name)) for name in STAMP_FIELDS))


def number_of(text: str) -> int:
    """A hash of `text` that fits a signed integer of 64 bits."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()) >> 1


def milliseconds(time: datetime) -> int:
    """A time as the index holds it."""
    return round(time.timestamp() * 1000)


def text_of(text: str | None) -> str:
    """A text as the index holds it: its tokens."""
    return token_text(fold(text or ""))


def document_of(article: dict[str, Any]) -> tantivy.Document:
    """The indexed form of an article with its FIELDS."""
    cluster = article.get("cluster") or article["_id"]
    found = tantivy.Document()
    found.add_text("id", article["_id"])
    found.add_boolean("article", True)
    found.add_text("title", text_of(article["title"]))
    found.add_text("body", text_of(article.get("body")))
    for name, text in _facets(article):
        if text:
            found.add_text(name, text)
    found.add_float("relevance", float((article.get("relevance") or {}).get("score") or 0))
    _add_times(found, article)
    found.add_integer("revision", article.get("revision") or 1)
    found.add_integer("stamp", stamp_of(article))
    found.add_integer("story", number_of(cluster))
    found.add_boolean("root", cluster == article["_id"])
    if cluster != article["_id"]:
        found.add_integer("joined_story", number_of(cluster))
    found.add_boolean("reprint", bool(article.get("original")))
    return found


def _facets(article: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    """Each field of one word, or of several, and its value."""
    site = article.get("site") or {}
    for name in ("source", "section"):
        yield name, article.get(name)
        yield f"{name}_words", text_of(article.get(name))
    for name, key in (("site", "code"), ("site_name", "name"), ("province", "province"), ("kind", "kind")):
        yield name, site.get(key)
    # A county that names no place writes about itself.
    for place in article.get("places") or ([site.get("name")] if site.get("kind") == "county" else []):
        yield "place", place
    for code in article.get("place_codes") or ():
        yield "place_codes", code
    for term in (article.get("relevance") or {}).get("terms") or ():
        # What speaks against an article has a minus before it.
        if not term.startswith("-"):
            yield "topic", term
    yield "type", (article.get("document_type") or {}).get("name") or document_type(article["title"]).name


def _add_times(found: tantivy.Document, article: dict[str, Any]) -> None:
    if published := article.get("published_at"):
        day = published.astimezone(CST).date()
        found.add_integer("published", milliseconds(published))
        found.add_integer("day", day.toordinal())
        found.add_integer("month", day.year * 12 + day.month - 1)
    for name, field in (("first_seen", "first_seen_at"), ("changed", "changed_at")):
        if time := article.get(field):
            found.add_integer(name, milliseconds(time))


@contextmanager
def translate_index_errors() -> Iterator[None]:
    """Turn what Tantivy raises into IndexBroken, or StoreError if the disk is full or the folder can't be written."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise _translated(error) from error
    except BaseException as error:
        # A panic of the Rust code, which PyO3 raises as a class that can't be imported.
        if type(error).__name__ != "PanicException":
            raise
        raise IndexBroken(str(error)) from error


def _translated(error: ValueError | OSError) -> Exception:
    said = str(error)
    if "No space left" in said or "StorageFull" in said or "quota" in said.lower():
        return StoreError("No space is left for the search index: free some, or set CRAWLER_DATA to another folder.")
    if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
        return StoreError(f"The search index can't be used ({error.strerror}): set CRAWLER_DATA to another folder.")
    if "Permission denied" in said or "Read-only file system" in said:
        return StoreError("The folder of the search index can't be written: set CRAWLER_DATA to another folder.")
    return IndexBroken(said)


class Snapshot:
    """One commit of an index, as a reader sees it; later commits don't change it."""

    def __init__(self, index: tantivy.Index) -> None:
        """Raises IndexBroken, also for another format."""
        self.index = index
        with translate_index_errors():
            self.searcher = index.searcher()
            found = self.searcher.search(tantivy.Query.term_query(schema(), "id", STATE_ID), 1).hits
            if not found:
                raise IndexBroken("it has no state")
            content = json.loads(self.searcher.doc(found[0][1]).get_first("state") or "{}")
        if content.get("format") != FORMAT:
            raise IndexBroken(f"it has format {content.get('format')}, not {FORMAT}")
        self.state = State(**content)

    @property
    def articles(self) -> int:
        """How many articles are in it."""
        return self.searcher.num_docs - 1

    def ids(self, addresses: Sequence[Any]) -> list[str]:
        """The `_id`s of found articles."""
        with translate_index_errors():
            return [str(self.searcher.doc(address).get_first("id")) for address in addresses]

    def stamp(self, key: str) -> int | None:
        """The stamp of the article `key`; None if it isn't indexed."""
        with translate_index_errors():
            found = self.searcher.search(tantivy.Query.term_query(schema(), "id", key), 1, count=False).hits
            return self.searcher.fast_field_values("stamp", [found[0][1]])[0] if found else None  # type: ignore[return-value]

    def stamps(self) -> dict[str, int]:
        """The stamp of every article."""
        with translate_index_errors():
            every = tantivy.Query.term_query(schema(), "article", True)
            addresses = [address for _, address in self.searcher.search(every, max(1, self.articles)).hits]
            values = self.searcher.fast_field_values("stamp", addresses)
        return dict(zip(self.ids(addresses), values, strict=True))  # type: ignore[arg-type]


class IndexWriter:
    """Writes to one generation. Nothing is seen by readers before `commit`."""

    def __init__(self, index: tantivy.Index) -> None:
        self._index = index
        with translate_index_errors():
            self._writer = index.writer(_HEAP_BYTES, 1)
        self.pending = 0

    def put(self, article: dict[str, Any]) -> None:
        """Index an article with its FIELDS, in place of what was indexed of it."""
        document = document_of(article)
        with translate_index_errors():
            self._writer.delete_documents_by_term("id", article["_id"])
            self._writer.add_document(document)
        self.pending += 1

    def remove(self, key: str) -> None:
        """Take an article out."""
        with translate_index_errors():
            self._writer.delete_documents_by_term("id", key)
        self.pending += 1

    def commit(self, state: State) -> None:
        """Make everything visible to readers that open the index from now on, and safe on the disk."""
        document = tantivy.Document()
        document.add_text("id", STATE_ID)
        document.add_text("state", json.dumps(asdict(state)))
        with translate_index_errors():
            self._writer.delete_documents_by_term("id", STATE_ID)
            self._writer.add_document(document)
            self._writer.commit()
            self._index.reload()
        self.pending = 0

    def close(self) -> None:
        """End: what was not committed is dropped. Waits for merges, so that they aren't lost with a short process."""
        with translate_index_errors():
            self._writer.wait_merging_threads()


class SearchIndex:
    """The index of one database on this machine."""

    def __init__(self, data: Path, uri: str | None, database: str) -> None:
        """`data` is the data folder (CRAWLER_DATA); `uri` and `database` say whose index it is."""
        place = place_of(uri, database)
        name = re.sub(r"[^\w-]", "_", database)[:60]
        self.folder = data / "search" / f"{name}-{hashlib.blake2b(place.encode(), digest_size=6).hexdigest()}"
        self._open: tuple[str, tantivy.Index] | None = None

    def snapshot(self) -> Snapshot | None:
        """The newest commit; None if there is no index, or none that can be used."""
        try:
            return Snapshot(self._index(self._current()))
        except (IndexBroken, FileNotFoundError):
            self._open = None
            return None

    @contextmanager
    def lock(self) -> Iterator[bool]:
        """Be the one process that writes; yields False if another one is. Raises StoreError if the folder can't be
        written."""
        with translate_index_errors():
            self.folder.mkdir(parents=True, exist_ok=True)
            file = (self.folder / "writer.lock").open("a")
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    def create(self, state: State, *, switch: bool = True) -> str:
        """Make an empty generation, put it to use if `switch`, and return its name. The caller holds the lock."""
        self._remove_unused()
        name = f"gen-{uuid.uuid4().hex[:12]}"
        with translate_index_errors():
            (self.folder / name).mkdir()
            index = tantivy.Index(schema(), str(self.folder / name))
            _register(index)
            writer = IndexWriter(index)
            writer.commit(state)
            writer.close()
        if switch:
            self.use(name)
        return name

    def use(self, name: str) -> None:
        """Put the generation `name` to use and delete the others. The caller holds the lock."""
        with translate_index_errors():
            part = self.folder / f"CURRENT.{os.getpid()}"
            part.write_text(name, "ascii")
            part.replace(self.folder / "CURRENT")
        self._open = None
        self._remove_unused()

    def open_generation(self, name: str) -> tantivy.Index:
        """The Tantivy index of a generation. Raises IndexBroken."""
        return self._index(name)

    def current_name(self) -> str:
        """The generation in use. Raises FileNotFoundError."""
        return self._current()

    def size(self) -> int:
        """Bytes on the disk."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    def _current(self) -> str:
        name = (self.folder / "CURRENT").read_text("ascii", "replace").strip()
        if not re.fullmatch(r"gen-[0-9a-f]{12}", name):
            raise IndexBroken("CURRENT names no generation")
        return name

    def _index(self, name: str) -> tantivy.Index:
        if self._open is None or self._open[0] != name:
            with translate_index_errors():
                path = str(self.folder / name)
                if not tantivy.Index.exists(path):
                    raise IndexBroken("its files are missing")
                index = tantivy.Index.open(path)
                if index.schema != schema():
                    raise IndexBroken("it has other fields")
                _register(index)
                index.config_reader("manual")
                index.reload()
            self._open = name, index
        with translate_index_errors():
            self._open[1].reload()
        return self._open[1]

    def _remove_unused(self) -> None:
        try:
            current = self._current()
        except (IndexBroken, FileNotFoundError):
            current = ""
        for path in self.folder.iterdir():
            if path.name.startswith(("gen-", "CURRENT.")) and path.name != current:
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _register(index: tantivy.Index) -> None:
    analyzer = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    index.register_tokenizer(_TOKENIZER, analyzer)
