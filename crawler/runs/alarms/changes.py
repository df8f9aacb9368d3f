"""What there is to tell: sites whose verdict changed, and the message about several of them. Pure functions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crawler.parsing.date_reading import CST
from crawler.runs.verdict import WORDS

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True)
class Message:
    """What is sent: a `title`, a text of `lines`, one change each, and the `changes` themselves for programs."""

    title: str
    lines: tuple[str, ...]
    changes: tuple[Mapping[str, Any], ...] = ()

    def text(self, most_bytes: int | None = None) -> str:
        """Title and lines; with `most_bytes`, as many lines as fit into so many bytes of UTF-8, and how many don't."""
        told = [self.title, *self.lines]
        for kept in range(len(told), 0, -1):
            rest = len(told) - kept
            more = [f"… and {rest} more: scrapy health --failing"] if rest else []
            text = "\n".join([*told[:kept], *more])
            if most_bytes is None or len(text.encode()) <= most_bytes:
                return text
        return self.title.encode()[:most_bytes].decode(errors="ignore")


def change_of(before: Mapping[str, Any], after: Mapping[str, Any], spider: str) -> dict[str, Any] | None:
    """The change between two documents of `sites` (`before` empty for a site never seen), or None where nothing is to
    be told: the verdict is the same, or a first run was ok."""
    was, word = before.get("verdict"), after["verdict"]
    if word == was or (was is None and word == "ok"):
        return None
    return {
        "_id": f"{after['run']}:{after['_id']}",
        "site": after["_id"],
        "name": after["name"],
        "before": was,
        "verdict": word,
        "reasons": after["reasons"],
        "at": after["run_at"],
        "since": before.get("since"),
        "ok_at": before.get("ok_at"),
        "page": after["page"],
        "command": f"scrapy crawl {spider}" + ("" if spider == after["_id"] else f" -a site={after['_id']}"),
    }


def message_of(changes: Sequence[Mapping[str, Any]]) -> Message:
    """One message about all `changes`, the worst first."""
    counts = Counter(change["verdict"] for change in changes)
    told = [f"{counts[word]} {word}" for word in reversed(WORDS[1:]) if counts[word]]
    told += [f"{counts['ok']} recovered"] if counts["ok"] else []
    ordered = sorted(changes, key=lambda change: (-WORDS.index(change["verdict"]), change["site"]))
    return Message(f"Food-safety crawler: {', '.join(told)}", tuple(map(_line, ordered)), tuple(ordered))


def _line(change: Mapping[str, Any]) -> str:
    head = f"{change['name']} {change['site']}: {change['before'] or 'new'} → {change['verdict']}"
    parts = [f"{head} ({'; '.join(change['reasons'])})" if change["reasons"] else head]
    if change["verdict"] == "ok":
        parts.append(f"it was {change['before']} since {_shown(change['since'])}")
    else:
        parts.append(f"last ok {_shown(change['ok_at'])}" if change["ok_at"] else "never ok so far")
    if change["page"]:
        parts.append(change["page"])
    return plain("; ".join([*parts, change["command"]]))


def plain(text: str) -> str:
    """`text` on one line without control characters: names and reasons come from pages."""
    return _CONTROL.sub(" ", text)


def _shown(moment: datetime | None) -> str:
    return f"{moment.astimezone(CST):%Y-%m-%d %H:%M}" if moment else "an unknown time"
