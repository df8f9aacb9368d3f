"""The outbox of alerts: changes of verdicts wait in the database until every channel has delivered them, also after a
crash or while a service is unavailable. Each channel sends all waiting changes as one message, at most one message in
ALERT_INTERVAL_SECONDS. (The collection is called `alarms`, and keeps that name for existing databases.)"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from crawler.runs.alert_channels import AlertError, Channel
from crawler.runs.alert_message import Message, build_message
from crawler.storage.store import Store

logger = logging.getLogger(__name__)


FIRST_WAIT_SECONDS, MAX_WAIT_SECONDS, MAX_TRIES = 1.0, 20.0, 3
SENT_FIELDS = ("site", "name", "before", "verdict", "reasons", "at", "since", "ok_at", "page", "command")
"""Fields of a change that are sent."""
CLAIM_TIME = timedelta(minutes=5)
"""How long one process may take to deliver before another one may try."""


class Outbox:
    """The alerts of a database. All methods raise StoreError. A channel that fails is logged and tried again
    next time."""

    def __init__(
        self, store: Store, channels: Sequence[Channel], interval: float, first_wait: float = FIRST_WAIT_SECONDS
    ):
        """`interval`: seconds between two messages of a channel; `first_wait`: seconds before the second try."""
        self.store = store
        self.channels = channels
        self.interval = timedelta(seconds=interval)
        self.first_wait = first_wait

    async def add(self, changes: Sequence[dict[str, Any]]) -> None:
        """Add changes of verdicts (see `alert_message.read_change`) for every channel."""
        names = [channel.name for channel in self.channels]
        operations = [
            UpdateOne({"_id": change["_id"]}, {"$setOnInsert": {**change, "waiting": names}}, upsert=True)
            for change in changes
        ]
        if operations and names:
            await self.store.retrying(lambda: self.store.database["alarms"].bulk_write(operations, ordered=False))

    async def deliver(self, *, wait: bool = False) -> int:
        """Send what is pending and return the number of messages delivered. If a channel has sent a message too
        recently, `wait` sleeps until it may send again; else its changes stay for the next time."""
        return sum([await self._deliver(channel, wait) for channel in self.channels])

    async def pending(self, name: str) -> list[dict[str, Any]]:
        """The changes that a channel has not delivered yet."""
        return await self.store.retrying(lambda: self._find(name))

    async def _find(self, name: str) -> list[dict[str, Any]]:
        return [row async for row in self.store.database["alarms"].find({"waiting": name})]

    async def _deliver(self, channel: Channel, wait: bool) -> bool:
        if not await self.pending(channel.name):
            return False
        if wait:
            await asyncio.sleep(await self._seconds_left(channel.name))
        if not await self._claim(channel.name):
            return False
        # Read again: another process may have delivered some of them before this one claimed the channel.
        changes = await self.pending(channel.name)
        state: dict[str, Any] = {"claimed_until": None}
        try:
            if changes:
                await self._send(
                    channel, build_message([{key: change.get(key) for key in SENT_FIELDS} for change in changes])
                )
                state["sent_at"] = datetime.now(UTC)
                await self._mark_delivered(channel.name, changes)
        except AlertError as error:
            logger.error("The alert by %s was not delivered: %s; it is kept for the next time", channel.name, error)
        finally:
            await self._set(channel.name, {}, state)
        return "sent_at" in state

    async def _send(self, channel: Channel, message: Message) -> None:
        wait = self.first_wait
        for left in reversed(range(MAX_TRIES)):
            try:
                await asyncio.to_thread(channel.send, message)
                return
            except AlertError as error:
                if error.permanent or not left:
                    raise
                await asyncio.sleep(min(max(wait, error.wait_seconds), MAX_WAIT_SECONDS))
                wait *= 4

    async def _mark_delivered(self, name: str, changes: Sequence[dict[str, Any]]) -> None:
        operations = [UpdateOne({"_id": change["_id"]}, {"$pull": {"waiting": name}}) for change in changes]
        await self.store.retrying(lambda: self.store.database["alarms"].bulk_write(operations, ordered=False))

    async def _seconds_left(self, name: str) -> float:
        """Seconds until the channel may send another message."""
        row = await self._state(name)
        return (
            max(0.0, (row["sent_at"] + self.interval - datetime.now(UTC)).total_seconds()) if row.get("sent_at") else 0
        )

    async def _state(self, name: str) -> dict[str, Any]:
        rows = self.store.database["maintenance"]
        return await self.store.retrying(lambda: rows.find_one({"_id": f"alarms:{name}"})) or {}

    async def _claim(self, name: str) -> bool:
        """Claim the channel for this process, unless another process has it or the last message is too recent."""
        key, now = {"_id": f"alarms:{name}"}, datetime.now(UTC)
        row = await self._state(name)
        if (sent := row.get("sent_at")) and now - sent < self.interval:
            return False
        if (until := row.get("claimed_until")) and until > now:
            return False
        if not row:
            return await self.store.retrying(lambda: self._claim_first({**key, "claimed_until": now + CLAIM_TIME}))
        return await self._set(name, {"claimed_until": until}, {"claimed_until": now + CLAIM_TIME})

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
