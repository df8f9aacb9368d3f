"""What changed between two versions of a text, by paragraph."""

from __future__ import annotations

from difflib import SequenceMatcher

MOST_PARAGRAPHS = 2000
"""Beyond this a comparison takes too long and nobody reads it."""
LONGEST_DIFF = 200_000
"""Characters of a diff."""


def paragraph_changes(old: str | None, new: str | None) -> list[str]:
    """The paragraphs that went (`- …`) and came (`+ …`), in the order of the text, `…` for what stayed in between.
    Versions too long to be compared give one sentence."""
    before, after = (old or "").splitlines(), (new or "").splitlines()
    if max(len(before), len(after)) > MOST_PARAGRAPHS:
        return [f"{len(before)} paragraphs became {len(after)}"]
    lines: list[str] = []
    for tag, old_start, old_end, new_start, new_end in SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if tag == "equal":
            lines.append("…")
        else:
            lines += [f"- {paragraph}" for paragraph in before[old_start:old_end]]
            lines += [f"+ {paragraph}" for paragraph in after[new_start:new_end]]
    if sum(map(len, lines)) > LONGEST_DIFF:
        return [f"{len(before)} paragraphs became {len(after)}"]
    return [] if lines == ["…"] else lines
