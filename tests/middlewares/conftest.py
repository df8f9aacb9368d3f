"""Middlewares are tested by crawls of the replica."""

from tests.spiders.conftest import command, crawl, replica, stored

__all__ = ["command", "crawl", "replica", "stored"]
