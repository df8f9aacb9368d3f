"""The article this project started from, in the old portal's markup: every field as a person would read it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.items import Article
from crawler.parsing.page import Page
from crawler.pipelines import clean_article
from crawler.platforms.reading import read_article
from crawler.sites.registry import load

SEED = Path(__file__).resolve().parents[1] / "../shared/seed"
URL = "http://www.cfsn.cn/front/web/site.shengnewshow?sjid=11&newsid=31870"
PAGE = """<html><head><meta charset="utf-8"><title>{title}</title></head><body>
<div class="top"><p>{welcome}</p></div>
<div class="nav"><div class="wal"><ul><li><a href="/">首頁</a></li>
<li><a href="/front/web/site.hangye?hyid=1">酒業</a></li></ul></div></div>
<div class="wal"><div class="fl w655 newShow">
<h2 class="title">{title}</h2>
<div class="msg"><div>{date}<span>{source}</span> {editor}</div></div>
<div class="content">{body}</div>
</div></div></body></html>"""


def wrapped(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    welcome, title, header, *paragraphs = lines
    date, rest = header[:16], header[16:]
    source, editor = rest.split(" ")
    body = "".join(f"<p>　　{paragraph}</p>\n" for paragraph in paragraphs)
    return PAGE.format(title=title, welcome=welcome, date=date, source=source, editor=editor, body=body)


@pytest.mark.skipif(not SEED.is_dir(), reason="the seed article is in ../shared, which is not part of the project")
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_seed_article_comes_out_as_expected(encoding):
    html = wrapped((SEED / "article.txt").read_text(encoding="utf-8"))
    page = Page.from_bytes(html.replace("utf-8", encoding).encode(encoding), URL, "text/html")
    raw = read_article(page, site=load().by_url(URL), now=datetime(2019, 7, 6, tzinfo=UTC))
    assert isinstance(raw, Article)
    article = clean_article(raw)

    expected = (SEED / "expected.txt").read_text(encoding="utf-8").splitlines()
    paragraphs = [line.strip() for line in expected[3:] if line.strip()]
    assert "来源：青田县政府 编辑：李玉堂" in paragraphs[1]
    assert article.title == paragraphs[0]
    assert article.published_at == datetime.fromisoformat("2019-07-05T08:29+08:00")
    assert article.published_precision == "minute"
    assert article.source == "青田县政府"
    assert article.editor == "李玉堂"
    assert article.author == "潘媛"
    assert article.body == "\n".join(paragraphs[2:])
    assert article.restored
    assert article.restored["glosses"] > 100
