"""Frozen pages on disk: under tests/pages of the checkout this package lives in."""

from __future__ import annotations

import json
from pathlib import Path

from crawler.discovery.fixtures import Frozen
from crawler.sites.edit import write_whole

TO_CHECK = 'Compare {} with the page, correct it, and set "checked" to true: until then its test fails.'
PAGES = Path(__file__).resolve().parents[2] / "tests" / "pages"


def place_of(frozen: Frozen) -> tuple[Path, Path]:
    """Where a page and its truth go: nothing that is there is overwritten."""
    number = 1
    while True:
        stem = frozen.name if number == 1 else f"{frozen.name}-{number}"
        page = PAGES / frozen.platform / f"{stem}{frozen.suffix}"
        if not list(page.parent.glob(f"{stem}.*")):
            return page, page.with_name(f"{stem}.truth.json")
        number += 1


def keep(frozen: Frozen) -> list[Path]:
    """Write a page and its truth; the two paths. Raises OSError, and leaves nothing then."""
    if not PAGES.is_dir():
        raise FileNotFoundError(2, "there is no such folder: work in a checkout of the project", str(PAGES))
    page, truth = place_of(frozen)
    page.parent.mkdir(exist_ok=True)
    text = json.dumps(frozen.truth, ensure_ascii=False, indent=1) + "\n"
    write_whole(page, frozen.body)
    try:
        write_whole(truth, text.encode())
    except OSError:
        page.unlink()
        raise
    return [page, truth]


def drop(paths: list[Path]) -> None:
    """Remove what `keep` wrote."""
    for path in paths:
        path.unlink(missing_ok=True)
