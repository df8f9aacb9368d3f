"""`scrapy dedupe FILE.jsonl`: cluster any file of texts with the code that clusters articles.

The index is kept in memory, not in a database: the file is whole, one process reads it once, and the answer for its
first row is known only after the last. Each distinct text is held once; a copy costs a number.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "FILE.jsonl | FILE.jsonl.gz | -"

    def short_desc(self) -> str:
        return "Tell which texts of a file are versions of one story"

    def long_desc(self) -> str:
        return (
            "Reads rows of id, title (may be null) and text, one JSON object a line, from the file or standard input. "
            "Writes a row of id and cluster for each, in the same order: rows with one cluster are copies or "
            "near-duplicates; the cluster is named after its first row. Nothing is written where a row is bad."
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("name one file of rows, or - for standard input", print_help=False)
        try:
            with _lines(args[0]) as lines:
                ids, clusters, distinct = _cluster(lines)
        except _BadInput as error:
            print(f"scrapy dedupe: {error}", file=sys.stderr)
            self.exitcode = 2
            return
        try:
            for row, cluster in zip(ids, clusters, strict=True):
                print(json.dumps({"id": row, "cluster": ids[cluster]}, ensure_ascii=False))
            sys.stdout.flush()
        except BrokenPipeError:
            # Whoever read has enough; what is still buffered must not raise again at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"{len(ids)} texts: {distinct} different ones, {len(set(clusters))} stories", file=sys.stderr)


class _BadInput(Exception):
    """One sentence for the user."""


@contextmanager
def _lines(name: str) -> Iterator[Iterable[bytes]]:
    try:
        if name == "-":
            yield sys.stdin.buffer
        else:
            with open(name, "rb") as plain:
                packed = plain.read(2) == b"\x1f\x8b"
            with gzip.open(name, "rb") if packed else open(name, "rb") as lines:
                yield lines
    except (gzip.BadGzipFile, EOFError) as error:
        raise _BadInput(f"{name} is a damaged gzip file: {error}.") from error
    except OSError as error:
        raise _BadInput(f"{name} can't be read: {error.strerror or error}.") from error


def _cluster(lines: Iterable[bytes]) -> tuple[list[str | int], list[int], int]:
    from crawler.text.similarity import Clusterer

    clusterer = Clusterer()
    ids: list[str | int] = []
    seen: set[str | int] = set()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        row = _row(line, number)
        if row["id"] in seen:
            raise _BadInput(f"line {number}: the id {row['id']!r} was on an earlier line already.")
        seen.add(row["id"])
        ids.append(row["id"])
        clusterer.add(*_cleaned(row.get("title"), row["text"]))
    return ids, clusterer.clusters(), clusterer.distinct


def _row(line: bytes, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _BadInput(f"line {number} is no JSON object in UTF-8: give one object a line.") from error
    if not isinstance(row, dict):
        raise _BadInput(f"line {number} is no JSON object: give one object with id, title and text a line.")
    if isinstance(row.get("id"), bool) or not isinstance(row.get("id"), str | int):
        raise _BadInput(f"line {number}: id must be a text or a whole number.")
    if not isinstance(row.get("text"), str):
        raise _BadInput(f'line {number}: text must be a text ("" where there is none).')
    if not isinstance(row.get("title"), str | None):
        raise _BadInput(f"line {number}: title must be a text, null or absent.")
    return row


def _cleaned(title: str | None, text: str) -> tuple[str | None, str]:
    """As the pipeline cleans an article before its fingerprint is taken."""
    from crawler.text.clean import clean_line, clean_text
    from crawler.text.restore import restore_fields

    fields, _ = restore_fields({"title": title, "body": text})
    return clean_line(fields["title"] or ""), clean_text(fields["body"] or "")
