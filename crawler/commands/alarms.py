"""`scrapy alarms`: the old name of `scrapy alerts`."""

from __future__ import annotations

import argparse
import sys

from crawler.commands import alerts


class Command(alerts.Command):
    examples = ("scrapy alerts status",)

    def short_desc(self) -> str:
        return "Old name of alerts"

    def execute(self, args: list[str], opts: argparse.Namespace) -> int:
        print("scrapy alarms: this command is now called scrapy alerts.", file=sys.stderr)
        return super().execute(args, opts)
