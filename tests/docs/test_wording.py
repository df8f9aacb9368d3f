"""Plain English in what a person reads first: the README, the documents and the help texts.

Each pattern was a habit of this project once, and made readers stumble.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest
from scrapy.cmdline import _get_commands_from_module
from scrapy.utils.project import get_project_settings

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "crawler" / "docs").glob("*.md")])
SLIPS = {
    r"\banew\b": "again",
    r"(?<![Tt]here )\b(?:is|are|was) no (?!longer|more|need|one|way)\w+": "is not a …",
    r"\bthe custom\b": "the baseline",
    r"\brhythms?\b": "publishing interval",
    r"\btells? (?:of|which|what|how|why|when|where|whether|every|its|a|an|the)\b": "shows, lists, detects",
    r"\btold\b": "reported, shown, printed",
    r"\b(?:at most )?so (?:many|much)\b": "maximum number of …",
    r"\bwhat concerns\b": "about …",
    r"\b(?:store|database|server|broker) (?:is|was) away\b": "is unavailable",
    r"\bdear (?:ones|pages?)\b": "expensive",
    r"\bsees to it\b": "prevents, ensures",
    r"\bgoes? on behind\b": "continues from there",
    r"\bWho(?:ever)? (?:has|wants|shall|reaches|takes)\b": "To …, or: if you …",
    r"\bmade good\b": "repaired",
    r"\bof (?:its|their|one's) own(?= [a-z]+ of)": "its own",
    r"(?<![\w.,])1 (?:articles|stories|sites|pages|duplicates|rows|sections|requests)\b": "1 article, 1 story, …",
}


def prose(text: str) -> str:
    """Markdown without its code blocks and code spans, each paragraph on one line."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    return re.sub(r"(?<!\n)\n(?!\n|[|#-])", " ", re.sub(r"`[^`]*`", "`…`", text))


def slips(text: str) -> list[str]:
    """The slips in `text`, each with its surroundings and the plain words."""
    return [
        f"…{text[max(0, found.start() - 40) : found.end() + 20]}…: write {plain}"
        for pattern, plain in SLIPS.items()
        for found in re.finditer(pattern, text)
    ]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_documents_are_in_plain_english(path):
    assert slips(prose(path.read_text("utf-8"))) == []


def test_help_texts_are_in_plain_english():
    found = {}
    for name, command in _get_commands_from_module("crawler.commands", True).items():
        command.settings = get_project_settings()
        parser = argparse.ArgumentParser(conflict_handler="resolve", description=command.long_desc())
        command.add_options(parser)
        found[name] = slips(" ".join(f"{command.short_desc()}\n{parser.format_help()}".split()))
    assert {name: each for name, each in found.items() if each} == {}


def test_the_patterns_find_what_they_are_for():
    quaint = "The page is no article. It computes anew what the custom was; the store is away, 1 articles told."
    assert len(slips(quaint)) == 6
    assert slips("There is no longer a page. It is no more than that.") == []
