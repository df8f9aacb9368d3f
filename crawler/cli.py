"""Settings given on the command line (`-s NAME=VALUE`): what is wrong with them, in a sentence, before Scrapy reads
them one by one and answers the first that it can't use with a traceback."""

from __future__ import annotations

import difflib
import importlib.util
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from scrapy.settings import default_settings
from scrapy.utils.misc import load_object

import crawler.settings as ours

_PLACE = re.compile(r"(?:[\w.-]+|\[[0-9a-fA-F:]+\]):\d{1,5}")
_CLASS = re.compile(r"[a-z_]\w*(?:\.[a-z_]\w*)+\.[A-Z]\w*")
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_SWITCHES = {"0", "1", "true", "false"}


def wrong_settings(given: Iterable[str]) -> str | None:
    """What is wrong with settings given as `NAME=VALUE`, a sentence for the first; None where nothing is."""
    known = _known()
    for pair in given:
        name, _, value = pair.partition("=")
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


def _place_fault(value: str) -> str | None:
    # An empty value would send the crawl to the real sites, which nobody who writes REPLICA means.
    good = _PLACE.fullmatch(value) and int(value.rpartition(":")[2]) <= 65_535
    return None if good else "it is the address of a replica: 127.0.0.1:8000"


def _allowed_fault(value: str) -> str | None:
    from crawler.middlewares.guard import Allowed

    try:
        Allowed.of(value.split(","))
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
    "REPLICA": _place_fault,
}


# Text of strangers on a terminal: what it shows, never what it does.

_PICTURES = 0x2400
_DELETE = 0x7F


def plain(text: str | None) -> str:
    """`text` on one line, its control characters (escape sequences, also of 8 bits) shown as pictures and characters
    that turn the direction of writing left out."""
    return "".join(map(_shown, " ".join((text or "").split())))


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cc":
        code = ord(character)
        return chr(_PICTURES + code) if code < 0x20 else "\u2421" if code == _DELETE else "\ufffd"
    return {"Cf": "", "Cs": "\ufffd"}.get(category, character)
