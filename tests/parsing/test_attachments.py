"""Pictures and files of an article."""

from __future__ import annotations

from crawler.items import Attachment, Image
from crawler.parsing.content import attachments_in, images_in
from crawler.parsing.page import Page
from crawler.parsing.page_lines import build_lines

URL = "http://www.example.gov.cn/art/2024/1/2/art_1_2.html"


def pictures(html: str, url: str = URL) -> tuple[list[Image], list[str]]:
    page = Page(url=url, text=f"<html><body><div>{html}</div></body></html>")
    page_lines = build_lines(page.root)
    body = page_lines.select_tag("div")[0]
    images, captions = images_in(page, page_lines, body, *page_lines.spans[body])
    return images, [page_lines.lines[index].text for index in sorted(captions)]


def files(html: str) -> list[Attachment]:
    page = Page(url=URL, text=f"<html><body><div>{html}</div></body></html>")
    page_lines = build_lines(page.root)
    body = page_lines.select_tag("div")[0]
    return attachments_in(page, page_lines, body, *page_lines.spans[body])


def test_addresses_are_absolute_and_lazy_ones_win() -> None:
    images, _ = pictures(
        '<p>文。</p><p><img src="/blank.gif" data-src="../a.jpg"></p><p><img src="//cdn.example.cn/b.png"></p>'
    )
    assert [image.url for image in images] == [
        "http://www.example.gov.cn/art/2024/1/a.jpg",
        "http://cdn.example.cn/b.png",
    ]


def test_the_base_element_counts() -> None:
    images, _ = pictures('<base href="http://img.example.cn/x/"><p>文。<img src="a.jpg"></p>')
    assert images == [Image("http://img.example.cn/x/a.jpg")]


def test_icons_and_other_furniture_are_no_pictures() -> None:
    html = (
        '<p>文。<img src="/images/icon_pdf.gif"><img src="/i/share.png"><img src="data:image/png;base64,AA">'
        '<img src="/p.jpg" width="1"><img src="/q.jpg" height="16px"><img src="http://[bad"><img></p>'
    )
    assert pictures(html)[0] == []


def test_a_picture_shown_twice_is_one() -> None:
    assert len(pictures('<p>文。<img src="/a.jpg"></p><p><img src="/a.jpg"></p>')[0]) == 1


def test_captions_go_with_their_pictures() -> None:
    html = (
        '<p><img src="/a.jpg"></p><p>图为检查现场。县融媒体中心 苏一鸣 摄</p>'
        '<figure><img src="/b.jpg"><figcaption>会议现场</figcaption></figure>'
        '<p><img src="/c.jpg"></p><p>会议强调，要加强监管。</p>'
    )
    images, captions = pictures(html)
    assert [image.caption for image in images] == ["图为检查现场。县融媒体中心 苏一鸣 摄", "会议现场", None]
    assert captions == ["图为检查现场。县融媒体中心 苏一鸣 摄", "会议现场"]


def test_files_have_the_names_readers_see() -> None:
    html = (
        '<p>附件：<a href="./P020240102.pdf">1.抽检结果.pdf</a>'
        '<a href="/down.jsp?file=x.docx&amp;id=1" title="表.docx"></a>'
        '<a href="/module/download/downfile.jsp?classid=0&amp;filename=abc.xlsx">不合格产品名单</a>'
        '<a href="/art/2024/1/2/art_1_3.html">相关新闻</a><a href="#a.pdf">页内</a>'
        "<a href=\"javascript:x('a.pdf')\">x</a></p>"
    )
    assert files(html) == [
        Attachment("http://www.example.gov.cn/art/2024/1/2/P020240102.pdf", "1.抽检结果.pdf"),
        Attachment("http://www.example.gov.cn/down.jsp?file=x.docx&id=1", "表.docx"),
        Attachment(
            "http://www.example.gov.cn/module/download/downfile.jsp?classid=0&filename=abc.xlsx", "不合格产品名单"
        ),
    ]
