"""`scrapy freeze URL`: a page of a site that the registry knows, kept for the tests with a draft of its truth."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from os.path import relpath
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

if TYPE_CHECKING:
    from scrapy.http import Response

    from crawler.discovery.fixtures import Fixture
    from crawler.sites.site import Site
    from crawler.spiders.base import Failed
    from crawler.spiders.survey import Ask


class NothingToFreeze(Exception):
    """Why a page can't be kept: one sentence."""


class Command(ScrapyCommand):
    requires_project = True

    def syntax(self) -> str:
        return "URL [--list]"

    def short_desc(self) -> str:
        return "Keep a page of a registered site for the tests, with a draft of its truth"

    def long_desc(self) -> str:
        return (
            "Fetches one article, or with --list one list page, of a site of the registry, within robots.txt and the "
            "delays of a crawl; writes it under tests/pages/PLATFORM with the headers of the answer and a draft of its "
            "truth, whose test fails until a person has checked it. Exit status: 0 written, 1 nothing written, 2 wrong "
            "use."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--list", action="store_true", help="the page is a list page, not an article")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        from crawler.sites.files import WEB_ADDRESS
        from crawler.sites.registry import load
        from crawler.sites.site import RegistryError
        from crawler.spiders.survey import prepare

        if len(args) != 1 or not WEB_ADDRESS.fullmatch(args[0]):
            raise UsageError("give the whole address of one page: scrapy freeze http://host/path", print_help=False)
        try:
            site = load().by_url(args[0])
        except RegistryError as error:
            print(f"scrapy freeze: {error}", file=sys.stderr)
            sys.exit(1)
        if site is None:
            raise UsageError(f"the registry has no site at {args[0]}: scrapy addsite adds one", print_help=False)
        self.site = site
        assert self.settings is not None
        prepare(self.settings)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        from crawler.discovery.fixtures import TO_CHECK, keep
        from crawler.parsing.page import PageRequest
        from crawler.spiders.survey import run

        answers: list[Response | Failed] = []

        async def work(ask: Ask) -> None:
            answers.append(await ask(PageRequest(args[0])))

        run(self, work)
        try:
            if not answers:
                raise NothingToFreeze("the visit was ended early")
            page, truth = keep(_drafted(answers[0], self.site, as_list=opts.list))
        except NothingToFreeze as why:
            print(f"scrapy freeze: {args[0]}: {why}; nothing is written", file=sys.stderr)
            self.exitcode = 1
        except OSError as error:
            print(f"scrapy freeze: {error.filename} can't be written: {error.strerror}", file=sys.stderr)
            self.exitcode = 1
        else:
            print(f"Written: {relpath(page)}")
            print(TO_CHECK.format(relpath(truth)))


def _drafted(answer: Response | Failed, site: Site, *, as_list: bool) -> Fixture:
    """Raises NothingToFreeze where there is no such page."""
    from crawler.discovery.fixtures import CapturedResponse, freeze_article, freeze_list
    from crawler.discovery.survey import stranger
    from crawler.parsing.rejection import PageRejection
    from crawler.platforms.reading import read_article, read_list
    from crawler.spiders.base import Failed, page_of
    from crawler.spiders.survey import headers_of

    if isinstance(answer, Failed):
        raise NothingToFreeze(answer.detail)
    if answer.status != 200:
        raise NothingToFreeze(f"the site answers {answer.status}")
    now = datetime.now(UTC)
    page = page_of(answer)
    if strange := stranger(page, site):
        raise NothingToFreeze(strange[1])
    caught = CapturedResponse(page, answer.body, headers_of(answer), now)
    name = site.pinyin or site.code
    if as_list:
        listing = read_list(page, site=site, now=now)
        if not listing.items and listing.next is None:
            raise NothingToFreeze(f"the page lists no articles ({listing.reason or 'no article links'})")
        return freeze_list(listing, caught, name)
    result = read_article(page, site=site, now=now)
    if isinstance(result, PageRejection):
        raise NothingToFreeze(f"{result.detail} (a list page wants --list)")
    return freeze_article(result, caught, name)
