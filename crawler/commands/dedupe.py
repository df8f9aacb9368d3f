"""`scrapy dedupe FILE.jsonl`: cluster any file of texts with the code that clusters articles.

The index is kept in memory, not in a database: one process reads the whole file once, and the cluster of the first row
is known only after the last. Each distinct text is held once; an exact copy costs only a number.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from scrapy.exceptions import UsageError

from crawler import cli
from crawler.errors import InputFileError
from crawler.output import format_count


class Command(cli.Command):
    group = "data"
    examples = ("scrapy dedupe texts.jsonl > clusters.jsonl", "zcat texts.jsonl.gz | scrapy dedupe -")

    def syntax(self) -> str:
        return "FILE.jsonl | FILE.jsonl.gz | -"

    def short_desc(self) -> str:
        return "Find the texts of a file that are versions of one story"

    def long_desc(self) -> str:
        return (
            "Reads rows of id, title (may be null) and text, one JSON object per line, from the file or standard "
            "input. Prints a row of id and cluster for each, in the same order: rows of one cluster are copies or "
            "near-duplicates; a cluster has the id of its first row. If a row is invalid, nothing is printed."
        )

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        if len(args) != 1:
            raise UsageError("give one file of rows, or - for standard input", print_help=False)
        with _open_lines(args[0]) as lines:
            ids, clusters, distinct = _cluster(lines)
        counts = format_count(len(ids), "text"), format_count(len(set(clusters)), "story", "stories")
        print(f"{counts[0]}, {distinct:,} of them different: {counts[1]}", file=sys.stderr)
        for row, cluster in zip(ids, clusters, strict=True):
            print(json.dumps({"id": row, "cluster": ids[cluster]}, ensure_ascii=False))
        return None


@contextmanager
def _open_lines(name: str) -> Iterator[Iterable[bytes]]:
    try:
        if name == "-":
            yield sys.stdin.buffer
        else:
            with open(name, "rb") as file:
                compressed = file.read(2) == b"\x1f\x8b"
            with gzip.open(name, "rb") if compressed else open(name, "rb") as lines:
                yield lines
    except (gzip.BadGzipFile, EOFError) as error:
        raise InputFileError(f"{name} is a damaged gzip file: {error}") from error
    except OSError as error:
        raise InputFileError(f"{name} can't be read: {error.strerror or error}") from error


def _cluster(lines: Iterable[bytes]) -> tuple[list[str | int], list[int], int]:
    """The ids of the rows, for each row the index of the first row of its cluster, and the number of distinct texts."""
    from crawler.text.similarity import Clusterer

    clusterer = Clusterer()
    ids: list[str | int] = []
    seen: set[str | int] = set()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        row = _parse_row(line, number)
        if row["id"] in seen:
            raise InputFileError(f"line {number}: the id {row['id']!r} is already on an earlier line")
        seen.add(row["id"])
        ids.append(row["id"])
        clusterer.add(*_clean(row.get("title"), row["text"]))
    return ids, clusterer.clusters(), clusterer.distinct


def _parse_row(line: bytes, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputFileError(f"line {number} is not a JSON object in UTF-8; write one object per line") from error
    if not isinstance(row, dict):
        raise InputFileError(f"line {number} is not a JSON object; write one with id, title and text per line")
    if isinstance(row.get("id"), bool) or not isinstance(row.get("id"), str | int):
        raise InputFileError(f"line {number}: id must be a string or a whole number")
    if not isinstance(row.get("text"), str):
        raise InputFileError(f'line {number}: text must be a string ("" if there is none)')
    if not isinstance(row.get("title"), str | None):
        raise InputFileError(f"line {number}: title must be a string, null or absent")
    return row


def _clean(title: str | None, text: str) -> tuple[str | None, str]:
    """Clean as the pipeline does before it takes the fingerprint of an article."""
    from crawler.text.clean import clean_line, clean_text
    from crawler.text.restore import restore_fields

    fields, _ = restore_fields({"title": title, "body": text})
    return clean_line(fields["title"] or ""), clean_text(fields["body"] or "")
