"""Which names of sections are wanted, judged by a person: the accepted and refused ones of surveys of county sites."""

from collections import Counter

import pytest

from crawler.discovery.candidates import bare_name, rate_name
from crawler.sites.registry import load
from crawler.sites.site import Site

HOME = "http://www.luxi-demo.gov.cn/"
LUXI = Site("429965", "芦溪县", "county", HOME, short="芦溪", province="示北省", city="芦州市")
LUZHOU = Site("429900", "芦州市", "city", HOME, short="芦州", province="示北省", city="芦州市")
BEST_FIRST = ("食品安全抽检", "市场监管", "芦溪要闻", "政务动态", "通知公告", "新闻中心")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("要闻", "news"),
        ("芦溪要闻", "news"),
        ("政务要闻 >>", "news"),
        ("【 今日芦溪 】", None),
        ("今日芦溪", "news"),
        ("查看更多今日要闻", "news"),
        ("工作动态", "activity"),
        ("芦溪新闻", "activity"),
        ("新闻中心", "channel"),
        ("政府信息公开", "channel"),
        ("重点领域信息公开", "channel"),
        ("通知公告", "notice"),
        ("公示公告", "notice"),
        ("食品安全监督抽检公示", "food"),
        ("食品安全专栏", "food"),
        ("餐饮质量安全提升行动", "food"),
        ("市市场监管局", "market"),
        ("消费警示", "market"),
        ("部门动态", None),
        ("镇街动态", None),
        ("上级要闻", None),
        ("国务院要闻", None),
        ("芦州要闻", None),
        ("示北要闻", None),
        ("市政府要闻", None),
        ("公示", None),
        ("专题专栏", None),
        ("视频新闻", None),
        ("招标公告", None),
        ("人事任免通知", None),
        ("食品经营许可证办事指南", None),
        ("政策解读", None),
        ("县人民政府召开食品安全委员会全体会议部署年货市场工作", None),
        ("更多", None),
        ("English", None),
    ],
)
def test_a_name(text, kind):
    verdict = rate_name(bare_name(text), LUXI)
    assert (verdict.kind if verdict.wanted else None) == kind
    assert verdict.why


def test_food_before_news_before_notices_before_channels():
    scores = [rate_name(name, LUXI).score for name in BEST_FIRST]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)


def test_a_citys_own_news_are_not_from_above():
    assert rate_name("市政府要闻", LUZHOU).wanted
    assert rate_name("芦州要闻", LUZHOU).wanted
    assert not rate_name("省政府要闻", LUZHOU).wanted


def test_the_sections_that_people_chose_are_wanted():
    """Of the registry's sections, chosen on the home pages by others; the few refused are written below or above."""
    verdicts = [
        rate_name(bare_name(section.name), site) for site in load() for section in site.sections if site.gb_code
    ]
    refused = Counter(verdict.why for verdict in verdicts if not verdict.wanted)
    assert len(verdicts) > 2000
    assert sum(refused.values()) <= 0.02 * len(verdicts)
