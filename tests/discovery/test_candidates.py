"""Home pages of several systems, in their markup with invented text: which links are sections, and why not others."""

from pathlib import Path

import pytest

from crawler.discovery.candidates import find_section_links, links_more
from crawler.parsing.page import Page
from crawler.sites.site import Site

HOMES = Path(__file__).parent / "homes"


def county(code: str, name: str, homepage: str) -> Site:
    return Site(code, name, "county", homepage, short=name[:-1], province="示例省", city="示州市")


QIXIAXI = county("339988", "栖霞溪县", "http://www.qixiaxi.gov.cn/")
YUNLU = county("439977", "云麓县", "http://www.yunlu.gov.cn/")
SHILING = county("629966", "石岭县", "https://www.shiling.gov.cn/")
PANGU = county("519955", "盘谷区", "http://www.pangu.gov.cn/")

WANTED = {
    "hanweb": (
        QIXIAXI,
        {
            "食品药品监管": "/col/col1229101060/index.html",
            "今日栖霞溪": "/col/col1229101040/index.html",
            "通知公告": "/col/col1229101050/index.html",
            "政务公开": "/col/col1229101030/index.html",
        },
    ),
    "trs": (
        YUNLU,
        {
            "食品抽检信息": "/zwgk/zdly/spcj/",
            "云麓要闻": "/ylxw/ylyw/",
            "公示公告": "/zwgk/gsgg/",
            "政府信息公开": "/zwgk/",
            "新闻中心": "/ylxw/",
            "重点领域信息公开": "/zwgk/zdly/",
        },
    ),
    "trs_channel": (YUNLU, {"食品安全监管": "/zwgk/zdly/spaq/", "产品质量": "/zwgk/zdly/cpzl/", "新闻中心": "/ylxw/"}),
    "ucap": (
        SHILING,
        {
            "消费警示": "/slx/c110107/common_list.shtml",
            "市场监管": "/slx/c110108/common_list.shtml",
            "石岭要闻": "/slx/c110101/common_list.shtml",
            "工作动态": "/slx/c110105/common_list.shtml",
            "公告通知": "/slx/c110104/common_list.shtml",
            "督查通报": "/slx/c110106/common_list.shtml",
            "政务公开": "/slx/c110010/zwgk.shtml",
        },
    ),
    "vsb": (
        PANGU,
        {
            "食安盘谷": "/sapg.htm",
            "政务要闻": "/xwzx/zwyw.htm",
            "区内动态": "/qndt.htm",
            "新闻资讯": "/xwzx.htm",
        },
    ),
}
REFUSED = {
    "hanweb": {
        "部门动态": "below",
        "镇街动态": "below",
        "国务院要闻": "above",
        "省政府要闻": "above",
        "视频新闻": "pictures",
        "专题专栏": "pictures",
        "人事任免公示": "tenders",
        "招标投标": "tenders",
        "财政预决算": "tenders",
        "办事服务": "service",
        "领导信箱": "service",
        "省局通知公告": "another site",
        "溪口镇召开食安委会议": "an article",
        "县领导检查年货市场": "an article",
        "环境保护": "not a name",
    },
    "trs": {
        "部门动态": "below",
        "国务院信息": "above",
        "云麓概况": "portrait",
        "政策解读": "documents",
        "通知公告汇编": "file",
        "政府采购": "tenders",
        "网站首页": "page itself",
    },
    "trs_channel": {"征地拆迁": "tenders"},
    "ucap": {"部门信息": "below", "乡镇信息": "below", "社会救助": "tenders", "石岭苹果通过检测": "an article"},
    "vsb": {"单位动态": "below", "视频新闻": "pictures", "友城要闻": "another site", "市场专项检查通报": "an article"},
}
ADDRESS = {"trs_channel": "http://www.yunlu.gov.cn/zwgk/zdly/"}


def load(name: str) -> Page:
    return Page.from_bytes((HOMES / f"{name}.html").read_bytes(), ADDRESS.get(name, WANTED[name][0].homepage))


@pytest.mark.parametrize("name", WANTED)
def test_the_sections_of_a_home_page_best_first(name):
    site, wanted = WANTED[name]
    found = [one for one in find_section_links(load(name), site) if one.verdict.wanted]
    shown = {one.name: one.url.removeprefix(site.homepage.rstrip("/")) for one in found}
    assert shown == wanted
    scores = [one.verdict.score for one in found]
    assert scores == sorted(scores, reverse=True)
    assert found[0].name == next(iter(wanted))


@pytest.mark.parametrize("name", REFUSED)
def test_other_links_are_refused_with_a_reason(name):
    refused = {
        one.name: one.verdict.why for one in find_section_links(load(name), WANTED[name][0]) if not one.verdict.wanted
    }
    missed = {title: refused.get(title) for title, why in REFUSED[name].items() if why not in refused.get(title, "")}
    assert missed == {}


def test_a_channel_has_links_to_more():
    assert links_more(load("trs_channel")) == 3
    assert links_more(load("trs")) == 1
    assert links_more(load("ucap")) == 0


def test_a_heading_is_not_borrowed_from_another_block():
    boxes = '<div><h3>示例要闻</h3><a href="/yw/">更多</a></div><div><b></b><a href="/qt/">更多</a></div>'
    found = find_section_links(Page("http://www.pangu.gov.cn/", f"<html><body><div>{boxes}</div></body></html>"))
    assert [(one.name, one.url) for one in found] == [("示例要闻", "http://www.pangu.gov.cn/yw/")]


@pytest.mark.parametrize(
    "body",
    [
        "".join(f'<p><a href="/c{number}/">更多</a></p>' for number in range(3000)),
        "<div><i>示</i>" * 1500 + '<a href="/c/">更多</a>' * 1500,
        '<a href="http://x:red;9pt">要闻</a><a href="http://[x/">要闻</a><a href="//">要闻</a>',
    ],
)
def test_pages_made_to_hurt(body):
    assert not [one for one in find_section_links(Page("http://www.pangu.gov.cn/", body)) if one.verdict.wanted]
