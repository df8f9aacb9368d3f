"""CPU time and scores of article extraction beside trafilatura and readability-lxml, same pages, same process.

`python tests/bench/bench_extract.py FOLDER [--truth TRUTH.jsonl --score SCORE.py]`, where FOLDER holds saved pages.
Not a test: times depend on the machine. trafilatura is measured where it is installed (`pip install trafilatura`).
Prints the median and the mean of CPU milliseconds a page; ours from bytes to the clean item, theirs from bytes to the
body. With a truth file and its scoring program, the score table of ours follows.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from readability import Document

from crawler.commands.extract import row_of
from crawler.parsing.page import Page, decode
from crawler.pipelines import clean_article
from crawler.platforms.reading import PageRejection, read_article

NOW = datetime.now(UTC)
ROUNDS = 3


def ours(body: bytes) -> object:
    """From bytes to the clean item."""
    result = read_article(Page.from_bytes(body), now=NOW)
    return result if isinstance(result, PageRejection) else clean_article(result)


def readability_lxml(body: bytes) -> object:
    """From bytes to the body."""
    try:
        return Document(decode(body)[0]).summary()
    except (ValueError, TypeError):
        return None


def trafilatura_body(body: bytes) -> object:
    """From bytes to the body."""
    import trafilatura

    return trafilatura.extract(body)


def milliseconds(read: Callable[[bytes], object], body: bytes) -> float:
    """The least CPU time of several rounds: what the work takes when nothing disturbs it."""
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        read(body)
        rounds.append(time.process_time() - started)
    return min(rounds) * 1000


def main() -> None:
    """Measure, print a line a reader, then the scores."""
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("folder", type=Path)
    cli.add_argument("--truth", type=Path)
    cli.add_argument("--score", type=Path)
    args = cli.parse_args()
    pages = {path.name: path.read_bytes() for path in sorted(args.folder.glob("*.html"))}
    if not pages:
        sys.exit(f"{args.folder} holds no saved pages (*.html)")
    if args.truth:
        rows = [json.loads(line) for line in args.truth.read_text(encoding="utf-8").splitlines()]
        articles = {Path(row["file"]).name for row in rows if row["kind"] == "article"}
        pages = {name: body for name, body in pages.items() if name in articles}
    readers: list[Callable[[bytes], object]] = [ours, readability_lxml]
    if importlib.util.find_spec("trafilatura"):
        readers.append(trafilatura_body)
    for read in readers:
        for body in list(pages.values())[:10]:
            read(body)
        times = [milliseconds(read, body) for body in pages.values()]
        print(f"{read.__name__:<18} median {statistics.median(times):6.2f} ms  mean {statistics.mean(times):6.2f} ms")
    if args.truth and args.score:
        score(pages, args.truth, args.score)


def score(pages: dict[str, bytes], truth: Path, program: Path) -> None:
    """Run the scoring program on what ours reads."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as out:
        for name, body in pages.items():
            result = ours(body)
            fields = {} if isinstance(result, PageRejection) else row_of(result)
            out.write(json.dumps({"file": name, **fields}, ensure_ascii=False) + "\n")
        out.flush()
        subprocess.run([sys.executable, str(program), str(truth), out.name], check=True)


if __name__ == "__main__":
    main()
