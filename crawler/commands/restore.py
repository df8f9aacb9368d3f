"""`scrapy restore [FILE…]`: restore Chinese text that content farms garbled."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

from crawler import cli
from crawler.errors import InputFileError


class Command(cli.Command):
    group = "data"
    examples = (
        "scrapy restore article.txt > restored.txt",
        "scrapy restore --explain < article.txt",
        "scrapy restore --jsonl texts.jsonl > restored.jsonl",
    )

    def syntax(self) -> str:
        return "[FILE ...] [--jsonl] [--explain]"

    def short_desc(self) -> str:
        return "Restore Chinese text garbled by content farms"

    def long_desc(self) -> str:
        return (
            "Restores Chinese text that a content farm garbled: bytes lost between characters, pinyin glosses, "
            "traditional characters and half-width punctuation. Reads UTF-8 from files or standard input and writes "
            "UTF-8 to standard output. Text without such damage passes through unchanged, byte for byte."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--jsonl", action="store_true", help="read rows with id and garbled (or text); write rows with id and text"
        )
        parser.add_argument(
            "--explain",
            action="store_true",
            help="show each change and its reason: on standard error, or as changes in each row",
        )

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        restore = _restore_rows if opts.jsonl else _restore_text
        for name, lines in _open_inputs(args):
            restore(name, lines, explain=opts.explain)
        return None


def _open_inputs(names: list[str]) -> Iterator[tuple[str, BinaryIO]]:
    if not names:
        yield "stdin", sys.stdin.buffer
    for name in names:
        try:
            lines = open(name, "rb")  # noqa: SIM115  (closed by the `with` below)
        except OSError as error:
            raise InputFileError(f"can't read {name}: {error.strerror}; give the path of a text file") from None
        with lines:
            yield name, lines


def _decode(raw: bytes, place: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputFileError(f"{place} is not UTF-8 (byte {error.start + 1}); convert it with iconv first") from None


def _restore_text(name: str, lines: BinaryIO, *, explain: bool) -> None:
    from crawler.text.restore import restore

    restored = restore(_decode(lines.read(), name))
    sys.stdout.buffer.write(restored.text.encode("utf-8"))
    if explain:
        for change in restored.changes:
            print(f"{name}:{change.position}: {change.explain()}", file=sys.stderr)


def _restore_rows(name: str, lines: BinaryIO, *, explain: bool) -> None:
    from crawler.text.restore import restore

    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        row = _parse_row(_decode(raw, f"{name}, line {number},"), f"{name}, line {number}")
        restored = restore(row["garbled"] if "garbled" in row else row["text"])
        result: dict[str, Any] = {"id": row["id"], "text": restored.text}
        if explain:
            result["changes"] = [{"position": each.position, "change": each.explain()} for each in restored.changes]
        sys.stdout.buffer.write(json.dumps(result, ensure_ascii=False).encode("utf-8") + b"\n")


def _parse_row(line: str, place: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise InputFileError(f"{place} is not JSON: {error}; write one JSON object per line") from None
    if not isinstance(row, dict) or "id" not in row or not isinstance(row.get("garbled", row.get("text")), str):
        raise InputFileError(f"{place} needs an id and a string under garbled or text")
    return row
