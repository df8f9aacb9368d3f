"""The errors a person can act on, and the exit status a command ends with."""

from __future__ import annotations

from typing import ClassVar


class CrawlerError(Exception):
    """An error a person can act on: the message says why and what to do, and a command prints it without a traceback.

    It never holds credentials.
    """

    exit_status: ClassVar[int] = 1
    """1: it failed; 2: it was used wrongly."""


class StoreError(CrawlerError):
    """The database can't be used."""


class StoreUnavailable(StoreError):
    """The database does not answer: the same request may succeed later."""


class EmptyDatabase(StoreError):
    """The database has no articles yet."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the database {name} is empty: run a crawl first, or run `scrapy demo` and set MONGO_DATABASE=demo"
        )


class QueryError(CrawlerError):
    """A query or a filter can't be understood."""

    exit_status = 2


class TransferError(CrawlerError):
    """An export, import or backup failed; nothing was written."""


class InputFileError(CrawlerError):
    """A file given to a command, or its standard input, can't be used; nothing was read from it."""

    exit_status = 2


class FetchError(CrawlerError):
    """A page can't be fetched, or is not what the command needs."""
