"""`scrapy addsite URL`: a government site into the registry, after three of its articles have been looked at."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime
from os.path import relpath
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.output import plain

if TYPE_CHECKING:
    from crawler.discovery.fixtures import CapturedResponse, Fixture
    from crawler.parsing.page import Page
    from crawler.sites.edit import Row
    from crawler.spiders.survey import Visit

REFUSED_SHOWN = 5
MAX_NAME_LENGTH = 8
ARTICLE = "an article"
OPENING = 60


class NothingToAdd(Exception):
    """Why a visit gave nothing to write: one sentence."""


class Command(ScrapyCommand):
    requires_project = True

    def syntax(self) -> str:
        return "URL [--code CODE] [--name NAME] [--yes]"

    def short_desc(self) -> str:
        return "Find the sections of a site, show three articles, and add it to the registry"

    def long_desc(self) -> str:
        return (
            "Asks for the home page and a few more, within robots.txt and the delays of a crawl; tells the platform "
            "and the sections worth crawling; shows three articles as the parsers read them; then, after a yes, writes "
            "the row of counties.csv and freezes an article and a list page under tests/pages as drafts, whose test "
            "fails until a person has checked them. A site the registry knows is completed. Exit status: 0 written, "
            "1 nothing written, 2 wrong use."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--code", help="code of GB/T 2260, or a word for other sites; default: the page tells")
        parser.add_argument("--name", help="full name (青田县); needed with a code that the registry doesn't know")
        parser.add_argument("--yes", action="store_true", help="write without asking")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        from crawler.sites.edit import expected
        from crawler.sites.files import WEB_ADDRESS
        from crawler.sites.registry import load
        from crawler.sites.site import RegistryError, SiteError
        from crawler.spiders.survey import prepare

        if len(args) != 1:
            raise UsageError("give one home page: scrapy addsite http://www.qingtian.gov.cn/", print_help=False)
        if not WEB_ADDRESS.fullmatch(args[0]):
            raise UsageError(f"{args[0]!r} is no web address; write it whole: http://host/", print_help=False)
        try:
            self.site = expected(args[0], opts.code, opts.name, load())
        except SiteError as error:
            raise UsageError(str(error), print_help=False) from None
        except RegistryError as error:
            print(f"scrapy addsite: {error}", file=sys.stderr)
            sys.exit(1)
        assert self.settings is not None
        prepare(self.settings)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        from crawler.sites.registry import load
        from crawler.spiders.survey import Visit, run

        visit = Visit(args[0], self.site, load(), datetime.now(UTC))
        began = time.monotonic()
        try:
            run(self, visit.work)
            _judge(visit)
            _show(visit, time.monotonic() - began)
            self.exitcode = _write(visit, yes=opts.yes)
        except NothingToAdd as why:
            print(f"scrapy addsite: {str(why).rstrip('.')}; nothing is written", file=sys.stderr)
            self.exitcode = 1


def _judge(visit: Visit) -> None:
    """Raises NothingToAdd where there is nothing to show."""
    surveyed = visit.surveyed
    if surveyed is None:
        raise NothingToAdd("the visit was ended early")
    if surveyed.problem and surveyed.problem[0] == "no_sections" and surveyed.refused:
        _show_refused(visit)
    if surveyed.problem:
        raise NothingToAdd(f"{visit.url}: {surveyed.problem[1]}")
    assert visit.site is not None
    if visit.reviewed is None or not visit.reviewed.read:
        failed = visit.reviewed.failed if visit.reviewed else ()
        raise NothingToAdd(f"no article could be read ({failed[0][1] if failed else 'the lists hold none'})")


def _show(visit: Visit, seconds: float) -> None:
    from crawler.discovery.fixtures import platform_of
    from crawler.sites.site import describe

    surveyed, reviewed, site = visit.surveyed, visit.reviewed, visit.site
    assert surveyed is not None
    assert reviewed is not None
    assert site is not None
    number = len(surveyed.found)
    told = f"{platform_of(surveyed) or 'no platform known'}, {number} section{'s' * (number != 1)}"
    print(f"{describe(site)}: {told}; {visit.asked} answers, {seconds:.1f} s")
    for found in surveyed.found:
        paging = "more pages follow" if found.goes_on else "one page"
        print(f"  {plain(found.name)}  {len(found.items)} articles, {paging}; {found.why}\n    {found.url}")
    _show_refused(visit)
    print("\nArticles to look at, in Beijing time:")
    for article, _ in reviewed.read:
        from crawler.discovery.fixtures import shown_time

        labels = (("来源", article.source), ("作者", article.author), ("编辑", article.editor))
        credits = "  ".join(f"{label}：{plain(value or '-')}" for label, value in labels)
        opening = (article.body or "").replace("\n", " ")[:OPENING]
        when = (shown_time(article) or "no date").removesuffix("+08:00").replace("T", " ")
        print(f"  {plain(article.title)}\n    {when}  {credits}\n    {plain(article.url)}\n    {plain(opening)}…")
    for url, why in reviewed.failed:
        print(f"  not read: {url}: {why}")


def _show_refused(visit: Visit) -> None:
    assert visit.surveyed is not None
    named = [one for one in visit.surveyed.refused if len(one.name) <= MAX_NAME_LENGTH and one.verdict.why != ARTICLE]
    refused = sorted(named, key=lambda one: one.verdict.kind != "gone")
    for candidate in refused[:REFUSED_SHOWN]:
        print(f"  not taken: {plain(candidate.name)}: {candidate.verdict.why}")
    if len(refused) > REFUSED_SHOWN:
        print(f"  not taken: {len(refused) - REFUSED_SHOWN} more")


def _write(visit: Visit, *, yes: bool) -> int:
    """Show what would be written, ask, and write; the exit status."""
    from crawler.discovery.fixtures import place_of, platform_of
    from crawler.parsing.date_forms import CST
    from crawler.sites.edit import Seen, row_line, row_of, rows_of
    from crawler.sites.registry import HERE

    surveyed, site = visit.surveyed, visit.site
    assert surveyed is not None
    assert surveyed.home is not None
    assert site is not None
    path = HERE / "counties.csv"
    present = rows_of(path.read_text("utf-8")).get(site.code)
    gone = [one.url for one in surveyed.refused if one.verdict.kind == "gone"]
    sections = [one.section() for one in surveyed.found]
    day = f"{visit.now.astimezone(CST):%Y-%m-%d}"
    row = row_of(site, present, Seen(day, visit.url, surveyed.home.url, sections, gone, platform_of(surveyed)))
    frozen = _frozen(visit)
    print("\nThe row of counties.csv:")
    if present and present != row:
        print(f"- {row_line(present)}", end="")
    print(f"{'=' if present == row else '+'} {row_line(row)}", end="")
    print("Frozen pages, each with a truth to be checked by a person:")
    for one in frozen:
        print(f"+ {relpath(place_of(one)[0])}")
    if not yes and not _agreed("Write them? [y/N] "):
        raise NothingToAdd("there was no yes (--yes writes without asking)")
    return _put(row, frozen)


def _agreed(question: str) -> bool:
    try:
        return input(question).strip().lower() in {"y", "yes", "是"}
    except (EOFError, KeyboardInterrupt):
        print()
        return False


def _frozen(visit: Visit) -> list[Fixture]:
    """Drafts of the first article shown and of the best section's page."""
    from crawler.discovery.fixtures import freeze_article, freeze_list
    from crawler.platforms.reading import read_list
    from crawler.spiders.base import page_of

    surveyed, reviewed, site = visit.surveyed, visit.reviewed, visit.site
    assert surveyed is not None
    assert reviewed is not None
    assert site is not None
    name = site.pinyin or site.code
    article, page = reviewed.read[0]
    drafts = [freeze_article(article, _caught(visit, page), name)]
    if (answer := visit.answers.get(surveyed.found[0].url)) is not None:
        page = page_of(answer)
        listing = read_list(page, site=site, now=visit.now)
        drafts.append(freeze_list(listing, _caught(visit, page), name))
    return drafts


def _caught(visit: Visit, page: Page) -> CapturedResponse:
    from crawler.discovery.fixtures import CapturedResponse
    from crawler.spiders.survey import headers_of

    answer = visit.answers[page.url]
    return CapturedResponse(page, answer.body, headers_of(answer), visit.now)


def _put(row: Row, frozen: list[Fixture]) -> int:
    """Write all or nothing."""
    from crawler.discovery.fixtures import TO_CHECK, drop, keep
    from crawler.sites.edit import put_row
    from crawler.sites.registry import HERE
    from crawler.sites.site import RegistryError

    path = HERE / "counties.csv"
    written: list[Path] = []
    try:
        for one in frozen:
            written += keep(one)
        line = put_row(path, row)
    except RegistryError as error:
        drop(written)
        raise NothingToAdd(f"the row would break the registry: {error}") from None
    except OSError as error:
        drop(written)
        raise NothingToAdd(f"{error.filename or path} can't be written: {error.strerror}") from None
    print(f"Written: {relpath(path)}:{line}")
    for truth in written[1::2]:
        print(TO_CHECK.format(relpath(truth)))
    return 0
