"""Pages with odd bytes and markup: what a reader sees is what is stored. Texts are invented."""

from __future__ import annotations

from datetime import datetime

import pytest

from crawler.items import Article
from crawler.parsing.article import PageRejection, extract
from crawler.parsing.dates import CST
from crawler.parsing.page import Page, decode

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=CST)
TITLE = "溪口县公布米粉抽检结果"
TEXT = [f"第{n}批样品来自东河镇的作坊，检验人员查看台账，结果将在网站公布，请消费者留意。" for n in range(1, 4)]
INFO = "<div>发布时间：2024-03-02 09:15 来源：溪口县市场监管局</div>"
FOOT = "<div>主办：溪口县人民政府 版权所有</div>"


def page(body: str, title: str = TITLE, head: str = "", clock: str = "", info: str = INFO) -> str:
    return (
        f"<html><head><meta charset='utf-8'>{head}<title>{title}-溪口县人民政府</title></head><body>"
        f"<div><a href='/'>首页</a></div>{clock}<h1>{title}</h1>{info}<div>{body}</div>{FOOT}</body></html>"
    )


def read(html: str | bytes, content_type: str | None = None) -> Article:
    body = html if isinstance(html, bytes) else html.encode()
    found = extract(Page.from_bytes(body, "http://www.xikou.example/a/x.html", content_type), (), NOW)
    assert isinstance(found, Article), found
    return found


PARAGRAPHS = "".join(f"<p>{text}</p>" for text in TEXT)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("8.5×10<sup>5</sup> CFU/g", "8.5×10⁵ CFU/g"),
        ("10<SUP class=x> -3 </SUP>克，30m<sup>2</sup>", "10⁻³克，30m²"),
        ("H<sub>2</sub>O", "H₂O"),
        ("甲级<sup>注</sup>", "甲级注"),
    ],
)
def test_raised_digits_are_not_part_of_a_number(markup: str, text: str) -> None:
    assert (read(page(f"{PARAGRAPHS}<p>检出值{markup}。</p>")).body or "").split("\n")[-1] == f"检出值{text}。"


def test_readings_in_ruby_are_not_text() -> None:
    ruby = "<ruby>食<rp>(</rp><rt>shí</rt><rp>)</rp>品<rt>pǐn</rt></ruby>"
    assert (read(page(f"<p>{ruby}抽检本周进行，检验人员查看台账，抽取样品。</p>{PARAGRAPHS}")).body or "").startswith(
        "食品抽检本周进行"
    )


def test_fonts_that_are_never_closed() -> None:
    fonts = "<font>" * 10
    assert read(page("".join(f"{fonts}<p>{text}</p>" for text in TEXT))).body == "\n".join(TEXT)


def test_radicals_become_common_characters() -> None:
    article = read(
        page(f"<p>⻝品和⾁制品、⽔产品的抽检⼈员今天到达，查看台账。</p>{PARAGRAPHS}", title="溪口县公布⾷品抽检结果")
    )
    assert article.title == "溪口县公布食品抽检结果"
    assert (article.body or "").startswith("食品和肉制品、水产品的抽检人员")


def test_the_space_of_gbk_is_a_space() -> None:
    html = page(PARAGRAPHS, title="溪口县公布 米粉抽检结果").replace("utf-8", "gbk")
    body = html.encode("gbk").replace(
        "溪口县公布 米粉".encode("gbk"), "溪口县公布".encode("gbk") + b"\xa3\xa0" + "米粉".encode("gbk")
    )
    assert read(body).title == "溪口县公布 米粉抽检结果"


@pytest.mark.parametrize(
    "included", ["主办：溪口县人民政府办公室，承办：溪口县信息中心，地址：府前街一号。", "栏目导航，政务公开，互动交流"]
)
def test_a_part_in_another_encoding_spoils_only_itself(included: str) -> None:
    before, after = page(PARAGRAPHS * 2).encode().split(b"<h1>")
    article = read(before + f"<div>{included}</div>".encode("gbk") * 2 + b"<h1>" + after)
    assert (article.title, article.source) == (TITLE, "溪口县市场监管局")


def test_a_declaration_far_down_and_a_wrong_header() -> None:
    text = "<style>" + ".a{color:red}" * 600 + "</style><meta charset='big5'><p>縣府稽查校園午餐，衛生局公布結果。</p>"
    assert "縣府稽查校園午餐" in decode(text.encode("big5"))[0]
    assert "縣府稽查校園午餐" in decode(text.encode("big5"), "text/html; charset=utf-8")[0]


@pytest.mark.parametrize("title", ["溪口县开通食品安全追溯网站", "溪口县注销三家食品公司"])
def test_a_headline_that_ends_like_the_name_of_a_site(title: str) -> None:
    assert read(page(PARAGRAPHS, title=title)).title == title


@pytest.mark.parametrize("clock", ["今天是2026年11月23日 星期一", "今天是：2026年11月23日"])
def test_the_clock_of_the_page_is_not_the_date(clock: str) -> None:
    article = read(page(PARAGRAPHS, clock=f"<div>{clock}</div>", info="<div>来源：溪口县市场监管局</div>"))
    assert article.published_at is None


@pytest.mark.parametrize(
    ("frame", "url"),
    [
        ("<iframe src='/pdfjs/web/viewer.html?file=/files/P0202403.pdf'></iframe>", "/files/P0202403.pdf"),
        ("<iframe src='files/tonggao.docx'></iframe>", "/a/files/tonggao.docx"),
    ],
)
def test_a_document_in_a_frame_is_an_attachment(frame: str, url: str) -> None:
    article = read(page(frame))
    assert (article.title, article.source) == (TITLE, "溪口县市场监管局")
    assert [file.url for file in article.attachments] == [f"http://www.xikou.example{url}"]


@pytest.mark.parametrize(
    "text", ["该信息正在审核中，暂时无法查看，请联系网站管理员。", "您访问的页面不存在或已删除。", "该文章已下架。"]
)
def test_a_notice_in_place_of_an_article(text: str) -> None:
    html = (
        f"<html><head><title>提示信息</title></head><body><h1>提示信息</h1><p>2024-03-02</p><p>{text}</p></body></html>"
    )
    found = extract(Page.from_bytes(html.encode()), (), NOW)
    assert isinstance(found, PageRejection)
    assert found.reason == "not_found"


@pytest.mark.parametrize("style", ["display:none", "DISPLAY: none;color:red", "font-size:0", "font-size: 0px;"])
def test_words_that_nobody_sees_are_not_text(style: str) -> None:
    hidden = f"<span style='{style}'>版权所有，未经授权禁止转载，溪口县人民政府网站</span>"
    assert read(page("".join(f"<p>{text}{hidden}</p>" for text in TEXT))).body == "\n".join(TEXT)


def test_words_in_small_print_are_text() -> None:
    article = read(page("".join(f"<p><span style='font-size:0.9em'>{text}</span></p>" for text in TEXT)))
    assert article.body == "\n".join(TEXT)


@pytest.mark.parametrize("escape", [False, True])
def test_text_in_a_script_needs_a_browser(escape: bool) -> None:
    text = "".join(TEXT)
    literal = text.encode("unicode_escape").decode() if escape else text
    html = f"<html><head><title>{TITLE}</title></head><body><h1>{TITLE}</h1><div id='a'></div>"
    html += f"<script>document.getElementById('a').innerText = '{literal}';</script>{FOOT}</body></html>"
    found = extract(Page.from_bytes(html.encode()), (), NOW)
    assert isinstance(found, PageRejection)
    assert found.reason == "needs_browser"
