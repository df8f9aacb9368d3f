"""An article as a document."""

from datetime import UTC, datetime

from itemadapter import ItemAdapter

from crawler.items import Article, Attachment, Image, Table


def test_a_document_has_every_field_and_plain_values():
    article = Article(
        url="http://www.example.gov.cn/1.html",
        title="我县抽检米粉",
        published_at=datetime(2026, 11, 20, 8, 5, tzinfo=UTC),
        tables=[Table([["品种", "批次"], ["米粉", "12"]], "抽检结果")],
        images=[Image("http://www.example.gov.cn/1.jpg")],
        attachments=[Attachment("http://www.example.gov.cn/1.pdf", "名单.pdf")],
        fingerprint=[-3, 5],
    )
    document = article.as_document()
    assert document == ItemAdapter(article).asdict()
    assert document["tables"] == [{"rows": [["品种", "批次"], ["米粉", "12"]], "caption": "抽检结果"}]
    assert document["images"] == [{"url": "http://www.example.gov.cn/1.jpg", "caption": None}]
