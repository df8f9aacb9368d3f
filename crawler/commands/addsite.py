"""`scrapy addsite URL`: add a government site to the registry, after a person has looked at three of its articles."""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime
from os.path import relpath
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from crawler import cli
from crawler.errors import FetchError
from crawler.output import format_count, plain

if TYPE_CHECKING:
    from crawler.discovery.fixtures import CapturedResponse, Fixture
    from crawler.parsing.page import Page
    from crawler.sites.edit import Row
    from crawler.spiders.site_probe import SiteProbe

MAX_REJECTED_SHOWN = 5
MAX_NAME_LENGTH = 8
ARTICLE = "an article"
OPENING = 60


class Command(cli.Command):
    requires_crawler_process = True
    group = "sites"
    examples = (
        "scrapy addsite http://www.qingtian.gov.cn/",
        "scrapy addsite http://www.example.gov.cn/ --code 331121 --yes",
    )

    def syntax(self) -> str:
        return "URL [--code CODE] [--name NAME] [--yes]"

    def short_desc(self) -> str:
        return "Find the sections of a site and add it to the registry"

    def long_desc(self) -> str:
        return (
            "Fetches the home page and a few more, within robots.txt and the delays of a crawl. Shows the platform, "
            "the sections worth crawling and three articles as the parsers read them. After a yes it writes the row "
            "in counties.csv and saves an article and a list page under tests/pages as drafts, whose test fails until "
            "a person has checked them. A site that is already in the registry is completed. Exit status: 0 written, "
            "1 nothing written, 2 wrong use."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--code", help="GB/T 2260 code, or a word for other sites; default: read from the page")
        parser.add_argument("--name", help="full name (青田县); required if the registry does not know the code")
        parser.add_argument("--yes", action="store_true", help="write without asking")

    def prepare(self, args: list[str], opts: argparse.Namespace) -> None:
        from crawler.sites.edit import match_url
        from crawler.sites.files import WEB_ADDRESS
        from crawler.sites.registry import load
        from crawler.sites.site import SiteError
        from crawler.spiders.site_probe import quiet_settings

        if len(args) != 1:
            raise UsageError("give one home page: scrapy addsite http://www.qingtian.gov.cn/", print_help=False)
        if not WEB_ADDRESS.fullmatch(args[0]):
            raise UsageError(f"{args[0]!r} is not a URL; include http:// or https://", print_help=False)
        try:
            self.site = match_url(args[0], opts.code, opts.name, load())
        except SiteError as error:
            raise UsageError(str(error), print_help=False) from None
        assert self.settings is not None
        quiet_settings(self.settings)

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        from crawler.sites.registry import load
        from crawler.spiders.site_probe import SiteProbe, run_probe

        probe = SiteProbe(args[0], self.site, load(), datetime.now(UTC))
        start = time.monotonic()
        run_probe(self, probe.run)
        _check_probe(probe)
        _show(probe, time.monotonic() - start)
        _write(probe, yes=opts.yes)
        return None


def _nothing_written(why: str) -> FetchError:
    return FetchError(f"{why.rstrip('.')}; nothing is written")


def _check_probe(probe: SiteProbe) -> None:
    """Raises FetchError if there is nothing to show."""
    surveyed = probe.survey
    if surveyed is None:
        raise _nothing_written("the crawl was stopped early")
    if surveyed.problem and surveyed.problem[0] == "no_sections" and surveyed.refused:
        _show_refused(probe)
    if surveyed.problem:
        raise _nothing_written(f"{probe.url}: {surveyed.problem[1]}")
    assert probe.site is not None
    if probe.review is None or not probe.review.read:
        failed = probe.review.failed if probe.review else ()
        raise _nothing_written(f"no article could be read ({failed[0][1] if failed else 'the lists are empty'})")


def _show(probe: SiteProbe, seconds: float) -> None:
    from crawler.discovery.fixtures import common_platform, format_shown_time
    from crawler.sites.site import describe

    surveyed, reviewed, site = probe.survey, probe.review, probe.site
    assert surveyed is not None
    assert reviewed is not None
    assert site is not None
    sections = format_count(len(surveyed.found), "section")
    print(
        f"{describe(site)}: {common_platform(surveyed) or 'unknown platform'}, {sections}; "
        f"{format_count(probe.response_count, 'response')}, {seconds:.1f} s"
    )
    for found in surveyed.found:
        paging = "more pages follow" if found.goes_on else "one page"
        articles = format_count(len(found.items), "article")
        print(f"  {plain(found.name)}  {articles}, {paging}; {found.why}\n    {found.url}")
    _show_refused(probe)
    print("\nArticles to check (times are +08:00):")
    for article, _ in reviewed.read:
        labels = (("来源", article.source), ("作者", article.author), ("编辑", article.editor))
        credits = "  ".join(f"{label}：{plain(value or '-')}" for label, value in labels)
        opening = (article.body or "").replace("\n", " ")[:OPENING]
        when = (format_shown_time(article) or "no date").removesuffix("+08:00").replace("T", " ")
        print(f"  {plain(article.title)}\n    {when}  {credits}\n    {plain(article.url)}\n    {plain(opening)}…")
    for url, why in reviewed.failed:
        print(f"  not read: {url}: {why}")


def _show_refused(probe: SiteProbe) -> None:
    assert probe.survey is not None
    named = [one for one in probe.survey.refused if len(one.name) <= MAX_NAME_LENGTH and one.verdict.why != ARTICLE]
    refused = sorted(named, key=lambda one: one.verdict.kind != "gone")
    for candidate in refused[:MAX_REJECTED_SHOWN]:
        print(f"  rejected: {plain(candidate.name)}: {candidate.verdict.why}")
    if len(refused) > MAX_REJECTED_SHOWN:
        print(f"  rejected: {len(refused) - MAX_REJECTED_SHOWN} more")


def _write(probe: SiteProbe, *, yes: bool) -> None:
    """Show what would be written, ask, and write."""
    from crawler.discovery.fixtures import choose_paths, common_platform
    from crawler.parsing.date_forms import CST
    from crawler.sites.edit import SiteVisit, complete_row, format_row, parse_rows
    from crawler.sites.registry import HERE

    surveyed, site = probe.survey, probe.site
    assert surveyed is not None
    assert surveyed.home is not None
    assert site is not None
    path = HERE / "counties.csv"
    present = parse_rows(path.read_text("utf-8")).get(site.code)
    gone = [one.url for one in surveyed.refused if one.verdict.kind == "gone"]
    sections = [one.section() for one in surveyed.found]
    day = f"{probe.now.astimezone(CST):%Y-%m-%d}"
    row = complete_row(
        site, present, SiteVisit(day, probe.url, surveyed.home.url, sections, gone, common_platform(surveyed))
    )
    frozen = _draft_fixtures(probe)
    print("\nThe row of counties.csv:")
    if present and present != row:
        print(f"- {format_row(present)}", end="")
    print(f"{'=' if present == row else '+'} {format_row(row)}", end="")
    print("Pages saved for the tests, each with an expected result that a person must check:")
    for one in frozen:
        print(f"+ {relpath(choose_paths(one)[0])}")
    if not yes and not _confirm("Write them? [y/N] "):
        raise _nothing_written("not confirmed (--yes writes without asking)")
    _put(row, frozen)


def _confirm(question: str) -> bool:
    try:
        return input(question).strip().lower() in {"y", "yes", "是"}
    except (EOFError, KeyboardInterrupt):
        print()
        return False


def _draft_fixtures(probe: SiteProbe) -> list[Fixture]:
    """Drafts of the first article shown and of the best section's page."""
    from crawler.discovery.fixtures import draft_article, draft_list
    from crawler.platforms.reading import read_list
    from crawler.spiders.base import page_of

    surveyed, reviewed, site = probe.survey, probe.review, probe.site
    assert surveyed is not None
    assert reviewed is not None
    assert site is not None
    name = site.pinyin or site.code
    article, page = reviewed.read[0]
    drafts = [draft_article(article, _capture(probe, page), name)]
    if (answer := probe.responses.get(surveyed.found[0].url)) is not None:
        page = page_of(answer)
        listing = read_list(page, site=site, now=probe.now)
        drafts.append(draft_list(listing, _capture(probe, page), name))
    return drafts


def _capture(probe: SiteProbe, page: Page) -> CapturedResponse:
    from crawler.discovery.fixtures import CapturedResponse
    from crawler.spiders.site_probe import headers_of

    answer = probe.responses[page.url]
    return CapturedResponse(page, answer.body, headers_of(answer), probe.now)


def _put(row: Row, frozen: list[Fixture]) -> None:
    """Write all or nothing."""
    from crawler.discovery.fixtures import TO_CHECK, remove_files, save_fixture
    from crawler.sites.edit import write_row
    from crawler.sites.registry import HERE
    from crawler.sites.site import RegistryError

    path = HERE / "counties.csv"
    written: list[Path] = []
    try:
        for one in frozen:
            written += save_fixture(one)
        line = write_row(path, row)
    except RegistryError as error:
        remove_files(written)
        raise _nothing_written(f"the row would break the registry: {error}") from None
    except OSError as error:
        remove_files(written)
        raise _nothing_written(f"{error.filename or path} can't be written: {error.strerror}") from None
    print(f"Written: {relpath(path)}:{line}")
    for truth in written[1::2]:
        print(TO_CHECK.format(relpath(truth)))
