"""Which row an address belongs to, and what that row then says."""

import pytest

from crawler.parsing.page import Page
from crawler.sites.edit import SiteVisit, complete_row, match_page, match_url
from crawler.sites.registry import load
from crawler.sites.site import Section, Site, SiteError

QINGTIAN = "http://www.qingtian.gov.cn/"
PRESENT = {
    **dict.fromkeys(("aliases", "city", "access", "edited"), ""),
    **{"code": "331102", "kind": "county", "name": "示县", "short": "示县", "pinyin": "shixian", "province": "示江省"},
    **{"homepage": "http://www.sx-demo.gov.cn/", "lists": "要闻=http://www.sx-demo.gov.cn/yw/", "platform": ""},
    "status": "listed",
}
SITE = Site("331102", "示县", "county", PRESENT["homepage"])
DAY = "2026-11-27"
NEWS = Section("今日示县", "http://www.sx-demo.gov.cn/jr/")


def home(head: str, url: str = "http://www.new-demo.gov.cn/") -> Page:
    return Page(url, f"<html><head>{head}</head><body></body></html>")


def test_the_registry_knows_the_address():
    site = match_url("https://qingtian.gov.cn/index.html", None, None, load())
    assert site is not None
    assert site.code == "331121"
    assert match_url("http://www.nobody-demo.cn/", None, None, load()) is None


def test_a_government_that_moved_keeps_its_row():
    for code, name in (("331121", None), (None, "青田县")):
        site = match_url("http://www.new-demo.gov.cn/", code, name, load())
        assert site is not None
        assert (site.code, site.homepage) == ("331121", "http://www.new-demo.gov.cn/")


def test_a_new_county_gets_its_places_from_its_code():
    site = match_url("http://www.new-demo.gov.cn/", "331199", "示新县", load())
    assert site is not None
    shown = (site.kind, site.province, site.city, site.short, site.pinyin, site.gb_code)
    assert shown == ("county", "浙江省", "丽水市", "示新", "shixin", "331199")
    assert complete_row(site, None, SiteVisit(DAY, site.homepage, site.homepage, [NEWS])) == {
        **dict.fromkeys(("aliases", "access", "platform"), ""),
        **{"code": "331199", "kind": "county", "name": "示新县", "short": "示新", "pinyin": "shixin"},
        **{"province": "浙江省", "city": "丽水市", "homepage": "http://www.new-demo.gov.cn/", "status": "listed"},
        "edited": DAY,
        "lists": "今日示县=http://www.sx-demo.gov.cn/jr/",
    }


@pytest.mark.parametrize(
    ("url", "code", "name", "sentence"),
    [
        (QINGTIAN, "331122", None, "is the site of 浙江省丽水市青田县 .331121. already"),
        ("http://www.new-demo.gov.cn/", "331199", None, "give --name as well"),
        ("http://www.new-demo.gov.cn/", "33-1", None, "must be the six digits"),
        ("https://www.cfsn.cn/", None, None, "its sections stand in portal.toml"),
        ("http://www.new-demo.gov.cn/", "999999", "示例县", "no province has a code that begins with 99"),
        ("http://www.new-demo.gov.cn/", None, "无名县县", "no site is called"),
    ],
)
def test_what_a_person_may_get_wrong(url, code, name, sentence):
    with pytest.raises(SiteError, match=sentence):
        match_url(url, code, name, load())


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ('<meta name="SiteIDCode" content="3311210001">', "331121"),
        ('<meta name="SiteName" content="青田县人民政府门户网站">', "331121"),
        ('<meta name="SiteIDCode" content="bm12000001">', None),
        ('<meta name="SiteIDCode" content="9999990001">', None),
        ("<title>青田县</title>", None),
    ],
)
def test_a_home_page_says_whose_it_is(head, code):
    site = match_page(home(head), load())
    assert (site.code if site else None) == code
    assert site is None or site.homepage == "http://www.new-demo.gov.cn/"


@pytest.mark.parametrize(
    ("seen", "changes"),
    [
        (
            SiteVisit(DAY, PRESENT["homepage"], PRESENT["homepage"], [NEWS], platform="trs"),
            {
                "lists": "要闻=http://www.sx-demo.gov.cn/yw/;今日示县=http://www.sx-demo.gov.cn/jr/",
                "platform": "trs",
                "status": "detected",
            },
        ),
        (
            SiteVisit(
                DAY, PRESENT["homepage"], PRESENT["homepage"], [NEWS], gone=["https://sx-demo.gov.cn/yw/index.html"]
            ),
            {"lists": "今日示县=http://www.sx-demo.gov.cn/jr/"},
        ),
        (
            SiteVisit(DAY, PRESENT["homepage"], PRESENT["homepage"], [Section("新 闻=", "http://sx-demo.gov.cn/yw/")]),
            {},
        ),
        (
            SiteVisit(DAY, PRESENT["homepage"], "https://www.sx-demo.gov.cn/", []),
            {"homepage": "https://www.sx-demo.gov.cn/"},
        ),
        (SiteVisit(DAY, "https://sx-demo.gov.cn/", "https://sx-demo.gov.cn/", []), {}),
        (
            SiteVisit(DAY, "http://www.new.gov.cn/", "http://www.new.gov.cn/", []),
            {"homepage": "http://www.new.gov.cn/"},
        ),
    ],
)
def test_a_row_is_completed(seen, changes):
    day = {"edited": DAY} if changes else {}
    assert complete_row(SITE, PRESENT, seen) == PRESENT | changes | day


def test_a_verified_row_stays_verified():
    row = complete_row(
        SITE, PRESENT | {"status": "verified"}, SiteVisit(DAY, PRESENT["homepage"], PRESENT["homepage"], [NEWS])
    )
    assert row["status"] == "verified"
