"""What an unknown site will give: scores of article extraction with everything hidden that rules could have learned.

`python tests/bench/bench_unseen.py FOLDER TRUTH.jsonl [--markdown] [--held-out]` reads saved pages and their
hand-checked fields (one JSON object a line: `file`, `kind`, `url`, `expected`) and scores five variants of each page:

- as is: the page as it was saved; - no platform: no platform is recognised and no selectors are tried; - scrambled:
class and id names are replaced by random words, the same word for the same name; - no meta: `<meta>` tags are removed,
except the one that declares the encoding; - blind: all three.

Every figure is the mean over sites, not over pages, so that a site with many pages does not count more. With
`--held-out` only the sites are scored that were set apart before rules were written (half of them, by a hash of their
name); the other half may be looked at while rules are written. The last column is the expected calibration error of
`confidence`: the mean distance between the confidence and the F1 of the body, in ten bins.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crawler.items import Article
from crawler.parsing.article import PageRejection, extract
from crawler.parsing.date_forms import CST
from crawler.parsing.page import Page
from crawler.pipelines import clean_article
from crawler.platforms.reading import read_article

NOW = datetime.now(UTC)
FIELDS = ("title", "day", "minute", "source", "editor", "author", "body")
NAMES = ("source", "editor", "author")
BINS = 10
_ATTRIBUTE = re.compile(rb"""(\s(?:class|id)\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)""", re.I)
_META = re.compile(rb"<meta\b(?![^>]*charset)[^>]*>", re.I)
_SITE = re.compile(r"[a-z]\d-(?:[a-z]+-\d+|[a-z0-9]+)(?=\W|[a-z]?$)")
_OFFSET = re.compile(r"[+-]\d\d:?\d\d$|Z$")


def scramble(body: bytes) -> bytes:
    """Replace every class and id name by a word that says nothing, the same for the same name."""

    def replace(found: re.Match[bytes]) -> bytes:
        names = found[2].strip(b"\"'").split()
        return found[1] + b'"' + b" ".join(b"x" + hashlib.md5(name).hexdigest()[:8].encode() for name in names) + b'"'

    return _ATTRIBUTE.sub(replace, body)


def without_meta(body: bytes) -> bytes:
    """Remove the meta tags, except those that declare the encoding."""
    return _META.sub(b"", body)


def read(body: bytes, url: str) -> Article | PageRejection:
    """Extract an article as a crawl does."""
    return read_article(Page.from_bytes(body, url), now=NOW)


def read_without_platform(body: bytes, url: str) -> Article | PageRejection:
    """Extract an article by the general rules alone."""
    return extract(Page.from_bytes(body, url), (), NOW)


Reader = Callable[[bytes, str], Article | PageRejection]
VARIANTS: dict[str, tuple[Callable[[bytes], bytes], Reader]] = {
    "as is": (bytes, read),
    "no platform": (bytes, read_without_platform),
    "scrambled": (scramble, read),
    "no meta": (without_meta, read),
    "blind": (lambda body: scramble(without_meta(body)), read_without_platform),
}


@dataclass
class Scores:
    """Points by field and site, and the confidence beside the F1 of each body."""

    points: dict[str, dict[str, list[float]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    wrong_days: int = 0
    low_bodies: int = 0
    confidences: list[tuple[float, float]] = field(default_factory=list)

    def add(self, site: str, expected: dict[str, Any], article: Article | None) -> None:
        """Score one page against what a person read on it."""
        if expected.get("title"):
            self.points["title"][site].append(article is not None and fold(article.title) == fold(expected["title"]))
        day, minute = day_and_minute(expected.get("published_at"))
        found = article.published_at.astimezone(CST) if article and article.published_at else None
        if day:
            self.points["day"][site].append(found is not None and f"{found:%Y-%m-%d}" == day)
            self.wrong_days += found is not None and f"{found:%Y-%m-%d}" != day
        if day and minute:
            self.points["minute"][site].append(found is not None and f"{found:%Y-%m-%d %H:%M}" == f"{day} {minute}")
        for name in NAMES:
            if expected.get(name):
                self.points[name][site].append(
                    article is not None and words(getattr(article, name)) == words(expected[name])
                )
        if expected.get("body"):
            score = f1(expected["body"], article.body if article else None)
            self.points["body"][site].append(score)
            self.low_bodies += score < 0.5
            if article is not None and article.confidence is not None:
                self.confidences.append((article.confidence, score))

    def mean(self, name: str) -> float | None:
        """The mean over sites; None if no page has the field."""
        sites = [sum(points) / len(points) for points in self.points[name].values()]
        return sum(sites) / len(sites) if sites else None

    def calibration_error(self) -> float:
        """The expected calibration error of `confidence` against the F1 of the body."""
        bins: dict[int, list[tuple[float, float]]] = defaultdict(list)
        for confidence, score in self.confidences:
            bins[min(int(confidence * BINS), BINS - 1)].append((confidence, score))
        gaps = (abs(sum(confidence - score for confidence, score in rows)) for rows in bins.values())
        return sum(gaps) / len(self.confidences) if self.confidences else 0.0


def fold(text: str | None) -> str:
    """Text without white space, width differences and case."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text or "")).lower()


def words(text: str | None) -> str:
    """The words of a list of names in alphabetical order, without 记者 and 通讯员."""
    return "".join(sorted(re.findall(r"\w+", fold(text).replace("记者", "").replace("通讯员", ""))))


def f1(expected: str, found: str | None) -> float:
    """F1 of the character 4-grams of two texts, without punctuation and white space."""
    counts = []
    for text in (expected, found or ""):
        letters = re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text))
        counts.append(Counter(letters[at : at + 4] for at in range(max(1, len(letters) - 3))) if letters else Counter())
    shared = (counts[0] & counts[1]).total()
    return 2 * shared / (counts[0].total() + counts[1].total()) if shared else 0.0


def day_and_minute(value: str | None) -> tuple[str | None, str | None]:
    """The day and the minute of an expected date in China Standard Time; None if it has none."""
    if not value:
        return None, None
    text = value.strip().replace("/", "-")
    if len(text) == 10:
        return text, None
    moment = datetime.fromisoformat(text)
    moment = moment.astimezone(CST) if _OFFSET.search(text) else moment
    return f"{moment:%Y-%m-%d}", f"{moment:%H:%M}"


def site_of(row: dict[str, Any]) -> str:
    """The name of a page's site: the first parts of its file name, else its host, else the name without its number."""
    stem = Path(row["file"]).stem
    if named := _SITE.match(stem):
        return named[0]
    return urlsplit(row.get("url") or "").hostname or re.sub(r"[-_]?[\da-f]*$", "", stem)


def is_held_out(site: str) -> bool:
    """Whether a site is one of those that nobody looks at while rules are written."""
    return int(hashlib.sha256(site.encode()).hexdigest(), 16) % 2 == 1


def score(rows: Iterable[dict[str, Any]], folder: Path) -> dict[str, Scores]:
    """Score every variant of every page."""
    scores = {name: Scores() for name in VARIANTS}
    for row in rows:
        body = (folder / Path(row["file"]).name).read_bytes()
        for name, (change, reader) in VARIANTS.items():
            found = reader(change(body), row.get("url") or "")
            article = None if isinstance(found, PageRejection) else clean_article(found)
            scores[name].add(site_of(row), row["expected"], article)
    return scores


def table(scores: dict[str, Scores]) -> list[list[str]]:
    """The scores as rows of text, with a heading."""
    rows = [["variant", *FIELDS, "wrong days", "bodies < .5", "calibration"]]
    for name, found in scores.items():
        means = ["–" if (mean := found.mean(name)) is None else f"{mean:.3f}" for name in FIELDS]
        rows.append([name, *means, str(found.wrong_days), str(found.low_bodies), f"{found.calibration_error():.3f}"])
    return rows


def main() -> None:
    """Print the table."""
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("folder", type=Path, help="the saved pages")
    cli.add_argument("truth", type=Path, help="their hand-checked fields")
    cli.add_argument("--markdown", action="store_true", help="print a Markdown table")
    cli.add_argument("--pages", default="*", metavar="GLOB", help="only pages with such a file name")
    cli.add_argument("--held-out", action="store_true", help="score only the sites set apart")
    args = cli.parse_args()
    rows = [json.loads(line) for line in args.truth.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["kind"] == "article" and Path(row["file"]).match(args.pages)]
    rows = [row for row in rows if not args.held_out or is_held_out(site_of(row))]
    if not rows:
        sys.exit(f"{args.truth} holds no article to score")
    lines = table(score(rows, args.folder))
    print(f"{len(rows)} pages of {len({site_of(row) for row in rows})} sites")
    if args.markdown:
        lines.insert(1, ["---", *("--:" for _ in lines[0][1:])])
    for line in lines:
        print("| " + " | ".join(line) + " |" if args.markdown else "".join(f"{cell:<12}" for cell in line))


if __name__ == "__main__":
    main()
