"""The base of every command: strict options, one line for an error, exit statuses, old names."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import pytest
from scrapy.cmdline import ScrapyArgumentParser
from scrapy.commands import ScrapyHelpFormatter
from scrapy.settings import Settings

from crawler import cli
from crawler.errors import EmptyDatabase, QueryError, StoreError
from crawler.storage.store import connect

ROOT = Path(__file__).resolve().parents[2]


class Fake(cli.Command):
    group = "look"
    examples = ("scrapy test_base 米粉 --limit 1",)
    interrupted = "; nothing is lost"
    raises: BaseException | None = None

    def short_desc(self) -> str:
        return "A command of the tests"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--limit", type=int, default=10, help="最多几篇：" + "食品安全" * 20)

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        if self.raises:
            raise self.raises
        print(args, opts.limit)
        return None


def parsed(*words: str) -> tuple[Fake, argparse.ArgumentParser, argparse.Namespace, list[str]]:
    """As scrapy.cmdline does it."""
    command = Fake()
    parser = ScrapyArgumentParser(
        formatter_class=ScrapyHelpFormatter, conflict_handler="resolve", usage="x", description=command.long_desc()
    )
    command.settings = Settings()
    command.add_options(parser)
    return command, parser, *parser.parse_known_args(list(words))


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("不合格", "--limt", "1"), "unknown option --limt; did you mean --limit?"),
        (("--limt=1",), "unknown option --limt; did you mean --limit?"),
        (("--原文",), "unknown option --原文; see scrapy test_base -h"),
        (("-z",), "unknown option -z; "),
        (("--limit", "many"), "argument --limit: invalid int value: 'many'"),
        (("--limit",), "argument --limit: expected one argument"),
    ],
)
def test_an_option_nobody_knows_is_wrong_use(words, line, capsys):
    with pytest.raises(SystemExit) as ended:
        parsed(*words)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith(f"scrapy test_base: {line}")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        (("米粉", "-面条", "--limit", "3"), ["米粉", "-面条"]),
        (("-",), ["-"]),
        (("-5",), ["-5"]),
        (("--limit", "3", "--", "--limt", "-z"), ["--limt", "-z"]),
    ],
)
def test_what_is_no_option_stays_an_argument(words, arguments):
    assert parsed(*words)[3] == arguments


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (QueryError("the query is empty"), 2, "scrapy test_base: the query is empty\n"),
        (StoreError("no MongoDB answers"), 1, "scrapy test_base: no MongoDB answers\n"),
        (StoreError("a \x1b[31mred\x9b name"), 1, "scrapy test_base: a ␛[31mred\ufffd name\n"),
        (KeyboardInterrupt(), 130, "\nscrapy test_base: interrupted; nothing is lost.\n"),
    ],
)
def test_an_error_is_one_line_and_a_status(error, status, line, capsys):
    command, _, opts, args = parsed()
    command.raises = error
    command.run(args, opts)
    assert (command.exitcode, capsys.readouterr().err) == (status, line)


def test_a_fault_of_ours_is_not_hidden():
    command, _, opts, args = parsed()
    command.raises = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        command.run(args, opts)


def test_old_names_are_answered_with_the_new_ones(monkeypatch):
    assert cli.wrong_settings(["GIVE_UP_SILENT=3"]) == (
        "-s GIVE_UP_SILENT: the setting is now called CIRCUIT_BREAKER_TIMEOUTS"
    )
    assert cli.renamed_names({"GIVE_UP_ERRORS": 8}, {}) == (
        "the setting GIVE_UP_ERRORS is now called CIRCUIT_BREAKER_ERRORS"
    )
    monkeypatch.setitem(cli.RENAMED_VARIABLES, "OLD_PLACE", "NEW_PLACE")
    assert cli.renamed_names({}, {"OLD_PLACE": "x"}) == "the environment variable OLD_PLACE is now called NEW_PLACE"
    assert cli.renamed_names({"CIRCUIT_BREAKER_ERRORS": 8}, {"NEW_PLACE": "x"}) is None


def test_help_fits_the_terminal_and_shows_the_examples(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = parsed()[1].format_help()
    assert "Examples:\n  scrapy test_base 米粉 --limit 1\n" in text
    assert max(sum(1 + (ord(each) > 0x2E80) for each in line) for line in text.splitlines()) <= 80
    assert "".join(text.split()).count("食品安全") == 20


def test_an_empty_database_says_so(mongo_uri, database):
    with connect(mongo_uri, None) as client:
        with pytest.raises(EmptyDatabase, match=f"the database {database} is empty: run a crawl first"):
            cli.require_articles(client[database])
        client[database]["articles"].insert_one({"_id": "a"})
        cli.require_articles(client[database])


def test_the_list_of_commands_is_grouped_and_ours_come_first():
    for words in ((), ("-h",)):
        told = subprocess.run(
            [sys.executable, "-m", "scrapy", *words], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
        assert told.returncode == 0
        assert told.stdout.startswith("Food-safety crawler 0.1.0, Scrapy 2.")
        own, theirs = told.stdout.split("\nScrapy's own:\n")
        assert "\nOperate:\n" in own
        assert "\n  version " in own
        assert "\n  fetch " in f"\n{theirs}"
