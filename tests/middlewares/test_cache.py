"""The cache of list pages after a kill in the middle of its writing, and what it may not keep."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.bench.faults.hostile import BODY, LIST, Handler, Hostile, article, listing, page, sends

COUNTY = ("county", "-a", "site=qingtian", "-a", "keep=all")


def lists(number: int):
    """A list of so many articles with a validator, which answers 304 to it."""

    def answer(handler: Handler) -> None:
        known = handler.headers.get("If-None-Match") == f'"{number}"'
        body = b"" if known else listing([article(n) for n in range(number)])
        handler.reply(body, 304 if known else 200, ETag=f'"{number}"')

    return answer


@pytest.fixture
def site():
    with Hostile() as hostile:
        hostile.answers |= {article(n): sends(page(f"食堂检查第{n}号", f"{n}{BODY}{n}")) for n in range(9)}
        hostile.answers[LIST] = lists(6)
        yield hostile


def files(tmp_path: Path, name: str) -> list[Path]:
    return list(tmp_path.glob(f"httpcache/**/{name}"))


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:20])


TEARS = {"response_body": cut_short, "response_headers": Path.unlink}


@pytest.mark.parametrize("name", TEARS)
def test_a_torn_entry_is_no_entry(site, crawl, stored, tmp_path, name):
    assert crawl(*COUNTY, proxy=site.address).returncode == 0
    (torn,) = files(tmp_path, name)
    TEARS[name](torn)
    site.answers[LIST] = lists(7)
    result = crawl(*COUNTY, proxy=site.address)
    assert (result.returncode, "Traceback" in result.stderr) == (0, False), result.stderr
    assert stored.articles.count_documents({}) == 7


def test_new_validators_never_stand_beside_an_old_page(site, crawl, stored, tmp_path):
    """A kill while the next version of an entry is written leaves it aside, unfinished."""
    crawl(*COUNTY, proxy=site.address)
    (body,) = files(tmp_path, "response_body")
    site.answers[LIST] = lists(7)
    unfinished = body.parent.with_name(body.parent.name + ".new")
    unfinished.mkdir()
    (unfinished / "response_headers").write_bytes(gzip.compress(b'ETag: "7"\r\n'))
    crawl(*COUNTY, proxy=site.address)
    assert stored.articles.count_documents({}) == 7
    assert [path.parent.name for path in files(tmp_path, "response_headers")] == [body.parent.name]
    asked = len(site.asked)
    crawl(*COUNTY, proxy=site.address)
    assert site.asked[asked:] == ["/robots.txt", LIST]


def test_no_header_of_a_request_is_kept(site, crawl, tmp_path):
    crawl(*COUNTY, proxy=site.address, DEFAULT_REQUEST_HEADERS='{"Authorization": "Bearer geheim"}')
    (headers,) = files(tmp_path, "request_headers")
    assert gzip.decompress(headers.read_bytes()) == b""


def test_a_crawl_goes_on_where_nothing_can_be_cached(site, crawl, stored, tmp_path):
    (tmp_path / "httpcache").write_text("a file in the place of the folder")
    result = crawl(*COUNTY, proxy=site.address)
    assert (result.returncode, result.stderr.count("List pages can't be cached")) == (0, 1), result.stderr
    assert stored.articles.count_documents({}) == 6
