"""`scrapy search`: full-text search in Chinese over the stored articles."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from crawler.output import add_format_option
from crawler.search_command import Ready, SearchCommand, add_filter_options, filters_of

if TYPE_CHECKING:
    from crawler.search.filters import Filters

SORTS = ("relevance", "newest", "seen")


class Command(SearchCommand):
    examples = (
        "scrapy search '食品抽检 不合格' --since 30d",
        "scrapy search '(米粉|米线) title:抽检 -召回' --region 浙江",
        "scrapy search '\"学校食堂\" =合格' --sort newest --page 2",
    )

    def syntax(self) -> str:
        return "QUERY [options]"

    def short_desc(self) -> str:
        return "Search the articles: words, phrases, groups, exclusions"

    def long_desc(self) -> str:
        return (
            'Every word must be in title or body. "…" is a phrase, -word excludes, a|b is one of them, (…) a group, '
            "title:word looks in titles only, and =合格 finds 合格 but not 不合格. Chinese text is found wherever it "
            "stands, a Latin word or a number as a whole; simplified, traditional, width and case make no difference. "
            "Ranking: title matches, rare and frequent terms, then newer articles."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add_filter_options(parser)
        add_page_options(parser, SORTS)
        parser.add_argument("--explain", action="store_true", help="print how the query is understood and stop")

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        if not args:
            raise UsageError("no query; give words, such as scrapy search '食品抽检 不合格'", print_help=False)
        return self.answer(" ".join(args), opts)

    def answer(self, text: str | None, opts: argparse.Namespace) -> int | None:
        """Print the articles that `text` and the options ask for."""
        check_page(opts)
        filters = filters_of(opts, text)
        from crawler.search.output import print_found, synonym_note
        from crawler.search.search import search

        with self.open_index() as ready:
            if getattr(opts, "explain", False):
                _explain(ready, filters)
                return None
            given = {"page": opts.page, "sort": opts.sort, "note": ready.note}
            found = search(ready.snapshot, ready.articles, filters, opts.limit, **given)
            if found.gone:
                # Deleted by somebody since the last comparison: compare now, and answer again.
                with self.open_index(compare=True) as again:
                    found = search(again.snapshot, again.articles, filters, opts.limit, **given)
            if not found.matched:
                self.print_nothing_found(ready, filters)
        if found.matched or opts.format == "json":
            print_found(found, filters, opts.format, page=opts.page, colour=sys.stdout.isatty())
        if note := synonym_note(filters):
            print(note, file=sys.stdout if opts.format == "table" and found.matched else sys.stderr)
        return None


def _explain(ready: Ready, filters: Filters) -> None:
    from crawler.search.output import explain
    from crawler.search.search import count_conditions

    print("\n".join(explain(filters, count_conditions(ready.snapshot, filters))))


def add_page_options(parser: argparse.ArgumentParser, sorts: tuple[str, ...]) -> None:
    """Add `--sort`, `--limit`, `--page` and `--format`; the first of `sorts` is the default."""
    parser.add_argument("--sort", choices=sorts, default=sorts[0], help=f"default {sorts[0]}")
    parser.add_argument("--limit", type=int, default=10, metavar="N", help="stories a page (default 10)")
    parser.add_argument("--page", type=int, default=1, metavar="N", help="which page of them (default 1)")
    add_format_option(parser)


def check_page(opts: argparse.Namespace) -> None:
    """Raises UsageError for numbers below 1."""
    if opts.limit < 1 or opts.page < 1:
        raise UsageError(f"--{'limit' if opts.limit < 1 else 'page'} must be 1 or more", print_help=False)
