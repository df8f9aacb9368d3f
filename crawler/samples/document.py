"""What a reader of one format yields: tables, text, and what it could not read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from crawler.samples.grid import Grid

MAX_ROWS = 30_000
"""Of one sheet or table: 7 s of CPU time, half of what the child process may take."""
MAX_WIDTH = 300
MAX_TABLES = 500
MAX_TEXT = 200_000
"""Characters of text kept of one file."""
MAX_UNPACKED = 200 * 1024 * 1024
"""Bytes that the parts of one packed file may unpack to."""
MAX_PARTS = 2_000
"""Parts of one packed file."""


class Unreadable(Exception):
    """A file that can't be read; `reason` is one word of a fixed vocabulary, the text one sentence for a person.

    Reasons: `encrypted`, `broken`, `too_large`, `too_many_members`, `too_deep`, `hostile`, `needs_ocr`,
    `needs_libreoffice`, `needs_library`, `unsupported`, `empty`; from the sandbox also `timeout`, `crashed`,
    `out_of_memory`.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(slots=True)
class Document:
    """The tables of a file in order, its text, and notes of what was cut: `(reason, detail)`."""

    grids: list[Grid] = field(default_factory=list)
    text: str = ""
    cut: list[tuple[str, str]] = field(default_factory=list)

    def add_text(self, lines: Sequence[str]) -> None:
        """Adds lines of text up to MAX_TEXT."""
        if len(self.text) < MAX_TEXT:
            self.text = "\n".join(filter(None, (self.text, *lines)))[:MAX_TEXT]
