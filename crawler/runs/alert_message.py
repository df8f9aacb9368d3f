"""What an alert says: sites whose verdict changed, and one message about several of them. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crawler.output import format_time, plain
from crawler.runs.verdict import WORDS


@dataclass(frozen=True)
class Message:
    """What is sent: a `title`, `lines` for people (one for each change), and the `changes` themselves for programs."""

    title: str
    lines: tuple[str, ...]
    changes: tuple[Mapping[str, Any], ...] = ()

    def text(self, max_bytes: int | None = None) -> str:
        """Title and lines. With `max_bytes`, as many lines as fit into so many bytes of UTF-8, and the number of
        those that are left out."""
        lines = [self.title, *self.lines]
        for kept in range(len(lines), 0, -1):
            rest = len(lines) - kept
            more = [f"… and {rest} more: scrapy health --failing"] if rest else []
            text = "\n".join([*lines[:kept], *more])
            if max_bytes is None or len(text.encode()) <= max_bytes:
                return text
        return self.title.encode()[:max_bytes].decode(errors="ignore")


def read_change(before: Mapping[str, Any], after: Mapping[str, Any], spider: str) -> dict[str, Any] | None:
    """The change between two documents of `sites` (`before` is empty for a new site), or None if there is nothing to
    report: the verdict is the same, or a first run was ok."""
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


def build_message(changes: Sequence[Mapping[str, Any]]) -> Message:
    """One message about all `changes`, the worst first."""
    counts = Counter(change["verdict"] for change in changes)
    parts = [f"{counts[word]} {word}" for word in reversed(WORDS[1:]) if counts[word]]
    parts += [f"{counts['ok']} recovered"] if counts["ok"] else []
    ordered = sorted(changes, key=lambda change: (-WORDS.index(change["verdict"]), change["site"]))
    return Message(f"Food-safety crawler: {', '.join(parts)}", tuple(map(_line, ordered)), tuple(ordered))


def _line(change: Mapping[str, Any]) -> str:
    head = f"{change['name']} {change['site']}: {change['before'] or 'new'} → {change['verdict']}"
    parts = [f"{head} ({'; '.join(change['reasons'])})" if change["reasons"] else head]
    if change["verdict"] == "ok":
        parts.append(f"was {change['before']} since {format_time(change['since'], missing='an unknown time')}")
    else:
        parts.append(f"last ok {format_time(change['ok_at'])}" if change["ok_at"] else "never ok so far")
    if change["page"]:
        parts.append(change["page"])
    return plain("; ".join([*parts, change["command"]]))
