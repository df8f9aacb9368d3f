"""What is no usable article, and why."""

import pytest

from crawler.items import Article, Attachment, Image
from crawler.pipelines import fault_of

URL = "http://www.example.cn/a.html"


@pytest.mark.parametrize(
    ("article", "reason"),
    [
        (Article(URL, title="县里开会", body="会议部署了年底的食品抽检。"), None),
        (Article(URL, title="一图读懂", images=[Image("http://www.example.cn/1.jpg")]), None),
        (Article(URL, title="通知", attachments=[Attachment("http://www.example.cn/1.pdf", "通知.pdf")]), None),
        (Article(URL, body="会议部署了年底的食品抽检。"), "no_title"),
        (Article(URL, title="县里开会"), "no_body"),
        (Article(URL, title="题" * 301, body="正文"), "bad_title"),
        (Article(URL, title="县里开会", body="正\ufffd文\ufffd乱\ufffd码\ufffd"), "undecodable"),
        (Article(URL, title="县里开会", body="字" * 2_000_001), "too_large"),
    ],
)
def test_fault_of(article, reason):
    fault = fault_of(article)
    assert (fault[0] if fault else None) == reason
