"""Sites of eleven platforms, crawled over HTTP by their rows of the registry, compared with the hand-written truth."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from crawler.parsing.urls import article_id, canonical_url
from crawler.replica import content
from crawler.replica.content import ReplicaArticle, SiteChannel
from crawler.replica.exchange import Request
from crawler.sites.registry import load

PLATFORMS = {
    "dedecms", "easysite", "eportal", "jiangxi", "lonsun", "nfcms", "phpcms", "trs", "trs_irs", "ucap", "vsb",
}  # fmt: skip
CHANNELS = {channel.cms: channel for channel in content.channels() if channel.cms in PLATFORMS}


def listed(channel: SiteChannel) -> list[ReplicaArticle]:
    """The articles of the sections that the site's row names."""
    (row,) = load().find(channel.site)
    paths = {urlsplit(s.url).path + (f"?{q}" if (q := urlsplit(s.url).query) else "") for s in row.sections}
    known = {key for key, section in channel.sections.items() if section["path"] in paths}
    assert known
    return [article for article in channel.articles if article.section in known]


def shown(article: ReplicaArticle) -> dict:
    """What a reader of its page would note."""
    origin = f"{article.scheme}://{article.host}"
    names = ("title", "published_at", "source", "author", "editor", "body")
    return {name: getattr(article, name) for name in names} | {
        "published_precision": article.precision,
        "attachments": [(origin + file.path, file.name) for file in article.attachments],
        "images": [(origin + picture.path, picture.caption) for picture in article.images],
        "tables": [[list(row) for row in article.table]] if article.table else [],
    }


def noted(row: dict) -> dict:
    """The same of a stored article."""
    names = ("title", "published_at", "published_precision", "source", "author", "editor", "body")
    return {name: row[name] for name in names} | {
        "attachments": [(file["url"], file["name"]) for file in row["attachments"]],
        "images": [(picture["url"], picture["caption"]) for picture in row["images"]],
        "tables": [table["rows"] for table in row["tables"]],
    }


def test_every_platform_end_to_end(crawl, stored, replica):
    assert set(CHANNELS) == PLATFORMS
    codes = ",".join(channel.site for channel in CHANNELS.values())
    result = crawl("county", "-a", f"site={codes}", "-a", "keep=all")
    assert result.returncode == 0, result.stderr[-3000:]
    rows = {row["_id"]: row for row in stored.articles.find({})}
    truth = {article_id(canonical_url(a.url)): a for channel in CHANNELS.values() for a in listed(channel)}
    assert len(truth) >= 6 * len(PLATFORMS)
    assert {truth[key].url for key in truth.keys() - rows.keys()} == set()
    wrong = {a.url: (noted(rows[key]), shown(a)) for key, a in truth.items() if noted(rows[key]) != shown(a)}
    assert not wrong
    assert {row["url"] for key, row in rows.items() if key not in truth} == set()
    for name, channel in CHANNELS.items():
        mine = [row for row in rows.values() if row["site"]["code"] == channel.site]
        # The search interface of TRS gives lists; its articles are those of any TRS.
        assert {row["platform"] for row in mine} == {name.removesuffix("_irs")}, channel.site
        assert {row["site"]["name"] for row in mine} == {next(iter(load().find(channel.site))).name}
    # Foreign links were left alone, soft 404s told apart from articles.
    assert {seen.host.removeprefix("www.") for seen in replica.requests} == {
        channel.host.removeprefix("www.") for channel in CHANNELS.values()
    }
    soft = [s for channel in CHANNELS.values() for s in channel.broken_links if s.kind == "soft404"]
    reasons = {reject["url"].partition("gov.cn")[2]: reject["reason"] for reject in stored.rejects.find({})}
    assert {reasons.get(broken_link.path) for broken_link in soft} <= {"not_found", "empty"}
    assert len(reasons) == len(soft) == 2


@pytest.mark.parametrize("name", sorted(PLATFORMS))
def test_the_home_page_links_its_sections(name, replica):
    channel = CHANNELS[name]
    home = replica.sites.answer(Request(channel.scheme, channel.host, "GET", "/")).body.decode(channel.charset)
    for section in channel.sections.values():
        assert f">{section['name']}</a>" in home
