"""What a page costs, stage by stage, without network, framework and store:
`python tests/bench/crawl/bench_page.py [--pages 400] [--rounds 5] [--files FOLDER]` prints a table in Markdown.

CPU milliseconds of this process; of the rounds each page's fastest counts, for a busy machine slows single ones down.
The pages are those of `bench_crawl.py`, or the files of a folder.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pages import pages

from crawler.items import Article
from crawler.parsing.page import Page
from crawler.pipelines import DedupePipeline, LocatePipeline, clean_article, rated
from crawler.platforms.detect import detect
from crawler.platforms.reading import read_article

NOW = datetime(2027, 6, 1, tzinfo=UTC)
DEDUPE, LOCATE = DedupePipeline(), LocatePipeline()


def _read(page: Page) -> Any:
    return read_article(page, now=NOW)


def _rate(article: Article) -> Article:
    article.relevance = rated(article).as_dict()
    return article


STAGES: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("decode", lambda given: Page.from_bytes(*given, "text/html")),
    ("parse (lxml)", lambda page: (page.root, page)[1]),
    ("detect", lambda page: (detect(page), page)[1]),
    ("read fields", _read),
    ("clean", clean_article),
    ("rate", _rate),
    ("locate", LOCATE.process_item),
    ("keys", DEDUPE.process_item),
)
"""`read fields` detects the platform again: a walk over what detection has found."""


def cost(body: bytes, url: str) -> list[float]:
    """Milliseconds of each stage for one page; those after a refusal are 0."""
    given: Any = (body, url)
    spent = [0.0] * len(STAGES)
    for number, (_, stage) in enumerate(STAGES):
        started = time.process_time()
        given = stage(given)
        spent[number] = (time.process_time() - started) * 1000
        if not given or (number > 2 and not isinstance(given, Article)):
            break
    return spent


def bodies(options: argparse.Namespace) -> Iterator[tuple[bytes, str]]:
    if options.files:
        for path in sorted(options.files.iterdir())[: options.pages]:
            yield path.read_bytes(), ""
    else:
        for page in pages(options.pages):
            yield page.markup.encode(), f"http://{page.host}{page.path}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--files", type=Path)
    options = parser.parse_args()
    given = list(bodies(options))
    for body, url in given[:30]:
        cost(body, url)
    gc.freeze()
    rounds = [[cost(body, url) for body, url in given] for _ in range(options.rounds)]
    best = [[min(each[page][stage] for each in rounds) for stage in range(len(STAGES))] for page in range(len(given))]
    size = statistics.mean(len(body) for body, _ in given) / 1000
    packed = statistics.mean(len(gzip.compress(body)) for body, _ in given) / 1000
    print(f"{len(given)} pages of {size:.0f} KB ({packed:.0f} KB packed), the fastest of {options.rounds} rounds\n")
    print("| stage | median ms | mean ms |\n|---|--:|--:|")
    for number, (name, _) in enumerate(STAGES):
        column = [page[number] for page in best]
        print(f"| {name} | {statistics.median(column):.2f} | {statistics.mean(column):.2f} |")
    totals = [sum(page) for page in best]
    print(f"| all | {statistics.median(totals):.2f} | {statistics.mean(totals):.2f} |")


if __name__ == "__main__":
    main()
