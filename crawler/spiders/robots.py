"""robots.txt for every request, those too that wait while it is being fetched."""

from __future__ import annotations

import logging

from scrapy import Request
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.robotstxt import RobotParser
from scrapy.utils.defer import maybe_deferred_to_future
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.defer import Deferred


def _brief(record: logging.LogRecord) -> bool:
    record.exc_info = None  # an unreachable host is no fault of the program: its sentence is enough
    return True


logging.getLogger(RobotsTxtMiddleware.__module__).addFilter(_brief)


class EveryRequestRobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's own, with one fault mended. In Scrapy 2.19.0 all requests that come while a host's robots.txt is on its
    way await one Deferred, and under the asyncio reactor the first to await it takes its result away: the others see no
    rules and are let through, whatever robots.txt says."""

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """The rules of the request's host; None where it has none."""
        pending = self._parsers.get(urlparse_cached(request).netloc)
        if not isinstance(pending, Deferred):
            return await super().robot_parser(request)
        mine: Deferred[RobotParser | None] = Deferred()

        def hand_on(rules: RobotParser | None) -> RobotParser | None:
            mine.callback(rules)
            return rules

        pending.addCallback(hand_on)
        return await maybe_deferred_to_future(mine)
