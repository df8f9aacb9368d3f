"""`scrapy restore [FILE…]`: garbled Chinese text comes out as it was written."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

from scrapy.commands import ScrapyCommand

FAILED = 2


class BadInput(Exception):
    """Input that can't be read; the message says what to do."""


class Command(ScrapyCommand):
    requires_crawler_process = False
    requires_project = False
    default_settings = {"LOG_ENABLED": False}  # noqa: RUF012  (Scrapy reads it from the class)

    def syntax(self) -> str:
        return "[options] [FILE ...]"

    def short_desc(self) -> str:
        return "Restore Chinese text garbled by content farms"

    def long_desc(self) -> str:
        return (
            "Restore Chinese text that came through a content farm: bytes lost between characters, pinyin glosses, "
            "traditional characters and half-width marks. Reads UTF-8 from files or stdin, writes UTF-8 to stdout; "
            "sound text comes out byte for byte as it went in."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--jsonl", action="store_true", help="read rows with id and garbled or text, write rows with id and text"
        )
        parser.add_argument(
            "--explain",
            action="store_true",
            help="show each change with its reason: on stderr, or in each row as changes",
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            for name, lines in _inputs(args):
                _restore_rows(name, lines, opts.explain) if opts.jsonl else _restore_text(name, lines, opts.explain)
            sys.stdout.flush()
        except BadInput as problem:
            print(f"scrapy restore: {problem}", file=sys.stderr)
            self.exitcode = FAILED
        except BrokenPipeError:
            # The reader has seen enough; the interpreter must not fail again when it flushes at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _inputs(names: list[str]) -> Iterator[tuple[str, BinaryIO]]:
    if not names:
        yield "stdin", sys.stdin.buffer
    for name in names:
        try:
            with open(name, "rb") as lines:
                yield name, lines
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            raise BadInput(f"can't read {name}: {error.strerror}; give the path of a text file") from None


def _decoded(raw: bytes, where: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"{where} is not UTF-8 (byte {error.start + 1}); convert it with iconv first") from None


def _restore_text(name: str, lines: BinaryIO, explain: bool) -> None:
    from crawler.text.restore import restore

    restored = restore(_decoded(lines.read(), name))
    sys.stdout.buffer.write(restored.text.encode("utf-8"))
    if explain:
        for change in restored.changes:
            print(f"{name}:{change.position}: {change.explain()}", file=sys.stderr)


def _restore_rows(name: str, lines: BinaryIO, explain: bool) -> None:
    from crawler.text.restore import restore

    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        row = _row(_decoded(raw, f"{name}, line {number},"), f"{name}, line {number}")
        restored = restore(row["garbled"] if "garbled" in row else row["text"])
        made: dict[str, Any] = {"id": row["id"], "text": restored.text}
        if explain:
            made["changes"] = [{"position": change.position, "change": change.explain()} for change in restored.changes]
        sys.stdout.buffer.write(json.dumps(made, ensure_ascii=False).encode("utf-8") + b"\n")


def _row(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise BadInput(f"{where} is not JSON: {error}; give one JSON object a line") from None
    if not isinstance(row, dict) or "id" not in row or not isinstance(row.get("garbled", row.get("text")), str):
        raise BadInput(f"{where} needs an id and a text under garbled or text")
    return row
