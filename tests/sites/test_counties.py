"""The registry's rows against what others know of the same places."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from crawler.platforms.detect import get_platform
from crawler.sites.registry import load

HERE = Path(__file__).parent
SHARED = Path(__file__).resolve().parents[2] / "../shared/sites/gov_sites.json"
GOVERNMENTS = [site for site in load() if site.kind in {"province", "city", "county"}]
# Counties, county-level cities, districts and banners in the ministry's list of September 2026; 黑龙江 with the
# four districts of 大兴安岭 that have no code of GB/T 2260.
COUNTIES = {
    "北京市": 16, "天津市": 16, "河北省": 167, "山西省": 117, "内蒙古自治区": 103, "辽宁省": 100, "吉林省": 60,
    "黑龙江省": 121 + 4, "上海市": 16, "江苏省": 95, "浙江省": 90, "安徽省": 104, "福建省": 84, "江西省": 100,
    "山东省": 136, "河南省": 157, "湖北省": 103, "湖南省": 122, "广东省": 122, "广西壮族自治区": 111, "海南省": 25,
    "重庆市": 37, "四川省": 183, "贵州省": 88, "云南省": 129, "西藏自治区": 74, "陕西省": 107, "甘肃省": 86,
    "青海省": 44, "宁夏回族自治区": 22, "新疆维吾尔自治区": 112,
}  # fmt: skip
# 岑岭县, 草湖市 and 台湾省 are not in the package the names are compared with; four districts are not in GB/T 2260.
NOT_COMPARED = {"653132", "659013", "710000", "232761", "232762", "232763", "232764"}
NO_HOMEPAGE = {
    "222404": "珲春市", "310107": "普陀区", "341702": "贵池区", "350527": "金门县", "420281": "大冶市",
    "460302": "西沙区", "460303": "南沙区", "653132": "岑岭县", "653228": "和康县", "653229": "和安县",
    "659013": "草湖市", "710000": "台湾省",
}  # fmt: skip


def test_names_and_codes_agree_with_another_source():
    lines = (HERE / "gb2260.txt").read_text("utf-8").splitlines()[1:]
    others = dict(line.split(" ") for line in lines)
    ours = {site.code: site.name for site in GOVERNMENTS}
    assert set(ours) - set(others) == NOT_COMPARED
    assert {code: name for code, name in others.items() if ours.get(code) != name} == {}


def test_every_province_has_its_counties():
    assert Counter(site.province for site in GOVERNMENTS if site.kind == "county") == COUNTIES
    assert Counter(site.kind for site in GOVERNMENTS) == {"province": 34, "city": 333, "county": 2851}


def test_codes_name_their_parents():
    by_code = {site.code: site for site in GOVERNMENTS}
    for site in GOVERNMENTS:
        assert re.fullmatch(r"[1-9]\d{5}", site.code), site
        assert site.gb_code == site.code
        assert site.province == by_code[f"{site.code[:2]}0000"].name
        if site.kind == "county" and site.city:
            assert site.city == by_code[f"{site.code[:4]}00"].name
    # 省直辖县级行政区 and the districts of the four municipalities have no city above them.
    without_city = [site for site in GOVERNMENTS if site.kind == "county" and not site.city]
    assert {site.code[2:4] for site in without_city} == {"01", "02", "90"}


def test_every_address_is_whole_and_nobody_elses():
    assert {site.code: site.name for site in GOVERNMENTS if not site.homepage} == NO_HOMEPAGE
    homes = Counter()
    for site in load():
        for url in (site.homepage, *(section.url for section in site.sections)):
            parts = urlsplit(url)
            assert not url or (parts.scheme in {"http", "https"} and "." in parts.netloc), url
        if site.homepage:
            parts = urlsplit(site.homepage)
            homes[parts.netloc.removeprefix("www.") + parts.path.rstrip("/")] += 1
    assert [home for home, count in homes.items() if count > 1] == []


def test_no_list_stands_on_the_host_of_another_government():
    registry = load()
    for site in GOVERNMENTS:
        for section in site.sections:
            assert registry.by_url(section.url) is site, section.url


def test_platforms_exist():
    for name in {site.platform for site in load() if site.platform}:
        assert get_platform(name).name == name


def test_rows_do_not_claim_more_than_is_known():
    # `verified` is told by tests/sites/test_proofs.py; `detected` needs a platform.
    assert {site.status for site in load()} == {"verified", "detected", "listed"}
    assert all((site.status != "listed") == (site.platform is not None) for site in GOVERNMENTS)


@pytest.mark.skipif(not SHARED.exists(), reason="the list of government sites is not shared here")
def test_every_known_home_page_is_in_the_registry_and_no_guessed_list():
    homes, guessed = set(), set()

    def walk(node):
        homes.add(node["url"])
        found = node.get("news_list", {})
        if found.get("found_by") == "constructed":
            guessed.add(found["url"])
        for child in node.get("children", ()):
            walk(child)

    for province in json.loads(SHARED.read_text("utf-8"))["provinces"]:
        walk(province)
    # Four counties are given the site of another place, three of them with the other scheme.
    assert homes - {site.homepage for site in load()} - {""} == {
        "https://www.putuo.gov.cn/",
        "http://www.huangshi.gov.cn/",
        "http://www.chizhou.gov.cn/",
    }
    assert guessed & {section.url for site in load() for section in site.sections} == set()


def test_the_first_county():
    site = load().get("331121")
    assert (site.name, site.province, site.city, site.county) == ("青田县", "浙江省", "丽水市", "青田县")
    assert site.homepage == "http://www.qingtian.gov.cn/"
    assert [section.url for section in site.sections] == ["http://www.qingtian.gov.cn/col/col1229365841/index.html"]
    assert (site.platform, site.domains) == ("hanweb", ("qingtian.gov.cn",))
    assert site.as_publisher() == {
        "code": "331121", "name": "青田县", "kind": "county", "province": "浙江省", "city": "丽水市",
        "county": "青田县", "gb_code": "331121",
    }  # fmt: skip
