"""`scrapy samples read FILE|URL…`: the sampling results in pages and attached files, as JSON lines."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from scrapy.exceptions import UsageError

from crawler import cli
from crawler.commands.extract import fetch
from crawler.errors import FetchError, InputFileError

if TYPE_CHECKING:
    from crawler.items import Sample
    from crawler.samples.reader import FileReading

MAX_BYTES = 100 * 1024 * 1024
TIMEOUT = 60


class Command(cli.Command):
    group = "data"
    examples = (
        "scrapy samples read 附件1.xlsx 附件2.pdf",
        "scrapy samples read http://www.qingtian.gov.cn/art/2026/11/5/art_1_1.html",
        "scrapy samples read attachments/ --cells > samples.jsonl",
    )

    def syntax(self) -> str:
        return "read FILE|FOLDER|URL|- ... [--cells]"

    def short_desc(self) -> str:
        return "Print the sampling results in pages and files as JSON lines"

    def long_desc(self) -> str:
        return (
            "Reads tables of sampling results from pages (.html) and attached files (.xlsx, .xls, .docx, .pdf, .zip; "
            ".doc and .wps if LibreOffice is installed) and prints one JSON object per sample. `check` says whether "
            "the samples agree with the counts that the file itself states: agrees, differs or silent. A file without "
            "samples has one line with `none`, and why. Excel and PDF need pip install "
            "'food-safety-crawler[samples]'. No database is needed. Exit status: 0 done, 1 a file or URL can't be "
            "read, 2 wrong use."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--cells", action="store_true", help="add each row as printed: head and cell")

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        from crawler.samples.sandbox import read_file

        if args[:1] != ["read"]:
            raise UsageError("write: scrapy samples read FILE|FOLDER|URL|- ...", print_help=False)
        if not args[1:]:
            raise UsageError("name what to read: files, folders, URLs, or - for standard input", print_help=False)
        assert self.settings is not None
        status = 0
        for source in [source for argument in args[1:] for source in _sources(argument)]:
            try:
                data, name = _bytes_of(source, self.settings["USER_AGENT"])
            except FetchError as error:
                self.print_error(str(error))
                status = error.exit_status
                continue
            reading = read_file(data, name)
            for row in _rows(source, name, reading, opts.cells):
                print(json.dumps(row, ensure_ascii=False), flush=True)
            for member, reason, detail in reading.unread:
                self.print_error(f"{source}: {member}: {reason}: {detail}" if member != name else f"{source}: {detail}")
                status = 1
        return status


def _sources(argument: str) -> Iterator[str]:
    """The files an argument names: itself, or those of a folder in order of name. Raises InputFileError."""
    path = Path(argument)
    if argument == "-" or argument.startswith(("http://", "https://")):
        yield argument
    elif not path.exists():
        raise InputFileError(f"there is no file or folder {argument}")
    elif path.is_dir():
        found = sorted(each for each in path.rglob("*") if each.is_file() and not each.name.startswith("."))
        if not found:
            raise InputFileError(f"the folder {argument} is empty")
        yield from map(str, found)
    else:
        yield argument


def _bytes_of(source: str, agent: str) -> tuple[bytes, str]:
    """Up to MAX_BYTES + 1 bytes of a file, and its name. Raises InputFileError and FetchError."""
    if source.startswith(("http://", "https://")):
        data, url, _, status = fetch(source, agent, MAX_BYTES, TIMEOUT)
        if status >= 400:
            raise FetchError(f"{source} can't be fetched: the server answers {status}")
        return data, unquote(urlsplit(url).path.rpartition("/")[2])
    try:
        if source == "-":
            return sys.stdin.buffer.read(MAX_BYTES + 1), ""
        with open(source, "rb") as file:
            return file.read(MAX_BYTES + 1), Path(source).name
    except OSError as error:
        raise InputFileError(f"{source} can't be read: {error.strerror}") from None


def _rows(source: str, name: str, reading: FileReading, cells: bool) -> Iterator[dict[str, Any]]:
    """The lines to print for one file. `table` is the name of the file without its ending, `row` the number of the
    sample in it; where in the file it stands is in `table_number` and `table_row`."""
    from crawler.samples.counts import check_counts, read_counts

    about = {"file": source, "table": Path(name).stem or source}
    if not reading.samples:
        reasons = [reason for _, reason, _ in reading.unread] or sorted(reading.refused) or ["no_table"]
        yield about | {"none": True, "kind": reading.kind, "reason": reasons[0], "refused": dict(reading.refused)}
        return
    check = (
        check_counts(read_counts(reading.text), reading.samples) if reading.kind in {"html", "docx", "pdf"} else None
    )
    for number, sample in enumerate(reading.samples):
        yield about | {"row": number} | _fields(sample, cells) | ({"check": check} if check else {})


def _fields(sample: Sample, cells: bool) -> dict[str, Any]:
    """The fields of a sample that the table states."""
    row = asdict(sample)
    row["table_number"], row["table_row"] = row.pop("table"), row.pop("row")
    printed = row.pop("cells")
    row["items"] = [{name: value for name, value in item.items() if value is not None} for item in row["items"]]
    return {name: value for name, value in row.items() if value is not None} | ({"cells": printed} if cells else {})
