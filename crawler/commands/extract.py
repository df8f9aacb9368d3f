"""`scrapy extract FILE-or-URL… [--url BASE] [--list | --why]`: what parsers and cleaning read in saved pages."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings

if TYPE_CHECKING:
    from crawler.items import Article
    from crawler.parsing.page import Page
    from crawler.sites.site import Site

MAX_BYTES = 10 * 1024 * 1024
TIMEOUT = 30
PAGES = frozenset([".html", ".htm", ".shtml", ".xhtml", ".xml", ".json", ".jsp", ".php", ".aspx", ".asp", ""])
"""What a folder's files must end with to be read as pages."""


class Unreadable(Exception):
    """A source that can't be read; the text is one sentence for the user, `status` the exit status."""

    def __init__(self, sentence: str, status: int = 2) -> None:
        super().__init__(sentence)
        self.status = status


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "FILE-or-URL… [--url BASE] [--list | --why]"

    def short_desc(self) -> str:
        return "Print the article, or with --list the links, of saved pages as JSON lines"

    def long_desc(self) -> str:
        return (
            "Reads saved pages (files, folders, - for standard input) or fetches http(s) addresses, runs the same "
            "parsing and cleaning as a crawl, and prints one JSON object a page in the order given. No database is "
            "needed. A page that is no article prints its reason. Exit status: 0 done, 1 an address gave no page, "
            "2 wrong use."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--url", metavar="BASE", help="the address of the page, for its links and its site")
        parser.add_argument("--list", action="store_true", help="read list pages: items and the next page")
        parser.add_argument("--why", action="store_true", help="add what each term gives to the relevance")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if not args:
            raise UsageError(
                "name the pages to read: files, folders, addresses, or - for standard input", print_help=False
            )
        if opts.url and not opts.url.startswith(("http://", "https://")):
            raise UsageError("--url wants an address that begins with http:// or https://", print_help=False)
        assert self.settings is not None
        try:
            sources = [source for argument in args for source in _sources(argument)]
            for name in sources:
                row = _read(name, opts, self.settings)
                print(json.dumps(row, ensure_ascii=False), flush=True)
        except Unreadable as problem:
            print(f"scrapy extract: {problem}", file=sys.stderr)
            self.exitcode = problem.status
        except BrokenPipeError:
            # The reader has gone: what is still buffered must not be written at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _sources(argument: str) -> Iterator[str]:
    """The pages an argument names: itself, or the files of a folder in order of name. Raises Unreadable."""
    if argument == "-" or argument.startswith(("http://", "https://")):
        yield argument
        return
    path = Path(argument)
    if not path.exists():
        raise Unreadable(f"there is no file or folder {argument}")
    if not path.is_dir():
        yield argument
        return
    try:
        found = sorted(p for p in path.rglob("*") if p.is_file() and p.suffix.lower() in PAGES and p.name[0] != ".")
    except OSError as error:
        raise Unreadable(f"the folder {argument} can't be read: {error.strerror}") from None
    if not found:
        raise Unreadable(f"the folder {argument} holds no saved pages (.html, .htm, .shtml, …)")
    yield from map(str, found)


def _read(name: str, opts: argparse.Namespace, settings: BaseSettings) -> dict[str, Any]:
    """One page as a row to print. Raises Unreadable."""
    from crawler.middlewares.guard import too_many_tags
    from crawler.parsing.page import Page

    body, fetched, content_type, status = _bytes_of(name, settings["USER_AGENT"])
    url = opts.url or fetched
    row: dict[str, Any] = {"file": name, "url": url}
    if len(body) > MAX_BYTES:
        return row | {"reason": "too_large", "detail": f"the page has more than {MAX_BYTES // 1024 // 1024} MB"}
    if refused := too_many_tags(body, settings.getint("MAX_TAGS")):
        return row | {"reason": "too_large", "detail": refused}
    page = Page.from_bytes(body, url or "", content_type, status=status)
    if not page.url:
        page.url = row["url"] = _own_url(page) or ""
    row["url"] = page.url or None
    return row | (_listing(page) if opts.list else _article(page, opts.why))


def _bytes_of(name: str, agent: str) -> tuple[bytes, str | None, str | None, int]:
    """`(bytes, address, content type, status)` of a page, at most one byte more than is allowed. Raises Unreadable."""
    if name.startswith(("http://", "https://")):
        return _fetch(name, agent, MAX_BYTES, TIMEOUT)
    try:
        if name == "-":
            return sys.stdin.buffer.read(MAX_BYTES + 1), None, None, 200
        with open(name, "rb") as file:
            return file.read(MAX_BYTES + 1), None, None, 200
    except OSError as error:
        raise Unreadable(f"{name} can't be read: {error.strerror}") from None


def _fetch(url: str, agent: str, most: int, timeout: float) -> tuple[bytes, str, str | None, int]:
    """`(body, final address, content type, status)` of an http(s) address: at most `most` + 1 bytes, decompressed;
    `timeout` in seconds. An error page is a page too. Raises Unreadable where no page comes."""
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
                raise Unreadable(f"{url} only redirects, to no page ({error.code})", 1) from None
            answer = error
        with answer:
            raw = answer.read(most + 1)
            if len(raw) < min(int(answer.headers.get("Content-Length") or 0), most):
                raise Unreadable(f"{url} broke off after {len(raw):,} bytes; try again", 1)
            body = _unpacked(raw, answer.headers.get("Content-Encoding"), most)
            return body, answer.geturl() or url, answer.headers.get("Content-Type"), answer.status or 200
    except urllib.error.URLError as error:
        raise Unreadable(f"{url} can't be reached: {error.reason}", 1) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreadable(f"{url} can't be reached: {error}", 1) from None


def _redirects(asked: str) -> Any:
    """A handler that follows redirects of `asked` within its host and to public addresses, to no others."""
    from urllib.parse import urlsplit
    from urllib.request import HTTPRedirectHandler

    from crawler.middlewares.guard import Allowed, refusal

    allowed = Allowed.of([urlsplit(asked).hostname or ""])

    class Redirects(HTTPRedirectHandler):
        def redirect_request(self, *answer: Any) -> Any:
            if refused := refusal(answer[-1], allowed):
                raise Unreadable(f"{asked} redirects to where no page of a site is: {refused.detail}", 1)
            return super().redirect_request(*answer)

    return Redirects


def _unpacked(body: bytes, encoding: str | None, most: int) -> bytes:
    """`body` decompressed, at most `most` + 1 bytes: a bomb is not unpacked to its end. What is cut or broken is kept
    as far as it goes."""
    if (encoding or "").lower() not in {"gzip", "x-gzip"}:
        return body
    import gzip
    import zlib

    unpacked = bytearray()
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
            while len(unpacked) <= most and (chunk := file.read(64 * 1024)):
                unpacked += chunk
    except (EOFError, zlib.error, gzip.BadGzipFile):
        pass
    return bytes(unpacked[: most + 1])


def _own_url(page: Page) -> str | None:
    """The address a saved page gives for itself."""
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
    """The site of the registry that publishes at the page's address. Raises Unreadable."""
    from crawler.sites.registry import load
    from crawler.sites.site import RegistryError

    try:
        return load().by_url(page.url) if page.url else None
    except RegistryError as error:
        raise Unreadable(str(error), 1) from None


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
    from crawler.sites.places import places_named

    site = _site_of(page)
    result = read_article(page, site=site, now=datetime.now(UTC))
    if isinstance(result, PageRejection):
        return {"reason": result.reason, "detail": result.detail}
    article = clean_article(result)
    article.site = site.as_publisher() if site else None
    rating = rated(article)
    article.relevance = rating.as_dict()
    article.places = places_named(article.title, article.body, article.site).names
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


def _date(moment: datetime | None, precision: str | None) -> str | None:
    """ISO 8601 with the offset of China; the day alone where no time is known."""
    from crawler.parsing.date_forms import CST

    if moment is None:
        return None
    local = moment.astimezone(CST)
    return local.isoformat(timespec="seconds") if precision == "minute" else local.date().isoformat()
