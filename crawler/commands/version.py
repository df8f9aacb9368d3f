"""`scrapy version`: the version of this crawler beside Scrapy's."""

from __future__ import annotations

import argparse

from scrapy.commands.version import Command as ScrapyVersion

from crawler import cli
from crawler.command_help import product_version


class Command(cli.Command, ScrapyVersion):
    group = "operate"
    examples = ("scrapy version", "scrapy version -v")

    def short_desc(self) -> str:
        return "Print the versions of this crawler and of Scrapy"

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        self.reject_arguments(args)
        ScrapyVersion.run(self, args, opts)
        print(f"Food-safety crawler {product_version()}")
        return None
