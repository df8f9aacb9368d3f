"""`scrapy alarms`: where a change of a verdict is told, whether that works, and what still waits."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

if TYPE_CHECKING:
    from crawler.runs.alert_channels import Channel

ACTIONS = ("status", "test", "send")


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "status | test | send"

    def short_desc(self) -> str:
        return "Try where alarms go, see what waits, send it"

    def long_desc(self) -> str:
        return (
            "Alarms tell a change of a site's verdict. ALARM_WEBHOOK (a web address: DingTalk, WeCom, Feishu, or any "
            "that takes JSON), ALARM_MAIL with ALARM_MAIL_TO, and ALARM_COMMAND say where. status: the channels and "
            "how many changes each has still to tell. test: send a trial message to each. send: send what waits. Exit "
            "status 1 where a message was not delivered, 2 where no channel is set."
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1 or args[0] not in ACTIONS:
            raise UsageError(f"say what to do: {', '.join(ACTIONS)}", print_help=False)
        from crawler.errors import StoreError
        from crawler.runs.alert_channels import BadChannel, channels

        try:
            found = channels(os.environ)
            if not found:
                print("scrapy alarms: no channel is set: ALARM_WEBHOOK, ALARM_MAIL or ALARM_COMMAND", file=sys.stderr)
                self.exitcode = 2
            elif args[0] == "test":
                self.exitcode = _test(found)
            else:
                self.exitcode = asyncio.run(self._outbox(found, send=args[0] == "send"))
        except BadChannel as error:
            print(f"scrapy alarms: {error}", file=sys.stderr)
            self.exitcode = 2
        except StoreError as error:
            print(f"scrapy alarms: {error}", file=sys.stderr)
            self.exitcode = 1

    async def _outbox(self, found: list[Channel], *, send: bool) -> int:
        from crawler.runs.alerts import Outbox
        from crawler.storage.store import open_store

        assert self.settings is not None
        uri, name = self.settings["MONGO_URI"], self.settings["MONGO_DATABASE"]
        store = await open_store(uri, name, Path(self.settings["DATA_DIR"]))
        try:
            outbox = Outbox(store, found, 0 if send else self.settings.getfloat("ALARM_INTERVAL_SECONDS"))
            if send:
                await outbox.deliver()
            left = 0
            for channel in found:
                waiting = len(await outbox.waiting(channel.name))
                left += waiting
                print(f"{channel.name:<8} {channel.place}: {waiting} changes wait")
        finally:
            await store.close()
        return 1 if send and left else 0


def _test(found: list[Channel]) -> int:
    from crawler.runs.alert_channels import AlarmError, Message

    failed = 0
    message = Message("Food-safety crawler: a trial", ("Nothing is wrong: somebody tried whether alarms arrive.",))
    for channel in found:
        try:
            channel.send(message)
            print(f"{channel.name:<8} {channel.place}: delivered")
        except AlarmError as error:
            failed += 1
            print(f"scrapy alarms: {channel.name}: {error}", file=sys.stderr)
    return 1 if failed else 0
