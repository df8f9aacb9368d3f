from __future__ import annotations

import pytest

from crawler.sites.registry import AmbiguousSite, Registry, SiteError, UnknownSite, load
from crawler.sites.site import Site


def names(query: str) -> list[str]:
    return [site.name for site in load().find(query)]


@pytest.mark.parametrize(
    "query",
    [
        "331121",
        "青田县",
        "青田",
        "qingtian",
        "QingTian",
        "qingtianxian",
        "浙江青田",
        "丽水市青田县",
        "浙江省丽水市青田县",
    ],
)
def test_one_county_by_whatever_it_is_called(query):
    assert names(query) == ["青田县"]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("景宁县", "景宁畲族自治县"),
        ("恩施州", "恩施土家族苗族自治州"),
        ("南京鼓楼区", "鼓楼区"),
        ("浙江省", "浙江省"),
        ("丽水市", "丽水市"),
        ("济源示范区", "济源市"),
        ("cfsn", "中国食品安全网"),
        ("中国食品安全报", "中国食品安全网"),
        ("兵团", "新疆生产建设兵团"),
        ("青田县人民政府", "青田县"),
        ("青田发布", "青田县"),
    ],
)
def test_whole_names_and_aliases_mean_one_site(query, name):
    assert names(query) == [name]


def test_short_names_of_regions_mean_all_sites_in_them():
    lishui = names("丽水")
    assert lishui[0] == "丽水市"
    assert lishui[1:] == [
        "莲都区", "青田县", "缙云县", "遂昌县", "松阳县", "云和县", "庆元县", "景宁畲族自治县", "龙泉市",
    ]  # fmt: skip
    assert names("3311") == lishui
    zhejiang = names("浙江")
    assert len(zhejiang) == 1 + 11 + 90
    assert names("33") == names("zhejiang") == zhejiang
    assert len(names("北京")) == 17
    assert len(names("东莞")) == 1


def test_a_region_wins_the_name_it_shares_with_a_place_inside():
    assert names("长沙")[0] == "长沙市"
    assert "长沙县" in names("长沙")
    assert names("吉林")[0] == "吉林省"
    assert names("河南")[0] == "河南省"  # there is a 河南蒙古族自治县 in 青海


def test_platforms_and_all():
    hanweb = load().find("hanweb")
    assert {site.platform for site in hanweb} == {"hanweb"}
    assert "青田县" in {site.name for site in hanweb}
    everything = load().find("all")
    assert all(site.homepage and site.kind != "portal" for site in everything)
    assert len(everything) == 34 + 333 + 2851 + 1 - 12


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("城关区", ["540102", "620102"]),
        ("海州", ["210902", "320706"]),
        ("朝阳", ["110105", "211300", "211321", "220104"]),
        ("lishui", ["320117", "331100"]),
    ],
)
def test_shared_names_are_told_with_their_codes(query, codes):
    with pytest.raises(AmbiguousSite) as told:
        load().find(query)
    assert [site.code for site in told.value.candidates] == codes
    assert all(code in str(told.value) for code in codes)


@pytest.mark.parametrize("query", ["青天县", "qingtien", "青田县城"])
def test_unknown_names_are_told_with_the_nearest(query):
    with pytest.raises(UnknownSite, match=r"浙江省丽水市青田县 \(331121\)") as told:
        load().find(query)
    assert told.value.nearest[0].code == "331121"


@pytest.mark.parametrize("query", ["@@@@", "", " "])
def test_a_name_like_no_other_is_told_alone(query):
    with pytest.raises(UnknownSite, match="`scrapy sites` lists all"):
        load().find(query)


@pytest.mark.parametrize("query", ["大冶市", "420281", "台湾"])
def test_a_place_without_a_known_site_is_told(query):
    with pytest.raises(SiteError, match="no web site is known of"):
        load().find(query)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://www.qingtian.gov.cn/art/2025/7/14/art_1_2.html", "青田县"),
        ("https://qingtian.gov.cn", "青田县"),
        ("https://m.qingtian.gov.cn:8080/x", "青田县"),
        ("HTTP://ZJJ.QINGTIAN.GOV.CN/x", "青田县"),
        ("https://paper.cfsn.cn/content/2026-08/13/node_2.htm", "中国食品安全网"),
        ("http://zyk.bjhd.gov.cn/ywdt/hdyw/", "海淀区"),
        ("https://notqingtian.gov.cn/", None),
        ("https://www.gov.cn/", None),
        ("https://example.org/", None),
        ("no address", None),
        ("http://[", None),
    ],
)
def test_sites_by_address(url, name):
    site = load().by_url(url)
    assert (site.name if site else None) == name


def test_sites_that_share_a_host_are_told_apart_by_the_path():
    def site(code: str, homepage: str) -> Site:
        return Site(code=code, name=code, kind="county", homepage=homepage, domains=("gov.example.cn",))

    registry = Registry(
        [
            site("city", "http://www.gov.example.cn/"),
            site("east", "http://gov.example.cn/dong/index.html"),
            site("far-east", "http://gov.example.cn/dong/yuan"),
        ]
    )
    found = {
        path: registry.by_url(f"https://gov.example.cn{path}").code for path in ("", "/x", "/dong/1", "/dong/yuan/1")
    }
    assert found == {"": "city", "/x": "city", "/dong/1": "east", "/dong/yuan/1": "far-east"}


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("青田县政府", "青田县"),
        ("来源：青田县人民政府网", "青田县"),
        ("信息来源: 青田县人民政府", "青田县"),
        ("青田县人民政府办公室", "青田县"),
        ("“青田发布”微信公众号", "青田县"),
        ("中国·青田", "青田县"),
        ("中国青田政府门户网站", "青田县"),
        ("景宁县政府", "景宁畲族自治县"),
        ("南京市鼓楼区人民政府", "鼓楼区"),
        ("长沙县政府", "长沙县"),
        ("长沙发布", "长沙市"),
        ("吉林发布", "吉林省"),
        ("浙江省人民政府办公厅", "浙江省"),
        ("中国食品安全报", "中国食品安全网"),
        ("鼓楼区政府", None),
        ("青田县市场监督管理局", None),
        ("中国政府网", None),
        ("人民政府", None),
        ("新华社", None),
        ("", None),
    ],
)
def test_sites_by_source(source, name):
    site = load().by_source(source)
    assert (site.name if site else None) == name


def test_an_override_gives_a_city_its_selectors():
    city = load().get("丽水市")
    rules = city.rules_for("https://www.lishui.gov.cn/art/2026/1/2/art_1_2.html")
    assert rules is not None
    assert rules.title == (".xl_title",)
    assert city.homepage == "https://www.lishui.gov.cn/"
