"""The pages over a real server and a real store, read as a browser without JavaScript reads them."""

from __future__ import annotations

import re

import lxml.html
import pytest

from tests.web.conftest import Served

PATHS = (
    "/",
    "/search",
    "/search?q=不合格",
    "/samples",
    "/places",
    "/places/331121",
    "/status",
    "/about",
    "/save?q=米粉",
)


def text_of(served: Served, path: str, **headers: str) -> str:
    answer = served.client.get(path, headers=headers)
    assert answer.status_code == 200, f"{path}: {answer.status_code}"
    return " ".join(lxml.html.fromstring(answer.text).text_content().split())


def test_every_page_renders_in_both_languages(page: Served) -> None:
    paths = [*PATHS, *(f"/a/{key}" for key in page.ids.values())]
    for path in paths:
        assert "食品安全资讯" in text_of(page, path, **{"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}), path
        assert "Food-safety news" in text_of(page, path, **{"Accept-Language": "en-GB,en;q=0.9"}), path


def test_the_language_switch_is_an_address_and_stays(page: Served) -> None:
    answer = page.client.get("/search?q=米粉&lang=en", headers={"Accept-Language": "zh"})
    assert 'lang="en"' in answer.text
    links = lxml.html.fromstring(answer.text).xpath("//h3/a/@href")
    assert links
    assert all("lang=en" in link for link in links)


def test_a_search_finds_stories_marks_the_passage_and_counts_reprints(page: Served) -> None:
    tree = lxml.html.fromstring(page.client.get("/search?q=亚硝酸盐&lang=zh").text)
    titles = [" ".join(each.text_content().split()) for each in tree.xpath("//h3")]
    assert titles == ["米粉抽检两批次不合格"]
    assert {each.text_content() for each in tree.xpath("//mark")} == {"亚硝酸盐"}
    assert "1 处转载" in tree.text_content()


def test_an_article_shows_its_story_its_versions_and_where_each_field_comes_from(page: Served) -> None:
    tree = lxml.html.fromstring(page.client.get(f"/a/{page.ids['notice']}?lang=zh").text)
    text = " ".join(tree.text_content().split())
    assert "四十五批次" in text
    assert "缙云抽检米粉两批次不合格" in text
    assert [each.text_content() for each in tree.xpath("//del")] == ["二"]
    assert "五" in tree.xpath("//ins")[0].text_content()
    assert tree.xpath("//a[@rel='noreferrer nofollow noopener']/@href")[0] == "http://page1.example.cn/art_1.html"


def test_what_strangers_wrote_is_shown_and_never_run(page: Served) -> None:
    for path in (*PATHS, "/search?q=标题", f"/a/{page.ids['evil']}", "/search?q=<script>alert(1)</script>"):
        html = page.client.get(path).text
        assert "<script" not in html.lower(), path
        assert not re.search(r"""(?:href|src)=["']?\s*javascript:""", html, re.I), path
        assert not re.search(r"<[^>]+\son\w+\s*=", html), path
    text = text_of(page, f"/a/{page.ids['evil']}")
    assert "正文<script>alert(1)</script>" in text
    assert "附件<script>alert(1)</script>" in text


def test_nothing_is_loaded_from_elsewhere(page: Served) -> None:
    for path in (*PATHS, f"/a/{page.ids['evil']}"):
        tree = lxml.html.fromstring(page.client.get(path).text)
        loaded = tree.xpath("//link[@rel='stylesheet' or @rel='icon']/@href | //img/@src | //script/@src")
        assert all(each.startswith("/static/") for each in loaded), path


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/nowhere", 404, "没有这个页面"),
        ("/a/0123", 404, "没有这篇文章"),
        ("/places/999999", 404, "没有这个地区"),
        ("/static/../app.py", 404, "没有这个页面"),
        ("/static/..%2fapp.py", 404, "没有这个页面"),
        ("/search?page=0", 400, "页码不对"),
        ("/search?page=x", 400, "页码不对"),
        ("/search?sort=price", 400, "不能这样排序"),
        ('/search?q="', 400, "查询有误"),
        (f"/search?q={'长' * 501}", 400, "查询太长"),
        ("/search?since=gestern", 400, "查询有误"),
    ],
)
def test_a_wrong_address_gets_a_plain_sentence(page: Served, path: str, status: int, sentence: str) -> None:
    answer = page.client.get(path, headers={"Accept-Language": "zh"})
    assert (answer.status_code, sentence in answer.text) == (status, True)


def test_an_empty_search_shows_the_newest_first(page: Served) -> None:
    tree = lxml.html.fromstring(page.client.get("/search?sort=newest").text)
    titles = [each.text_content() for each in tree.xpath("//h3")]
    assert titles[0].startswith("标题")
    assert titles[1] == "全县学校食堂秋季检查情况通报"


def test_pages_stay_small(page: Served) -> None:
    style = len(page.client.get("/static/style.css").content)
    for path in PATHS:
        assert len(page.client.get(path).content) + style < 60_000, path


def test_a_feed_has_stable_ids_and_answers_not_modified(page: Served) -> None:
    answer = page.client.get("/feeds/search.atom?q=米粉")
    tree = lxml.etree.fromstring(answer.content)
    atom = {"a": "http://www.w3.org/2005/Atom"}
    ids = tree.xpath("//a:entry/a:id/text()", namespaces=atom)
    assert ids == [f"urn:food-safety:article:{page.ids['notice']}"]
    assert tree.xpath("//a:entry/a:updated/text()", namespaces=atom)[0].startswith("2026-11-05T04:00:00")
    again = page.client.get("/feeds/search.atom?q=米粉", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_metrics_count_articles_and_verdicts(page: Served) -> None:
    lines = page.client.get("/metrics").text.splitlines()
    assert "food_safety_articles 4.0" in lines
    assert 'food_safety_sites{verdict="broken"} 1.0' in lines
