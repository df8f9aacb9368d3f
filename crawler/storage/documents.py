"""The fields of what crawls store: name → JSON schema with a line of meaning.

Fields of our own are checked; a document may carry more (an analyst's notes), which nothing here touches. A text that
is not known is null, never "".
"""

from __future__ import annotations

from crawler.storage.fields import WORD, count, date, field, list_of, text, text_or_null

_PUBLISHER = field(
    "who published it; null for a site that isn't in the registry",
    "object",
    "null",
    required=["code", "name"],
    properties={
        "code": text("key of the site in the registry"),
        "name": text("名称"),
        "kind": text_or_null("portal, county, city, province or other"),
        "province": text_or_null("省"),
        "city": text_or_null("市"),
        "county": text_or_null("县"),
        "gb_code": text_or_null("GB/T 2260 code"),
    },
)

ARTICLE = {
    "_id": text("hash of the canonical address: the same page is the same document, for ever"),
    "url": text("address as fetched"),
    "canonical_url": text("address normalised"),
    "site": _PUBLISHER,
    "section": text_or_null("栏目"),
    "platform": text_or_null("CMS that built the page"),
    "title": text("headline"),
    "published_at": field("发布时间 as the page shows it (UTC)", "date", "null"),
    "published_precision": {"enum": ["minute", "day", None], "description": "how exactly the page tells the time"},
    "source": text_or_null("来源"),
    "author": text_or_null("作者, 记者, 通讯员"),
    "editor": text_or_null("责任编辑, else 编辑"),
    "body": text_or_null("clean simplified text, one paragraph a line"),
    "tables": list_of(
        "tables of the body", "rows", rows=field("rows of cell texts", "array"), caption=text_or_null("caption")
    ),
    "images": list_of("pictures", "url", url=text("address"), caption=text_or_null("caption")),
    "attachments": list_of("附件", "url", url=text("address"), name=text_or_null("file name a reader sees")),
    "gov_index": field(
        "政府信息公开 index table, as printed; null where there is none",
        "object",
        "null",
        properties={
            "index_number": text("索引号"),
            "document_number": text("发文字号"),
            "issuer": text("发布机构"),
            "written_on": text("成文日期"),
            "published_on": text("发布日期"),
            "topic": text("主题分类"),
        },
    ),
    "confidence": field("agreement of two body extractors, 0 to 1", "double", "int", "null", minimum=0, maximum=1),
    "provenance": field("which rule gave each field", "object"),
    "restored": field(
        "what the cleaning changed, counted; null where nothing",
        "object",
        "null",
        properties={
            "glosses": count("pinyin glosses removed"),
            "gbk_repairs": count("lost bytes repaired"),
            "converted": count("traditional characters converted"),
            "doubtful": count("repairs with a close runner-up"),
        },
    ),
    "relevance": field(
        "how much it is about food safety",
        "object",
        "null",
        properties={
            "score": field("from 0 to 1", "double", "int"),
            "terms": field("what the score rests on; - before what speaks against it", "array", items=WORD),
        },
    ),
    "places": field("places the text names, as the registry writes them", "array", items={"bsonType": "string"}),
    "place_codes": field("their GB/T 2260 codes and those above them", "array", items={"bsonType": "string"}),
    "tokens": field("pairs of characters and words of title and body; those of the title also after ^", "array"),
    "content_hash": text_or_null("hash of the normalised text: equal for exact copies"),
    "fingerprint": field("hashes shared by near-duplicates", "array", items={"bsonType": ["int", "long"]}),
    "cluster": text_or_null("the story it belongs to: the smallest _id among its articles; null until looked up"),
    "original": text_or_null("_id of the article this one reprints; null for the original, and where it is alone"),
    "original_evidence": text_or_null("why that article is taken for the original"),
    "also_at": list_of(
        "other addresses of the same site with the same text",
        "_id",
        _id=text("hash of the canonical address"),
        url=text("address as fetched"),
        section=text_or_null("栏目"),
        seen_at=date("when it was fetched"),
    ),
    "revision": count("1, and one more for each change of the text", minimum=1),
    "fetched_at": field("when this revision was fetched (UTC)", "date", "null"),
    "first_seen_at": date("when the article was first fetched"),
    "last_seen_at": date("when the article was last fetched"),
    "changed_at": date("when this revision was first fetched"),
    "run": text_or_null("the crawl that wrote this revision"),
    "schema_version": count("version of this schema the document follows; 1 where missing", minimum=1),
}

REVISION = ARTICLE | {
    "_id": text("article:revision"),
    "article": text("_id of the article"),
    "seen_from": date("when this revision was first fetched"),
    "seen_until": date("when this revision was last fetched"),
    "diff": field("what the next revision changed, by paragraph: - what went, + what came", "array"),
}

REJECT = {
    "_id": text("article:reason, so that a repeat updates the count"),
    "article": text("hash of the canonical address, as an article at it would have"),
    "url": text("address as fetched"),
    "reason": text("one word of a fixed vocabulary"),
    "detail": text_or_null("one sentence for a person"),
    "score": field("relevance of an irrelevant article, 0 to 1", "double", "int", "null", minimum=0, maximum=1),
    "site": _PUBLISHER,
    "section": text_or_null("栏目"),
    "run": text_or_null("the crawl that saw it last"),
    "first_seen_at": date("when it was first rejected"),
    "last_seen_at": date("when it was last rejected"),
    "times": count("how often it was rejected", minimum=1),
}

VERDICT = {"enum": ["ok", "degraded", "broken", "blocked", None], "description": "what it was worth; null: not judged"}
REASONS = field("the verdict's reasons in words", "array", "null", items={"bsonType": "string"})

RUN = {
    "_id": text("the crawl, or crawl:site for what it did on one site"),
    "parent": text_or_null("the crawl this run of one site is a part of; null for a whole crawl"),
    "spider": text("name of the spider"),
    "arguments": field("arguments as given", "object"),
    "host": text_or_null("machine"),
    "pid": count("process"),
    "sites": field("codes of the sites crawled", "array", items={"bsonType": "string"}),
    "site": text_or_null("code of the one site of this run"),
    "name": text_or_null("its name"),
    "started_at": date("start"),
    "progress_at": date("when the figures were written last"),
    "finished_at": field("end; null while it runs (UTC)", "date", "null"),
    "finish_reason": text_or_null("how it ended, as Scrapy names it"),
    "seconds_waiting": field("time spent waiting for the site's answers", "double", "int"),
    "bytes": count("of answers, as they came"),
    "counts": field("what was fetched, new, changed, duplicate and rejected", "object"),
    "statuses": field("answers by HTTP status", "object"),
    "fields": field("articles that have a field, by field", "object"),
    "rules": field("articles by the rule that gave a field: body=platform:hanweb", "object"),
    "sections": list_of("栏目 that ended", "name", name=text("栏目"), reason=text("how its paging ended")),
    "figures": field("what the verdict rests on: crawler/runs/figures.py", "object"),
    "verdict": VERDICT,
    "reasons": REASONS,
}
