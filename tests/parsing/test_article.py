"""One page to one article: every field with the rule that gave it, and pages that are none."""

from __future__ import annotations

from datetime import datetime
from html import escape

import pytest

from crawler.items import Article
from crawler.parsing.article import EmbeddedFields, PageRejection, extract
from crawler.parsing.dates import CST
from crawler.parsing.page import Page
from crawler.parsing.rules import Rules

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=CST)
TITLE = "溪口县开展校园食品安全检查"
TEXT = [f"第{n}所学校的食堂已经检查完毕，发现问题{n}个，要求限期整改。" for n in range(1, 7)]
PARAGRAPHS = "".join(f"<p>{text}</p>" for text in TEXT)
URL = "http://www.example.gov.cn/art/2024/1/2/art_1_2.html"


def page(header: str = "", tail: str = "", head: str = "", url: str = URL, status: int = 200) -> Page:
    html = (
        f"<html><head><title>{TITLE}_溪口县人民政府</title>{head}</head><body><ul><li><a href='/'>首页</a></li></ul>"
        f"<h1>{TITLE}</h1><div class='info'>{header}</div><div id='zoom'>{PARAGRAPHS}</div>{tail}</body></html>"
    )
    return Page(url=url, text=html, status=status)


def read(source: Page, *rule_stack: tuple[str, Rules], embedded: EmbeddedFields | None = None) -> Article:
    found = extract(source, rule_stack, NOW, embedded)
    assert isinstance(found, Article), found
    return found


def test_the_visible_header_gives_the_fields_by_their_labels() -> None:
    article = read(page("发布时间：2024-01-02 08:29 来源：溪口日报 浏览次数：12", "<p>责任编辑：苏一鸣</p>"))
    assert article.published_at == datetime(2024, 1, 2, 8, 29, tzinfo=CST)
    assert (article.published_precision, article.source, article.editor) == ("minute", "溪口日报", "苏一鸣")
    assert article.provenance["published_at"] == article.provenance["source"] == article.provenance["editor"] == "label"
    assert article.body == "\n".join(TEXT)
    assert article.author is None


def test_the_displayed_day_wins_over_a_later_meta_date() -> None:
    article = read(page("发布日期：2024-01-02", head="<meta name='PubDate' content='2025-03-04 10:00'>"))
    assert article.published_at == datetime(2024, 1, 2, tzinfo=CST)
    assert article.published_precision == "day"


def test_the_meta_tag_supplies_the_minute_of_the_displayed_day() -> None:
    article = read(page("发布日期：2024-01-02", head="<meta name='pubdate' content='2024-01-02 10∶15'>"))
    assert article.published_at == datetime(2024, 1, 2, 10, 15, tzinfo=CST)
    assert (article.provenance["published_at"], article.provenance["published_minute"]) == ("label", "meta")


def test_midnight_in_a_meta_tag_is_no_time() -> None:
    article = read(page(head="<meta name='PubDate' content='2024-01-02 00:00:00'>"))
    assert (article.published_precision, article.provenance["published_at"]) == ("day", "meta")


def test_the_meta_source_serves_where_the_page_shows_none_or_cuts_it() -> None:
    tag = "<meta name='ContentSource' content='溪口县市场监督管理局'>"
    assert read(page("发布日期：2024-01-02", head=tag)).source == "溪口县市场监督管理局"
    assert read(page("来源：溪口县市场监…", head=tag)).source == "溪口县市场监督管理局"
    assert read(page("来源：溪口日报", head=tag)).source == "溪口日报"


def test_the_time_of_an_event_is_no_time_of_publication() -> None:
    for event in ("开始时间：2024-05-08", "会议时间：\n2024-05-08", "施行日期：2024-05-08"):
        assert read(page(event)).provenance["published_at"] == "url"
    article = read(page("开始时间：2024-05-08", head="<meta name='PubDate' content='2024-03-01 16:39'>"))
    assert article.published_at == datetime(2024, 3, 1, 16, 39, tzinfo=CST)


def test_the_address_is_the_last_to_tell_the_date() -> None:
    article = read(page())
    assert article.published_at == datetime(2024, 1, 2, tzinfo=CST)
    assert article.provenance["published_at"] == "url"


def test_a_displayed_midnight_stays() -> None:
    assert read(page("发布时间：2024-01-02&#32;00:00")).published_precision == "minute"


def test_selectors_come_before_labels_and_the_site_before_the_platform() -> None:
    source = page("<i class='a'>来源：甲报</i><i class='b'>乙报</i><b class='d'>2024-02-03 04:05</b>来源：丙报")
    rules = Rules(source=(".a",), published_at=(".d",))
    article = read(source, ("override", Rules(source=(".b",))), ("platform:x", rules))
    assert (article.source, article.provenance["source"]) == ("乙报", "override")
    assert article.provenance["published_at"] == "platform:x"
    assert read(source, ("platform:x", rules)).source == "甲报"


def test_a_selected_label_of_another_field_is_no_source() -> None:
    article = read(page("<i class='a'>发布者：管理员</i>"), ("platform:x", Rules(source=(".a",))))
    assert article.source is None


def test_an_index_table_gives_date_and_issuer() -> None:
    table = (
        "<table><tr><td>索引号</td><td>1/2024-1</td><td>发布机构</td><td>溪口县统计局</td></tr>"
        "<tr><td>生成日期</td><td>2024-01-05</td><td>文号</td><td></td></tr></table>"
    )
    html = f"<html><body>{table}<h1>{TITLE}</h1><div>{PARAGRAPHS}</div></body></html>"
    article = read(Page(url="", text=html))
    assert article.gov_index == {"index_number": "1/2024-1", "issuer": "溪口县统计局", "published_on": "2024-01-05"}
    assert article.published_at == datetime(2024, 1, 5, tzinfo=CST)
    assert article.source == "溪口县统计局"


def test_a_garbled_header_is_understood() -> None:
    header = "2019-07-05 08:29來源:溪口縣政府 編輯:蘇一鳴"
    body = "".join(
        f"<p>會議(huì)強(qiáng)調(diào)，要加強(qiáng)監(jiān)管，確保食品安全，第{n}次檢查工作順利進(jìn)行。</p>"
        for n in range(5)
    )
    html = f"<html><body><h2>溪口縣召開會議</h2><div>{header}</div><div>{body}</div></body></html>"
    article = read(Page(url="", text=html))
    assert article.published_at == datetime(2019, 7, 5, 8, 29, tzinfo=CST)
    assert (article.source, article.editor) == ("溪口县政府", "苏一鸣")


def test_data_that_a_product_keeps_in_a_script_is_an_article() -> None:
    values = {"title": TITLE, "published_at": "2024-01-02 09:10:00", "source": "溪口县人民政府", "body": PARAGRAPHS}
    shell = Page(url=URL, text="<html><body><div id='app'></div><script>var d=1</script></body></html>")
    article = read(shell, embedded=EmbeddedFields("platform:x", values))
    assert (article.title, article.body, article.source) == (TITLE, "\n".join(TEXT), "溪口县人民政府")
    assert set(article.provenance.values()) == {"platform:x"}


def test_what_the_page_shows_wins_over_data_in_a_script() -> None:
    values = {"published_at": "2024-02-02 09:10:00", "source": "别处", "body": PARAGRAPHS}
    article = read(page("发布时间：2024-01-02 来源：溪口日报"), embedded=EmbeddedFields("platform:x", values))
    assert article.source == "溪口日报"
    assert article.published_at == datetime(2024, 1, 2, tzinfo=CST)


def test_an_article_of_one_picture_is_an_article() -> None:
    html = f"<h1>{TITLE}</h1><p>发布时间：2024-01-02 来源：区融媒体中心</p><div id='zoom'><img src='/poster.jpg'></div>"
    article = read(Page(url=URL, text=html), ("platform:x", Rules(body=("#zoom",))))
    assert article.body is None
    assert [image.url for image in article.images] == ["http://www.example.gov.cn/poster.jpg"]


def test_what_a_layout_drops_is_no_text_and_no_picture() -> None:
    advert = "<div class='ad'>本站推荐，欢迎关注，谢谢。<img src='/ad.jpg'></div>"
    html = f"<h1>{TITLE}</h1><p>时间：2024-01-02</p><div id='zoom'>{PARAGRAPHS}{advert}<p>检查结束。</p></div>"
    article = read(Page(url=URL, text=html), ("override", Rules(drop=(".ad",))))
    assert article.body == "\n".join([*TEXT, "检查结束。"])
    assert article.images == []


def test_a_copy_for_mobiles_within_the_body_is_read_once() -> None:
    long = [text + "各校负责人表示，将立即整改，确保师生吃得安全、吃得放心。" for text in TEXT]
    copy = "".join(f"<p>{text}</p>" for text in long)
    html = f"<h1>{TITLE}</h1><p>时间：2024-01-02</p><div id='zoom'><div>{copy}</div><div>{copy}</div></div>"
    assert read(Page(url=URL, text=html), ("override", Rules(body=("#zoom",)))).body == "\n".join(long)


def test_the_foot_of_a_picture_article_is_not_its_text() -> None:
    foot = "<div><p>版权所有：溪口县人民政府，未经许可，不得转载。</p><p>主办单位：县府办，地址：县府路1号。</p></div>"
    html = f"<h1>{TITLE}</h1><p>发布时间：2024-01-02</p><div id='zoom'><img src='/poster.jpg'></div>{foot}"
    article = read(Page(url=URL, text=html))
    assert (article.body, len(article.images)) == (None, 1)


def test_confidence_is_high_where_two_extractors_agree() -> None:
    assert (read(page("发布时间：2024-01-02")).confidence or 0) > 0.9


LIST = "<h1>通知公告</h1><ul>" + "".join(
    f"<li><a href='/art/{n}.html'>关于第{n}批食品抽检情况的通告</a><span>2024-01-{n:02}</span></li>"
    for n in range(1, 25)
)


@pytest.mark.parametrize(
    ("html", "status", "reason"),
    [
        ("<script>document.cookie='__jsl_clearance_s=1'</script>", 200, "blocked"),
        ("<script src='x.js'></script><script>var _$ab=window; $_ts=window['$_ts']</script>", 412, "blocked"),
        ("<h1>412</h1>", 412, "blocked"),
        ("<p>x</p>", 521, "blocked"),
        ("<p>您的访问请求被拦截，请稍后再试</p>", 200, "blocked"),
        ("<div id='app'></div><script src='/app.js'></script>", 200, "needs_browser"),
        ("<html ng-app='x'><body>{{title}}</body></html>", 200, "needs_browser"),
        ("<h1>404</h1><p>您访问的页面不存在</p>", 200, "not_found"),
        ("<p>很抱歉，文章已被删除</p>", 410, "not_found"),
        ("<title>404 - 页面不存在</title>" + "<a href='/'>首页</a> 站内导航 " * 40, 200, "not_found"),
        (LIST, 200, "list_page"),
        ("", 200, "empty"),
    ],
)
def test_what_is_no_article_says_why(html: str, status: int, reason: str) -> None:
    found = extract(Page(url=URL, text=html, status=status), (), NOW)
    assert isinstance(found, PageRejection)
    assert found.reason == reason
    assert found.detail


def test_a_footer_is_no_article() -> None:
    foot = "".join(
        f"<p>{text}</p>" for text in ("公司地址：县府路1号，邮编：000000", "传真：0000，客服邮箱：a@example.cn")
    )
    html = f"<h1>公司公告</h1><ul><li><a href='/1.html'>招聘公告</a> 2024-01-02</li></ul><div>{foot}</div>"
    found = extract(Page(url="", text=html), (), NOW)
    assert isinstance(found, PageRejection)
    assert found.reason in {"list_page", "not_article"}


def test_an_article_about_blocking_is_an_article() -> None:
    words = escape("有的网站提示“您的访问被拦截”，专家说，这是安全验证，页面不存在也不必担心。")
    html = f"<h1>{TITLE}</h1><p>发布时间：2024-01-02</p><div>{PARAGRAPHS}<p>{words}</p>{PARAGRAPHS * 2}</div>"
    assert words[:6] in (read(Page(url=URL, text=html)).body or "")


def test_an_unreadable_header_leaves_fields_unknown() -> None:
    article = read(page("来源： 浏览次数：", url=""))
    assert (article.source, article.author, article.editor, article.published_at) == (None, None, None, None)
    assert article.published_precision is None
