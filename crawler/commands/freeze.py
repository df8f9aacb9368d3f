"""`scrapy freeze URL`: save a page of a registered site for the tests, with a draft of the expected result."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from os.path import relpath
from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from crawler import cli
from crawler.errors import FetchError

if TYPE_CHECKING:
    from scrapy.http import Response

    from crawler.discovery.fixtures import Fixture
    from crawler.sites.site import Site
    from crawler.spiders.base import Failed
    from crawler.spiders.site_probe import Fetch


class Command(cli.Command):
    requires_crawler_process = True
    group = "sites"
    examples = (
        "scrapy freeze http://www.qingtian.gov.cn/art/2026/11/5/art_1_1.html",
        "scrapy freeze http://www.qingtian.gov.cn/col/col1229365841/index.html --list",
    )

    def syntax(self) -> str:
        return "URL [--list]"

    def short_desc(self) -> str:
        return "Save a page of a registered site as a test fixture"

    def long_desc(self) -> str:
        return (
            "Fetches one article, or with --list one list page, of a site of the registry, within robots.txt and the "
            "delays of a crawl. Writes it under tests/pages/PLATFORM with the response headers and a draft of the "
            "expected result, whose test fails until a person has checked it. Exit status: 0 written, 1 nothing "
            "written, 2 wrong use."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--list", action="store_true", help="the page is a list page, not an article")

    def prepare(self, args: list[str], opts: argparse.Namespace) -> None:
        from crawler.sites.files import WEB_ADDRESS
        from crawler.sites.registry import load
        from crawler.spiders.site_probe import quiet_settings

        if len(args) != 1 or not WEB_ADDRESS.fullmatch(args[0]):
            raise UsageError("give the whole URL of one page: scrapy freeze http://host/path", print_help=False)
        site = load().by_url(args[0])
        if site is None:
            raise UsageError(f"the registry has no site at {args[0]}; add it with scrapy addsite", print_help=False)
        self.site = site
        assert self.settings is not None
        quiet_settings(self.settings)

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        from crawler.discovery.fixtures import TO_CHECK, save_fixture
        from crawler.parsing.page import PageRequest
        from crawler.spiders.site_probe import run_probe

        answers: list[Response | Failed] = []

        async def work(fetch: Fetch) -> None:
            answers.append(await fetch(PageRequest(args[0])))

        run_probe(self, work)
        try:
            if not answers:
                raise FetchError("the crawl was stopped early")
            page, truth = save_fixture(_draft(answers[0], self.site, as_list=opts.list))
        except FetchError as error:
            raise FetchError(f"{args[0]}: {error}; nothing is written") from None
        except OSError as error:
            raise FetchError(f"{error.filename} can't be written: {error.strerror}") from None
        print(f"Written: {relpath(page)}")
        print(TO_CHECK.format(relpath(truth)))
        return None


def _draft(answer: Response | Failed, site: Site, *, as_list: bool) -> Fixture:
    """Raises FetchError if the page is not what was asked for."""
    from crawler.discovery.fixtures import CapturedResponse, draft_article, draft_list
    from crawler.discovery.survey import reject_foreign
    from crawler.parsing.article import PageRejection
    from crawler.platforms.reading import read_article, read_list
    from crawler.spiders.base import Failed, page_of
    from crawler.spiders.site_probe import headers_of

    if isinstance(answer, Failed):
        raise FetchError(answer.detail)
    if answer.status != 200:
        raise FetchError(f"the site answered with status {answer.status}")
    now = datetime.now(UTC)
    page = page_of(answer)
    if strange := reject_foreign(page, site):
        raise FetchError(strange[1])
    captured = CapturedResponse(page, answer.body, headers_of(answer), now)
    name = site.pinyin or site.code
    if as_list:
        listing = read_list(page, site=site, now=now)
        if not listing.items and listing.next is None:
            raise FetchError(f"the page lists no articles ({listing.reason or 'no article links'})")
        return draft_list(listing, captured, name)
    result = read_article(page, site=site, now=now)
    if isinstance(result, PageRejection):
        raise FetchError(f"{result.detail} (for a list page, add --list)")
    return draft_article(result, captured, name)
