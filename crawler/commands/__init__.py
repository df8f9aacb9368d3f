"""The commands of `scrapy` in this project, one file each; the base class is `crawler.cli.Command`."""

import sys

from crawler.command_help import print_commands

# Scrapy has no hook for its list of commands; absent when a command is imported by something else than `scrapy`.
if cmdline := sys.modules.get("scrapy.cmdline"):
    cmdline._print_commands = print_commands  # type: ignore[attr-defined]
