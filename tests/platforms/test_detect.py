"""Which platform built a page: its own marks decide, never their order."""

import pytest

from crawler.parsing.page import Page
from crawler.platforms import detect as module
from crawler.platforms.detect import PLATFORMS, detect, detect_by_url, get_platform


def named(markup: str, url: str = "") -> str:
    return detect(Page.from_bytes(markup.encode(), url)).name


def test_a_page_without_marks_is_generic() -> None:
    assert named("<html><body><p>食堂开放日</p></body></html>") == "generic"
    assert named("") == "generic"


def test_pasted_text_of_another_editor_does_not_outweigh_the_pages_own_marks() -> None:
    pasted = '<div class="TRS_Editor"><div class="Custom_UnionStyle">正文</div></div>'
    assert named(f'<script>window.NFCMS_SITE_ID=1;window.NFCMS_PUB_TYPE="post"</script>{pasted}') == "nfcms"


def test_equals_are_told_by_no_order(monkeypatch: pytest.MonkeyPatch) -> None:
    torn = '<div id="ivs_content"><div class="j-fontContent">正文</div></div>'
    assert named(torn) == "generic"
    monkeypatch.setattr(module, "PLATFORMS", PLATFORMS[::-1])
    assert named(torn) == "generic"


def test_the_order_of_the_platforms_means_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [
        '<div class="v_news_content" id="vsb_content">x</div>',
        "<ucapcontent>x</ucapcontent>",
        '<div id="ivs_content">',
    ]
    before = [named(page) for page in pages]
    monkeypatch.setattr(module, "PLATFORMS", PLATFORMS[::-1])
    assert [named(page) for page in pages] == before == ["vsb", "ucap", "shanghai"]


def test_names_are_unique_and_known() -> None:
    names = [platform.name for platform in PLATFORMS]
    assert len(names) == len(set(names))
    assert all(get_platform(name).name == name for name in [*names, "generic"])
    with pytest.raises(ValueError, match=r"unknown platform 'wordpress'; known: .*hanweb"):
        get_platform("wordpress")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://www.example.gov.cn/col/col1229369547/index.html", "hanweb"),
        ("http://www.example.gov.cn/art/2025/7/14/art_1229365841_508699.html", "hanweb"),
        ("https://www.example.gov.cn/art/2026/art_5f1c7d92ab3e4c6088f0d1e27b9a4401.html", "jpaas"),
        ("http://www.example.gov.cn/jxss/col/col42150/content/content_1930.html", "jiangxi"),
        ("http://www.example.gov.cn/xw/202306/t20230608_2213652.shtml", "trs"),
        ("http://www.example.gov.cn/xw/t18993630.shtml", "trs"),
        ("http://www.example.gov.cn/gszbm/auto23716/", "trs_xxgk"),
        ("http://www.example.gov.cn/tjgb/202305/36796cdc82d04268913f2884cf2fe579.shtml", "ucap"),
        ("http://www.example.gov.cn/jyt/c110634/202511/174240943.shtml", "ucap"),
        ("http://www.example.gov.cn/cz/c100001/news.shtml", "ucap"),
        ("http://www.example.gov.cn/xwdt/content/post_9360641.html", "nfcms"),
        ("http://www.example.gov.cn/content/column/6789?pageIndex=2", "lonsun"),
        ("http://www.example.edu.cn/info/1021/3456.htm", "vsb"),
        ("http://www.example.edu.cn/2022/0930/c123a456/page.htm", "webplus"),
        ("http://www.example.gov.cn/eportal/ui?pageId=1&articleKey=2&columnId=3", "eportal"),
        ("http://paper.example.cn/content/2026-08/13/content_193654.htm", "epaper"),
        ("http://www.example.gov.cn/index.php?m=content&c=index&a=lists&catid=36&page=2", "phpcms"),
        ("http://www.example.gov.cn/plus/list.php?tid=3&PageNo=1", "dedecms"),
        ("http://www.example.gov.cn/e/action/ListInfo/?classid=39", "empirecms"),
        ("http://www.example.gov.cn/jcws2/20240511/b5c2db3d781e4c7fbcfb6bed2fe2d982.html", "shanghai"),
        ("http://www.example.gov.cn/xwzx/", None),
        ("http://www.example.gov.cn/yw/index.html", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_the_shape_of_an_address(url: str, name: str | None) -> None:
    assert detect_by_url(url) == name
