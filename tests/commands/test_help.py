"""The help of every command: it fits a terminal of 80 columns, has examples, and its examples parse."""

from __future__ import annotations

import argparse
import re
import shlex

import pytest
from rich.cells import cell_len
from scrapy.cmdline import ScrapyArgumentParser, _get_commands_from_module
from scrapy.commands import ScrapyHelpFormatter
from scrapy.utils.project import get_project_settings

from crawler import cli
from crawler.command_help import GROUPS, list_commands

COMMANDS = _get_commands_from_module("crawler.commands", True)


def parser_of(name: str) -> argparse.ArgumentParser:
    """As scrapy.cmdline makes it."""
    command = COMMANDS[name]
    command.settings = get_project_settings()
    parser = ScrapyArgumentParser(
        formatter_class=ScrapyHelpFormatter,
        usage=f"scrapy {name} {command.syntax()}",
        conflict_handler="resolve",
        description=command.long_desc(),
    )
    command.add_options(parser)
    return parser


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_fits_eighty_columns_and_shows_examples(name, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as ended:
        parser_of(name).parse_known_args(["-h"])
    assert ended.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if cell_len(line) > 80] == []
    assert "Examples:" in lines
    assert any(re.match(rf"  .*\bscrapy {name}\b", line) for line in lines)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_examples_use_options_that_exist(name):
    for example in COMMANDS[name].examples:
        words = shlex.split(example)
        if name in words:
            options = [word for word in words[words.index(name) + 1 :] if word not in {"<", ">", "|"}]
            parser_of(name).parse_known_args(options)


def test_every_command_parses_strictly():
    assert [name for name, command in COMMANDS.items() if not isinstance(command, cli.Command)] == []


def test_every_command_has_a_group_and_a_description_that_fits_its_line():
    assert {command.group for command in COMMANDS.values()} <= set(GROUPS)
    lines = list(list_commands(COMMANDS))
    assert len(lines) == len(COMMANDS) + len({command.group for command in COMMANDS.values()})
    assert [line for line in lines if cell_len(line) > 80] == []
