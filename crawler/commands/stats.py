"""`scrapy stats`: how many articles, over time and place."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import UsageError

from crawler.output import add_format_option, format_count, plain, print_rows
from crawler.search_command import Ready, SearchCommand, add_filter_options, filters_of

if TYPE_CHECKING:
    from crawler.search.filters import Filters
    from crawler.search.stats import Counts

_MAX_ROWS = 40
_BAR_WIDTH = 40


class Command(SearchCommand):
    examples = (
        "scrapy stats '不合格 米粉' --since 2026-01-01",
        "scrapy stats 抽检 --by place,month --format csv",
        "scrapy stats --by month --growth --type 抽检结果",
        "scrapy stats --silent 30 --region 浙江",
    )

    def syntax(self) -> str:
        return "[QUERY] [--by WHAT[,WHAT]] [options]"

    def short_desc(self) -> str:
        return "Count articles over time, place, source, topic or type"

    def long_desc(self) -> str:
        return (
            "QUERY is what `scrapy search` takes. Times (day, week by its Monday, month, year) are Beijing's. region "
            "is the province that published, site the site; place is each place that the text names (an article "
            "of a county that names none counts for it); topic is a term that the relevance rests on, type the "
            "document type; also source, section and kind. Two of them by a comma make a table. --silent DAYS lists "
            "the counties whose sites published nothing that matches in these days."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add_filter_options(parser)
        parser.add_argument(
            "--by", default="month", metavar="WHAT", help="one or two, as in place,month (default month)"
        )
        parser.add_argument("--growth", action="store_true", help="beside the same month or year before, in percent")
        parser.add_argument("--silent", type=int, metavar="DAYS", help="list the counties silent for DAYS or longer")
        parser.add_argument("--plot", metavar="FILE", help="also draw it: FILE.png, .svg or .html")
        add_format_option(parser)

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        from crawler.search.stats import count, growth_rows, read_by

        text = " ".join(args) if args else None
        by = read_by(opts.by)
        if opts.plot and len(by) > 1:
            raise UsageError("--plot draws one dimension; give --by one of them", print_help=False)
        if opts.silent is not None and opts.silent < 1:
            raise UsageError("--silent must be 1 day or more", print_help=False)
        filters = filters_of(opts, text)
        with self.open_index() as ready:
            if opts.silent is not None:
                self._list_silent(ready, filters, opts)
                return None
            counts = count(ready.snapshot, filters, by)
            if not counts.articles:
                self.print_nothing_found(ready, filters)
                return None
            growth = growth_rows(ready.snapshot, filters, counts) if opts.growth else []
        if opts.plot:
            from crawler.search.plots import plot

            number = f"{counts.articles} 篇, by {opts.by}"
            plot(counts, f"{text or '全部文章'}: {number}", Path(opts.plot))
        if opts.growth:
            print_rows(growth, opts.format)
        elif opts.format == "table" and len(by) == 1:
            print("\n".join(_bars(counts)))
        else:
            names = [*counts.by, "articles"]
            print_rows((dict(zip(names, row, strict=True)) for row in counts.rows), opts.format)
        return None

    def _list_silent(self, ready: Ready, filters: Filters, opts: argparse.Namespace) -> None:
        from crawler.search.stats import silent_counties

        # Whoever asks about an earlier day means silent up to then.
        now = filters.until or datetime.now(UTC)
        found = silent_counties(ready.snapshot, filters, opts.silent, now, filters.sites)
        rows: list[dict[str, Any]] = [
            {"county": each.name, "province": each.province, "last": each.last, "days": each.days} for each in found
        ]
        known = [row for row in rows if row["last"]]
        print_rows(known if opts.format == "table" else rows, opts.format)
        if opts.format == "table":
            never = len(rows) - len(known)
            print(
                f"{format_count(len(known), 'county', 'counties')} silent for {opts.silent} days or more; "
                f"{never:,} more have no such article at all."
            )


def _bars(counts: Counts) -> Iterator[str]:
    from rich.cells import cell_len

    from crawler.search.stats import TIMES

    (by,) = counts.by
    rows = counts.rows[-_MAX_ROWS:] if by in TIMES else counts.rows[:_MAX_ROWS]
    shown = [(plain(name), size) for name, size in rows]
    width, most = max(cell_len(name) for name, _ in shown), max(size for _, size in shown)
    for name, size in shown:
        bar = "█" * max(round(size / most * _BAR_WIDTH), 1 if size else 0)
        yield f"{name}{' ' * (width - cell_len(name))}  {size:>{len(str(most))}}  {bar}".rstrip()
    more = len(counts.rows) - len(rows)
    left = f"; {more} more rows are not shown" if more else ""
    yield f"{format_count(counts.articles, 'article')} by {by}{left}"
