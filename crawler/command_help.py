"""Help texts of the commands, and the list that `scrapy` and `scrapy -h` print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import scrapy
from scrapy.commands import ScrapyCommand, ScrapyHelpFormatter

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

GROUPS = {
    "crawl": "Crawl",
    "look": "Look at the articles",
    "sites": "Sites",
    "operate": "Operate",
    "data": "Data",
    "scrapy": "Scrapy's own",
}
"""The groups of commands in the order in which they are listed, each with its heading."""


def product_version() -> str:
    """The version of this crawler as it is installed (from pyproject.toml)."""
    try:
        return version("food-safety-crawler")
    except PackageNotFoundError:
        return "(not installed)"


def print_commands(settings: BaseSettings, inproject: bool) -> None:
    """Print every command in its group.

    Replaces `scrapy.cmdline._print_commands`, which mixes ours and Scrapy's in one list; seen in Scrapy 2.19.0. A
    hook of Scrapy for it would make this needless.
    """
    from scrapy.cmdline import _get_commands_dict

    print(f"Food-safety crawler {product_version()}, Scrapy {scrapy.__version__}\n")
    print("Usage:\n  scrapy <command> [options] [args]")
    print("\n".join(list_commands(_get_commands_dict(settings, inproject))))
    print('\nUse "scrapy <command> -h" to see more about a command.')


def list_commands(commands: Mapping[str, ScrapyCommand]) -> Iterable[str]:
    """The lines of the list: a heading for each group, then a line for each of its commands."""
    for group, heading in GROUPS.items():
        members = {name: each for name, each in commands.items() if getattr(each, "group", "scrapy") == group}
        if members:
            yield f"\n{heading}:"
            yield from (f"  {name:<11} {each.short_desc()}" for name, each in sorted(members.items()))


class HelpFormatter(ScrapyHelpFormatter):
    """Scrapy's, with lines measured in columns of the terminal (a Chinese character takes two) and examples kept as
    they are: a line that begins with two spaces is not wrapped."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines: list[str] = []
        for line in text.split("\n"):
            lines += [line] if line.startswith("  ") or not line else _wrap(line, width - len(indent))
        return "\n".join(f"{indent}{line}" for line in lines)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return _wrap(text, width)


def _wrap(text: str, width: int) -> list[str]:
    from rich.cells import cell_len, chop_cells

    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if cell_len(joined) <= width:
            lines[-1] = joined
        else:
            # Chinese has no spaces: a word may be longer than a line.
            lines += chop_cells(word, width)
    return [line for line in lines if line]
