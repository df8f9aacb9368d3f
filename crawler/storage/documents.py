"""The fields of each kind of document: name → JSON schema with a line of meaning.

Fields of our own are checked; a document may carry more (an analyst's notes), which nothing here touches. A text that
is not known is null, never "".
"""

from __future__ import annotations

from typing import Any


def _field(description: str, *types: str, **rules: Any) -> dict[str, Any]:
    return {"bsonType": types[0] if len(types) == 1 else list(types), **rules, "description": description}


def _text(description: str) -> dict[str, Any]:
    return _field(description, "string", minLength=1)


def _text_or_null(description: str) -> dict[str, Any]:
    return _field(description, "string", "null", minLength=1)


def _date(description: str) -> dict[str, Any]:
    return _field(f"{description} (UTC)", "date")


def _count(description: str, minimum: int = 0) -> dict[str, Any]:
    return _field(description, "int", "long", minimum=minimum)


def _list_of(description: str, required: str, **properties: dict[str, Any]) -> dict[str, Any]:
    items = {"bsonType": "object", "required": [required], "properties": properties}
    return _field(description, "array", items=items)


_WORD = {"bsonType": "string"}
_PUBLISHER = _field(
    "who published it; null for a site that isn't in the registry",
    "object",
    "null",
    required=["code", "name"],
    properties={
        "code": _text("key of the site in the registry"),
        "name": _text("名称"),
        "kind": _text_or_null("portal, county, city, province or other"),
        "province": _text_or_null("省"),
        "city": _text_or_null("市"),
        "county": _text_or_null("县"),
        "gb_code": _text_or_null("GB/T 2260 code"),
    },
)

ARTICLE = {
    "_id": _text("hash of the canonical address: the same page is the same document, for ever"),
    "url": _text("address as fetched"),
    "canonical_url": _text("address normalised"),
    "site": _PUBLISHER,
    "section": _text_or_null("栏目"),
    "platform": _text_or_null("CMS that built the page"),
    "title": _text("headline"),
    "published_at": _field("发布时间 as the page shows it (UTC)", "date", "null"),
    "published_precision": {"enum": ["minute", "day", None], "description": "how exactly the page tells the time"},
    "source": _text_or_null("来源"),
    "author": _text_or_null("作者, 记者, 通讯员"),
    "editor": _text_or_null("责任编辑, else 编辑"),
    "body": _text_or_null("clean simplified text, one paragraph a line"),
    "tables": _list_of(
        "tables of the body", "rows", rows=_field("rows of cell texts", "array"), caption=_text_or_null("caption")
    ),
    "images": _list_of("pictures", "url", url=_text("address"), caption=_text_or_null("caption")),
    "attachments": _list_of("附件", "url", url=_text("address"), name=_text_or_null("file name a reader sees")),
    "gov_index": _field(
        "政府信息公开 index table, as printed; null where there is none",
        "object",
        "null",
        properties={
            "index_number": _text("索引号"),
            "document_number": _text("发文字号"),
            "issuer": _text("发布机构"),
            "written_on": _text("成文日期"),
            "published_on": _text("发布日期"),
            "topic": _text("主题分类"),
        },
    ),
    "confidence": _field("agreement of two body extractors, 0 to 1", "double", "int", "null", minimum=0, maximum=1),
    "provenance": _field("which rule gave each field", "object"),
    "restored": _field(
        "what the cleaning changed, counted; null where nothing",
        "object",
        "null",
        properties={
            "glosses": _count("pinyin glosses removed"),
            "gbk_repairs": _count("lost bytes repaired"),
            "converted": _count("traditional characters converted"),
            "doubtful": _count("repairs with a close runner-up"),
        },
    ),
    "relevance": _field(
        "how much it is about food safety",
        "object",
        "null",
        properties={
            "score": _field("from 0 to 1", "double", "int"),
            "terms": _field("what the score rests on; - before what speaks against it", "array", items=_WORD),
        },
    ),
    "places": _field("places the text names, as the registry writes them", "array", items={"bsonType": "string"}),
    "place_codes": _field("their GB/T 2260 codes and those above them", "array", items={"bsonType": "string"}),
    "tokens": _field("pairs of characters and words of title and body; those of the title also after ^", "array"),
    "content_hash": _text_or_null("hash of the normalised text: equal for exact copies"),
    "fingerprint": _field("hashes shared by near-duplicates", "array", items={"bsonType": ["int", "long"]}),
    "cluster": _text_or_null("the story it belongs to: the smallest _id among its articles; null until looked up"),
    "original": _text_or_null("_id of the article this one reprints; null for the original, and where it is alone"),
    "original_evidence": _text_or_null("why that article is taken for the original"),
    "also_at": _list_of(
        "other addresses of the same site with the same text",
        "_id",
        _id=_text("hash of the canonical address"),
        url=_text("address as fetched"),
        section=_text_or_null("栏目"),
        seen_at=_date("when it was fetched"),
    ),
    "revision": _count("1, and one more for each change of the text", minimum=1),
    "fetched_at": _field("when this revision was fetched (UTC)", "date", "null"),
    "first_seen_at": _date("when the article was first fetched"),
    "last_seen_at": _date("when the article was last fetched"),
    "changed_at": _date("when this revision was first fetched"),
    "run": _text_or_null("the crawl that wrote this revision"),
    "schema_version": _count("version of this schema the document follows; 1 where missing", minimum=1),
}

REVISION = ARTICLE | {
    "_id": _text("article:revision"),
    "article": _text("_id of the article"),
    "seen_from": _date("when this revision was first fetched"),
    "seen_until": _date("when this revision was last fetched"),
    "diff": _field("what the next revision changed, by paragraph: - what went, + what came", "array"),
}

REJECT = {
    "_id": _text("article:reason, so that a repeat updates the count"),
    "article": _text("hash of the canonical address, as an article at it would have"),
    "url": _text("address as fetched"),
    "reason": _text("one word of a fixed vocabulary"),
    "detail": _text_or_null("one sentence for a person"),
    "score": _field("relevance of an irrelevant article, 0 to 1", "double", "int", "null", minimum=0, maximum=1),
    "site": _PUBLISHER,
    "section": _text_or_null("栏目"),
    "run": _text_or_null("the crawl that saw it last"),
    "first_seen_at": _date("when it was first rejected"),
    "last_seen_at": _date("when it was last rejected"),
    "times": _count("how often it was rejected", minimum=1),
}

_VERDICT = {"enum": ["ok", "degraded", "broken", "blocked", None], "description": "what it was worth; null: not judged"}
_REASONS = _field("the verdict's reasons in words", "array", "null", items={"bsonType": "string"})

RUN = {
    "_id": _text("the crawl, or crawl:site for what it did on one site"),
    "parent": _text_or_null("the crawl this run of one site is a part of; null for a whole crawl"),
    "spider": _text("name of the spider"),
    "arguments": _field("arguments as given", "object"),
    "host": _text_or_null("machine"),
    "pid": _count("process"),
    "sites": _field("codes of the sites crawled", "array", items={"bsonType": "string"}),
    "site": _text_or_null("code of the one site of this run"),
    "name": _text_or_null("its name"),
    "started_at": _date("start"),
    "progress_at": _date("when the figures were written last"),
    "finished_at": _field("end; null while it runs (UTC)", "date", "null"),
    "finish_reason": _text_or_null("how it ended, as Scrapy names it"),
    "seconds_waiting": _field("time spent waiting for the site's answers", "double", "int"),
    "bytes": _count("of answers, as they came"),
    "counts": _field("what was fetched, new, changed, duplicate and rejected", "object"),
    "statuses": _field("answers by HTTP status", "object"),
    "fields": _field("articles that have a field, by field", "object"),
    "rules": _field("articles by the rule that gave a field: body=platform:hanweb", "object"),
    "sections": _list_of("栏目 that ended", "name", name=_text("栏目"), reason=_text("how its paging ended")),
    "figures": _field("what the verdict rests on: crawler/runs/figures.py", "object"),
    "verdict": _VERDICT,
    "reasons": _REASONS,
}

SECTION = {
    "_id": _text("site:key"),
    "site": _text("key of the site in the registry"),
    "key": _text("hash of the section's canonical address"),
    "name": _text("栏目"),
    "url": _text("first list page"),
    "open": _field("whether a crawl began it and didn't walk it to its end", "bool"),
    "complete_at": _field("when a crawl last walked it to its end (UTC)", "date", "null"),
    "complete_since": _field("from which date on everything listed is in the store (UTC)", "date", "null"),
    "gone_at": _field("when the site answered that it doesn't exist (UTC)", "date", "null"),
    "found_at": _field("when it was found on the home page; of key `home`, when that was looked at", "date", "null"),
}

MAINTENANCE = {
    "_id": _text("the work; `schema` for the version of the database"),
    "after": _text("_id of the last article done"),
    "version": _count("version of the schema all documents follow", minimum=1),
    "sent_at": _date("when the last alarm was delivered"),
    "claimed_until": _field("how long one process has the channel, or the merging, to itself (UTC)", "date", "null"),
    "making": _text_or_null("the segment that is being made"),
}

SEGMENT = {
    "_id": _text("the segment"),
    "articles": _count("articles in it, numbered from 0", minimum=1),
    "made_at": _date("when it was made"),
    "ids": _field("`_id`s of the articles, in order, a line each, zlib; only up to 255 articles", "binData"),
    "lines": _field("tokens of the articles, a line each, zlib; only up to 255 articles", "binData"),
    "replaces": _field("segments it was made of, which are to be passed over", "array", items=_WORD),
}

POSTINGS = {
    "_id": _text("segment:part, or segment:ids:number"),
    "data": _field(
        "of a part: token → numbers of its articles, 16 bits each, as BSON, zlib; of ids: 1,024 `_id`s of articles, a "
        "line each, zlib",
        "binData",
    ),
}

ALARM = {
    "_id": _text("run:site"),
    "site": _text("key of the site in the registry"),
    "name": _text_or_null("名称"),
    "before": _VERDICT,
    "verdict": _VERDICT,
    "reasons": _REASONS,
    "at": _date("when the verdict changed"),
    "since": _field("since when it had been as before (UTC)", "date", "null"),
    "ok_at": _field("when the site was last ok (UTC)", "date", "null"),
    "page": _text_or_null("the list page that shows it"),
    "command": _text_or_null("the command that reproduces it"),
    "waiting": _field("channels that have not told it yet", "array", items={"bsonType": "string"}),
}

SITE = {
    "_id": _text("key of the site in the registry"),
    "name": _text_or_null("名称"),
    "verdict": _VERDICT,
    "reasons": _REASONS,
    "page": _text_or_null("the list page that shows it"),
    "since": _field("when a run first ended with this verdict (UTC)", "date", "null"),
    "ok_at": _field("end of the last run that was ok (UTC)", "date", "null"),
    "new_at": _field("end of the last run that gave a new article (UTC)", "date", "null"),
    "newest_at": _field("latest publication time seen (UTC)", "date", "null"),
    "run": _text_or_null("the last run"),
    "run_at": _field("its end (UTC)", "date", "null"),
    "totals": _field("of all runs: runs, new, changed, rejects, requests, bytes", "object"),
    "recent": _list_of(
        "verdict and figures of earlier runs, oldest first",
        "figures",
        figures=_field("what the verdict rested on", "object"),
        verdict=_VERDICT,
    ),
    "days": _list_of(
        "the last 31 days with a run", "day", day=_text("in China"), new=_count("new articles"), verdict=_VERDICT
    ),
    "known": _count("links of the last run's lists to articles that were stored already"),
    "updated_at": _date("when this state was written"),
}

HOLDER = {
    "_id": _text("the process"),
    "host": _text("name of its machine"),
    "pid": _count("its process id"),
    "machine": _text_or_null("its machine since that started, and the container there"),
    "born": _field("when it started, in ticks of its machine", "int", "long", "null"),
    "beat": _count("heartbeats so far"),
    "seconds": _field("silent for so long, it counts as dead", "int", "double"),
    "heartbeat_at": _date("last heartbeat, by the store's clock"),
    "joined_at": _date("when it became known"),
}

LEASE = {
    "_id": _text("host of the site's home page"),
    "site": _text("key of the site in the registry"),
    "holder": _text_or_null("the process that crawls it; null where nobody does"),
    "claim": _text("this taking of it"),
    "token": _count("how often it was taken", minimum=1),
    "taken_at": _date("when it was taken last"),
    "released_at": _field("when the holder before gave it back; null where it died (UTC)", "date", "null"),
}

DUE = {
    "_id": _text("schedule:entry:site"),
    "schedule": _text("name of the schedule file, without its ending"),
    "entry": _text("entry of the file"),
    "site": _text("key of the site in the registry"),
    "spider": _text("name of the spider"),
    "arguments": _field("its arguments", "object"),
    "cron": _text_or_null("moments as cron writes them, China Standard Time"),
    "every": _field("seconds from one moment to the next", "int", "double", "null"),
    "spread": _field("seconds over which the sites of a moment start", "int", "double"),
    "time_limit": _field("seconds a crawl may take", "int", "double"),
    "due_at": _date("when it is to be crawled next"),
    "attempts": _count("crawls begun since it was due, of which none ended"),
    "begun_by": _field("host and process of the last attempt", "object", "null"),
    "queued_at": _field("when a message for it went to a broker (UTC)", "date", "null"),
    "queued_attempt": _count("attempts when that message was sent"),
    "last": _field("its last crawl: started_at, ended_at, outcome, verdict, run, holder", "object", "null"),
}
