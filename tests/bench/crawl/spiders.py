"""The benchmark's spiders: the bare one, with three CSS fields or none, and ours over a list of addresses.

Both give their requests one by one, and Scrapy takes one each time the event loop goes round; or, with `at_once`, all
to the scheduler before the first page comes, as a crawl's list pages fill it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Any, Self

from measured import Results
from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy_spider_metadata import Args

from crawler.items import Article
from crawler.parsing.page_lines import build_lines
from crawler.sites.site import Site
from crawler.spiders.arguments import CrawlArguments
from crawler.spiders.base import ArticleRequest, NewsSpider, page_of
from crawler.text.fingerprint import content_hash, fingerprint

CHINA = timezone(timedelta(hours=8))


def given(spider: BareSpider | OursSpider, requests: Iterable[Request]) -> Iterator[Request]:
    """The requests for `start` to yield: all, or with `at_once` none, for the scheduler has them then."""
    if not spider.at_once:
        yield from requests
        return
    assert spider.crawler.engine
    for request in requests:
        request.meta["is_start_request"] = True
        spider.crawler.engine.crawl(request)


class BareSpider(Spider):
    """Downloads; picks `fields` (name → CSS selector) where there are any."""

    name = "bare"

    def __init__(self, addresses: list[str], results: Results, fields: dict[str, str], at_once: bool) -> None:
        super().__init__()
        self.addresses, self.results, self.fields, self.at_once = addresses, results, fields, at_once

    async def start(self) -> AsyncIterator[Request]:
        self.results.clock.start()
        for request in given(self, (Request(address, dont_filter=True) for address in self.addresses)):
            yield request

    def parse(self, response: Response) -> Iterator[dict[str, Any]]:
        if self.fields:
            found = {name: response.css(selector).getall() for name, selector in self.fields.items()}
            time = found["time"][0] if found["time"] else None
            self.results.add(
                response.url, found["title"][0] if found["title"] else None, time, "\n".join(found["body"])
            )
            yield self.item(response.url, found)

    def item(self, url: str, found: dict[str, Any]) -> Any:
        return found

    def closed(self, reason: str) -> None:
        self.results.clock.stop()


class StoredBareSpider(BareSpider):
    """Hands what it picks to our store: the least that a crawl can cost which compares and stores what it reads."""

    def item(self, url: str, found: dict[str, Any]) -> Any:
        # Without the foot, which all pages share: each would be compared with all others.
        body = "\n".join(line.strip() for line in found["body"] if line.startswith("\u3000"))
        return _article(url, "".join(found["title"]), body)


class WalkedBareSpider(BareSpider):
    """Parses, looks at each element and text once (our outline), and hands the sentences to our store: the least that a
    crawl can cost which reads more of a page than a few selectors."""

    def parse(self, response: Response) -> Iterator[Any]:
        lines = [line.text for line in build_lines(page_of(response).root).lines if "。" in line.text]
        yield _article(response.url, lines[0][:20], "\n".join(lines))


def _article(url: str, title: str, body: str) -> Article:
    keys = {"content_hash": content_hash(title, body), "fingerprint": fingerprint(title, body)}
    return Article(url, canonical_url=url, title=title, body=body, fetched_at=datetime.now(UTC), **keys)


class OursSpider(Args[CrawlArguments], NewsSpider):
    """The article pages of a list of addresses, through everything an article of a crawl goes through."""

    name = "ours"
    args: CrawlArguments
    results: Results
    addresses: list[str]
    at_once: bool

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        own = {name: kwargs.pop(name) for name in ("results", "addresses", "at_once")}
        spider = super().from_crawler(crawler, *args, **kwargs)
        vars(spider).update(own)
        crawler.signals.connect(spider.take, signal=signals.item_scraped)
        crawler.signals.connect(spider.stop, signal=signals.engine_stopped)
        return spider

    async def start(self) -> AsyncIterator[Request]:
        self.results.clock.start()
        for request in given(self, map(self._request, self.addresses)):
            yield request

    def _request(self, address: str) -> Request:
        return self.article_request(address, ArticleRequest(address, _site(address.split("/")[2])))

    def take(self, item: Any) -> None:
        if isinstance(item, Article):
            time = item.published_at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M") if item.published_at else None
            self.results.add(item.url, item.title, time, item.body)

    def stop(self) -> None:
        self.results.clock.stop()


@cache
def _site(host: str) -> Site:
    return Site(
        code=host.replace(":", "-").replace(".", "-"),
        kind="other",
        name=f"示范县{host}",
        homepage=f"http://{host}/",
        domains=(host.partition(":")[0],),
    )
