"""Restore Chinese text that a content farm corrupted: lost bytes, pinyin glosses, traditional characters, marks."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from crawler.text.characters import to_simplified
from crawler.text.gbk_repair import MARKS, repair
from crawler.text.glosses import Corruption, detect_corruption, strip_glosses

# --- Punctuation: half-width marks beside Chinese characters, which farms produce, become full-width ---

_CHINESE = "[\u3400-\u9fff\uf900-\ufaff。，、；：？！“”‘’（）《》〈〉【】「」『』…—％]"
_CHINESE_ONE = re.compile(_CHINESE)
_PAIR = re.compile(r"\(([^()\n]*)\)")
_LONE = re.compile(rf"(?<={_CHINESE})[()]|[()](?={_CHINESE})")
_MARK = re.compile(rf"(?<={_CHINESE})[,;:!?]|[,;:!?](?={_CHINESE})")
# 60%,RCEP is Chinese: English has a space after a comma, and a comma in a number stands between digits.
_CLAUSE = re.compile(r"(?<=[%)\]\"℃+])[,;](?=[A-Za-z0-9])")


def to_fullwidth(text: str) -> str:
    """Return text with `, ; : ! ? ( )` in full width if a Chinese character or mark stands beside them.

    08:29, 1,000, URLs and English sentences keep theirs. A run of marks is converted from its outer marks inwards.
    """
    text = _PAIR.sub(_bracket, text)
    text = _LONE.sub(_widen_mark, text)
    text = _MARK.sub(_widen_mark, text)
    text = _MARK.sub(_widen_mark, text)
    return _CLAUSE.sub(_widen_mark, text)


def _widen_mark(mark: re.Match[str]) -> str:
    return MARKS[mark[0]]


def _bracket(pair: re.Match[str]) -> str:
    text = pair.string
    beside = text[max(0, pair.start() - 1) : pair.start()] + text[pair.end() : pair.end() + 1]
    if _CHINESE_ONE.search(pair[1]) or _CHINESE_ONE.search(beside):
        return f"（{pair[1]}）"
    return pair[0]


class Change(NamedTuple):
    """One change of a text.

    `position` counts characters in the text as it was when the change was made; `kind` is gbk, gloss or script.
    """

    kind: str
    position: int
    before: str
    after: str
    reason: str
    runner_up: str = ""
    doubtful: bool = False

    def explain(self) -> str:
        """Return the change as one line for a person."""
        runner_up = f", else {self.runner_up}" if self.runner_up else ""
        doubt = ", doubtful" if self.doubtful else ""
        return f"{self.before!r} → {self.after!r} ({self.kind}: {self.reason}{runner_up}{doubt})"


@dataclass(frozen=True, slots=True)
class RestoredText:
    """A restored text and the changes made, in order of place."""

    text: str
    changes: tuple[Change, ...] = ()


@dataclass(slots=True)
class Restoration:
    """The changes of a document, counted over all its fields."""

    glosses: int = 0
    gbk_repairs: int = 0
    converted: int = 0
    doubtful: int = 0
    changes: dict[str, tuple[Change, ...]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, int]:
        """Return the article field `restored`."""
        return {
            "glosses": self.glosses,
            "gbk_repairs": self.gbk_repairs,
            "converted": self.converted,
            "doubtful": self.doubtful,
        }

    def add(self, name: str, changes: tuple[Change, ...]) -> None:
        """Add the changes of the field `name`."""
        self.changes[name] = changes
        for change in changes:
            self.glosses += change.kind == "gloss"
            self.gbk_repairs += change.kind == "gbk"
            self.converted += change.kind == "script"
            self.doubtful += change.doubtful


def restore_fields(
    fields: Mapping[str, str | None], context: str = ""
) -> tuple[dict[str, str | None], Restoration | None]:
    """Return the restored fields of one document, and the changes (None if nothing was changed).

    All fields are judged together. `context` is more text of the document that helps to judge and is not restored.
    """
    found = detect_corruption("\n".join(value for value in (*fields.values(), context) if value))
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


def restore(text: str) -> RestoredText:
    """Restore one text. Text that is neither garbled nor traditional is returned unchanged."""
    found = detect_corruption(text)
    return _restore(text, found) if found else RestoredText(text)


def _restore(text: str, found: Corruption) -> RestoredText:
    changes: list[Change] = []
    if found.garbled:
        text, repairs = repair(text, found.annotated)
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
        text = to_fullwidth(text)
    return RestoredText(text, tuple(changes))
