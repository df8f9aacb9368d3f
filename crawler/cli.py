"""The base of every command: strict options, one line for an error, an exit status, and the database.

A command of ours is a `crawler.cli.Command` with a `group`, `examples` and `execute`:

    class Command(cli.Command):
        group = "look"
        examples = ("scrapy latest --limit 5",)

        def short_desc(self) -> str:
            return "Print the newest articles"

        def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
            with self.open_database() as database:
                print_rows(latest(database["articles"], opts.limit), opts.format)
            return None

Exit statuses are the same everywhere: 0 done, 1 failed or useless, 2 wrong use, 130 interrupted by Ctrl-C.
"""

from __future__ import annotations

import argparse
import difflib
import importlib.util
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from scrapy.cmdline import ScrapyArgumentParser
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.settings import default_settings
from scrapy.utils.misc import load_object

import crawler.settings as ours
from crawler.command_help import HelpFormatter
from crawler.errors import CrawlerError, EmptyDatabase
from crawler.output import plain

if TYPE_CHECKING:
    from pymongo.database import Database

    from crawler.storage.store import Store

RENAMED_SETTINGS = {
    "GIVE_UP_SILENT": "CIRCUIT_BREAKER_TIMEOUTS",
    "GIVE_UP_ERRORS": "CIRCUIT_BREAKER_ERRORS",
    "ALARM_INTERVAL_SECONDS": "ALERT_INTERVAL_SECONDS",
}
"""Old names of settings and their new ones: whoever sets an old one is shown the new one (exit status 2)."""

REMOVED_SETTINGS = {"REPLICA": "set the environment variables http_proxy and https_proxy instead"}
"""Names of settings that no longer exist, and what to do instead."""

RENAMED_VARIABLES: dict[str, str] = {}
"""The same for variables of the environment."""

_OPTION = re.compile(r"--|-[A-Za-z]")


class Command(ScrapyCommand):
    """Base of every command. For a command of Scrapy's that we extend: `class Command(cli.Command, ScrapyCrawl)`."""

    requires_project = True
    requires_crawler_process = False

    group: ClassVar[str]
    """One of `crawler.command_help.GROUPS`."""
    examples: ClassVar[tuple[str, ...]] = ()
    """Whole command lines, each at most 76 columns wide."""
    interrupted: str = ""
    """What Ctrl-C means for the work, appended to "interrupted": "; the same command continues"."""

    @property
    def name(self) -> str:
        return type(self).__module__.rpartition(".")[2]

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        """Do the work and return the exit status (None: 0).

        Raises UsageError for wrong use and any CrawlerError: both become one line.
        """
        raise NotImplementedError

    def prepare(self, args: list[str], opts: argparse.Namespace) -> None:
        """Check the command line and set settings, before Scrapy begins to log. Raises what `execute` raises."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        # Scrapy makes the parser and has no hook for its class (seen in 2.19.0).
        parser.__class__ = StrictParser
        parser.prog = f"scrapy {self.name}"
        parser.formatter_class = HelpFormatter
        if self.examples:
            lines = "".join(f"\n  {example}" for example in self.examples)
            parser.description = f"{self.long_desc()}\n\nExamples:{lines}"

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        given = [pair for pair in opts.set if "=" in pair] + ([f"LOG_LEVEL={opts.loglevel}"] if opts.loglevel else [])
        if given and (fault := wrong_settings(given)):
            raise UsageError(fault, print_help=False)
        super().process_options(args, opts)
        assert self.settings is not None
        if fault := renamed_names(self.settings, os.environ):
            raise UsageError(fault, print_help=False)
        with self.report_errors():
            self.prepare(args, opts)
        if self.exitcode:
            sys.exit(self.exitcode)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        with self.report_errors():
            self.exitcode = self.execute(args, opts) or 0
            sys.stdout.flush()

    @contextmanager
    def report_errors(self) -> Iterator[None]:
        """Turn an error that a person can act on into one line and an exit status."""
        try:
            yield
        except CrawlerError as error:
            self.print_error(str(error))
            self.exitcode = error.exit_status
        except BrokenPipeError:
            # The reader has seen enough (`| head`); what is still buffered must not raise again at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except KeyboardInterrupt:
            print(file=sys.stderr)
            self.print_error(f"interrupted{self.interrupted}.")
            self.exitcode = 130

    def print_error(self, message: str) -> None:
        """Print `scrapy NAME: message` on standard error; a message of several lines keeps them."""
        print(f"scrapy {self.name}: " + "\n".join(map(plain, message.splitlines())), file=sys.stderr)

    def reject_arguments(self, args: Sequence[str]) -> None:
        """For commands that take options only. Raises UsageError."""
        if args:
            raise UsageError(f"unexpected argument {args[0]!r}; see scrapy {self.name} -h", print_help=False)

    @contextmanager
    def open_database(self) -> Iterator[Database[dict[str, Any]]]:
        """The database MONGO_DATABASE of MONGO_URI or of the embedded server, which is started if need be. Errors of
        the driver within the `with` become StoreError."""
        from crawler.storage.store import UNFINISHED_REINDEX, connect, has_unfinished_reindex, translate_errors

        assert self.settings is not None
        uri = self.settings["MONGO_URI"]
        with connect(uri, Path(self.settings["DATA_DIR"])) as client, translate_errors(uri):
            database = client[self.settings["MONGO_DATABASE"]]
            if self.group in {"look", "data"} and has_unfinished_reindex(database):
                self.print_error(UNFINISHED_REINDEX)
            yield database

    @asynccontextmanager
    async def open_store(self, *prepare: Callable[[Any], Any]) -> AsyncIterator[Store]:
        """The asynchronous store that crawls use, for commands that write; `prepare` as in `storage.store.open_store`.
        Raises StoreError."""
        from crawler.storage.store import open_store

        assert self.settings is not None
        uri, name = self.settings["MONGO_URI"], self.settings["MONGO_DATABASE"]
        store = await open_store(uri, name, Path(self.settings["DATA_DIR"]), *prepare)
        try:
            yield store
        finally:
            await store.close()


def require_articles(database: Database[dict[str, Any]]) -> None:
    """For commands that found nothing: raises EmptyDatabase if that is because there are no articles at all."""
    if database["articles"].find_one({}, {"_id": 1}) is None:
        raise EmptyDatabase(database.name)


class StrictParser(ScrapyArgumentParser):
    """Refuses options it does not know (Scrapy passes them on as arguments) and reports wrong use in one line."""

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """As in argparse; everything behind `--` is an argument, also what looks like an option."""
        words = list(sys.argv[1:] if args is None else args)
        end = words.index("--") if "--" in words else len(words)
        options, arguments = super().parse_known_args(words[:end], namespace)
        for word in arguments:
            if _OPTION.match(word):
                self._reject(word.partition("=")[0])
        return options, arguments + words[end + 1 :]

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")

    def _reject(self, option: str) -> NoReturn:
        near = difflib.get_close_matches(option, self._option_string_actions, n=1)
        self.error(f"unknown option {option}; {f'did you mean {near[0]}?' if near else f'see {self.prog} -h'}")


def renamed_names(settings: Mapping[str, Any], environment: Mapping[str, str]) -> str | None:
    """One sentence for the first old name that `settings` or `environment` use, or None."""
    for old, new in RENAMED_SETTINGS.items():
        if old in settings:
            return f"the setting {old} is now called {new}"
    for old, remedy in REMOVED_SETTINGS.items():
        if old in settings:
            return f"the setting {old} no longer exists; {remedy}"
    for old, new in RENAMED_VARIABLES.items():
        if old in environment:
            return f"the environment variable {old} is now called {new}"
    return None


# Settings given on the command line (`-s NAME=VALUE`): Scrapy shows a traceback for the first that it can't use.

_CLASS = re.compile(r"[a-z_]\w*(?:\.[a-z_]\w*)+\.[A-Z]\w*")
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_SWITCHES = {"0", "1", "true", "false"}


def wrong_settings(given: Iterable[str]) -> str | None:
    """What is wrong with settings given as `NAME=VALUE`: a sentence for the first fault, or None."""
    known = _known()
    for pair in given:
        name, _, value = pair.partition("=")
        if name in RENAMED_SETTINGS:
            return f"-s {name}: the setting is now called {RENAMED_SETTINGS[name]}"
        if name in REMOVED_SETTINGS:
            return f"-s {name}: the setting no longer exists; {REMOVED_SETTINGS[name]}"
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
            if near:
                return f"-s {name}: there is no such setting; did you mean {near[0]}?"
        elif fault := _fault(name, value, known[name]):
            return f"-s {name}={value}: {fault}"
    return None


def _known() -> dict[str, Any]:
    """Every setting with its value by default, Scrapy's and ours."""
    values: dict[str, Any] = {}
    for module in (default_settings, ours):
        values |= {name: getattr(module, name) for name in dir(module) if name.isupper()}
    return values


def _fault(name: str, value: str, default: Any) -> str | None:
    if check := _SPECIAL.get(name):
        return check(value)
    if isinstance(default, bool):
        return None if value.lower() in _SWITCHES else "it is a switch; write 1 or 0"
    if isinstance(default, int | float):
        return _number_fault(name, value, default)
    if isinstance(default, Mapping):
        return _table_fault(value)
    if isinstance(default, str) and _CLASS.fullmatch(default):
        return _class_fault(value)
    return None


def _number_fault(name: str, value: str, default: float) -> str | None:
    # Scrapy's defaults for times are whole numbers; fractions of them work.
    whole = isinstance(default, int) and name not in _TIMES
    try:
        number = int(value) if whole else float(value)
    except ValueError:
        return f"it is a {'whole ' if whole else ''}number; the default is {default}"
    if not isfinite(number):
        return f"it is a number with an end; the default is {default}"
    least = 1 if name.startswith("CONCURRENT_") else 0
    if default >= least and number < least and "PRIORITY" not in name:
        return f"it must be at least {least}"
    return None


def _table_fault(value: str) -> str | None:
    try:
        table = json.loads(value)
    except ValueError:
        return 'it is a table; write it as JSON: {"name": 100}'
    return None if isinstance(table, dict) else 'it is a table; write it as JSON: {"name": 100}'


def _class_fault(value: str) -> str | None:
    try:
        load_object(value)
    except (ImportError, NameError, ValueError):
        return "no such class can be imported; write it with its module: package.module.Class"
    return None


def _file_fault(value: str) -> str | None:
    folder = Path(value).parent
    return None if not value or (folder.is_dir() and not Path(value).is_dir()) else "no file can be written there"


def _level_fault(value: str) -> str | None:
    return None if value in _LEVELS else f"choose one of {', '.join(_LEVELS)}"


def _allowed_fault(value: str) -> str | None:
    from crawler.middlewares.guard import Allowed

    try:
        Allowed.from_entries(value.split(","))
    except ValueError:
        return "it lists hosts, host:port and networks by commas: 10.0.0.0/8,intranet.example:8080"
    return None


def _archive_fault(value: str) -> str | None:
    if value and importlib.util.find_spec("warcio") is None:
        return "the archive needs warcio: pip install -e '.[archive]'"
    return None


_TIMES = frozenset({"DOWNLOAD_DELAY", "DOWNLOAD_TIMEOUT", "CLOSESPIDER_TIMEOUT", "DNS_TIMEOUT", "LOGSTATS_INTERVAL"})
_SPECIAL: dict[str, Callable[[str], str | None]] = {
    "ARCHIVE_DIR": _archive_fault,
    "GUARD_ALLOWED": _allowed_fault,
    "LOG_FILE": _file_fault,
    "LOG_LEVEL": _level_fault,
}
