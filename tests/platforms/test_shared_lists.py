"""The real list pages kept beside the repository: every one that needs no browser gives exactly its items."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

from crawler.parsing.page import Page
from crawler.platforms.reading import read_list

SHARED = Path(__file__).resolve().parents[2] / "../shared/pages"
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def truths() -> list[dict[str, Any]]:
    file = SHARED / "truth.jsonl"
    if not file.exists():
        return []
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if row["kind"] == "list"]


@pytest.mark.skipif(not SHARED.exists(), reason="the shared pages are not beside the repository")
@pytest.mark.parametrize("truth", truths(), ids=lambda truth: truth["id"])
def test_items(truth: dict[str, Any]) -> None:
    url = (truth["url"] or "").split(" ")[0]
    found = read_list(Page.from_bytes((SHARED / truth["file"]).read_bytes(), url), now=NOW).items
    wanted = truth["expected"]
    assert len(found) == wanted["items"]
    for place, index in (("first", 0), ("last", -1)):
        if row := wanted.get(place):
            item = found[index]
            day = f"{item.published_at:%Y-%m-%d}" if item.published_at else None
            assert item.title == row["title"]
            # In the second set of government pages null is "not recorded": the date of such a row stands in the page.
            if truth.get("set") != "gov2" or row["url"]:
                assert item.url == urljoin(url, row["url"])
            if truth.get("set") != "gov2" or row["date"]:
                assert day == (row["date"] and row["date"][:10])
