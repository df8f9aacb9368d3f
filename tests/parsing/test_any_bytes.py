"""Any bytes at all give an article or a reason, and nothing raises.

How long the absurd pages take is measured by `tests/bench/bench_absurd.py`: a timing decides no test.
"""

from __future__ import annotations

import random
import resource
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.items import Article
from crawler.parsing.dates import CST
from crawler.parsing.page import Page
from crawler.platforms.reading import PageRejection, read_article

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=CST)
SENTENCE = "<p>今天上午，县市场监管局检查了学校食堂，要求落实责任。</p>"
PAGE = (
    "<!DOCTYPE html><html><head><meta charset='utf-8'><title>溪口县开展检查_溪口县人民政府</title>"
    "<meta name='ArticleTitle' content='溪口县开展检查'><meta name='PubDate' content='2024-01-02 08:29'></head><body>"
    "<ul class='nav'><li><a href='/'>首页</a></li></ul><table><tr><td>索引号</td><td>1/2024-1</td><td>文号</td>"
    "<td>溪政发</td>"
    "<td>发布机构</td><td>县府办</td></tr></table><h1>溪口县开展检查</h1><div class='info'>发布时间：2024-01-02 08:29 "
    "来源：<!--<$[来源]>begin-->溪口日报<!--end--> 浏览次数：<script>hits()</script></div><div id='zoom'>"
    f"{SENTENCE * 8}<p><img src='/a.jpg'></p><p>图为检查现场。苏一鸣 摄</p>"
    "<table><tr><td rowspan='2'>甲</td><td>乙</td></tr>"
    "<tr><td>丙</td></tr></table><p>附件：<a href='a.pdf'>名单.pdf</a></p><p>（记者 苏一鸣）</p></div>"
    "<p>责任编辑：李一帆</p><p>扫一扫在手机打开当前页</p><div>版权所有：溪口县人民政府</div></body></html>"
)
MEGABYTES = 300
ABSURD = [
    "<div>" * 10_000 + SENTENCE * 9 + "</div>" * 10_000,
    "<p><span>" * 10_000 + SENTENCE,
    "<font>" * 10_000 + SENTENCE,
    "<table><tr><td>" * 5_000 + SENTENCE,
    "".join(f"<a href='/art/{n}.html'>关于第{n}批抽检的通告</a> 2024-01-02 " for n in range(50_000)),
    "<h1>溪口县开展检查</h1>" + SENTENCE * 9 + "".join(f"<a href='/{n}.pdf'>x.pdf</a>" for n in range(50_000)),
    "<h1>溪口县开展检查</h1>" + SENTENCE * 9 + "".join(f"<img src='/{n}.jpg'>" for n in range(50_000)),
    "<div class='" + "a " * 2_000_000 + "'>" + SENTENCE * 9,
    "<img src='" + "a" * 4_000_000 + "'>" + SENTENCE * 9,
    "<meta name='ArticleTitle' content='" + "<" * 500_000 + "'>" + SENTENCE * 9,
    "\x00" * 1_000_000 + SENTENCE * 9,
    "<" * 1_000_000,
    "&" * 1_000_000,
    "<!--" * 200_000,
    "关于，" * 1_000_000,
    "<p>" + "\u3000 " * 1_000_000,
    "<p>" + "2024-01-" * 200_000,
    "<p>" + "来源：" * 200_000,
    "<h1>溪口县开展检查</h1>" + SENTENCE * 9 + "<p>" + "记者" * 30_000,
    "<p>会(huì)议(yì)检(jiǎn)查(chá)</p>" * 10_000,
    "<table><tr>" + "<td rowspan=1000 colspan=1000>x</td>" * 2_000 + "</table>" + SENTENCE * 9,
    "<table>" + "<tr><td>索引号</td><td>1</td></tr>" * 5_000 + "</table>",
    "<h1>溪口县开展检查</h1>" * 20_000,
    ("<p>" + "分享到" * 39 + "</p>") * 2_000,
    ("<p>" + "大 中 小 " * 19 + "完</p>") * 2_000,
    "第一行，第二行。<br>" * 50_000,
]


def read(body: bytes) -> Article | PageRejection:
    found = read_article(Page.from_bytes(body, "http://www.example.gov.cn/art/2024/1/2/art_1_2.html"), now=NOW)
    assert isinstance(found, Article) or found.reason
    return found


def test_the_whole_page_is_an_article() -> None:
    found = read(PAGE.encode())
    assert isinstance(found, Article)
    assert (found.title, found.source, found.editor, found.author) == ("溪口县开展检查", "溪口日报", "李一帆", "苏一鸣")
    assert (len(found.tables), len(found.images), len(found.attachments)) == (1, 1, 1)


@given(st.binary(max_size=2000))
@settings(deadline=None, max_examples=150)
def test_random_bytes(body: bytes) -> None:
    read(body)


@given(st.text(alphabet="<>/='\"&#;!- \n\x00aph1tdr表题来源：编辑记者（）2024-0102，。\ue000\U00020000", max_size=400))
@settings(deadline=None, max_examples=200)
def test_random_markup(text: str) -> None:
    read(text.encode("utf-8", "replace"))


@given(
    st.integers(0, len(PAGE)), st.integers(0, 400), st.sampled_from(["utf-8", "gb18030", "utf-16", "big5", "latin-1"])
)
@settings(deadline=None, max_examples=150)
def test_a_page_cut_anywhere_in_any_charset(cut: int, gap: int, charset: str) -> None:
    read((PAGE[:cut] + PAGE[cut + gap :]).encode(charset, "replace"))


def test_a_page_cut_at_any_byte_of_its_end_still_gives_its_title() -> None:
    body = PAGE.encode()
    for cut in range(len(body) - 60, len(body)):
        found = read(body[:cut])
        assert isinstance(found, Article)
        assert found.title == "溪口县开展检查"


def test_shuffled_tags_and_changed_bytes() -> None:
    chance = random.Random(7)
    for _ in range(100):
        tags = PAGE.replace("<", "\x01<").split("\x01")
        chance.shuffle(tags)
        body = bytearray("".join(tags).encode())
        for _ in range(30):
            body[chance.randrange(len(body))] = chance.randrange(256)
        read(bytes(body))


@pytest.mark.parametrize("text", ABSURD, ids=lambda text: text[:24].replace("\x00", "0"))
def test_absurd_pages(text: str) -> None:
    read(text.encode())


def test_more_than_ten_million_characters_are_refused_unread() -> None:
    found = read(b"<p>" + b"a" * 10_000_001)
    assert isinstance(found, PageRejection)
    assert found.reason == "too_large"


def test_memory_stays_bounded() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read((SENTENCE * 60_000).encode())
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (after - before) / 1024 < MEGABYTES
