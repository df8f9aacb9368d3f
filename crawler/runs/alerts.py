"""What is to be told waits in the store (collection `alarms`) until every channel has it: through crashes, and while a
channel is away. All that waits goes out as one message, at most one in ALARM_INTERVAL_SECONDS a channel."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from crawler.runs.alert_channels import AlarmError, Channel, Message, message_of
from crawler.storage.store import Store

logger = logging.getLogger(__name__)


FIRST_WAIT, MAX_WAIT, TRIES = 1.0, 20.0, 3
TOLD = ("site", "name", "before", "verdict", "reasons", "at", "since", "ok_at", "page", "command")
"""What of a change is sent."""
CLAIM = timedelta(minutes=5)
"""How long a process may take to deliver before another may try."""


class Outbox:
    """The alarms of a store. All raise StoreError; a channel that fails is told in the log, and again next time."""

    def __init__(self, store: Store, channels: Sequence[Channel], interval: float, first_wait: float = FIRST_WAIT):
        """At most one message a channel in `interval` seconds; `first_wait` seconds before the first second try."""
        self.store = store
        self.channels = channels
        self.interval = timedelta(seconds=interval)
        self.first_wait = first_wait

    async def add(self, changes: Sequence[dict[str, Any]]) -> None:
        """Put changes of verdicts (`changes.change_of`) among what is to be told."""
        names = [channel.name for channel in self.channels]
        operations = [
            UpdateOne({"_id": change["_id"]}, {"$setOnInsert": {**change, "waiting": names}}, upsert=True)
            for change in changes
        ]
        if operations and names:
            await self.store.retrying(lambda: self.store.database["alarms"].bulk_write(operations, ordered=False))

    async def deliver(self, *, patient: bool = False) -> int:
        """Send what waits; how many messages were delivered. `patient` waits until a channel may be used again; else
        what comes too soon is left for the next time."""
        return sum([await self._deliver(channel, patient) for channel in self.channels])

    async def waiting(self, name: str) -> list[dict[str, Any]]:
        """The changes that a channel has not told yet."""
        return await self.store.retrying(lambda: self._find(name))

    async def _find(self, name: str) -> list[dict[str, Any]]:
        return [row async for row in self.store.database["alarms"].find({"waiting": name})]

    async def _deliver(self, channel: Channel, patient: bool) -> bool:
        if not await self.waiting(channel.name):
            return False
        if patient:
            await asyncio.sleep(await self._early(channel.name))
        if not await self._claim(channel.name):
            return False
        # Read again: who had the channel before may have told some of it.
        changes = await self.waiting(channel.name)
        state: dict[str, Any] = {"claimed_until": None}
        try:
            if changes:
                await self._send(channel, message_of([{key: change.get(key) for key in TOLD} for change in changes]))
                state["sent_at"] = datetime.now(UTC)
                await self._told(channel.name, changes)
        except AlarmError as error:
            logger.error("The alarm by %s was not delivered: %s; it is kept for the next time", channel.name, error)
        finally:
            await self._set(channel.name, {}, state)
        return "sent_at" in state

    async def _send(self, channel: Channel, message: Message) -> None:
        wait = self.first_wait
        for left in reversed(range(TRIES)):
            try:
                await asyncio.to_thread(channel.send, message)
                return
            except AlarmError as error:
                if error.lasting or not left:
                    raise
                await asyncio.sleep(min(max(wait, error.wait_seconds), MAX_WAIT))
                wait *= 4

    async def _told(self, name: str, changes: Sequence[dict[str, Any]]) -> None:
        operations = [UpdateOne({"_id": change["_id"]}, {"$pull": {"waiting": name}}) for change in changes]
        await self.store.retrying(lambda: self.store.database["alarms"].bulk_write(operations, ordered=False))

    async def _early(self, name: str) -> float:
        """How many seconds too early it is for another message."""
        row = await self._state(name)
        return (
            max(0.0, (row["sent_at"] + self.interval - datetime.now(UTC)).total_seconds()) if row.get("sent_at") else 0
        )

    async def _state(self, name: str) -> dict[str, Any]:
        rows = self.store.database["maintenance"]
        return await self.store.retrying(lambda: rows.find_one({"_id": f"alarms:{name}"})) or {}

    async def _claim(self, name: str) -> bool:
        """Take the channel for this process, unless another has it or the last message is too fresh."""
        key, now = {"_id": f"alarms:{name}"}, datetime.now(UTC)
        row = await self._state(name)
        if (sent := row.get("sent_at")) and now - sent < self.interval:
            return False
        if (until := row.get("claimed_until")) and until > now:
            return False
        if not row:
            return await self.store.retrying(lambda: self._claim_first({**key, "claimed_until": now + CLAIM}))
        return await self._set(name, {"claimed_until": until}, {"claimed_until": now + CLAIM})

    async def _claim_first(self, row: dict[str, Any]) -> bool:
        try:
            await self.store.database["maintenance"].insert_one(row)
        except DuplicateKeyError:  # another process was faster
            return False
        return True

    async def _set(self, name: str, expected: dict[str, Any], values: dict[str, Any]) -> bool:
        rows, wanted = self.store.database["maintenance"], {"_id": f"alarms:{name}", **expected}
        done = await self.store.retrying(lambda: rows.update_one(wanted, {"$set": values}))
        return bool(done.modified_count)
