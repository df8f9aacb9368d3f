"""The pipeline that gives an article its type."""

from __future__ import annotations

from crawler.items import Article, Reject
from crawler.pipelines import ClassifyPipeline


def test_an_article_gets_its_type_and_a_reject_is_left_alone() -> None:
    item = Article("http://x.example/1", title="2026年食品安全监督抽检计划")
    assert ClassifyPipeline().process_item(item).document_type == {"name": "抽检计划", "evidence": ["抽检计划"]}
    reject = Reject("http://x.example/2", "blocked")
    assert ClassifyPipeline().process_item(reject) is reject
