"""The spiders end to end: over HTTP, through the pipelines, into the store, compared with the hand-written truth."""

import json
from datetime import datetime

import pytest

from crawler.parsing.urls import article_id, canonical_url
from crawler.replica import content


def truth_of(site: str, day: int = 1) -> dict[str, content.ReplicaArticle]:
    return {article_id(canonical_url(article.url)): article for article in content.articles(day, site)}


def fields(document: dict) -> dict:
    names = ("title", "published_at", "published_precision", "source", "author", "editor", "body")
    return {name: document[name] for name in names}


def expected(article: content.ReplicaArticle) -> dict:
    return {
        "title": article.title,
        "published_at": article.published_at,
        "published_precision": article.precision,
        "source": article.source,
        "author": article.author,
        "editor": article.editor,
        "body": article.body,
    }


def stored_pages(stored) -> dict[str, dict]:
    """Every stored article by its id, and the article of the same site that an other address stands for."""
    found = {}
    for document in stored.articles.find({}):
        found[document["_id"]] = document
        found |= {other["_id"]: document for other in document["also_at"]}
    return found


@pytest.mark.parametrize(("spider", "arguments"), [("cfsn", ()), ("county", ("-a", "site=qingtian", "-a", "keep=all"))])
def test_every_article_is_stored_as_written(spider, arguments, crawl, stored):
    result = crawl(spider, *arguments)
    assert result.returncode == 0, result.stderr[-3000:]
    truth = truth_of({"cfsn": "cfsn", "county": "qingtian"}[spider])
    found = stored_pages(stored)
    assert set(truth) == set(found)
    wrong = {
        article.url: (fields(found[key]), expected(article))
        for key, article in truth.items()
        if not (article.same_as and article.same_as.startswith("/")) and fields(found[key]) != expected(article)
    }
    assert not wrong


def test_images_attachments_and_tables(crawl, stored):
    assert crawl("county", "-a", "site=331121", "-a", "keep=all").returncode == 0
    found = stored_pages(stored)
    for key, article in truth_of("qingtian").items():
        origin = f"{article.scheme}://{article.host}"
        assert [(i["url"], i["caption"]) for i in found[key]["images"]] == [
            (origin + picture.path, picture.caption) for picture in article.images
        ]
        assert [(a["url"], a["name"]) for a in found[key]["attachments"]] == [
            (origin + file.path, file.name) for file in article.attachments
        ]
        assert [table["rows"] for table in found[key]["tables"]] == (
            [[list(row) for row in article.table]] if article.table else []
        )


def test_an_article_of_several_pages_is_stored_as_one(crawl, stored, replica):
    (article,) = [a for a in content.articles(1, "qingtian") if a.pages > 1]
    assert crawl("page", "-a", f"url={article.url}").returncode == 0
    stem = article.path.removesuffix(".html")
    asked = [seen.path for seen in replica.requests if seen.path != "/robots.txt"]
    assert asked == [f"{stem}.html", f"{stem}_2.html", f"{stem}_3.html"]
    (document,) = stored.articles.find({})
    assert document["canonical_url"].endswith(f"{stem}.html")
    assert document["body"].split("\n") == list(article.paragraphs)
    assert fields(document) == expected(article)


def test_a_second_run_fetches_list_pages_only(crawl, replica):
    assert crawl("county", "-a", "site=青田县").returncode == 0
    first = len(replica.requests)
    articles = {seen.path for seen in replica.requests if "/art/" in seen.path}
    assert articles
    result = crawl("county", "-a", "site=青田县")
    assert result.returncode == 0, result.stderr[-2000:]
    again = [seen.path for seen in replica.requests[first:]]
    assert again
    assert not [path for path in again if "/art/" in path]
    assert len(again) < first / 2


def test_what_does_not_concern_food_safety_is_read_once_and_recorded(crawl, stored, replica):
    title, path = "海外华侨农场回乡订购有机肥检测服务", "/art/2026/11/6/art_1229365841_611815.html"
    (news,) = [article for article in content.articles(1, "qingtian") if article.title == title]
    assert news.path == path

    def reads() -> int:
        return sum(seen.path == path for seen in replica.requests)

    arguments = ("county", "-a", "site=qingtian")
    result = crawl(*arguments)
    assert result.returncode == 0, result.stderr[-2000:]
    assert "1 irrelevant" in result.stderr
    assert not stored.articles.find_one({"title": title})
    (reject,) = stored.rejects.find({"reason": "irrelevant"})
    assert reject["url"] == news.url
    assert 0 < reject["score"] < 0.5
    assert title in reject["detail"]
    assert {round(a["relevance"]["score"] >= 0.5) for a in stored.articles.find({})} == {1}
    # It is known for good, long after other rejects are asked for again, …
    assert crawl(*arguments, REJECT_RETRY_DAYS=0).returncode == 0
    assert reads() == 1
    # … unless everything is to be read again.
    assert crawl(*arguments, "-a", "keep=all", "-a", "refresh=1").returncode == 0
    assert reads() == 2
    article = stored.articles.find_one({"title": title})
    assert article["relevance"]["score"] == reject["score"]
    assert article["places"][0] == "青田县"
    assert article["place_codes"][:3] == ["330000", "331100", "331121"]


def test_list_pages_are_asked_for_with_the_validators_of_their_last_answer(crawl, replica):
    crawl("cfsn", "-a", "section=要闻")
    first = len(replica.requests)
    crawl("cfsn", "-a", "section=要闻")
    assert 304 in {seen.status for seen in replica.requests[first:]}


def test_a_changed_article_becomes_a_new_revision_and_the_old_one_is_kept(crawl, stored, replica):
    assert crawl("county", "-a", "site=qingtian").returncode == 0
    replica.advance()
    result = crawl("county", "-a", "site=qingtian", "-a", "refresh=1")
    assert result.returncode == 0, result.stderr[-2000:]
    changed = [article for article in content.articles(1, "qingtian") if article.changed]
    assert changed
    for before in changed:
        key = article_id(canonical_url(before.url))
        assert fields(stored.articles.find_one({"_id": key})) == expected(before.changed)
        assert stored.articles.find_one({"_id": key})["revision"] == 2
        assert fields(stored.revisions.find_one({"_id": f"{key}:1"})) == expected(before)


def test_a_reprint_points_to_the_article_it_copies(crawl, stored):
    assert crawl("county", "-a", "site=qingtian").returncode == 0
    assert crawl("cfsn").returncode == 0
    reprints = [a for a in content.articles(1, "cfsn") if a.same_as and a.same_as.startswith("http")]
    assert reprints
    for reprint in reprints:
        document = stored.articles.find_one({"_id": article_id(canonical_url(reprint.url))})
        assert document["original"] == article_id(canonical_url(reprint.same_as))


def test_page_scrapes_one_address_with_the_rules_of_its_site(crawl, stored):
    article = next(a for a in content.articles(1, "cfsn") if "newshow" in a.path and not a.garbled)
    result = crawl("page", "-a", f"url={article.url}")
    assert result.returncode == 0, result.stderr[-2000:]
    assert article.title in result.stderr
    (document,) = stored.articles.find({})
    assert fields(document) == expected(article)
    assert document["site"]["code"] == "cfsn"
    assert document["provenance"]["title"] == "override"


def test_limit_and_section(crawl, stored):
    assert crawl("cfsn", "-a", "section=要闻", "-a", "limit=3").returncode == 0
    documents = list(stored.articles.find({}))
    assert len(documents) == 3
    assert {document["section"] for document in documents} == {"要闻"}
    # A limited crawl proves nothing about what lies behind it: the next one goes on.
    assert crawl("cfsn", "-a", "section=要闻").returncode == 0
    everything = [a for a in content.articles(1, "cfsn") if a.path.startswith("/news/detail/22/")]
    assert stored.articles.count_documents({}) >= len(everything) > 3


def test_window(crawl, stored):
    newest = max(a.published_at for a in content.articles(1, "qingtian"))
    day = f"{newest:%Y-%m-%d}"
    assert crawl("county", "-a", "site=qingtian", "-a", f"since={day}", "-a", f"until={day}").returncode == 0
    expected_urls = {a.url for a in content.articles(1, "qingtian") if f"{a.published_at:%Y-%m-%d}" == day}
    assert {document["url"] for document in stored.articles.find({})} == expected_urls


def test_broken_links_are_recorded_as_rejects_with_their_reason(crawl, stored):
    assert crawl("cfsn").returncode == 0
    broken_links = {
        broken_link.kind: broken_link
        for channel in content.channels()
        if channel.site == "cfsn"
        for broken_link in channel.broken_links
    }
    reasons = {reject["url"].partition("cfsn.cn")[2]: reject["reason"] for reject in stored.rejects.find({})}
    assert reasons[broken_links["dead"].path] == "http_404"
    assert reasons[broken_links["loop"].path] == "redirect_loop"
    assert reasons[broken_links["no_article"].path] in {"not_article", "list_page", "empty"}
    assert reasons[broken_links["forbidden"].path] == "robots"


def test_a_feed_holds_what_the_crawl_scraped(crawl, tmp_path):
    feed = tmp_path / "out.jsonl"
    assert crawl("county", "-a", "site=qingtian", "-a", "keep=all", "-O", str(feed)).returncode == 0
    written = feed.read_text("utf-8")
    assert "市场监管" in written  # not as \\u escapes
    rows = [json.loads(line) for line in written.splitlines()]
    truth = {article.url: article for article in content.articles(1, "qingtian")}
    articles = {row["url"]: row for row in rows if "title" in row}
    assert set(articles) == set(truth)
    for url, row in articles.items():
        assert datetime.fromisoformat(row["published_at"]) == truth[url].published_at
        assert row["site"]["county"] == "青田县"
        assert [image["caption"] for image in row["images"]] == [picture.caption for picture in truth[url].images]
    assert {row["reason"] for row in rows if "title" not in row} <= {"empty", "not_found", "http_404"}


def test_the_run_is_on_record(crawl, stored):
    crawl("county", "-a", "site=qingtian", "-a", "limit=2")
    (run,) = stored.runs.find({"parent": None})
    assert run["spider"] == "county"
    assert run["arguments"] == {"site": ["qingtian"], "limit": 2}
    assert run["sites"] == ["331121"]
    assert run["finish_reason"] == "finished"
    assert run["counts"]["articles/new"] == 2
    assert {document["run"] for document in stored.articles.find({})} == {run["_id"]}
