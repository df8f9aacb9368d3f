"""`scrapy alerts`: where changes of a verdict are sent, whether that works, and what is pending."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from typing import TYPE_CHECKING, ClassVar

from scrapy.exceptions import UsageError

from crawler import cli
from crawler.output import format_count

if TYPE_CHECKING:
    from crawler.runs.alert_channels import Channel

ACTIONS = ("status", "test", "send")
VARIABLES = "ALERT_URLS, ALERT_WEBHOOK, ALERT_MAIL or ALERT_COMMAND"


class Command(cli.Command):
    group = "operate"
    examples: ClassVar[tuple[str, ...]] = ("scrapy alerts status", "ALERT_URLS=ntfy://food-safety scrapy alerts test")

    def syntax(self) -> str:
        return "status | test | send"

    def short_desc(self) -> str:
        return "Test the alert channels, show and send what is pending"

    def long_desc(self) -> str:
        return (
            "An alert reports a change of a site's verdict. Channels are set in the environment: ALERT_WEBHOOK (a URL "
            "of DingTalk, WeCom, Feishu, or one that takes JSON), ALERT_MAIL with ALERT_MAIL_TO, ALERT_COMMAND, and "
            "ALERT_URLS (URLs of Apprise, separated by blanks). status: show the channels and the number of pending "
            "alerts of each. test: send a test message to each channel. send: send what is pending. Exit status 1 if "
            "a message was not delivered, 2 if no channel is set."
        )

    def execute(self, args: list[str], opts: argparse.Namespace) -> int:
        if len(args) != 1 or args[0] not in ACTIONS:
            raise UsageError(f"give one action: {', '.join(ACTIONS)}", print_help=False)
        from crawler.runs.alert_channels import find_old_names, read_channels

        for old, new in find_old_names(os.environ).items():
            print(f"scrapy {self.name}: {old} is still read; its new name is {new}.", file=sys.stderr)
        channels = read_channels(os.environ)
        if not channels:
            raise UsageError(f"no channel is set: set {VARIABLES}", print_help=False)
        if args[0] == "test":
            return self._test(channels)
        return asyncio.run(self._show_pending(channels, send=args[0] == "send"))

    async def _show_pending(self, channels: list[Channel], *, send: bool) -> int:
        from crawler.runs.alerts import Outbox

        assert self.settings is not None
        interval = 0 if send else self.settings.getfloat("ALERT_INTERVAL_SECONDS")
        left = 0
        async with self.open_store() as store:
            outbox = Outbox(store, channels, interval)
            if send:
                await outbox.deliver()
            for channel in channels:
                pending = len(await outbox.pending(channel.name))
                left += pending
                state = format_count(pending, "pending alert") if pending else "no pending alerts"
                print(f"{channel.name:<8} {channel.target}: {state}")
        return 1 if send and left else 0

    def _test(self, channels: list[Channel]) -> int:
        from crawler.runs.alert_channels import AlertError
        from crawler.runs.alert_message import Message

        failed = 0
        message = Message(
            "Food-safety crawler: test message", ("This is a test of the alert channels; no site failed.",)
        )
        for channel in channels:
            try:
                channel.send(message)
                print(f"{channel.name:<8} {channel.target}: delivered")
            except AlertError as error:
                failed += 1
                self.print_error(f"{channel.name}: {error}")
        return 1 if failed else 0
