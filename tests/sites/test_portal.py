from __future__ import annotations

from collections import Counter

import pytest

from crawler.sites.registry import load

SITE = load().get("cfsn")
SECTIONS = {section.url: section for section in SITE.sections}


def test_sections_of_both_generations():
    assert Counter((section.group, section.optional) for section in SITE.sections) == {
        ("generation-2", False): 4,
        ("generation-2", True): 7,
        ("generation-1", True): 27 + 32 * 6 + 32 * 3 * 5,
    }
    assert len(SECTIONS) == len(SITE.sections)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.cfsn.cn/news/22.html", "要闻"),
        ("https://www.cfsn.cn/news/2369.html", "监管"),
        ("https://www.cfsn.cn/news/2371.html", "市场"),
        ("https://www.cfsn.cn/news/2372.html", "质量"),
        ("https://www.cfsn.cn/news/2137.html", "栏目 2137"),
        ("http://www.cfsn.cn/front/web/site.hangye?hyid=27", "行业 27"),
        ("http://www.cfsn.cn/front/web/site.shenglist?sjid=11&lmid=4", "浙江 区县新闻"),
        ("http://www.cfsn.cn/front/web/site.shenglist?sjid=32&lmid=10", "深圳 专题活动"),
        ("http://www.cfsn.cn/front/web/site.tjbwlist?sjid=11&tjid=4&lmid=2", "浙江 市场监管局 通知公告"),
        ("http://www.cfsn.cn/front/web/site.tjbwlist?sjid=32&tjid=5&lmid=1", "深圳 海关 新闻动态"),
    ],
)
def test_sections_by_address(url, name):
    assert SECTIONS[url].name == name


@pytest.mark.parametrize(
    ("url", "layout"),
    [
        ("http://www.cfsn.cn/front/web/site.newshow?hyid=3&newsid=21", "generation-1"),
        ("http://www.cfsn.cn/front/web/site.shengnewshow?sjid=11&newsid=21", "generation-1"),
        ("https://cfsn.cn/2014-05/12/content_1.htm", "generation-0"),
        ("http://paper.cfsn.cn/content/2026-08/13/content_193.htm", "e-paper"),
        ("https://www.cfsn.cn/news/detail/22/362456.html", None),
        ("https://www.cfsn.cn/zcwk/detail/2163/7700.html", None),
    ],
)
def test_the_layout_of_an_address(url, layout):
    found = next((each.name for each in SITE.layouts if each.url.search(url)), None)
    assert found == layout
