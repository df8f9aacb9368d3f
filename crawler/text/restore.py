"""Restore Chinese text that came through a content farm to what was written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from crawler.text.characters import to_simplified
from crawler.text.gbk_repair import MARKS, repair
from crawler.text.glosses import Corruption, damage, strip_glosses

# Full-width marks back where a farm made them half-width: beside Chinese characters, not inside numbers or English.

_CHINESE = "[\u3400-\u9fff\uf900-\ufaff。，、；：？！“”‘’（）《》〈〉【】「」『』…—％]"
_CHINESE_ONE = re.compile(_CHINESE)
_PAIR = re.compile(r"\(([^()\n]*)\)")
_LONE = re.compile(rf"(?<={_CHINESE})[()]|[()](?={_CHINESE})")
_MARK = re.compile(rf"(?<={_CHINESE})[,;:!?]|[,;:!?](?={_CHINESE})")
# 60%,RCEP: English puts a space after a comma, and a number's comma stands between digits.
_CLAUSE = re.compile(r"(?<=[%)\]\"℃+])[,;](?=[A-Za-z0-9])")


def widen(text: str) -> str:
    """Text with `, ; : ! ? ( )` in full width where a Chinese character or mark stands beside them.

    08:29, 1,000, URLs and English sentences keep theirs. A run of marks is read from its outer ones inwards.
    """
    text = _PAIR.sub(_bracket, text)
    text = _LONE.sub(_wide, text)
    text = _MARK.sub(_wide, text)
    text = _MARK.sub(_wide, text)
    return _CLAUSE.sub(_wide, text)


def _wide(mark: re.Match[str]) -> str:
    return MARKS[mark[0]]


def _bracket(pair: re.Match[str]) -> str:
    text = pair.string
    beside = text[max(0, pair.start() - 1) : pair.start()] + text[pair.end() : pair.end() + 1]
    if _CHINESE_ONE.search(pair[1]) or _CHINESE_ONE.search(beside):
        return f"（{pair[1]}）"
    return pair[0]


__all__ = ["Change", "Restoration", "Restored", "damage", "restore", "restore_fields"]


class Change(NamedTuple):
    """One change: its kind, its place (in characters) in the text as it was when the change was made, what was there,
    what is there now, and why."""

    kind: str
    position: int
    before: str
    after: str
    reason: str
    runner_up: str = ""
    doubtful: bool = False

    def explain(self) -> str:
        """The change in one line."""
        runner_up = f", else {self.runner_up}" if self.runner_up else ""
        doubt = ", doubtful" if self.doubtful else ""
        return f"{self.before!r} → {self.after!r} ({self.kind}: {self.reason}{runner_up}{doubt})"


@dataclass(frozen=True, slots=True)
class Restored:
    """A restored text and what was changed in it, in order of place."""

    text: str
    changes: tuple[Change, ...] = ()


@dataclass(slots=True)
class Restoration:
    """What was changed in a document, counted over its fields."""

    glosses: int = 0
    gbk_repairs: int = 0
    converted: int = 0
    doubtful: int = 0
    changes: dict[str, tuple[Change, ...]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, int]:
        """The `restored` document of an article."""
        return {
            "glosses": self.glosses,
            "gbk_repairs": self.gbk_repairs,
            "converted": self.converted,
            "doubtful": self.doubtful,
        }

    def add(self, name: str, changes: tuple[Change, ...]) -> None:
        self.changes[name] = changes
        for change in changes:
            self.glosses += change.kind == "gloss"
            self.gbk_repairs += change.kind == "gbk"
            self.converted += change.kind == "script"
            self.doubtful += change.doubtful


def restore_fields(
    fields: Mapping[str, str | None], witness: str = ""
) -> tuple[dict[str, str | None], Restoration | None]:
    """Restore the fields of one document, judged together; None as the second where nothing was changed. `witness` is
    more text of the document, which helps to judge and isn't restored."""
    found = damage("\n".join(value for value in (*fields.values(), witness) if value))
    if not found:
        return dict(fields), None
    restored: dict[str, str | None] = {}
    counts = Restoration()
    for name, value in fields.items():
        made = _restore(value, found) if value else None
        restored[name] = made.text if made else value
        if made and made.changes:
            counts.add(name, made.changes)
    return restored, counts if counts.changes else None


def restore(text: str) -> Restored:
    """Restore one text; text that is neither garbled nor traditional comes back as it is."""
    found = damage(text)
    return _restore(text, found) if found else Restored(text)


def _restore(text: str, found: Corruption) -> Restored:
    changes: list[Change] = []
    if found.garbled:
        text, repairs = repair(text, found.glossed)
        changes += (
            Change("gbk", r.position, r.before, r.after, "bytes put back", r.runner_up, r.doubtful) for r in repairs
        )
        text, glosses = strip_glosses(text)
        changes += (
            Change("gloss", place, gloss, "", "a reading of the character before it") for place, gloss in glosses
        )
    if found.traditional:
        simple = to_simplified(text)
        if len(simple) == len(text):
            changes += (
                Change("script", place, old, new, "traditional")
                for place, (old, new) in enumerate(zip(text, simple, strict=True))
                if old != new
            )
        text = simple
    if found.garbled:
        text = widen(text)
    return Restored(text, tuple(changes))
