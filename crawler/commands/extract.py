"""`scrapy extract FILE|URL…`: what parsing and cleaning read in saved pages."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings

from crawler import cli
from crawler.errors import FetchError, InputFileError
from crawler.output import iso_time

if TYPE_CHECKING:
    from crawler.items import Article
    from crawler.parsing.page import Page
    from crawler.sites.site import Site

MAX_BYTES = 10 * 1024 * 1024
TIMEOUT = 30
PAGES = frozenset([".html", ".htm", ".shtml", ".xhtml", ".xml", ".json", ".jsp", ".php", ".aspx", ".asp", ""])
"""The endings of file names in a folder that are read as pages."""


class Command(cli.Command):
    group = "data"
    examples = (
        "scrapy extract page.html --url http://www.qingtian.gov.cn/art/1.html",
        "scrapy extract http://www.qingtian.gov.cn/art/2026/11/5/art_1_1.html",
        "scrapy extract saved-pages/ --list",
    )

    def syntax(self) -> str:
        return "FILE|FOLDER|URL|- ... [--url BASE] [--list | --why]"

    def short_desc(self) -> str:
        return "Print what the parsers read in saved pages, as JSON lines"

    def long_desc(self) -> str:
        return (
            "Reads saved pages (files, folders, - for standard input) or fetches http(s) URLs, runs the same parsing "
            "and cleaning as a crawl, and prints one JSON object per page in the order given. It needs no database. "
            "For a page that is not an article it prints the reason. Exit status: 0 done, 1 a URL can't be fetched, "
            "2 wrong use."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--url", metavar="BASE", help="the URL of the page, to resolve links and find its site")
        parser.add_argument("--list", action="store_true", help="read list pages: items and the next page")
        parser.add_argument("--why", action="store_true", help="add what each term contributes to the relevance")

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        if not args:
            raise UsageError("name the pages to read: files, folders, URLs, or - for standard input", print_help=False)
        if opts.url and not opts.url.startswith(("http://", "https://")):
            raise UsageError("--url must begin with http:// or https://", print_help=False)
        assert self.settings is not None
        sources = [source for argument in args for source in _sources(argument)]
        for name in sources:
            print(json.dumps(_read(name, opts, self.settings), ensure_ascii=False), flush=True)
        return None


def _sources(argument: str) -> Iterator[str]:
    """The pages an argument names: itself, or the files of a folder in order of name. Raises InputFileError."""
    if argument == "-" or argument.startswith(("http://", "https://")):
        yield argument
        return
    path = Path(argument)
    if not path.exists():
        raise InputFileError(f"there is no file or folder {argument}")
    if not path.is_dir():
        yield argument
        return
    try:
        found = sorted(p for p in path.rglob("*") if p.is_file() and p.suffix.lower() in PAGES and p.name[0] != ".")
    except OSError as error:
        raise InputFileError(f"the folder {argument} can't be read: {error.strerror}") from None
    if not found:
        raise InputFileError(f"the folder {argument} has no saved pages (.html, .htm, .shtml, …)")
    yield from map(str, found)


def _read(name: str, opts: argparse.Namespace, settings: BaseSettings) -> dict[str, Any]:
    """One page as a row to print. Raises InputFileError and FetchError."""
    from crawler.middlewares.limits import too_many_tags
    from crawler.parsing.page import Page

    body, fetched, content_type, status = _bytes_of(name, settings["USER_AGENT"])
    url = opts.url or fetched
    row: dict[str, Any] = {"file": name, "url": url}
    if len(body) > MAX_BYTES:
        return row | {"reason": "too_large", "detail": f"the page has more than {MAX_BYTES // 1024 // 1024} MB"}
    if refused := too_many_tags(body, settings.getint("MAX_TAGS")):
        return row | {"reason": "too_large", "detail": refused}
    page = Page.from_bytes(body, url or "", content_type, status=status, is_saved=fetched is None)
    if not page.url:
        page.url = row["url"] = _own_url(page) or ""
    row["url"] = page.url or None
    return row | (_listing(page) if opts.list else _article(page, opts.why))


def _bytes_of(name: str, agent: str) -> tuple[bytes, str | None, str | None, int]:
    """Up to MAX_BYTES + 1 bytes of a page, its URL, content type and status. Raises InputFileError, FetchError."""
    if name.startswith(("http://", "https://")):
        return fetch(name, agent, MAX_BYTES, TIMEOUT)
    try:
        if name == "-":
            return sys.stdin.buffer.read(MAX_BYTES + 1), None, None, 200
        with open(name, "rb") as file:
            return file.read(MAX_BYTES + 1), None, None, 200
    except OSError as error:
        raise InputFileError(f"{name} can't be read: {error.strerror}") from None


def fetch(url: str, agent: str, max_bytes: int, timeout: float) -> tuple[bytes, str, str | None, int]:
    """`(body, final address, content type, status)` of an http(s) address: at most `max_bytes` + 1 bytes, decompressed;
    `timeout` in seconds. An error page is a page too. Raises FetchError if there is no page."""
    import http.client
    import urllib.error
    import urllib.request

    headers = {"User-Agent": agent, "Accept-Encoding": "gzip", "Accept-Language": "zh-CN,zh;q=0.9"}
    try:
        request = urllib.request.Request(url, headers=headers)
        try:
            answer = urllib.request.build_opener(_redirects(url)).open(request, timeout=timeout)
        except urllib.error.HTTPError as error:
            if error.code < 400:
                raise FetchError(f"{url} redirects without end ({error.code})") from None
            answer = error
        with answer:
            raw = answer.read(max_bytes + 1)
            if len(raw) < min(int(answer.headers.get("Content-Length") or 0), max_bytes):
                raise FetchError(f"{url} broke off after {len(raw):,} bytes; try again")
            body = _decompress(raw, answer.headers.get("Content-Encoding"), max_bytes)
            return body, answer.geturl() or url, answer.headers.get("Content-Type"), answer.status or 200
    except urllib.error.URLError as error:
        raise FetchError(f"{url} can't be reached: {error.reason}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise FetchError(f"{url} can't be reached: {error}") from None


def _redirects(asked: str) -> Any:
    """A handler that follows redirects of `asked` within its host and to public addresses, to no others."""
    from urllib.parse import urlsplit
    from urllib.request import HTTPRedirectHandler

    from crawler.middlewares.guard import Allowed, find_block_reason

    allowed = Allowed.from_entries([urlsplit(asked).hostname or ""])

    class Redirects(HTTPRedirectHandler):
        def redirect_request(self, *answer: Any) -> Any:
            if refused := find_block_reason(answer[-1], allowed):
                raise FetchError(f"{asked} redirects to an address that is not public: {refused.detail}")
            return super().redirect_request(*answer)

    return Redirects


def _decompress(body: bytes, encoding: str | None, max_bytes: int) -> bytes:
    """`body` decompressed, at most `max_bytes` + 1 bytes, so that a decompression bomb does no harm. Of a cut or broken
    body, what can be read is returned."""
    if (encoding or "").lower() not in {"gzip", "x-gzip"}:
        return body
    import gzip
    import zlib

    unpacked = bytearray()
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
            while len(unpacked) <= max_bytes and (chunk := file.read(64 * 1024)):
                unpacked += chunk
    except (EOFError, zlib.error, gzip.BadGzipFile):
        pass
    return bytes(unpacked[: max_bytes + 1])


def _own_url(page: Page) -> str | None:
    """The URL that a saved page states as its own."""
    from crawler.parsing.content import absolute

    for link in page.root.iter("link"):
        if (link.get("rel") or "").lower() == "canonical" and (href := (link.get("href") or "").strip()):
            return href if href.startswith(("http://", "https://")) else None
    for name in ("og:url", "url"):
        value = page.meta.get(name, "")
        if value.startswith(("http://", "https://")):
            return absolute(value, "")
    return None


def _site_of(page: Page) -> Site | None:
    """The site of the registry that publishes at the page's URL. Raises RegistryError."""
    from crawler.sites.registry import load

    return load().by_url(page.url) if page.url else None


def _listing(page: Page) -> dict[str, Any]:
    from crawler.platforms.reading import read_list

    listing = read_list(page, site=_site_of(page), now=datetime.now(UTC))
    items = [
        {"url": item.url, "title": item.title, "date": _date(item.published_at, item.precision)}
        for item in listing.items
    ]
    row = {"platform": listing.platform, "items": items, "next": listing.next.url if listing.next else None}
    return row if items else row | {"reason": listing.reason or "empty"}


def _article(page: Page, why: bool) -> dict[str, Any]:
    from crawler.pipelines import clean_article, rated
    from crawler.platforms.reading import PageRejection, read_article
    from crawler.sites.places import find_places

    site = _site_of(page)
    result = read_article(page, site=site, now=datetime.now(UTC))
    if isinstance(result, PageRejection):
        return {"reason": result.reason, "detail": result.detail}
    article = clean_article(result)
    article.site = site.as_publisher() if site else None
    rating = rated(article)
    article.relevance = rating.as_dict()
    article.places = find_places(article.title, article.body, article.site).names
    reasons = {"why": [[each.term, each.zone, each.group, each.weight] for each in rating.reasons]} if why else {}
    return row_of(article) | reasons


def row_of(article: Article) -> dict[str, Any]:
    """The fields of a clean article as `scrapy extract` prints them."""
    from dataclasses import asdict

    names = (
        "title",
        "published_at",
        "published_precision",
        "source",
        "author",
        "editor",
        "body",
        "platform",
        "provenance",
    )
    more = ("images", "attachments", "tables", "gov_index", "confidence", "restored", "relevance", "places")
    fields = asdict(article)
    row = {name: fields[name] for name in names + more}
    row["published_at"] = _date(article.published_at, article.published_precision)
    return row


def _date(time: datetime | None, precision: str | None) -> str | None:
    """ISO 8601 in Beijing's zone; the day alone if the time of day is unknown."""
    shown = iso_time(time)
    return shown if shown is None or precision == "minute" else shown[:10]
