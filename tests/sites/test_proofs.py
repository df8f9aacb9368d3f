"""Rows called `verified`: a saved page of the site itself is told and read right."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.parsing.article import PageRejection
from crawler.parsing.page import Page
from crawler.platforms.detect import detect
from crawler.platforms.reading import read_article, read_list
from crawler.sites import registry
from crawler.sites.files import bare_host

SHARED = Path(__file__).resolve().parents[2] / "../shared/pages"
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
PROOFS = list(csv.DictReader((registry.HERE / "proofs.csv").read_text("utf-8").splitlines()))


def test_exactly_the_proved_rows_are_verified():
    verified = {site.code: site.platform for site in registry.load() if site.status == "verified"}
    assert verified == {proof["code"]: proof["platform"] for proof in PROOFS}


@pytest.mark.skipif(not SHARED.exists(), reason="the shared pages are not beside the repository")
@pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: proof["code"])
def test_a_page_of_the_site_proves_it(proof):
    rows = map(json.loads, (SHARED / "truth.jsonl").read_text("utf-8").splitlines())
    truth = next(row for row in rows if row["id"] == proof["page"])
    site = registry.load().get(proof["code"])
    assert bare_host(truth["url"]) == bare_host(site.homepage)
    page = Page.from_bytes((SHARED / truth["file"]).read_bytes(), truth["url"])
    assert detect(page).name == proof["platform"]
    wanted = truth["expected"]
    if truth["kind"] == "list":
        assert len(read_list(page, site=site, now=NOW).items) == wanted["items"]
        return
    article = read_article(page, site=site, now=NOW)
    assert not isinstance(article, PageRejection)
    assert article.title == wanted["title"]
    assert article.published_at
    assert f"{article.published_at:%Y-%m-%d %H:%M}".startswith(wanted["published_at"][:16])
